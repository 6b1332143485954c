"""A seccomp filter from a table: system call number → what the kernel shall do (seccomp(2), linux/filter.h).

``assemble`` is pure; ``install`` gives its program to the kernel. The program is a list, tried from top to
bottom. The kernel remembers which calls are always allowed (since Linux 5.11), so those never run it; for the
others its length is nothing beside the stop that follows.

    wrong architecture            → kill
    x32 call, or beyond the table → ENOSYS
    call with rules               → its rules in order, each a few tests of arguments; then as without rules
    any other call                → its action, else allow

Only the low 32 bits of an argument are tested. That is right for the ints and pid_ts and for the flags that
our rules are about, since the kernel itself looks at no more.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from server.linux.calls import syscall

SECCOMP_RET_KILL_PROCESS = 0x80000000
SECCOMP_RET_ERRNO = 0x00050000
SECCOMP_RET_TRACE = 0x7FF00000
SECCOMP_RET_ALLOW = 0x7FFF0000

SECCOMP_SET_MODE_FILTER = 1

AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
X32_SYSCALL_BIT = 0x40000000

_LOAD = 0x20  # BPF_LD | BPF_W | BPF_ABS
_JUMP = 0x05  # BPF_JMP | BPF_JA
_EQUAL = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
_GREATER = 0x25  # BPF_JMP | BPF_JGT | BPF_K
_AT_LEAST = 0x35  # BPF_JMP | BPF_JGE | BPF_K
_ANY_BIT = 0x45  # BPF_JMP | BPF_JSET | BPF_K
_RETURN = 0x06  # BPF_RET | BPF_K

_NUMBER, _ARCHITECTURE = 0, 4  # offsets in struct seccomp_data
_MAX_JUMP = 255

Instruction = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Test:
    """A question about one argument: is it ``in`` the values, ``not in`` them, or has it ``any of`` their bits."""

    argument: int
    question: Literal["in", "not in", "any of"]
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """What happens to a call when all tests of its arguments hold."""

    action: int
    tests: tuple[Test, ...]


def errno_action(number: int) -> int:
    """Let the call fail with this errno."""
    return SECCOMP_RET_ERRNO | number


def assemble(
    machine: str, actions: Mapping[int, int], rules: Mapping[int, Sequence[Rule]], highest: int
) -> list[Instruction]:
    """The filter as instructions (code, jump if true, jump if false, constant).

    Args:
        machine: ``x86_64`` or ``aarch64``.
        actions: What happens to these calls; all others are allowed.
        rules: Rules that come before the action.
        highest: The last number of which the table knows what it is.
    """
    program: list[Instruction] = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, AUDIT_ARCH[machine]),
        (_RETURN, 0, 0, SECCOMP_RET_KILL_PROCESS),
        (_LOAD, 0, 0, _NUMBER),
        (_GREATER, 0, 1, highest),
        (_RETURN, 0, 0, errno_action(38)),  # ENOSYS; an x32 call has bit 30 set and is therefore beyond the table
    ]
    for number, its_rules in rules.items():
        program += _ruled(number, its_rules, actions.get(number, SECCOMP_RET_ALLOW))
    for action in sorted({action for number, action in actions.items() if number not in rules}, reverse=True):
        program += _same(action, [n for n, its in actions.items() if its == action and n not in rules])
    program.append((_RETURN, 0, 0, SECCOMP_RET_ALLOW))
    return program


def _same(action: int, numbers: list[int]) -> list[Instruction]:
    """All calls of one action: compare with each, in runs that a jump can cross."""
    program: list[Instruction] = []
    for start in range(0, len(numbers), _MAX_JUMP):
        run = numbers[start : start + _MAX_JUMP]
        program += [(_EQUAL, len(run) - position, 0, number) for position, number in enumerate(run)]
        program += [(_JUMP, 0, 0, 1), (_RETURN, 0, 0, action)]
    return program


def _ruled(number: int, rules: Sequence[Rule], otherwise: int) -> list[Instruction]:
    body: list[Instruction] = []
    for rule in rules:
        body += _rule(rule)
    body.append((_RETURN, 0, 0, otherwise))
    if len(body) > _MAX_JUMP:
        raise ValueError(f"the rules of call {number} are too long for one jump")
    return [(_EQUAL, 0, len(body), number), *body]


def _rule(rule: Rule) -> list[Instruction]:
    """Each test falls through if it holds, and jumps behind the rule if not."""
    program: list[Instruction] = [(_RETURN, 0, 0, rule.action)]
    for test in reversed(rule.tests):
        miss = len(program)
        program = [(_LOAD, 0, 0, 16 + 8 * test.argument), *_test(test, miss), *program]
    return program


def _test(test: Test, miss: int) -> list[Instruction]:
    values = test.values
    if test.question == "any of":
        mask = 0
        for value in values:
            mask |= value
        return [(_ANY_BIT, 0, miss, mask)]
    count = len(values)
    if test.question == "in":
        return [
            (_EQUAL, count - 1 - position, miss if position == count - 1 else 0, value)
            for position, value in enumerate(values)
        ]
    return [(_EQUAL, miss + count - 1 - position, 0, value) for position, value in enumerate(values)]


def encode(program: Sequence[Instruction]) -> bytes:
    """The program as an array of struct sock_filter."""
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program)


class _Program(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("len", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def install(code: bytes) -> None:
    """Filter the calling thread's system calls for the rest of its life; needs no_new_privs."""
    program = _Program(len(code) // 8, code)
    syscall("seccomp", ctypes.c_uint(SECCOMP_SET_MODE_FILTER), ctypes.c_uint(0), ctypes.byref(program))
