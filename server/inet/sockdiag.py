"""sock_diag(7): requests for the kernel's socket table, and its answers as rows.

The kernel answers a dump with datagrams full of netlink messages, one message a socket. At 20,000 sockets
each microsecond of a row counts twice a second, so:

* a row is a named tuple, made from two precompiled structs;
* ``split`` cuts a datagram into raw messages without decoding them, so that a caller who keeps the last
  message of each cookie decodes only those that changed (idle sockets answer with the same bytes each time);
* attributes are read only where they are wanted: ``shutdown`` stands at a fixed place, and ``v6only``
  matters only to sockets that are bound to every address.

Addresses are written as ``ss -tan`` writes them, but ``*:80`` stands for every address of the row's family
(``ss``: ``0.0.0.0:80``; a socket of family ``inet6`` takes IPv4 as well unless ``v6only``, then it is
``[::]:80``), and ``*`` for port 0. States are named as in RFC 9293.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Callable, Iterator
from typing import Final, Literal, NamedTuple

from server.inet.addresses import split_endpoint, unix_name
from server.inet.names import AF_INET, AF_INET6, AF_UNIX, TCP_STATE, errno_name

_NLMSGHDR = struct.Struct("<IHHII")
_REQUEST = struct.Struct("<BBBxI")  # struct inet_diag_req_v2, before its id
_ID = struct.Struct("!HH16s16s")  # struct inet_diag_sockid, before interface and cookie
_UNIX_REQUEST = struct.Struct("<BBHIIIII")
_HEAD = struct.Struct(">4BHH")
_TAIL4 = struct.Struct("<4s12x4s12xIQIIIII")
_TAIL6 = struct.Struct("<16s16sIQIIIII")
_UNIX = struct.Struct("<BBBxIQ")
_ATTRIBUTE = struct.Struct("<HH")
_TWO = struct.Struct("<II")

_NLM_F_REQUEST: Final = 0x1
_NLM_F_DUMP: Final = 0x300
_NLMSG_ERROR: Final = 2
_NLMSG_DONE: Final = 3
_SOCK_DIAG_BY_FAMILY: Final = 20
_NO_COOKIE: Final = b"\xff" * 8
_INET_MESSAGE: Final = 72  # sizeof(struct inet_diag_msg)
_INET_DIAG_SHUTDOWN: Final = 8
_INET_DIAG_SKV6ONLY: Final = 11
_ANY6: Final = bytes(16)

ALL_STATES: Final = 0x3FFF
"""Every TCP state: with 12 (NEW_SYN_RECV) and, since Linux 6.8, 13: bound, neither listening nor connected."""

PROTOCOLS: Final[dict[str, int]] = {"tcp": 6, "udp": 17}
_FAMILIES: Final[dict[str, int]] = {"inet": AF_INET, "inet6": AF_INET6}
_TIMERS: Final = (None, "retransmit", "keepalive", "time-wait", "zero-window-probe")
_UNIX_STATES: Final = {1: "ESTABLISHED", 2: "SYN-SENT", 7: "UNCONNECTED", 8: "CLOSE-WAIT", 10: "LISTEN"}
_UNIX_TYPES: Final = {1: "stream", 2: "dgram", 5: "seqpacket"}

Timer = Literal["retransmit", "keepalive", "time-wait", "zero-window-probe"]


class Row(NamedTuple):
    """One socket of the kernel's table.

    On a listening socket ``recv_queue`` counts the connections that wait for accept() and ``send_queue``
    is their limit; elsewhere both are bytes. ``inode`` 0 means that no file descriptor names it (yet, or
    any more). ``shutdown`` has bit 1 when nothing more will be received and bit 2 when nothing more will
    be sent. ``type``, ``peer_inode`` and ``pending`` (inodes that wait for accept()) belong to unix sockets.
    """

    family: Literal["inet", "inet6", "unix"]
    protocol: Literal["tcp", "udp", "unix"]
    state: str
    local: str
    remote: str
    cookie: int
    inode: int
    recv_queue: int
    send_queue: int
    timer: Timer | None
    expires_ms: int
    retransmits: int
    uid: int
    shutdown: int
    v6only: bool | None = None
    type: str | None = None
    peer_inode: int | None = None
    pending: tuple[int, ...] = ()


"""Requests"""


def _message(body: bytes, flags: int) -> bytes:
    return _NLMSGHDR.pack(_NLMSGHDR.size + len(body), _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST | flags, 1, 0) + body


def _inet_request(family: str, protocol: str, states: int, sockid: bytes, flags: int) -> bytes:
    return _message(_REQUEST.pack(_FAMILIES[family], PROTOCOLS[protocol], 0, states) + sockid, flags)


def tcp_request(family: Literal["inet", "inet6"], states: int = ALL_STATES) -> bytes:
    """Ask for every TCP socket of a family that is in one of ``states`` (a bit set of the kernel's numbers)."""
    return _inet_request(family, "tcp", states, bytes(48), _NLM_F_DUMP)


def udp_request(family: Literal["inet", "inet6"]) -> bytes:
    """Ask for every UDP socket of a family."""
    return _inet_request(family, "udp", 0xFFFFFFFF, bytes(48), _NLM_F_DUMP)


def unix_request() -> bytes:
    """Ask for every unix socket with its name, peer, pending connections, queues and owner."""
    name, peer, pending, queues, uid = 0x1, 0x4, 0x8, 0x10, 0x40
    show = name | peer | pending | queues | uid
    return _message(_UNIX_REQUEST.pack(AF_UNIX, 0, 0, 0xFFFFFFFF, 0, show, 0xFFFFFFFF, 0xFFFFFFFF), _NLM_F_DUMP)


def exact_request(protocol: Literal["tcp", "udp"], family: Literal["inet", "inet6"], local: str, remote: str) -> bytes:
    """Ask for the one socket with this five-tuple, written as in a ``Row``.

    No dump: the answer is one message, without a DONE behind it; or the error ENOENT.

    Raises:
        ValueError: ``local`` or ``remote`` is not an address and a port.
    """
    local_ip, local_port, interface = _packed(family, local)
    remote_ip, remote_port, _ = _packed(family, remote)
    sockid = _ID.pack(local_port, remote_port, local_ip, remote_ip) + interface.to_bytes(4, "little") + _NO_COOKIE
    return _inet_request(family, protocol, ALL_STATES, sockid, 0)


def _packed(family: str, endpoint: str) -> tuple[bytes, int, int]:
    """Address, port and interface of an endpoint as a ``Row`` writes it."""
    written, port = split_endpoint(endpoint.removesuffix("*") + "0" if endpoint.endswith(":*") else endpoint)
    ip, _, interface = written.partition("%")
    try:
        address = _ANY6 if ip == "*" else socket.inet_pton(_FAMILIES[family], ip)
        return address, port, int(interface or 0) & 0xFFFFFFFF
    except (OSError, ValueError):
        raise ValueError(f"{endpoint!r} is no {family} address") from None


"""Answers"""


def split(datagram: bytes | memoryview) -> Iterator[bytes]:
    """The socket messages of one netlink datagram, undecoded; a damaged length ends it.

    Raises:
        OSError: The kernel answered with an error, such as ENOENT for an exact request.
    """
    data = bytes(datagram)
    for at, end in _messages(data):
        yield data[at:end]


def _messages(data: bytes) -> Iterator[tuple[int, int]]:
    """Where in a datagram each socket's message begins and ends."""
    at, last = 0, len(data) - 16
    header = _NLMSGHDR.unpack_from
    while at <= last:
        length, kind, _, _, _ = header(data, at)
        if length < 16 or at + length > last + 16:
            return
        if kind == _SOCK_DIAG_BY_FAMILY:
            yield at + 16, at + length
        elif kind == _NLMSG_DONE:
            return
        elif kind == _NLMSG_ERROR and length >= 20:
            error = int.from_bytes(data[at + 16 : at + 20], "little", signed=True)
            if error < 0:
                raise OSError(-error, f"sock_diag: {errno_name(error)}: {os.strerror(-error)}")
        at += (length + 3) & ~3


def cookie_of(message: bytes) -> bytes:
    """The eight bytes that identify a message's socket for as long as the machine runs; empty if there are none."""
    if not message:
        return b""
    return message[8:16] if message[0] == AF_UNIX else message[44:52]


def decode_rows(datagram: bytes | memoryview, protocol: Literal["tcp", "udp", "unix"] = "tcp") -> list[Row]:
    """The rows of one datagram. The answer does not say whether it is about TCP or UDP; the asker knows.

    Raises:
        OSError: The kernel answered with an error.
    """
    data = bytes(datagram)
    rows = []
    for at, end in _messages(data):
        decoder = _DECODERS.get(data[at]) if at < end else None
        if decoder is not None:
            row = decoder(data, at, end, protocol)
            if row is not None:
                rows.append(row)
    return rows


def decode_row(message: bytes, protocol: Literal["tcp", "udp", "unix"] = "tcp") -> Row | None:
    """One socket's message as a row; None for a message that is cut short or of another family."""
    decoder = _DECODERS.get(message[0]) if message else None
    return None if decoder is None else decoder(message, 0, len(message), protocol)


class _Dotted(dict[bytes, str]):
    """Four bytes → dotted decimal, remembered: a table of 20,000 sockets has few addresses."""

    def __missing__(self, raw: bytes) -> str:
        if len(self) > 4096:
            self.clear()
        self[raw] = written = socket.inet_ntoa(raw) if any(raw) else "*"
        return written


_dotted = _Dotted()
_make = tuple.__new__  # measured: half the price of Row(…), which passes its arguments by way of a lambda


def _inet_row(data: bytes, at: int, end: int, protocol: str) -> Row | None:
    if end - at < _INET_MESSAGE:
        return None
    _, state, timer, retransmits, sport, dport = _HEAD.unpack_from(data, at)
    source, target, interface, cookie, expires, rqueue, wqueue, uid, inode = _TAIL4.unpack_from(data, at + 8)
    local = _dotted[source]
    if interface:
        local = f"{local}%{interface}"
    return _make(
        Row,
        (
            "inet",
            protocol,
            TCP_STATE[state] if state != 7 or protocol == "tcp" else "UNCONNECTED",
            f"{local}:{sport or '*'}",
            f"{_dotted[target]}:{dport or '*'}",
            cookie,
            inode,
            rqueue,
            wqueue,
            _TIMERS[timer] if timer < 5 else None,
            expires,
            retransmits,
            uid,
            data[at + 76] if end - at > 76 and data[at + 74] == _INET_DIAG_SHUTDOWN else 0,
            None,
            None,
            None,
            (),
        ),
    )


def _inet6_row(data: bytes, at: int, end: int, protocol: str) -> Row | None:
    if end - at < _INET_MESSAGE:
        return None
    _, state, timer, retransmits, sport, dport = _HEAD.unpack_from(data, at)
    source, target, interface, cookie, expires, rqueue, wqueue, uid, inode = _TAIL6.unpack_from(data, at + 8)
    attributes = _attributes(data, at + _INET_MESSAGE, end)
    only = attributes.get(_INET_DIAG_SKV6ONLY)
    v6only = bool(only[0]) if only else None
    return _make(
        Row,
        (
            "inet6",
            protocol,
            TCP_STATE[state] if state != 7 or protocol == "tcp" else "UNCONNECTED",
            f"{_written6(source, interface, v6only)}:{sport or '*'}",
            f"{_written6(target, 0, v6only)}:{dport or '*'}",
            cookie,
            inode,
            rqueue,
            wqueue,
            _TIMERS[timer] if timer < 5 else None,
            expires,
            retransmits,
            uid,
            (attributes.get(_INET_DIAG_SHUTDOWN) or b"\0")[0],
            v6only,
            None,
            None,
            (),
        ),
    )


def _written6(ip: bytes, interface: int, v6only: bool | None) -> str:
    if ip == _ANY6 and not v6only:
        return f"*%{interface}" if interface else "*"
    written = socket.inet_ntop(socket.AF_INET6, ip)
    return f"[{written}%{interface}]" if interface else f"[{written}]"


def _attributes(data: bytes, at: int, end: int) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    while at + 4 <= end:
        length, kind = _ATTRIBUTE.unpack_from(data, at)
        if length < 4 or at + length > end:
            break
        found[kind] = data[at + 4 : at + length]
        at += (length + 3) & ~3
    return found


def _unix_row(data: bytes, at: int, end: int, protocol: str) -> Row | None:
    if end - at < _UNIX.size:
        return None
    _, kind, state, inode, cookie = _UNIX.unpack_from(data, at)
    attributes = _attributes(data, at + _UNIX.size, end)
    name, peer, pending, queues, shutdown, uid = (attributes.get(number, b"") for number in (0, 2, 3, 4, 6, 7))
    recv_queue, send_queue = _TWO.unpack_from(queues) if len(queues) >= 8 else (0, 0)
    return Row(
        "unix",
        "unix",
        _UNIX_STATES.get(state) or TCP_STATE[state],
        unix_name(name) if name else "*",
        "*",
        cookie,
        inode,
        recv_queue,
        send_queue,
        timer=None,
        expires_ms=0,
        retransmits=0,
        uid=int.from_bytes(uid, "little"),
        shutdown=shutdown[0] if shutdown else 0,
        type=_UNIX_TYPES.get(kind, str(kind)),
        peer_inode=int.from_bytes(peer, "little") if peer else None,
        pending=tuple(int.from_bytes(pending[i : i + 4], "little") for i in range(0, len(pending) & ~3, 4)),
    )


_DECODERS: Final[dict[int, Callable[[bytes, int, int, str], Row | None]]] = {
    AF_UNIX: _unix_row,
    AF_INET: _inet_row,
    AF_INET6: _inet6_row,
}
