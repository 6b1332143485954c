"""Calls that move bytes: read, write, send, recv and their vectors: send(2), recv(2), readv(2), sendfile(2).

What goes out is shown when the call is entered, what came in when it returned: the first 64 bytes.
"""

from __future__ import annotations

import struct
from typing import Final, cast

from server.inet.addresses import sockaddr
from server.inet.arguments import (
    SHOWN,
    UNREADABLE,
    Fields,
    Memory,
    Registers,
    Results,
    address_in,
    address_out,
    address_room,
    buffer,
    first_bytes,
    gather,
    int32,
    iovecs,
    peek,
    vector,
)
from server.inet.names import CONTROL_TYPE, MESSAGE_FLAGS, OPTION_LEVELS, READ_WRITE_FLAGS, SOL_SOCKET
from server.json_value import Json

_MSGHDR = struct.Struct("<QI4xQQQQi4x")
_MMSGHDR: Final = 64  # a msghdr, an unsigned int, and padding
_CMSGHDR = struct.Struct("<Qii")
_UCRED = struct.Struct("<Iii")
_CONTROL_MAX: Final = 2048  # SCM_MAX_FD (253) descriptors fit
_BATCH_MAX: Final = 16  # how many messages of one sendmmsg or recvmmsg are shown

"""Plain buffers"""


def read_args(args: Registers, memory: Memory) -> Fields:
    """read(fd, buf, count): the buffer is empty yet."""
    return {"fd": int32(args[0]), "buffer": {"length": args[2]}}


def write_args(args: Registers, memory: Memory) -> Fields:
    """write(fd, buf, count)."""
    return {"fd": int32(args[0]), "buffer": buffer(memory, args[1], args[2])}


def sent(args: Registers, result: int, memory: Memory, entered: Fields) -> Results:
    """How many bytes the kernel took."""
    return {"bytes": result}


def received(args: Registers, result: int, memory: Memory, entered: Fields) -> Results:
    """How many bytes came, and the first of them; with MSG_TRUNC more may be counted than were written."""
    data = first_bytes(memory, args[1], result if result < args[2] else args[2])
    return {"bytes": result} if data is None else {"bytes": result, "data": data}


def sendto_args(args: Registers, memory: Memory) -> Fields:
    """sendto(fd, buf, len, flags, dest_addr, addrlen); send() is the same without an address."""
    flags = MESSAGE_FLAGS[args[3] & 0xFFFFFFFF]
    fields: Fields = {"fd": int32(args[0]), "buffer": buffer(memory, args[1], args[2]), "flags": flags}
    if args[4]:
        fields["address"] = address_in(memory, args[4], args[5])
    return fields


def recvfrom_args(args: Registers, memory: Memory) -> Fields:
    """recvfrom(fd, buf, len, flags, src_addr, addrlen); recv() is the same without an address."""
    fields: Fields = {"fd": int32(args[0]), "buffer": {"length": args[2]}, "flags": MESSAGE_FLAGS[args[3] & 0xFFFFFFFF]}
    if args[4]:
        fields["addrlen"] = address_room(memory, args[5])
    return fields


def recvfrom_result(args: Registers, result: int, memory: Memory, entered: Fields) -> Results:
    """The bytes that came, and from where; TCP gives no address here."""
    fields = received(args, result, memory, entered)
    if args[4]:
        address = address_out(memory, args[4], args[5], entered.get("addrlen", 128))
        if address is not None:
            fields["address"] = address
    return fields


"""Vectors"""


def readv_args(args: Registers, memory: Memory) -> Fields:
    """readv(fd, iov, iovcnt)."""
    return {"fd": int32(args[0]), "buffer": vector(memory, args[1], int32(args[2]), shown=False)}


def writev_args(args: Registers, memory: Memory) -> Fields:
    """writev(fd, iov, iovcnt)."""
    return {"fd": int32(args[0]), "buffer": vector(memory, args[1], int32(args[2]), shown=True)}


def readv_result(args: Registers, result: int, memory: Memory, entered: Fields) -> Results:
    """How many bytes came, and the first of them."""
    pieces = iovecs(memory, args[1], int32(args[2]))
    data = None if pieces is None else gather(memory, pieces, result)
    return {"bytes": result} if data is None else {"bytes": result, "data": data}


def _position(args: Registers) -> Fields:
    """The offset and the flags of preadv2 and pwritev2; -1 is the file's own position, the only one of a socket."""
    offset = args[3] - (1 << 64) if args[3] >> 63 else args[3]
    return {"offset": offset, "flags": READ_WRITE_FLAGS[args[5] & 0xFFFFFFFF]}


def preadv2_args(args: Registers, memory: Memory) -> Fields:
    """preadv2(fd, iov, iovcnt, offset, flags); a 64-bit kernel takes the offset in one register, and skips the next."""
    return readv_args(args, memory) | _position(args)


def pwritev2_args(args: Registers, memory: Memory) -> Fields:
    """pwritev2(fd, iov, iovcnt, offset, flags)."""
    return writev_args(args, memory) | _position(args)


def sendfile_args(args: Registers, memory: Memory) -> Fields:
    """sendfile(out_fd, in_fd, offset, count)."""
    fields: Fields = {"out_fd": int32(args[0]), "in_fd": int32(args[1]), "count": args[3]}
    if args[2]:
        offset = peek(memory, args[2], 8)
        fields["offset"] = UNREADABLE if offset is None else int.from_bytes(offset, "little", signed=True)
    return fields


"""Messages: struct msghdr, with an address, a vector and control messages (cmsg(3))"""


def control_messages(raw: bytes) -> list[Fields]:
    """The control messages of a message; SCM_RIGHTS carries file descriptors (unix(7)).

    A malformed one ends the list, as it does for the kernel's and the C library's macros.
    """
    found: list[Fields] = []
    at = 0
    while at + 16 <= len(raw) and len(found) < SHOWN:
        length, level, kind = _CMSGHDR.unpack_from(raw, at)
        if not 16 <= length <= len(raw) - at:
            break
        found.append(_control_message(level, kind, raw[at + 16 : at + length]))
        at += (length + 7) & ~7
    return found


def _control_message(level: int, kind: int, data: bytes) -> Fields:
    names = CONTROL_TYPE.get(level)
    level_name = OPTION_LEVELS[level][0] if level in OPTION_LEVELS else hex(level & 0xFFFFFFFF)
    fields: Fields = {"level": level_name, "type": names[kind] if names else hex(kind & 0xFFFFFFFF)}
    if level == SOL_SOCKET and kind == 1:
        whole = len(data) & ~3
        return fields | {"fds": [int.from_bytes(data[i : i + 4], "little", signed=True) for i in range(0, whole, 4)]}
    if level == SOL_SOCKET and kind == 2 and len(data) >= 12:
        pid, uid, gid = _UCRED.unpack_from(data)
        return fields | {"pid": pid, "uid": uid, "gid": gid}
    return fields | {"data": data[:SHOWN].hex()}


def _control(memory: Memory, address: int, length: int) -> list[Fields]:
    found = peek(memory, address, min(length, _CONTROL_MAX)) if address and length else b""
    return [{UNREADABLE: True}] if found is None else control_messages(found)


def _numbers(fields: Fields, name: str) -> list[int]:
    """The numbers of a list among decoded fields; none if it is not there."""
    found = fields.get(name)
    return [one for one in found if isinstance(one, int)] if isinstance(found, list) else []


def _outgoing(memory: Memory, header: bytes) -> Fields:
    """What a msghdr that is about to be sent holds."""
    name, name_length, iov, iov_count, control, control_length, _ = _MSGHDR.unpack_from(header)
    fields: Fields = {"buffer": vector(memory, iov, min(iov_count, 0x7FFFFFFF), shown=True)}
    if name and name_length:
        fields["address"] = address_in(memory, name, name_length)
    if control and control_length:
        fields["control"] = _control(memory, control, control_length)
    return fields


def _incoming(memory: Memory, header: bytes, length: int) -> Results:
    """What the kernel wrote through a msghdr: ``data``, ``address``, ``flags``, ``control``, ``new_fds``."""
    name, name_length, iov, iov_count, control, control_length, flags = _MSGHDR.unpack_from(header)
    fields: Results = {"bytes": length}
    pieces = iovecs(memory, iov, min(iov_count, 0x7FFFFFFF))
    data = None if pieces is None else gather(memory, pieces, length)
    if data is not None:
        fields["data"] = data
    if name and name_length:
        found = peek(memory, name, min(name_length, 128))
        fields["address"] = UNREADABLE if found is None else sockaddr(found)
    values: Fields = {}
    if flags:
        values["flags"] = MESSAGE_FLAGS[flags & 0xFFFFFFFF]
    if control and control_length:
        messages = _control(memory, control, control_length)
        values["control"] = messages
        new_fds = [fd for message in messages for fd in _numbers(message, "fds")]
        if new_fds:
            fields["new_fds"] = new_fds
    if values:
        fields["values"] = values
    return fields


def sendmsg_args(args: Registers, memory: Memory) -> Fields:
    """sendmsg(fd, msg, flags)."""
    header = peek(memory, args[1], _MSGHDR.size)
    fields: Fields = {"fd": int32(args[0]), "flags": MESSAGE_FLAGS[args[2] & 0xFFFFFFFF]}
    return fields | ({"buffer": {UNREADABLE: True}} if header is None else _outgoing(memory, header))


def recvmsg_args(args: Registers, memory: Memory) -> Fields:
    """recvmsg(fd, msg, flags)."""
    header = peek(memory, args[1], _MSGHDR.size)
    fields: Fields = {"fd": int32(args[0]), "flags": MESSAGE_FLAGS[args[2] & 0xFFFFFFFF]}
    if header is None:
        return fields | {"buffer": {UNREADABLE: True}}
    _, _, iov, iov_count, _, _, _ = _MSGHDR.unpack(header)
    return fields | {"buffer": vector(memory, iov, min(iov_count, 0x7FFFFFFF), shown=False)}


def recvmsg_result(args: Registers, result: int, memory: Memory, entered: Fields) -> Results:
    """The bytes, the sender, the flags and the control messages that came."""
    header = peek(memory, args[1], _MSGHDR.size)
    return {"bytes": result} if header is None else _incoming(memory, header, result)


def _batch(args: Registers, memory: Memory, count: int) -> list[bytes]:
    found = peek(memory, args[1], min(count, _BATCH_MAX) * _MMSGHDR) or b""
    return [found[at : at + _MMSGHDR] for at in range(0, len(found), _MMSGHDR)]


def sendmmsg_args(args: Registers, memory: Memory) -> Fields:
    """sendmmsg(fd, msgvec, vlen, flags): the first 16 messages are shown."""
    count = args[2] & 0xFFFFFFFF
    messages = [_outgoing(memory, header) for header in _batch(args, memory, count)]
    return {"fd": int32(args[0]), "messages": messages, "count": count, "flags": MESSAGE_FLAGS[args[3] & 0xFFFFFFFF]}


def sendmmsg_result(args: Registers, result: int, memory: Memory, entered: Fields) -> Results:
    """How many bytes each message took."""
    taken = [int.from_bytes(header[56:60], "little") for header in _batch(args, memory, result)]
    return {"bytes": sum(taken), "values": {"messages": [{"bytes": length} for length in taken]}}


def recvmmsg_args(args: Registers, memory: Memory) -> Fields:
    """recvmmsg(fd, msgvec, vlen, flags, timeout)."""
    return {"fd": int32(args[0]), "count": args[2] & 0xFFFFFFFF, "flags": MESSAGE_FLAGS[args[3] & 0xFFFFFFFF]}


def recvmmsg_result(args: Registers, result: int, memory: Memory, entered: Fields) -> Results:
    """Each message that came."""
    headers = _batch(args, memory, result)
    lengths = [int.from_bytes(header[56:60], "little") for header in headers]
    messages = [_incoming(memory, header, length) for header, length in zip(headers, lengths, strict=True)]
    # To mypy a TypedDict is no Json, for a subclass of it may have other members.
    fields: Results = {"bytes": sum(lengths), "values": {"messages": cast("Json", messages)}}
    new_fds = [fd for message in messages for fd in message.get("new_fds", ())]
    if new_fds:
        fields["new_fds"] = new_fds
    return fields
