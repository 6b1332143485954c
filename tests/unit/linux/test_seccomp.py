"""Filters: the assembled program is run here, instruction by instruction, and by the kernel."""

from __future__ import annotations

import errno
import os
import platform
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.inet.syscalls import NUMBERS
from server.linux import process, seccomp
from server.linux.seccomp import (
    AUDIT_ARCH,
    SECCOMP_RET_ALLOW,
    SECCOMP_RET_KILL_PROCESS,
    SECCOMP_RET_TRACE,
    Instruction,
    Rule,
    Test,
    assemble,
    encode,
    errno_action,
)
from tests.unit.linux.apart import apart

Test.__test__ = False  # type: ignore[attr-defined]  # it is no test class, whatever its name
MACHINE = "x86_64"
HIGHEST = 469
EPERM, ENOSYS = errno_action(errno.EPERM), errno_action(errno.ENOSYS)


def run(program: list[Instruction], number: int, arguments: tuple[int, ...] = (), machine: str = MACHINE) -> int:
    """What a classic BPF machine answers for a call (seccomp(2): struct seccomp_data)."""
    words = [word & (1 << 64) - 1 for word in (*arguments, *[0] * (6 - len(arguments)))]
    data = struct.pack("=iIQ6Q", number, AUDIT_ARCH[machine], 0, *words)
    accumulator, at = 0, 0
    while True:
        code, true, false, constant = program[at]
        at += 1
        if code == 0x20:
            (accumulator,) = struct.unpack_from("=I", data, constant)
        elif code == 0x06:
            return constant
        elif code == 0x05:
            at += constant
        else:
            holds = {
                0x15: accumulator == constant,
                0x25: accumulator > constant,
                0x35: accumulator >= constant,
                0x45: bool(accumulator & constant),
            }[code]
            at += true if holds else false


def test_actions_and_the_rest() -> None:
    program = assemble(MACHINE, {1: EPERM, 2: SECCOMP_RET_TRACE, 300: EPERM}, {}, HIGHEST)
    answers = {number: run(program, number) for number in (0, 1, 2, 3, 300, HIGHEST)}
    assert answers == {
        0: SECCOMP_RET_ALLOW, 1: EPERM, 2: SECCOMP_RET_TRACE, 3: SECCOMP_RET_ALLOW, 300: EPERM,
        HIGHEST: SECCOMP_RET_ALLOW,
    }  # fmt: skip


def test_another_architecture_is_killed() -> None:
    assert run(assemble(MACHINE, {}, {}, HIGHEST), 1, machine="aarch64") == SECCOMP_RET_KILL_PROCESS


@pytest.mark.parametrize("number", [HIGHEST + 1, 0x40000000, 0x40000001, -1])
def test_beyond_the_table(number: int) -> None:
    assert run(assemble(MACHINE, {}, {}, HIGHEST), number) == ENOSYS


@given(st.dictionaries(st.integers(0, HIGHEST), st.sampled_from([EPERM, SECCOMP_RET_TRACE, ENOSYS]), max_size=HIGHEST))
def test_any_table(actions: dict[int, int]) -> None:
    program = assemble(MACHINE, actions, {}, HIGHEST)
    assert {n: run(program, n) for n in range(HIGHEST + 1)} == {
        n: actions.get(n, SECCOMP_RET_ALLOW) for n in range(HIGHEST + 1)
    }


_values = st.lists(st.integers(0, 40), min_size=1, max_size=4, unique=True).map(tuple)
_tests = st.builds(Test, st.integers(0, 5), st.sampled_from(["in", "not in", "any of"]), _values)
_rule = st.builds(Rule, st.sampled_from([EPERM, ENOSYS]), st.lists(_tests, max_size=3).map(tuple))
_rules = st.lists(_rule, max_size=4)


def holds(test: Test, arguments: tuple[int, ...]) -> bool:
    word = arguments[test.argument]
    if test.question == "any of":
        return any(word & value for value in test.values)
    return (word in test.values) == (test.question == "in")


@given(_rules, st.tuples(*[st.integers(0, 40)] * 6), st.sampled_from([SECCOMP_RET_ALLOW, SECCOMP_RET_TRACE]))
def test_any_rules(rules: list[Rule], arguments: tuple[int, ...], otherwise: int) -> None:
    program = assemble(MACHINE, {7: otherwise, 8: EPERM}, {7: rules}, HIGHEST)
    expected = next((r.action for r in rules if all(holds(t, arguments) for t in r.tests)), otherwise)
    assert run(program, 7, arguments) == expected
    assert (run(program, 8, arguments), run(program, 9, arguments)) == (EPERM, SECCOMP_RET_ALLOW)


def test_only_the_low_half_of_an_argument_counts() -> None:
    program = assemble(MACHINE, {}, {7: [Rule(EPERM, (Test(0, "not in", (0,)),))]}, HIGHEST)
    assert run(program, 7, (1 << 32,)) == SECCOMP_RET_ALLOW
    assert run(program, 7, (-1,)) == EPERM


def test_rules_that_no_jump_can_cross() -> None:
    rules = [Rule(EPERM, (Test(0, "in", tuple(range(200))),)), Rule(EPERM, (Test(0, "in", tuple(range(200))),))]
    with pytest.raises(ValueError, match="too long"):
        assemble(MACHINE, {}, {7: rules}, HIGHEST)


def test_encoding_is_the_kernels() -> None:
    assert encode([(0x20, 0, 0, 4), (0x15, 1, 0, 7)]) == bytes.fromhex("20000000040000001500010007000000")


def test_the_kernel_obeys() -> None:
    machine = platform.machine()
    getpgid = next(number for number, name in NUMBERS[machine].items() if name == "getpgid")

    def go() -> int | None:
        process.forbid_new_privileges()
        rules = {getpgid: [Rule(errno_action(errno.EXFULL), (Test(0, "in", (5,)),))]}
        seccomp.install(encode(assemble(machine, {}, rules, max(NUMBERS[machine]))))
        os.getpgid(0)
        try:
            os.getpgid(5)
        except OSError as error:
            return error.errno
        return None

    assert apart(go) == errno.EXFULL
