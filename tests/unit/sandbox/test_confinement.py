"""The tables of confinement: every name exists, every rule means what it says."""

from __future__ import annotations

import errno
import os
import resource
import struct

import pytest

from server.inet.syscalls import NUMBERS, TRACED
from server.linux.seccomp import SECCOMP_RET_ALLOW, SECCOMP_RET_TRACE, Instruction, errno_action
from server.sandbox import confinement
from server.sandbox.confinement import MEGABYTE, REFUSED, RULES, Limits, refused, rlimits, seccomp_filter
from tests.unit.linux.apart import apart
from tests.unit.linux.test_seccomp import run

EPERM = errno_action(errno.EPERM)


def instructions(machine: str) -> list[Instruction]:
    return list(struct.iter_unpack("=HBBI", seccomp_filter(machine)))


def answer(machine: str, name: str, *arguments: int) -> int:
    number = next(number for number, its in NUMBERS[machine].items() if its == name)
    return run(instructions(machine), number, arguments, machine)


def test_every_name_is_a_call() -> None:
    known = set(NUMBERS["x86_64"].values()) | set(NUMBERS["aarch64"].values())
    assert (refused() | set(RULES)) - known == set()


def test_no_call_is_in_two_places() -> None:
    names = [name for names in REFUSED.values() for name in names]
    assert len(names) == len(set(names))
    assert not refused() & set(RULES)
    assert not refused() & set(TRACED)


@pytest.mark.parametrize("machine", NUMBERS)
def test_every_call_of_the_table(machine: str) -> None:
    """A call without rules is refused, traced or allowed, as its tables say."""
    program = instructions(machine)
    for number, name in NUMBERS[machine].items():
        if name not in RULES:
            wanted = EPERM if name in refused() else SECCOMP_RET_TRACE if name in TRACED else SECCOMP_RET_ALLOW
            assert run(program, number, machine=machine) == wanted, name


@pytest.mark.parametrize("machine", NUMBERS)
@pytest.mark.parametrize(
    ("name", "arguments", "wanted"),
    [
        ("socket", (1, 1), SECCOMP_RET_TRACE),
        ("socket", (2, 1), SECCOMP_RET_TRACE),
        ("socket", (10, 2), SECCOMP_RET_TRACE),
        ("socket", (16, 3, 0), SECCOMP_RET_TRACE),
        ("socket", (16, 3, 4), SECCOMP_RET_TRACE),
        ("socket", (16, 3, 12), errno_action(errno.EPROTONOSUPPORT)),
        ("socket", (17, 3), errno_action(errno.EAFNOSUPPORT)),
        ("socket", (40, 1), errno_action(errno.EAFNOSUPPORT)),
        ("clone", (17,), SECCOMP_RET_TRACE),
        ("clone", (0x3D0F00,), SECCOMP_RET_TRACE),
        ("clone", (0x10000000 | 17,), EPERM),
        ("clone", (0x00800000,), EPERM),
        ("clone", (0x00008000 | 17,), EPERM),
        ("clone3", (0, 0), errno_action(errno.ENOSYS)),
        ("prlimit64", (0, 7), SECCOMP_RET_ALLOW),
        ("prlimit64", (1, 7), EPERM),
        ("setpriority", (0, 0, 5), SECCOMP_RET_ALLOW),
        ("setpriority", (0, 1, 5), EPERM),
        ("setpriority", (2, 0, 5), EPERM),
        ("ioprio_set", (1, 0), SECCOMP_RET_ALLOW),
        ("ioprio_set", (1, 1), EPERM),
        ("ioprio_set", (3, 0), EPERM),
        ("personality", (0xFFFFFFFF,), SECCOMP_RET_ALLOW),
        ("personality", (0x0040000,), EPERM),
        ("seccomp", (1, 0), SECCOMP_RET_ALLOW),
        ("seccomp", (1, 8), EPERM),
        ("ioctl", (0, 0x5413), SECCOMP_RET_ALLOW),
        ("ioctl", (0, 0x5412), EPERM),
    ],
)
def test_rules(machine: str, name: str, arguments: tuple[int, ...], wanted: int) -> None:
    assert answer(machine, name, *arguments) == wanted


def test_rlimits_are_the_limits() -> None:
    table = rlimits(Limits(processes=10, open_files=20, memory_bytes=30 * MEGABYTE, cpu_seconds=40, file_bytes=50))
    assert table[resource.RLIMIT_NPROC] == (11, 11)
    assert table[resource.RLIMIT_NOFILE] == (20, 20)
    assert table[resource.RLIMIT_DATA] == (30 * MEGABYTE,) * 2
    assert table[resource.RLIMIT_CPU] == (40, 45)
    assert table[resource.RLIMIT_FSIZE] == (50, 50)
    assert table[resource.RLIMIT_CORE] == (0, 0)


def test_a_lower_hard_limit_stays() -> None:
    def go() -> tuple[int, int]:
        resource.setrlimit(resource.RLIMIT_NOFILE, (50, 50))
        confinement.apply_rlimits(Limits(open_files=100))
        return resource.getrlimit(resource.RLIMIT_NOFILE)

    assert apart(go) == (50, 50)


def test_memory_is_measured() -> None:
    def go() -> tuple[int, int, int]:
        pid = os.getpid()
        before = confinement.resident_bytes((pid,))
        block = bytearray(b"x") * (64 * MEGABYTE)
        grown = confinement.resident_bytes((pid,)) - before
        child = os.fork()
        if child == 0:
            os.read(os.pipe()[0], 1)
        both = confinement.resident_bytes((pid, child)), confinement.proportional_bytes((pid, child))
        os.kill(child, 9)
        os.waitpid(child, 0)
        return grown // MEGABYTE, (both[0] - both[1]) // MEGABYTE, len(block)

    grown, counted_twice, _ = apart(go)
    assert grown in (63, 64, 65)
    assert counted_twice > 32  # what both share; only the exact answer knows


def test_exceeds_asks_exactly_before_it_accuses() -> None:
    def go() -> tuple[bool, bool]:
        block = bytearray(b"x") * (64 * MEGABYTE)
        child = os.fork()
        if child == 0:
            os.read(os.pipe()[0], 1)
        pids = (os.getpid(), child)
        shared = confinement.proportional_bytes(pids)
        answers = tuple(
            confinement.exceeds(pids, Limits(sandbox_memory_bytes=limit))
            for limit in (shared + 16 * MEGABYTE, shared - 16 * MEGABYTE)
        )
        os.kill(child, 9)
        os.waitpid(child, 0)
        return answers[0], answers[1] and bool(block)

    assert apart(go) == (False, True)


def test_ended_processes_use_nothing() -> None:
    assert confinement.resident_bytes((2**22 + 1,)) == confinement.proportional_bytes((2**22 + 1,)) == 0
