"""Do something in a process of its own, in fresh namespaces, and get its answer: for what changes the caller."""

from __future__ import annotations

import os
import pickle
import traceback
from collections.abc import Callable
from typing import TypeVar

from server.linux.namespaces import CLONE_NEWUSER, unshare
from server.sandbox.zygote import write_file

T = TypeVar("T")


def apart(function: Callable[[], T], flags: int = 0) -> T:
    """What ``function`` returns in a forked process; with ``flags``, as root of these namespaces and a user's."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if flags:
                _enter(flags)
            answer: object = function()
        except BaseException:
            answer = AssertionError(traceback.format_exc())
        with open(write, "wb") as pipe:
            pipe.write(pickle.dumps(answer))
        os._exit(0)
    os.close(write)
    with open(read, "rb") as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    result: T | AssertionError = pickle.loads(told)
    if isinstance(result, AssertionError):
        raise result
    return result


def _enter(flags: int) -> None:
    uid, gid = os.geteuid(), os.getegid()
    unshare(CLONE_NEWUSER)
    write_file("/proc/self/setgroups", "deny")
    write_file("/proc/self/uid_map", f"0 {uid} 1")
    write_file("/proc/self/gid_map", f"0 {gid} 1")
    unshare(flags)
