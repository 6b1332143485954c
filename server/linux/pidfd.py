"""Looking at another process's file descriptors through pidfd_getfd(2) (kernel 5.6 or later)."""

from __future__ import annotations

import ctypes
import os
import socket
import struct
from dataclasses import dataclass

_libc = ctypes.CDLL(None, use_errno=True)
_syscall = _libc.syscall
_SYS_PIDFD_GETFD = 438  # the same number on every architecture

_SO_PROTOCOL, _SO_COOKIE = 38, 57
_COOKIE = struct.Struct("=Q")


@dataclass(frozen=True, slots=True)
class SocketFacts:
    """What getsockopt(2) tells of a socket, for those that no kernel table lists yet.

    ``local`` and ``remote`` are as getsockname(2) and getpeername(2) of Python give them; None: not set.
    """

    cookie: int
    inode: int
    domain: int
    type: int
    protocol: int
    tcp_state: int
    local: object
    remote: object


def duplicate(pidfd: int, fd: int) -> int:
    """Our own descriptor for what ``fd`` of another process points to; the caller closes it.

    Raises:
        OSError: The process or the descriptor is gone (ESRCH, EBADF), or we may not look (EPERM).
    """
    copy = int(_syscall(_SYS_PIDFD_GETFD, pidfd, fd, 0))
    if copy < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"pidfd_getfd: {os.strerror(number)}")
    return copy


def _copy(pidfd: int, fd: int) -> socket.socket:
    copy = duplicate(pidfd, fd)
    try:
        return socket.socket(fileno=copy)
    except OSError:
        os.close(copy)  # it is no socket; kept open, the other end of a pipe would never see its end
        raise


def cookie(pidfd: int, fd: int) -> int:
    """The kernel's cookie of the socket that ``fd`` of another process names (SO_COOKIE, socket(7)).

    Raises:
        OSError: As ``duplicate``; ENOTSOCK if it is no socket.
    """
    with _copy(pidfd, fd) as copy:
        value: int = _COOKIE.unpack(copy.getsockopt(socket.SOL_SOCKET, _SO_COOKIE, 8))[0]
        return value


def socket_facts(pidfd: int, fd: int) -> SocketFacts:
    """All that can be asked of the socket that ``fd`` of another process names.

    Raises:
        OSError: As ``cookie``.
    """
    with _copy(pidfd, fd) as copy:
        tcp_state = 0
        if copy.family in (socket.AF_INET, socket.AF_INET6) and copy.proto == socket.IPPROTO_TCP:
            tcp_state = copy.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
        try:
            remote = copy.getpeername()
        except OSError:
            remote = None
        return SocketFacts(
            _COOKIE.unpack(copy.getsockopt(socket.SOL_SOCKET, _SO_COOKIE, 8))[0],
            os.fstat(copy.fileno()).st_ino,
            int(copy.family),
            int(copy.type),
            copy.getsockopt(socket.SOL_SOCKET, _SO_PROTOCOL),
            tcp_state,
            copy.getsockname(),
            remote,
        )
