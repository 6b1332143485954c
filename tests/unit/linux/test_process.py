"""What a process says about itself, as /proc shows it."""

from __future__ import annotations

import os
import signal

import pytest

from server.linux import process
from server.linux.calls import CallError
from tests.unit.linux.apart import apart


def status(name: str) -> str:
    with open("/proc/self/status") as lines:
        return next(line.split()[1] for line in lines if line.startswith(f"{name}:"))


def test_no_new_privileges() -> None:
    def go() -> tuple[str, str]:
        before = status("NoNewPrivs")
        process.forbid_new_privileges()
        return before, status("NoNewPrivs")

    assert apart(go) == ("0", "1")


def test_not_dumpable() -> None:
    def go() -> list[int]:
        seen = []
        for dumpable in (False, True):
            process.set_dumpable(dumpable)
            seen.append(process.prctl("PR_GET_DUMPABLE", 3))
        return seen

    assert apart(go) == [0, 1]


def test_dies_with_its_parent() -> None:
    read, write = os.pipe()
    parent = os.fork()
    if parent == 0:
        if os.fork() == 0:
            process.die_with_parent()
            os.write(write, b"ready")
            signal.pause()
        os.read(read, 5)
        os._exit(0)
    os.close(write)
    os.waitpid(parent, 0)
    # The end of the pipe: every process that could write to it is gone.
    assert os.read(read, 5) == b""
    os.close(read)


def test_orphans_come_to_a_subreaper() -> None:
    def go() -> int:
        process.become_subreaper()
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            orphan = os.fork()
            if orphan == 0:
                os._exit(42)
            os.write(write, str(orphan).encode())
            os._exit(0)
        orphan = int(os.read(read, 20))
        os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(os.waitpid(orphan, 0)[1])

    assert apart(go) == 42


def test_close_between_and_on_exec() -> None:
    def go() -> tuple[list[bool], bool]:
        fds = [os.dup(0) for _ in range(3)]
        process.close_between(fds[0], fds[1])
        process.close_between(5, 4)
        os.set_inheritable(fds[2], True)
        process.close_on_exec_from(3)
        return [os.path.exists(f"/proc/self/fd/{fd}") for fd in fds], os.get_inheritable(fds[2])

    assert apart(go) == ([False, False, True], False)


def test_failure_has_its_name() -> None:
    with pytest.raises(CallError, match="prctl PR_NONSENSE: EINVAL"):
        process.prctl("PR_NONSENSE", 123456)
