"""Calls that make, name and end sockets: socket(2), bind(2), listen(2), accept(2), connect(2), setsockopt(2)."""

from __future__ import annotations

import struct
from typing import Final

from server.inet.arguments import (
    UNREADABLE,
    Fields,
    Memory,
    Registers,
    Results,
    address_in,
    address_out,
    address_room,
    int32,
    peek,
    peek_int,
)
from server.inet.names import (
    AF_INET,
    AF_INET6,
    AF_NETLINK,
    FAMILY,
    IP_PROTOCOL,
    NETLINK_PROTOCOL,
    SHUTDOWN,
    SOCK_TYPE_MASK,
    SOCKET_FLAGS,
    SOCKET_TYPE,
)
from server.inet.socket_options import option_names, option_value

_FD_PAIR = struct.Struct("<ii")
_OPTION_MAX: Final = 512


def socket_args(args: Registers, memory: Memory) -> Fields:
    """socket(domain, type, protocol); the type carries two flags beside it."""
    family, kind, protocol = int32(args[0]), args[1] & 0xFFFFFFFF, int32(args[2])
    if family in (AF_INET, AF_INET6):
        protocol_name: str | int = IP_PROTOCOL[protocol]
    else:
        protocol_name = NETLINK_PROTOCOL[protocol] if family == AF_NETLINK else protocol
    return {
        "family": FAMILY[family],
        "type": SOCKET_TYPE[kind & SOCK_TYPE_MASK],
        "flags": SOCKET_FLAGS[kind & ~SOCK_TYPE_MASK],
        "protocol": protocol_name,
    }


def new_fd(args: Registers, result: int, memory: Memory, entered: Fields) -> Results:
    """The result is a new file descriptor."""
    return {"new_fd": result}


def socketpair_result(args: Registers, result: int, memory: Memory, entered: Fields) -> Results:
    """The two file descriptors that socketpair(2) wrote."""
    found = peek(memory, args[3], 8)
    return {} if found is None else {"new_fds": list(_FD_PAIR.unpack(found))}


def fd_and_address_args(args: Registers, memory: Memory) -> Fields:
    """bind(fd, addr, addrlen) and connect(fd, addr, addrlen)."""
    return {"fd": int32(args[0]), "address": address_in(memory, args[1], args[2])}


def listen_args(args: Registers, memory: Memory) -> Fields:
    """listen(fd, backlog)."""
    return {"fd": int32(args[0]), "backlog": int32(args[1])}


def accept_args(args: Registers, memory: Memory) -> Fields:
    """accept(fd, addr, addrlen), getsockname and getpeername: how much room there is for the address."""
    fields: Fields = {"fd": int32(args[0])}
    if args[1]:
        fields["addrlen"] = address_room(memory, args[2])
    return fields


def accept4_args(args: Registers, memory: Memory) -> Fields:
    """accept4(fd, addr, addrlen, flags)."""
    return accept_args(args, memory) | {"flags": SOCKET_FLAGS[args[3] & 0xFFFFFFFF]}


def name_result(args: Registers, result: int, memory: Memory, entered: Fields) -> Results:
    """The address that getsockname(2) or getpeername(2) wrote."""
    address = address_out(memory, args[1], args[2], entered.get("addrlen", 128))
    return {} if address is None else {"address": address}


def accept_result(args: Registers, result: int, memory: Memory, entered: Fields) -> Results:
    """The new file descriptor, and the peer's address where the program asked for it."""
    return {"new_fd": result} | name_result(args, result, memory, entered)


def shutdown_args(args: Registers, memory: Memory) -> Fields:
    """shutdown(fd, how)."""
    return {"fd": int32(args[0]), "how": SHUTDOWN[int32(args[1])]}


"""Options"""


def getsockopt_args(args: Registers, memory: Memory) -> Fields:
    """getsockopt(fd, level, optname, optval, optlen)."""
    level, option = option_names(int32(args[1]), int32(args[2]))
    return {"fd": int32(args[0]), "level": level, "option": option}


def setsockopt_args(args: Registers, memory: Memory) -> Fields:
    """setsockopt(fd, level, optname, optval, optlen)."""
    length = int32(args[4])
    raw = peek(memory, args[3], min(length, _OPTION_MAX)) if args[3] and length > 0 else (b"" if length == 0 else None)
    value = UNREADABLE if raw is None else option_value(int32(args[1]), int32(args[2]), raw)
    return getsockopt_args(args, memory) | {"value": value}


def getsockopt_result(args: Registers, result: int, memory: Memory, entered: Fields) -> Results:
    """The option's value, as long as the kernel says that it is."""
    length = peek_int(memory, args[4])
    raw = None if length is None or length < 0 else peek(memory, args[3], min(length, _OPTION_MAX))
    return {} if raw is None else {"values": {"value": option_value(int32(args[1]), int32(args[2]), raw)}}
