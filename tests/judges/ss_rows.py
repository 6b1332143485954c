"""The socket table as ``ss`` shows it, in the words of our own rows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tests.judges import outside
from tests.laboratory import Laboratory

_STATES = {
    "ESTAB": "ESTABLISHED", "SYN-RECV": "SYN-RECEIVED", "UNCONN": "UNCONNECTED", "FIN-WAIT-1": "FIN-WAIT-1",
    "FIN-WAIT-2": "FIN-WAIT-2", "SYN-SENT": "SYN-SENT", "TIME-WAIT": "TIME-WAIT", "CLOSE-WAIT": "CLOSE-WAIT",
    "LAST-ACK": "LAST-ACK", "LISTEN": "LISTEN", "CLOSING": "CLOSING", "CLOSED": "CLOSED",
}  # fmt: skip
_TIMERS = {"on": "retransmit", "keepalive": "keepalive", "timewait": "time-wait", "persist": "zero-window-probe"}
_OWNER = re.compile(r"pid=(\d+),fd=(\d+)")
_UNITS = {"min": 60.0, "sec": 1.0, "ms": 0.001}

Rows = dict[str, dict[str, Any]]


def judged(lab: Laboratory, anchor: int) -> Rows:
    """What ``ss -tanpe`` and ``ss -uanpe`` say of a host: cookie → row."""
    text = {protocol: outside.run(anchor, "ss", f"-{protocol[0]}anpeOH") for protocol in ("tcp", "udp")}
    return {
        row["socket"]: row
        for protocol, table in text.items()
        for row in (_row(lab, line, protocol) for line in table.splitlines())
    }


def ours(lab: Laboratory, host: str) -> Rows:
    """What our log says of the same host, cut down to what ss shows."""
    rows = {}
    for row in lab.sockets(host):
        if row["protocol"] == "unix" or row.get("source", "sock_diag") != "sock_diag":
            continue  # what only getsockopt tells of is in no table of the kernel
        timer = row.get("timer")
        rows[row["socket"]] = {
            "socket": row["socket"],
            "protocol": row["protocol"],
            "state": row["state"],
            "local": row["local"],
            "remote": row["remote"],
            "recv_queue": row["recv_queue"],
            "send_queue": row["send_queue"],
            "inode": row["inode"],
            "uid": row.get("uid"),
            "owners": [(owner["pid"], owner["fd"]) for owner in row["owners"]],
            "timer": timer and (timer["name"], timer["retransmits"]),
        }
    return rows


def seconds_left(lab: Laboratory, anchor: int, cookie: str) -> float:
    """What ss says of how long a socket's timer still runs."""
    table = outside.run(anchor, "ss", "-tanpeOH")
    line = next(line for line in table.splitlines() if f"sk:{int(cookie):x} " in f"{line} ")
    timer = re.search(r"timer:\(\w+,([^,]+),\d+\)", line)
    assert timer is not None, line
    return sum(float(number) * _UNITS[unit] for number, unit in re.findall(r"([\d.]+)(min|sec|ms)", timer[1]))


def _row(lab: Laboratory, line: str, protocol: str) -> dict[str, Any]:
    state, recv_queue, send_queue, local, remote, *details = line.split()
    rest = " ".join(details)
    members = dict(member.split(":", 1) for member in details if re.match(r"(uid|ino|sk):", member))
    timer = re.search(r"timer:\((\w+),[^,]+,(\d+)\)", rest)
    owners = sorted((_inner(int(pid)), int(fd)) for pid, fd in _OWNER.findall(rest))
    return {
        "socket": str(int(members["sk"], 16)),
        "protocol": protocol,
        "state": _STATES[state],
        # ss writes every IPv4 address as 0.0.0.0, we as *.
        "local": local.replace("0.0.0.0:", "*:"),
        "remote": remote.replace("0.0.0.0:", "*:"),
        "recv_queue": int(recv_queue),
        "send_queue": int(send_queue),
        "inode": int(members.get("ino", 0)),
        "uid": _inner_uid(lab, int(members["uid"])) if "uid" in members else None,
        "owners": owners,
        "timer": timer and (_TIMERS[timer[1]], int(timer[2])),
    }


def _inner(pid: int) -> int:
    """The pid that a process has inside."""
    status = Path(f"/proc/{pid}/status").read_text()
    numbers = next(line for line in status.splitlines() if line.startswith("NSpid:")).split()
    return int(numbers[-1])


def _inner_uid(lab: Laboratory, uid: int) -> int:
    """The uid that a user of this machine has inside."""
    inner, outer, count = map(int, Path(f"/proc/{lab.sandbox.pid}/uid_map").read_text().split())
    return uid - outer + inner if outer <= uid < outer + count else uid
