"""No capability, or exactly the ones that are granted, for the rest of a process's life (capabilities(7))."""

from __future__ import annotations

import ctypes
import errno
import struct
from collections.abc import Iterable

from server.linux.calls import CallError, syscall
from server.linux.process import prctl

CAP_SETGID = 6
CAP_SETUID = 7
CAP_SETPCAP = 8
CAP_NET_BIND_SERVICE = 10
CAP_SYS_ADMIN = 21

_PR_CAPBSET_DROP = 24
_PR_SET_SECUREBITS = 28
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_PR_CAP_AMBIENT_CLEAR_ALL = 4

_VERSION_3 = 0x20080522
_SECBIT_NOROOT = 1 << 0
_SECBIT_NO_SETUID_FIXUP = 1 << 2
_SECBIT_NO_CAP_AMBIENT_RAISE = 1 << 6
_SECUREBITS = _SECBIT_NOROOT | _SECBIT_NO_SETUID_FIXUP | _SECBIT_NO_CAP_AMBIENT_RAISE
SECUREBITS_LOCKED = _SECUREBITS | _SECUREBITS << 1
"""Uid 0 means nothing and nothing is raised; and (the next bit of each) none of that can be changed.

PR_SET_KEEPCAPS stays allowed, because ping(8) asks for it and ends when it is refused. It keeps what a process has when
it leaves uid 0; here there is no uid to leave, and nothing to keep.
"""


def keep_only(capabilities: Iterable[int]) -> None:
    """Give up every capability but these; these survive execve(2), and no other can ever be gained.

    Needs CAP_SETPCAP. The order matters: the bounding set and the securebits go while that is still there.
    """
    kept = set(capabilities)
    mask = sum(1 << capability for capability in kept)
    _drop_bounding(kept)
    prctl("PR_CAP_AMBIENT_CLEAR_ALL", _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    still = mask | 1 << CAP_SETPCAP
    capset(effective=still, permitted=still, inheritable=mask)
    for capability in kept:
        prctl("PR_CAP_AMBIENT_RAISE", _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability)
    prctl("PR_SET_SECUREBITS", _PR_SET_SECUREBITS, SECUREBITS_LOCKED)
    capset(effective=mask, permitted=mask, inheritable=mask)


def _drop_bounding(kept: set[int]) -> None:
    """Empty the bounding set; the kernel's highest capability is where it answers EINVAL."""
    for capability in range(64):
        if capability in kept:
            continue
        try:
            prctl("PR_CAPBSET_DROP", _PR_CAPBSET_DROP, capability)
        except CallError as error:
            if error.errno == errno.EINVAL:
                return
            raise


def capset(*, effective: int, permitted: int, inheritable: int) -> None:
    """Set the calling thread's three sets: capset(2)."""
    low = 0xFFFFFFFF
    header = struct.pack("=Ii", _VERSION_3, 0)
    data = struct.pack(
        "=IIIIII",
        *(effective & low, permitted & low, inheritable & low),
        *(effective >> 32, permitted >> 32, inheritable >> 32),
    )
    syscall("capset", ctypes.c_char_p(header), ctypes.c_char_p(data))


def effective() -> int:
    """The calling process's effective set as bits."""
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith("CapEff:"))
    return int(line.split()[1], 16)
