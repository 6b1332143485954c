"""The table of system calls that Socketlab shows: one row for each, with all its facts (``call_row`` explains them).

The tracer asks four things of it: which calls to stop at (``TRACED``), what a stopped call is about
to do (``decode_args``), what it did (``decode_result``), and what follows from that (the row's columns). Names are
those of the man pages (section 2) and of the kernel's tables, so ``recv()`` of a program is ``recvfrom`` here, as
under strace. Calls that open files are not here: the descriptors that they give are found by comparing tables.
"""

from __future__ import annotations

from typing import Final

from server.inet import descriptor_calls as fd
from server.inet import socket_calls as sock
from server.inet import transfer_calls as transfer
from server.inet import waiting_calls as wait
from server.inet.arguments import Fields, Memory, Results
from server.inet.call_row import Call, FdArgument, table
from server.inet.names import errno_name
from server.inet.syscall_numbers import NUMBERS

__all__ = [
    "CALLS",
    "NUMBERS",
    "RECEIVING",
    "SENDING",
    "TRACED",
    "WAITING",
    "Call",
    "Memory",
    "decode_args",
    "decode_result",
    "errno_name",
]

_FD: Final = (FdArgument(0, "fd"),)
_EPFD: Final = (FdArgument(0, "epfd"),)
_WATCHED: Final = (*_EPFD, FdArgument(2, "fd"))
_TWO: Final = (FdArgument(0, "oldfd"), FdArgument(1, "newfd", replaced=True))
_FROM_TO: Final = (FdArgument(0, "out_fd"), FdArgument(1, "in_fd"))

CALLS: Final[dict[str, Call]] = table((
    Call("accept", "socket", _FD, sock.accept_args, sock.accept_result,
         may_sleep=True, makes="descriptor", changes_sockets=True),
    Call("accept4", "socket", _FD, sock.accept4_args, sock.accept_result,
         may_sleep=True, makes="descriptor", changes_sockets=True, said_as="accept"),
    Call("bind", "socket", _FD, sock.fd_and_address_args, changes_sockets=True),
    Call("clock_nanosleep", "process", (), wait.clock_nanosleep_args, may_sleep=True),
    # It sleeps with CLONE_VFORK, until the child executes a program or ends.
    Call("clone", "process", (), fd.clone_args, fd.clone_result, may_sleep=True, makes="process"),
    Call("clone3", "process", (), fd.clone3_args, fd.clone3_result, may_sleep=True, makes="process"),
    # Whatever closes a socket may sleep for its SO_LINGER (socket(7)).
    Call("close", "fd", _FD, fd.fd_args, may_sleep=True, frees=True, sends=True, changes_sockets=True),
    Call("close_range", "fd", (), fd.close_range_args, may_sleep=True, frees=True, changes_sockets=True),
    Call("connect", "socket", _FD, sock.fd_and_address_args, may_sleep=True, sends=True, changes_sockets=True),
    Call("dup", "fd", _FD, fd.fd_args, sock.new_fd, makes="copy"),
    Call("dup2", "fd", _TWO, fd.dup2_args, sock.new_fd, may_sleep=True, makes="copy", changes_sockets=True),
    Call("dup3", "fd", _TWO, fd.dup3_args, sock.new_fd, may_sleep=True, makes="copy", changes_sockets=True),
    Call("epoll_create", "wait", (), wait.epoll_create_args, sock.new_fd, makes="descriptor"),
    Call("epoll_create1", "wait", (), wait.epoll_create1_args, sock.new_fd, makes="descriptor"),
    Call("epoll_ctl", "wait", _WATCHED, wait.epoll_ctl_args),
    Call("epoll_pwait", "wait", _EPFD, wait.epoll_wait_args, wait.epoll_wait_result,
         may_sleep=True, said_as="epoll_wait"),
    Call("epoll_pwait2", "wait", _EPFD, wait.epoll_pwait2_args, wait.epoll_wait_result,
         may_sleep=True, said_as="epoll_wait"),
    Call("epoll_wait", "wait", _EPFD, wait.epoll_wait_args, wait.epoll_wait_result, may_sleep=True),
    Call("exit", "process", (), fd.exit_args, returns=False),
    Call("exit_group", "process", (), fd.exit_args, returns=False),
    # A copy with F_DUPFD, sleeps with F_SETLKW; most of its commands do neither.
    Call("fcntl", "fd", _FD, fd.fcntl_args, fd.fcntl_result, may_sleep=True, makes="copy"),
    Call("fork", "process", (), fd.no_args, makes="process"),
    Call("getpeername", "socket", _FD, sock.accept_args, sock.name_result, only_asks=True),
    Call("getsockname", "socket", _FD, sock.accept_args, sock.name_result, only_asks=True),
    Call("getsockopt", "socket", _FD, sock.getsockopt_args, sock.getsockopt_result, only_asks=True),
    Call("listen", "socket", _FD, sock.listen_args, changes_sockets=True),
    Call("nanosleep", "process", (), wait.nanosleep_args, may_sleep=True),
    Call("pause", "process", (), wait.nothing_args, may_sleep=True),
    Call("pipe", "fd", (), fd.pipe_args, fd.pipe_result, makes="descriptor"),
    Call("pipe2", "fd", (), fd.pipe2_args, fd.pipe_result, makes="descriptor"),
    Call("poll", "wait", (), wait.poll_args, wait.poll_result, may_sleep=True),
    Call("ppoll", "wait", (), wait.ppoll_args, wait.poll_result, may_sleep=True, said_as="poll"),
    Call("preadv2", "io", _FD, transfer.preadv2_args, transfer.readv_result, may_sleep=True, bytes="in"),
    Call("pselect6", "wait", (), wait.pselect6_args, wait.select_result, may_sleep=True, said_as="select"),
    Call("pwritev2", "io", _FD, transfer.pwritev2_args, transfer.sent, may_sleep=True, bytes="out", sends=True),
    Call("read", "io", _FD, transfer.read_args, transfer.received, may_sleep=True, bytes="in"),
    Call("readv", "io", _FD, transfer.readv_args, transfer.readv_result, may_sleep=True, bytes="in"),
    Call("recvfrom", "socket", _FD, transfer.recvfrom_args, transfer.recvfrom_result,
         may_sleep=True, bytes="in", said_as="recv"),
    Call("recvmmsg", "socket", _FD, transfer.recvmmsg_args, transfer.recvmmsg_result,
         may_sleep=True, bytes="in", brings_fds=True),
    Call("recvmsg", "socket", _FD, transfer.recvmsg_args, transfer.recvmsg_result,
         may_sleep=True, bytes="in", brings_fds=True),
    Call("restart_syscall", "process", (), wait.nothing_args, may_sleep=True),
    Call("select", "wait", (), wait.select_args, wait.select_result, may_sleep=True),
    Call("sendfile", "io", _FROM_TO, transfer.sendfile_args, transfer.sent, may_sleep=True, bytes="out", sends=True),
    Call("sendmmsg", "socket", _FD, transfer.sendmmsg_args, transfer.sendmmsg_result,
         may_sleep=True, bytes="out", sends=True),
    Call("sendmsg", "socket", _FD, transfer.sendmsg_args, transfer.sent, may_sleep=True, bytes="out", sends=True),
    Call("sendto", "socket", _FD, transfer.sendto_args, transfer.sent,
         may_sleep=True, bytes="out", sends=True, said_as="send"),
    Call("setsockopt", "socket", _FD, sock.setsockopt_args),
    Call("shutdown", "socket", _FD, sock.shutdown_args, sends=True, changes_sockets=True),
    Call("socket", "socket", (), sock.socket_args, sock.new_fd, makes="socket", changes_sockets=True),
    Call("socketpair", "socket", (), sock.socket_args, sock.socketpair_result, makes="socket", changes_sockets=True),
    Call("vfork", "process", (), fd.no_args, may_sleep=True, makes="process"),
    Call("wait4", "process", (), wait.child_args, may_sleep=True),
    Call("write", "io", _FD, transfer.write_args, transfer.sent, may_sleep=True, bytes="out", sends=True),
    Call("writev", "io", _FD, transfer.writev_args, transfer.sent, may_sleep=True, bytes="out", sends=True),
))  # fmt: skip
"""Name → what is known of the call."""

TRACED: Final[tuple[str, ...]] = tuple(CALLS)
"""The calls that the lab shows: programs stop at them."""

WAITING: Final = frozenset(call.name for call in CALLS.values() if call.kind == "wait" and call.may_sleep)
"""The calls that wait until one of several descriptors is ready."""

SENDING: Final = frozenset(call.name for call in CALLS.values() if call.sends)
"""The calls that can make a host's kernel send a packet."""

RECEIVING: Final = frozenset(call.name for call in CALLS.values() if call.bytes == "in")
"""The calls that take bytes from a descriptor."""


def decode_args(name: str, args: tuple[int, ...], memory: Memory) -> Fields:
    """What a call of the table is about to do, named as in its man page; values can be written as JSON.

    A wild pointer never raises: the field, or a member of it, is ``unreadable``.

    Raises:
        KeyError: ``name`` is not in ``CALLS``.
    """
    return CALLS[name].decode_args(args, memory)


def decode_result(name: str, args: tuple[int, ...], result: int, memory: Memory, entered: Fields) -> Results:
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
