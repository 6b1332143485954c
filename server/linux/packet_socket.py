"""Packet sockets (packet(7)): a filter in the kernel, so that loopback packets are seen once."""

from __future__ import annotations

import ctypes
import socket
import struct

_SO_ATTACH_FILTER = 26
_SOL_PACKET, _PACKET_STATISTICS = 263, 6

_PACKET_OUTGOING = 4
_AD_PKTTYPE = 0xFFFFF000 + 4  # SKF_AD_OFF + SKF_AD_PKTTYPE

# A packet on lo passes a packet socket twice, on its way out and on its way in. Keep the first.
_ONLY_OUTGOING = (
    (0x28, 0, 0, _AD_PKTTYPE),  # ldh pkttype
    (0x15, 0, 1, _PACKET_OUTGOING),  # jeq #PACKET_OUTGOING, next, skip one
    (0x06, 0, 0, 0x40000),  # ret all of it
    (0x06, 0, 0, 0),  # ret nothing
)


def keep_outgoing(packets: socket.socket) -> None:
    """Let a packet socket receive only what its interface sends."""
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in _ONLY_OUTGOING)
    buffer = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("@HP", len(_ONLY_OUTGOING), ctypes.addressof(buffer))
    packets.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)


def overflowed(packets: socket.socket) -> int:
    """How many packets the kernel had no room for since the last time this was asked (PACKET_STATISTICS)."""
    _received, dropped = struct.unpack("=II", packets.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8))
    return int(dropped)
