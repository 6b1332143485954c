"""Calls that wait for readiness: poll(2), select(2), epoll(7).

Timeouts are in milliseconds; ``null`` is a null pointer: wait without limit (poll and epoll_wait say -1).
At most 64 descriptors are listed; ``nfds`` and the result say how many there are.
"""

from __future__ import annotations

import platform
import struct
from typing import Final

from server.inet.arguments import (
    SHOWN,
    UNREADABLE,
    Fields,
    Memory,
    Registers,
    Results,
    int32,
    peek,
    timespec_ms,
    timeval_ms,
)
from server.inet.names import EPOLL_EVENTS, EPOLL_FLAGS, EPOLL_OPERATION, POLL_EVENTS

_POLLFD = struct.Struct("<ihh")
_POLL_MAX: Final = 20_000  # the most open files that a process of ours can have
_FD_SET_MAX: Final = 20_000
EPOLL_EVENT = struct.Struct("<IQ" if platform.machine() == "x86_64" else "<I4xQ")
"""``struct epoll_event``: packed on x86-64 only."""

"""poll"""


def _poll_fds(args: Registers, memory: Memory) -> list[Fields] | str:
    count = args[1]
    found = peek(memory, args[0], min(count, SHOWN) * 8) if count else b""
    if found is None:
        return UNREADABLE
    return [{"fd": fd, "events": POLL_EVENTS[events & 0xFFFF]} for fd, events, _ in _POLLFD.iter_unpack(found)]


def poll_args(args: Registers, memory: Memory) -> Fields:
    """poll(fds, nfds, timeout)."""
    return {"fds": _poll_fds(args, memory), "nfds": args[1], "timeout_ms": int32(args[2])}


def ppoll_args(args: Registers, memory: Memory) -> Fields:
    """ppoll(fds, nfds, tmo_p, sigmask)."""
    return {"fds": _poll_fds(args, memory), "nfds": args[1], "timeout_ms": timespec_ms(memory, args[2])}


def poll_result(args: Registers, result: int, memory: Memory, entered: Fields) -> Results:
    """Which descriptors are ready, and for what."""
    if not result:
        return {"values": {"ready": []}}
    found = peek(memory, args[0], args[1] * 8) if args[1] <= _POLL_MAX else None
    if found is None:
        return {}
    ready = [{"fd": fd, "events": POLL_EVENTS[got & 0xFFFF]} for fd, _, got in _POLLFD.iter_unpack(found) if got]
    return {"values": {"ready": ready[:SHOWN]}}


"""select"""


def _fd_set(memory: Memory, address: int, count: int) -> list[int] | str | None:
    """The numbers in an ``fd_set``; None for a null pointer."""
    if not address:
        return None
    size = (min(max(count, 0), _FD_SET_MAX) + 63) // 64 * 8  # the kernel reads whole longs
    found = peek(memory, address, size) if size else b""
    if found is None:
        return UNREADABLE
    bits = int.from_bytes(found, "little") & ((1 << max(count, 0)) - 1)
    numbers: list[int] = []
    while bits and len(numbers) < SHOWN:
        lowest = bits & -bits
        numbers.append(lowest.bit_length() - 1)
        bits ^= lowest
    return numbers


def _fd_sets(args: Registers, memory: Memory) -> Fields:
    count = min(int32(args[0]), _FD_SET_MAX)
    sets = zip(("read", "write", "except"), args[1:4], strict=True)
    return {name: numbers for name, at in sets if (numbers := _fd_set(memory, at, count)) is not None}


def select_args(args: Registers, memory: Memory) -> Fields:
    """select(nfds, readfds, writefds, exceptfds, timeout)."""
    return {"nfds": int32(args[0]), **_fd_sets(args, memory), "timeout_ms": timeval_ms(memory, args[4])}


def pselect6_args(args: Registers, memory: Memory) -> Fields:
    """pselect(nfds, readfds, writefds, exceptfds, timeout, sigmask)."""
    return {"nfds": int32(args[0]), **_fd_sets(args, memory), "timeout_ms": timespec_ms(memory, args[4])}


def select_result(args: Registers, result: int, memory: Memory, entered: Fields) -> Results:
    """Which descriptors are ready, by set."""
    return {"values": _fd_sets(args, memory)}


"""epoll"""


def epoll_create_args(args: Registers, memory: Memory) -> Fields:
    """epoll_create(size): the size has no meaning since Linux 2.6.8."""
    return {"size": int32(args[0])}


def epoll_create1_args(args: Registers, memory: Memory) -> Fields:
    """epoll_create1(flags)."""
    return {"flags": EPOLL_FLAGS[args[0] & 0xFFFFFFFF]}


def epoll_data(data: int) -> int | str:
    """The program's own 64 bits; a pointer is written in hexadecimal, since JSON numbers end at 2**53."""
    return data if data < 1 << 32 else hex(data)


def epoll_ctl_args(args: Registers, memory: Memory) -> Fields:
    """epoll_ctl(epfd, op, fd, event)."""
    operation = int32(args[1])
    fields: Fields = {"epfd": int32(args[0]), "op": EPOLL_OPERATION[operation], "fd": int32(args[2])}
    if operation == 2:  # EPOLL_CTL_DEL ignores the event
        return fields
    found = peek(memory, args[3], EPOLL_EVENT.size)
    if found is None:
        return fields | {"events": UNREADABLE}
    events, data = EPOLL_EVENT.unpack(found)
    return fields | {"events": EPOLL_EVENTS[events], "data": epoll_data(data)}


def epoll_wait_args(args: Registers, memory: Memory) -> Fields:
    """epoll_wait(epfd, events, maxevents, timeout)."""
    return {"epfd": int32(args[0]), "maxevents": int32(args[2]), "timeout_ms": int32(args[3])}


def epoll_pwait2_args(args: Registers, memory: Memory) -> Fields:
    """epoll_pwait2(epfd, events, maxevents, timeout, sigmask)."""
    return {"epfd": int32(args[0]), "maxevents": int32(args[2]), "timeout_ms": timespec_ms(memory, args[3])}


def epoll_wait_result(args: Registers, result: int, memory: Memory, entered: Fields) -> Results:
    """The events that are ready, each with the 64 bits that epoll_ctl was given for it."""
    count = result if result < SHOWN else SHOWN
    found = peek(memory, args[1], count * EPOLL_EVENT.size) if count else b""
    if found is None:
        return {}
    events = EPOLL_EVENT.iter_unpack(found)
    return {"values": {"ready": [{"events": EPOLL_EVENTS[bits], "data": epoll_data(data)} for bits, data in events]}}


"""Sleeping, and waiting for children: not about sockets, but they answer what a program waits for"""


def nanosleep_args(args: Registers, memory: Memory) -> Fields:
    """nanosleep(req, rem)."""
    return {"request_ms": timespec_ms(memory, args[0])}


def clock_nanosleep_args(args: Registers, memory: Memory) -> Fields:
    """clock_nanosleep(clockid, flags, request, remain): with TIMER_ABSTIME (1) the request is a point in time."""
    fields: Fields = {"clockid": int32(args[0]), "request_ms": timespec_ms(memory, args[2])}
    return fields | {"flags": ["TIMER_ABSTIME"]} if args[1] & 1 else fields


def child_args(args: Registers, memory: Memory) -> Fields:
    """wait4(pid, …): -1 stands for any child."""
    return {"pid": int32(args[0])}


def nothing_args(args: Registers, memory: Memory) -> Fields:
    """restart_syscall(): the kernel goes on with a sleep that a signal interrupted."""
    return {}
