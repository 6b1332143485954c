"""Small logs for tests: events are written down, and get ``seq`` and ``t`` as in a real log."""

from __future__ import annotations

from typing import Any

import msgspec

from server import events as ev
from server.lessons.record import Record

LISTENING: dict[str, Any] = {
    "host": "server",
    "socket": "1",
    "family": "inet",
    "protocol": "tcp",
    "state": "LISTEN",
    "local": "*:7",
    "remote": "*:*",
    "inode": 9,
    "recv_queue": 0,
    "send_queue": 5,
    "owners": [ev.Owner(pid=2, fd=3)],
}


def connected(cookie: str, remote: str, fd: int = 4, **fields: Any) -> dict[str, Any]:
    """A connected socket on port 7 of the server."""
    owners = [ev.Owner(pid=2, fd=fd)] if fd else []
    row = {"socket": cookie, "state": "ESTABLISHED", "local": "10.0.0.4:7", "remote": remote, "owners": owners}
    return LISTENING | row | {"inode": 10 + fd if fd else 0, "send_queue": 0} | fields


def sent(packet: int, *flags: str, source: str = "10.0.0.5:40000", **fields: Any) -> ev.PacketSent:
    """A segment from client-a to the server."""
    values: dict[str, Any] = {
        "packet": packet,
        "source_host": "client-a",
        "target_host": "server",
        "protocol": "tcp",
        "source": source,
        "destination": "10.0.0.4:7",
        "flags": list(flags),
        "sequence": 1,
        "acknowledgment": None,
        "window": 100,
        "length": 0,
        "raw": "AAAA",
    }
    return ev.PacketSent(**values | fields)


def entered(call: int, name: str, pid: int = 2, host: str = "server", **args: Any) -> ev.SyscallEntered:
    """A call that is about to enter."""
    return ev.SyscallEntered(call=call, pid=pid, tid=pid, host=host, name=name, args=args)


def returned(call: int, pid: int = 2, **fields: Any) -> ev.SyscallReturned:
    """A call that came back."""
    return ev.SyscallReturned(call=call, pid=pid, tid=pid, **fields)


def started(pid: int, host: str = "server", **fields: Any) -> ev.ProcessStarted:
    """A process that runs."""
    values: dict[str, Any] = {
        "host": host,
        "pid": pid,
        "program": "python3",
        "argv": ["python3", "echo_server.py", "7"],
    }
    return ev.ProcessStarted(**values | fields)


def recorded(*events: ev.Event, record: Record | None = None) -> Record:
    """A record of these events, with ``seq`` from where it is."""
    record = record or Record()
    for event in events:
        seq = record.seq + 1
        record.feed(msgspec.structs.replace(event, seq=seq, t=seq * 1000))
    return record


def hosts() -> list[ev.Event]:
    """The default hosts."""
    return [ev.HostAdded(host=name, addresses=[]) for name in ("server", "client-a", "client-b")]
