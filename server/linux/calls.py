"""The one place where a system call fails: with the call's name and the errno's name.

Everything in this package goes through ``check``; nobody else reads ``ctypes.get_errno``. What Python's own ``os``
calls goes through ``named`` where the name of the call would be lost.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

libc = ctypes.CDLL(None, use_errno=True)

MACHINE = platform.machine()

NUMBERS: dict[str, dict[str, int]] = {
    "x86_64": {"pivot_root": 155, "capset": 126, "seccomp": 317, "close_range": 436, "mount_setattr": 442},
    "aarch64": {"pivot_root": 41, "capset": 91, "seccomp": 277, "close_range": 436, "mount_setattr": 442},
}
"""Numbers of the calls for which the oldest supported glibc (2.31) has no wrapper."""


class CallError(OSError):
    """A system call failed; ``call`` is its name as in section 2 of the manual.

    Args:
        call: The call's name, with what it was asked for if that helps.
        number: The errno.
    """

    def __init__(self, call: str, number: int) -> None:
        super().__init__(number, f"{call}: {errno_name(number)} ({os.strerror(number)})")
        self.call = call

    def __str__(self) -> str:
        return str(self.strerror)


def errno_name(number: int) -> str:
    """The name of an errno, such as ``EPERM``; its number if it has no name."""
    return errno.errorcode.get(number, str(number))


def check(call: str, result: int) -> int:
    """Hand on the result of a C library call, or raise.

    Raises:
        CallError: ``result`` is -1; the errno is the calling thread's.
    """
    if result == -1:
        raise CallError(call, ctypes.get_errno())
    return result


def named(call: str, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Let a function of the standard library make one system call, so that its failure tells which one it was.

    Raises:
        CallError: The call failed.
    """
    try:
        return function(*args, **kwargs)
    except CallError:
        raise
    except OSError as error:
        raise CallError(call, error.errno or 0) from error


def syscall(name: str, *arguments: object) -> int:
    """Make a call that the C library does not wrap: syscall(2).

    Raises:
        CallError: The call failed.
    """
    return check(name, libc.syscall(ctypes.c_long(NUMBERS[MACHINE][name]), *arguments))


def function(name: str, *argtypes: type) -> Callable[..., int]:
    """The C library's function ``name`` with its argument types set; it returns an int."""
    found: Callable[..., int] = libc[name]
    found.argtypes = argtypes  # type: ignore[attr-defined]  # ctypes' own attribute; Callable does not have it
    return found
