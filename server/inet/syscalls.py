"""The table of system calls that Socketlab understands: name → kind, which argument is the descriptor, decoders.

The tracer asks three things of it: which calls to stop at (``TRACED``), what a stopped call is about
to do (``decode_args``), and what it did (``decode_result``). Names are those of the man pages (section 2)
and of the kernel's tables, so ``recv()`` of a program is ``recvfrom`` here, as under strace.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from server.inet import descriptor_calls as descriptor
from server.inet import socket_calls
from server.inet import transfer_calls as transfer
from server.inet import waiting_calls as waiting
from server.inet.arguments import ArgumentDecoder, Fields, Memory, Registers, ResultDecoder
from server.inet.names import errno_name
from server.inet.syscall_numbers import NUMBERS

__all__ = [
    "CALLS",
    "NUMBERS",
    "OPENING",
    "TRACED",
    "Call",
    "Kind",
    "Memory",
    "decode_args",
    "decode_result",
    "errno_name",
]

Kind = Literal["socket", "fd", "io", "wait", "process", "open"]
"""What a call is about.

``socket``: it makes a socket or works on one. ``io``: it moves bytes through any descriptor. ``wait``: it
waits for readiness. ``fd``: it changes the table of descriptors. ``process``: it makes, ends or waits for a
process or thread, or lets one sleep. ``open``: it opens something that is no socket.
"""


@dataclass(frozen=True, slots=True)
class Call:
    """One system call: ``fd_argument`` is the index of the descriptor that it works on, if it has one."""

    name: str
    kind: Kind
    fd_argument: int | None
    decode_args: ArgumentDecoder
    decode_result: ResultDecoder


def _nothing(args: Registers, result: int, memory: Memory, entered: Fields) -> Fields:
    return {}


_new_fd = socket_calls.new_fd
_TABLE: Final[tuple[Call, ...]] = (
    Call("socket", "socket", None, socket_calls.socket_args, _new_fd),
    Call("socketpair", "socket", None, socket_calls.socket_args, socket_calls.socketpair_result),
    Call("bind", "socket", 0, socket_calls.fd_and_address_args, _nothing),
    Call("listen", "socket", 0, socket_calls.listen_args, _nothing),
    Call("accept", "socket", 0, socket_calls.accept_args, socket_calls.accept_result),
    Call("accept4", "socket", 0, socket_calls.accept4_args, socket_calls.accept_result),
    Call("connect", "socket", 0, socket_calls.fd_and_address_args, _nothing),
    Call("getsockname", "socket", 0, socket_calls.accept_args, socket_calls.name_result),
    Call("getpeername", "socket", 0, socket_calls.accept_args, socket_calls.name_result),
    Call("setsockopt", "socket", 0, socket_calls.setsockopt_args, _nothing),
    Call("getsockopt", "socket", 0, socket_calls.getsockopt_args, socket_calls.getsockopt_result),
    Call("shutdown", "socket", 0, socket_calls.shutdown_args, _nothing),
    Call("sendto", "socket", 0, transfer.sendto_args, transfer.sent),
    Call("sendmsg", "socket", 0, transfer.sendmsg_args, transfer.sent),
    Call("sendmmsg", "socket", 0, transfer.sendmmsg_args, transfer.sendmmsg_result),
    Call("recvfrom", "socket", 0, transfer.recvfrom_args, transfer.recvfrom_result),
    Call("recvmsg", "socket", 0, transfer.recvmsg_args, transfer.recvmsg_result),
    Call("recvmmsg", "socket", 0, transfer.recvmmsg_args, transfer.recvmmsg_result),
    Call("read", "io", 0, transfer.read_args, transfer.received),
    Call("write", "io", 0, transfer.write_args, transfer.sent),
    Call("readv", "io", 0, transfer.readv_args, transfer.readv_result),
    Call("writev", "io", 0, transfer.writev_args, transfer.sent),
    Call("sendfile", "io", 0, transfer.sendfile_args, transfer.sent),
    Call("poll", "wait", None, waiting.poll_args, waiting.poll_result),
    Call("ppoll", "wait", None, waiting.ppoll_args, waiting.poll_result),
    Call("select", "wait", None, waiting.select_args, waiting.select_result),
    Call("pselect6", "wait", None, waiting.pselect6_args, waiting.select_result),
    Call("epoll_create", "wait", None, waiting.epoll_create_args, _new_fd),
    Call("epoll_create1", "wait", None, waiting.epoll_create1_args, _new_fd),
    Call("epoll_ctl", "wait", 0, waiting.epoll_ctl_args, _nothing),
    Call("epoll_wait", "wait", 0, waiting.epoll_wait_args, waiting.epoll_wait_result),
    Call("epoll_pwait", "wait", 0, waiting.epoll_wait_args, waiting.epoll_wait_result),
    Call("epoll_pwait2", "wait", 0, waiting.epoll_pwait2_args, waiting.epoll_wait_result),
    Call("close", "fd", 0, descriptor.fd_args, _nothing),
    Call("close_range", "fd", None, descriptor.close_range_args, _nothing),
    Call("dup", "fd", 0, descriptor.fd_args, _new_fd),
    Call("dup2", "fd", 0, descriptor.dup2_args, _new_fd),
    Call("dup3", "fd", 0, descriptor.dup3_args, _new_fd),
    Call("fcntl", "fd", 0, descriptor.fcntl_args, descriptor.fcntl_result),
    Call("pipe", "fd", None, descriptor.pipe_args, descriptor.pipe_result),
    Call("pipe2", "fd", None, descriptor.pipe2_args, descriptor.pipe_result),
    Call("clone", "process", None, descriptor.clone_args, descriptor.clone_result),
    Call("clone3", "process", None, descriptor.clone3_args, descriptor.clone3_result),
    Call("fork", "process", None, descriptor.no_args, _nothing),
    Call("vfork", "process", None, descriptor.no_args, _nothing),
    Call("wait4", "process", None, waiting.child_args, _nothing),
    Call("nanosleep", "process", None, waiting.nanosleep_args, _nothing),
    Call("clock_nanosleep", "process", None, waiting.clock_nanosleep_args, _nothing),
    Call("pause", "process", None, waiting.nothing_args, _nothing),
    Call("restart_syscall", "process", None, waiting.nothing_args, _nothing),
    Call("exit", "process", None, descriptor.exit_args, _nothing),
    Call("exit_group", "process", None, descriptor.exit_args, _nothing),
    Call("open", "open", None, descriptor.open_args, _new_fd),
    Call("creat", "open", None, descriptor.creat_args, _new_fd),
    Call("openat", "open", None, descriptor.openat_args, _new_fd),
    Call("openat2", "open", None, descriptor.openat2_args, _new_fd),
    Call("memfd_create", "open", None, descriptor.memfd_create_args, _new_fd),
    Call("eventfd", "open", None, descriptor.eventfd_args, _new_fd),
    Call("eventfd2", "open", None, descriptor.eventfd2_args, _new_fd),
    Call("signalfd", "open", None, descriptor.signalfd_args, _new_fd),
    Call("signalfd4", "open", None, descriptor.signalfd4_args, _new_fd),
    Call("timerfd_create", "open", None, descriptor.timerfd_create_args, _new_fd),
    Call("inotify_init", "open", None, descriptor.no_args, _new_fd),
    Call("inotify_init1", "open", None, descriptor.inotify_init1_args, _new_fd),
    Call("pidfd_open", "open", None, descriptor.pidfd_open_args, _new_fd),
)

CALLS: Final[dict[str, Call]] = {call.name: call for call in _TABLE}
"""Name → what is known of the call."""

TRACED: Final[tuple[str, ...]] = tuple(call.name for call in _TABLE if call.kind != "open")
"""The calls that the lab shows."""

OPENING: Final[tuple[str, ...]] = tuple(call.name for call in _TABLE if call.kind == "open")
"""The calls that give a process a descriptor of another kind: for following its table, not for showing."""


def decode_args(name: str, args: tuple[int, ...], memory: Memory) -> dict[str, Any]:
    """What a call of the table is about to do, named as in its man page; values can be written as JSON.

    A wild pointer never raises: the field, or a member of it, is ``unreadable``.

    Raises:
        KeyError: ``name`` is not in ``CALLS``.
    """
    return CALLS[name].decode_args(args, memory)


def decode_result(
    name: str, args: tuple[int, ...], result: int, memory: Memory, entered: dict[str, Any]
) -> dict[str, Any]:
    """What a call gave back: any of ``new_fd``, ``new_fds``, ``address``, ``bytes``, ``data`` and ``values``.

    Args:
        name: The call.
        args: The six argument registers as they were when the call was entered.
        result: What it returned; below zero there is nothing to decode.
        memory: The process's memory now.
        entered: What ``decode_args`` said when the call was entered.

    Raises:
        KeyError: ``name`` is not in ``CALLS``.
    """
    return CALLS[name].decode_result(args, result, memory, entered) if result >= 0 else {}
