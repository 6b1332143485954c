"""Offloads off, through the ioctl that every kernel has: SIOCETHTOOL (linux/ethtool.h)."""

from __future__ import annotations

import ctypes
import fcntl
import socket
import struct

SIOCETHTOOL = 0x8946
OFFLOADS = {
    "ETHTOOL_STXCSUM": 0x17,
    "ETHTOOL_SSG": 0x19,
    "ETHTOOL_STSO": 0x1F,
    "ETHTOOL_SUFO": 0x22,
    "ETHTOOL_SGSO": 0x24,
    "ETHTOOL_SGRO": 0x2C,
}
"""What is switched off: sums and segments must be made before a frame leaves the link."""


class _EthtoolValue(ctypes.Structure):
    _fields_ = (("cmd", ctypes.c_uint32), ("data", ctypes.c_uint32))


def switch_offloads_off(link: str) -> list[str]:
    """Switch every offload of a link of the calling thread's network namespace off; returns what is fixed on.

    What the kernel calls unsupported is fixed, or was never there (UFO on newer kernels, sums on ``lo``).
    """
    fixed: list[str] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
        for name, command in OFFLOADS.items():
            value = _EthtoolValue(command, 0)
            try:
                fcntl.ioctl(sock, SIOCETHTOOL, struct.pack("16sQ16x", link.encode(), ctypes.addressof(value)))
            except OSError:
                fixed.append(name)
    return fixed
