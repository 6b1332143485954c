"""The pieces of which system call arguments are made: registers, buffers, vectors, addresses, times.

A tracer's view of another process is fallible: a pointer may be wild, a page may be gone, another
thread may be writing. So every reader here answers with what could be read, and says ``unreadable``
(or returns None) for what could not; none of them raises. They stand in the tracer's hot path:
precompiled structs, no regular expressions, no classes made per call.
"""

from __future__ import annotations

import struct
from binascii import b2a_base64
from collections.abc import Callable
from typing import Final, Protocol, TypedDict

from server.inet.addresses import sockaddr
from server.json_value import Json

Registers = tuple[int, ...]
"""The six argument registers, unsigned, as PTRACE_GET_SYSCALL_INFO gives them."""

Fields = dict[str, Json]
"""Decoded arguments or results by name; each value can be written as JSON."""


class Results(TypedDict, total=False):
    """What a call gave back; a member that it did not give back is absent.

    ``new_fd`` and ``new_fds`` are descriptors that it made, ``bytes`` counts what it moved and ``data`` is base64 of
    the first 64 of them, ``values`` holds everything else by name.
    """

    new_fd: int
    new_fds: list[int]
    address: str
    bytes: int
    data: str
    values: Fields


UNREADABLE: Final = "unreadable"
SHOWN: Final = 64
"""How many bytes of a buffer, and how many entries of a list, are shown."""

_IOV_MAX: Final = 1024  # the kernel refuses longer vectors with EINVAL
_SOCKADDR_MAX: Final = 128  # sizeof(struct sockaddr_storage)
_IOVEC = struct.Struct("<QQ")
_PAIR = struct.Struct("<qq")


class Memory(Protocol):
    """A traced process's memory, as the decoders need it."""

    def read(self, address: int, length: int, /) -> bytes:
        """Up to ``length`` bytes from ``address``; fewer where the mapping ends.

        Raises:
            OSError: Nothing can be read at ``address``.
        """
        ...


ArgumentDecoder = Callable[[Registers, Memory], Fields]
ResultDecoder = Callable[[Registers, int, Memory, Fields], Results]


def int32(register: int) -> int:
    """A C ``int``: the kernel looks only at the lower half of the register."""
    register &= 0xFFFFFFFF
    return register - 0x1_0000_0000 if register & 0x8000_0000 else register


def peek(memory: Memory, address: int, length: int) -> bytes | None:
    """Exactly ``length`` bytes, or None if they cannot all be read."""
    try:
        found = memory.read(address, length)
    except OSError:
        return None
    return found if len(found) == length else None


def peek_int(memory: Memory, address: int) -> int | None:
    """The C ``int`` at ``address``, or None."""
    found = peek(memory, address, 4) if address else None
    return None if found is None else int.from_bytes(found, "little", signed=True)


def timespec_ms(memory: Memory, address: int, per_ms: int = 1_000_000) -> float | str | None:
    """A ``struct timespec`` in milliseconds; None for a null pointer: wait without limit."""
    if not address:
        return None
    found = peek(memory, address, 16)
    if found is None:
        return UNREADABLE
    seconds, rest = _PAIR.unpack(found)
    milliseconds: float = seconds * 1000 + rest / per_ms
    return int(milliseconds) if milliseconds.is_integer() else milliseconds


def timeval_ms(memory: Memory, address: int) -> float | str | None:
    """A ``struct timeval`` in milliseconds; None for a null pointer: wait without limit."""
    return timespec_ms(memory, address, 1000)


"""Buffers: ``{"length": 5, "data": base64 of the first 64 bytes}``"""


def first_bytes(memory: Memory, address: int, length: int) -> str | None:
    """Base64 of the first bytes of a buffer, or None if they cannot be read."""
    if length <= 0:
        return ""
    try:
        data = memory.read(address, length if length < SHOWN else SHOWN)
    except OSError:
        return None
    return b2a_base64(data, newline=False).decode() if data else None


def buffer(memory: Memory, address: int, length: int) -> Fields:
    """A buffer that the program hands to the kernel."""
    data = first_bytes(memory, address, length)
    return {"length": length, UNREADABLE: True} if data is None else {"length": length, "data": data}


def iovecs(memory: Memory, address: int, count: int) -> list[tuple[int, int]] | None:
    """The (address, length) pairs of a vector, or None if it cannot be read."""
    if not 0 <= count <= _IOV_MAX:
        return None
    found = peek(memory, address, count * 16) if count else b""
    return None if found is None else list(_IOVEC.iter_unpack(found))


def gather(memory: Memory, pieces: list[tuple[int, int]], length: int) -> str | None:
    """Base64 of the first of ``length`` bytes that lie in the pieces of a vector."""
    wanted = min(length, SHOWN)
    data = b""
    for address, size in pieces:
        if len(data) >= wanted:
            break
        if size:
            found = peek(memory, address, min(size, wanted - len(data)))
            if found is None:
                return None
            data += found
    return b2a_base64(data, newline=False).decode()


def vector(memory: Memory, address: int, count: int, *, shown: bool) -> Fields:
    """A vector of buffers as one buffer: its whole length, how many pieces, and (if ``shown``) the first bytes."""
    pieces = iovecs(memory, address, count)
    if pieces is None:
        return {"pieces": count, UNREADABLE: True}
    length = sum(size for _, size in pieces)
    fields: Fields = {"length": length}
    if count != 1:
        fields["pieces"] = count
    if shown:
        data = gather(memory, pieces, length)
        fields |= {UNREADABLE: True} if data is None else {"data": data}
    return fields


"""Addresses"""


def address_in(memory: Memory, address: int, length: int) -> str:
    """The sockaddr that a program hands over with its length."""
    length = int32(length)
    if not address or length < 0:
        return UNREADABLE
    try:
        return sockaddr(memory.read(address, min(length, _SOCKADDR_MAX)) if length else b"")
    except OSError:
        return UNREADABLE


def address_room(memory: Memory, length_address: int) -> int:
    """How much room the program gives for an address, at most what one can need."""
    room = peek_int(memory, length_address)
    return _SOCKADDR_MAX if room is None or room < 0 else min(room, _SOCKADDR_MAX)


def address_out(memory: Memory, address: int, length_address: int, room: Json = _SOCKADDR_MAX) -> str | None:
    """The sockaddr that the kernel wrote, with its length beside it; None if it wrote none.

    The kernel writes the whole length even where ``room`` (what ``address_room`` said) made it cut the address off.
    """
    assert isinstance(room, int)
    if not address or not length_address:
        return None
    length = peek_int(memory, length_address)
    if not length or length < 0:
        return None
    found = peek(memory, address, min(length, room))
    return UNREADABLE if found is None else sockaddr(found)
