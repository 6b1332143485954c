"""``python -m bench.namespace PROGRAM [ARGUMENT …]``: run a program in a network namespace of its own, ``lo`` up."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from server.linux import netlink
from server.linux.namespaces import CLONE_NEWNET, CLONE_NEWUSER, unshare


def enter() -> None:
    """Move this process into a user and a network namespace of its own; only ``lo`` is there."""
    uid, gid = os.geteuid(), os.getegid()
    unshare(CLONE_NEWUSER | CLONE_NEWNET)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")
    with netlink.route_socket() as route:
        netlink.set_up(route, "lo")


if __name__ == "__main__":
    enter()
    os.execv(sys.argv[1], sys.argv[1:])
