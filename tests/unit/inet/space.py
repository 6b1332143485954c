"""Memory of a program that does not run: mapped from ``BASE`` on, nothing below and nothing behind it."""

from __future__ import annotations

import struct

BASE = 0x7F00_0000_0000


class Space:
    """Bytes at addresses; ``put`` gives the address."""

    def __init__(self, size: int = 1 << 16) -> None:
        self.bytes = bytearray(size)
        self.end = 0

    def put(self, data: bytes) -> int:
        at = self.end
        self.bytes[at : at + len(data)] = data
        self.end = (at + len(data) + 15) & ~15
        return BASE + at

    def put_int(self, value: int) -> int:
        return self.put(struct.pack("<i", value))

    def put_iovec(self, *pieces: bytes) -> tuple[int, int]:
        pairs = [(self.put(piece), len(piece)) for piece in pieces]
        return self.put(b"".join(struct.pack("<QQ", *pair) for pair in pairs)), len(pairs)

    def read(self, address: int, length: int, /) -> bytes:
        at = address - BASE
        if not 0 <= at < len(self.bytes):
            raise OSError(14, "Bad address")
        return bytes(self.bytes[at : at + length])


def sockaddr_in(ip: str, port: int) -> bytes:
    import socket

    return struct.pack("<H", 2) + struct.pack(">H", port) + socket.inet_aton(ip) + bytes(8)


def sockaddr_in6(ip: str, port: int, scope: int = 0) -> bytes:
    import socket

    packed = socket.inet_pton(socket.AF_INET6, ip)
    return struct.pack("<H", 10) + struct.pack(">HI", port, 0) + packed + struct.pack("<I", scope)
