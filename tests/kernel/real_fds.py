"""The descriptor table as the kernel has it, read from outside: the judge of ours."""

from __future__ import annotations

import os
import re
from typing import Any

from tests.judges.outside import outer_pid
from tests.laboratory import Laboratory

_INODE = re.compile(r"socket:\[(\d+)\]")
_KINDS = (
    ("socket:", "socket"),
    ("pipe:", "pipe"),
    ("anon_inode:[eventpoll]", "epoll"),
    ("anon_inode:[eventfd]", "eventfd"),
    ("/", "file"),
)

Table = dict[str, tuple[str, str]]
"""fd → its kind, and the inode of a socket or what else the link says."""


def real(lab: Laboratory, pid: int) -> Table:
    """What ``/proc/PID/fd`` of a process says."""
    folder = f"/proc/{outer_pid(lab, pid)}/fd"
    table = {}
    for fd in os.listdir(folder):
        target = os.readlink(f"{folder}/{fd}")
        kind = next((kind for start, kind in _KINDS if target.startswith(start)), "other")
        inode = _INODE.match(target)
        table[fd] = (kind, inode[1] if inode else target)
    return table


def told(lab: Laboratory, pid: int) -> Table:
    """What our state says of the same process."""
    lab.catch_up()
    return {fd: (entry["kind"], _target(lab, entry)) for fd, entry in lab.state["processes"][str(pid)]["fds"].items()}


def _target(lab: Laboratory, entry: dict[str, Any]) -> str:
    if entry["socket"] is None:
        return str(entry["path"])
    row = lab.state["sockets"].get(entry["socket"])
    return f"no socket {entry['socket']}" if row is None else str(row["inode"])
