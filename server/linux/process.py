"""What a process says about itself: prctl(2), close_range(2)."""

from __future__ import annotations

import ctypes
import signal

from server.linux.calls import check, function, syscall

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_CHILD_SUBREAPER = 36

CLOSE_RANGE_CLOEXEC = 4

_prctl = function("prctl", ctypes.c_int, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong)


def prctl(name: str, option: int, second: int = 0, third: int = 0) -> int:
    """One prctl(2); ``name`` is what an error calls it."""
    return check(f"prctl {name}", _prctl(option, second, third, 0, 0))


def die_with_parent() -> None:
    """Be killed when the thread that forked this process ends. A change of credentials forgets it."""
    prctl("PR_SET_PDEATHSIG", _PR_SET_PDEATHSIG, signal.SIGKILL)


def become_subreaper() -> None:
    """Become the parent of descendants whose own parent ends."""
    prctl("PR_SET_CHILD_SUBREAPER", _PR_SET_CHILD_SUBREAPER, 1)


def set_dumpable(dumpable: bool) -> None:
    """Whether processes of the same user may trace this one and read its /proc files."""
    prctl("PR_SET_DUMPABLE", _PR_SET_DUMPABLE, int(dumpable))


def forbid_new_privileges() -> None:
    """No execve(2) of this process or its children ever adds a privilege."""
    prctl("PR_SET_NO_NEW_PRIVS", _PR_SET_NO_NEW_PRIVS, 1)


def close_on_exec_from(first: int) -> None:
    """Mark every descriptor from ``first`` on close-on-exec."""
    syscall("close_range", ctypes.c_uint(first), ctypes.c_uint(0xFFFFFFFF), ctypes.c_uint(CLOSE_RANGE_CLOEXEC))


def close_between(first: int, last: int) -> None:
    """Close every descriptor from ``first`` to ``last``."""
    if first <= last:
        syscall("close_range", ctypes.c_uint(first), ctypes.c_uint(last), ctypes.c_uint(0))
