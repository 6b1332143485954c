"""Addresses between the kernel's bytes and the form that people write: ``10.0.0.4:7``, ``[::1]:80``, ``@name``.

``sockaddr`` never raises: a program may hand any bytes to bind(2) or connect(2), and the lab shows what it handed.
"""

from __future__ import annotations

import socket
import struct

from server.inet.names import AF_INET, AF_INET6, AF_NETLINK, AF_UNIX, AF_UNSPEC, FAMILY

_NETLINK = struct.Struct("<2xII")
UNNAMED = "(unnamed)"
"""A unix socket's address that has no name: socketpair(2), or a client that did not bind."""


def ip4(address: bytes) -> str:
    """Four bytes as dotted decimal."""
    return socket.inet_ntoa(address)


def ip6(address: bytes) -> str:
    """Sixteen bytes in the form of RFC 5952, as inet_ntop(3) writes it."""
    return socket.inet_ntop(socket.AF_INET6, address)


def endpoint(ip: str, port: int) -> str:
    """An address and a port: ``10.0.0.4:7``, or ``[::1]:7`` where the address has colons."""
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"


def split_endpoint(text: str) -> tuple[str, int]:
    """The address and the port of ``10.0.0.4:7``, ``[::1]:7`` or ``*:7``.

    Raises:
        ValueError: There is no port, or it is no number between 0 and 65535.
    """
    ip, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdecimal() or int(port) > 0xFFFF:
        raise ValueError(f"{text!r} is not an address and a port")
    return ip.removeprefix("[").removesuffix("]"), int(port)


def text(raw: bytes) -> str:
    """Bytes that ought to be text, in a form that JSON can carry; what is not UTF-8 becomes ``\\xff``."""
    return raw.decode("utf-8", "backslashreplace")


def unix_name(raw: bytes) -> str:
    """What follows the family in a ``sockaddr_un``: a path, ``@`` and an abstract name, or nothing (unix(7))."""
    if not raw:
        return UNNAMED
    if raw[0] == 0:
        return text(raw.replace(b"\0", b"@"))
    return text(raw.split(b"\0", 1)[0])


def sockaddr(raw: bytes) -> str:
    """The address in a ``struct sockaddr`` of any family, as people write it.

    What is too short for its family, or of a family that is not decoded, comes out as the family's
    name and the bytes in hexadecimal: ``AF_PACKET:0800…``.
    """
    size = len(raw)
    if size < 2:
        return f"sockaddr:{raw.hex()}"
    family = raw[0] | raw[1] << 8
    if family == AF_INET and size >= 8:
        return f"{socket.inet_ntoa(raw[4:8])}:{raw[2] << 8 | raw[3]}"
    if family == AF_INET6 and size >= 24:
        scope = int.from_bytes(raw[24:28], "little")
        ip = f"{ip6(raw[8:24])}%{scope}" if scope else ip6(raw[8:24])
        return f"[{ip}]:{raw[2] << 8 | raw[3]}"
    if family == AF_UNIX:
        return unix_name(raw[2:])
    if family == AF_NETLINK and size >= 12:
        pid, groups = _NETLINK.unpack_from(raw, 2)
        return f"netlink:{pid}" if not groups else f"netlink:{pid} groups {groups:#x}"
    if family == AF_UNSPEC:
        return "AF_UNSPEC"
    return f"{FAMILY[family]}:{raw[2:].hex()}"
