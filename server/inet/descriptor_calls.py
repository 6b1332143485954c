"""Calls that change a process's table of file descriptors, and calls that make or end processes.

close(2), dup(2), fcntl(2), pipe(2); clone(2), fork(2), exit(2).
"""

from __future__ import annotations

import struct
from typing import Final

from server.inet.arguments import (
    UNREADABLE,
    Fields,
    Memory,
    Registers,
    Results,
    int32,
    peek,
    peek_int,
)
from server.inet.names import (
    CLONE_FLAGS,
    CLOSE_RANGE_FLAGS,
    F_DUPFD,
    F_DUPFD_CLOEXEC,
    F_GETFD,
    F_GETFL,
    F_SETFD,
    F_SETFL,
    FCNTL,
    FD_FLAGS,
    OPEN_FLAGS,
    SIGNAL,
    SOCKET_FLAGS,
)

_CLONE_PIDFD: Final = 0x1000
_FD_PAIR = struct.Struct("<ii")
_CLONE_ARGS = struct.Struct("<QQQQQ")

"""File descriptors"""


def fd_args(args: Registers, memory: Memory) -> Fields:
    """close(fd) and dup(fd)."""
    return {"fd": int32(args[0])}


def dup2_args(args: Registers, memory: Memory) -> Fields:
    """dup2(oldfd, newfd)."""
    return {"oldfd": int32(args[0]), "newfd": int32(args[1])}


def dup3_args(args: Registers, memory: Memory) -> Fields:
    """dup3(oldfd, newfd, flags)."""
    return dup2_args(args, memory) | {"flags": SOCKET_FLAGS[args[2] & 0xFFFFFFFF]}


def close_range_args(args: Registers, memory: Memory) -> Fields:
    """close_range(first, last, flags)."""
    first, last, flags = (register & 0xFFFFFFFF for register in args[:3])
    return {"first": first, "last": last, "flags": CLOSE_RANGE_FLAGS[flags]}


def open_flags(flags: int) -> list[str]:
    """The names of open(2)'s flags; the access mode O_RDONLY is the absence of the two others."""
    names = OPEN_FLAGS[flags]
    return names if flags & 3 else ["O_RDONLY", *names]


def fcntl_args(args: Registers, memory: Memory) -> Fields:
    """fcntl(fd, cmd, arg)."""
    command = int32(args[1])
    fields: Fields = {"fd": int32(args[0]), "cmd": FCNTL[command]}
    if command in (F_DUPFD, F_DUPFD_CLOEXEC):
        fields["arg"] = int32(args[2])
    elif command == F_SETFD:
        fields["arg"] = FD_FLAGS[args[2] & 0xFFFFFFFF]
    elif command == F_SETFL:
        fields["arg"] = OPEN_FLAGS[args[2] & 0xFFFFFFFF]
    elif command not in (F_GETFD, F_GETFL):
        fields["arg"] = hex(args[2])
    return fields


def fcntl_result(args: Registers, result: int, memory: Memory, entered: Fields) -> Results:
    """The new descriptor, or the flags that were asked for."""
    command = int32(args[1])
    if command in (F_DUPFD, F_DUPFD_CLOEXEC):
        return {"new_fd": result}
    if command == F_GETFD:
        return {"values": {"flags": FD_FLAGS[result]}}
    if command == F_GETFL:
        return {"values": {"flags": open_flags(result)}}
    return {}


def pipe_args(args: Registers, memory: Memory) -> Fields:
    """pipe(pipefd)."""
    return {}


def pipe2_args(args: Registers, memory: Memory) -> Fields:
    """pipe2(pipefd, flags)."""
    return {"flags": OPEN_FLAGS[args[1] & 0xFFFFFFFF]}


def pipe_result(args: Registers, result: int, memory: Memory, entered: Fields) -> Results:
    """The reading and the writing end."""
    found = peek(memory, args[0], 8)
    return {} if found is None else {"new_fds": list(_FD_PAIR.unpack(found))}


"""Processes"""


def no_args(args: Registers, memory: Memory) -> Fields:
    """fork() and vfork()."""
    return {}


def _clone_fields(flags: int, exit_signal: int) -> Fields:
    fields: Fields = {"flags": CLONE_FLAGS[flags]}
    if exit_signal:
        fields["exit_signal"] = SIGNAL[exit_signal]
    return fields


def clone_args(args: Registers, memory: Memory) -> Fields:
    """clone(flags, stack, parent_tid, …): the lowest byte of the flags is the signal for the parent."""
    return _clone_fields(args[0] & ~0xFF & 0xFFFFFFFFFF, args[0] & 0xFF)


def clone3_args(args: Registers, memory: Memory) -> Fields:
    """clone3(cl_args, size)."""
    found = peek(memory, args[0], _CLONE_ARGS.size)
    if found is None:
        return {"flags": UNREADABLE}
    flags, _, _, _, exit_signal = _CLONE_ARGS.unpack(found)
    return _clone_fields(flags, exit_signal)


def clone_result(args: Registers, result: int, memory: Memory, entered: Fields) -> Results:
    """With CLONE_PIDFD the kernel wrote a descriptor for the child where the parent's tid would be."""
    if result and args[0] & _CLONE_PIDFD:
        pidfd = peek_int(memory, args[2])
        return {} if pidfd is None else {"new_fd": pidfd}
    return {}


def clone3_result(args: Registers, result: int, memory: Memory, entered: Fields) -> Results:
    """As with clone(2), but the place for the descriptor is named in the arguments' structure."""
    found = peek(memory, args[0], 16)
    if result and found is not None and found[1] & (_CLONE_PIDFD >> 8):
        pidfd = peek_int(memory, int.from_bytes(found[8:], "little"))
        return {} if pidfd is None else {"new_fd": pidfd}
    return {}


def exit_args(args: Registers, memory: Memory) -> Fields:
    """exit(status) and exit_group(status): the parent sees the lowest eight bits."""
    return {"status": int32(args[0]) & 0xFF}
