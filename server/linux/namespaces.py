"""unshare(2) and setns(2); the flags have the kernel's names (namespaces(7))."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager

from server.linux.calls import check, function

CLONE_NEWTIME = 0x00000080
CLONE_PARENT = 0x00008000
CLONE_NEWNS = 0x00020000
CLONE_UNTRACED = 0x00800000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

_unshare = function("unshare", ctypes.c_int)
_setns = function("setns", ctypes.c_int, ctypes.c_int)


def unshare(flags: int) -> None:
    """Move the calling process into new namespaces: unshare(2)."""
    check("unshare", _unshare(flags))


def setns(fd: int, nstype: int) -> None:
    """Move the calling thread into the namespace that ``fd`` names: setns(2)."""
    check("setns", _setns(fd, nstype))


def open_namespace(kind: str) -> int:
    """A new fd of the calling thread's own namespace: ``net``, ``mnt``, ``user``, … The caller closes it."""
    return os.open(f"/proc/thread-self/ns/{kind}", os.O_RDONLY | os.O_CLOEXEC)


@contextmanager
def inside(netns: int) -> Iterator[None]:
    """Be in another network namespace for a while. Only for single-threaded processes."""
    home = open_namespace("net")
    try:
        setns(netns, CLONE_NEWNET)
        yield
    finally:
        setns(home, CLONE_NEWNET)
        os.close(home)
