"""mount(2) and its relatives."""

from __future__ import annotations

import ctypes
import os
import struct

from server.linux.calls import check, function, syscall

MS_RDONLY = 0x1
MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_NOEXEC = 0x8
MS_REMOUNT = 0x20
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x40000
MNT_DETACH = 2

MOUNT_ATTR_RDONLY = 0x1
MOUNT_ATTR_NOSUID = 0x2
MOUNT_ATTR_NODEV = 0x4
MOUNT_ATTR_NOEXEC = 0x8

_AT_FDCWD = -100
_AT_RECURSIVE = 0x8000

_text = ctypes.c_char_p
_mount = function("mount", _text, _text, _text, ctypes.c_ulong, _text)
_umount2 = function("umount2", _text, ctypes.c_int)


def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    """Mount a file system, or change a mount: mount(2)."""
    result = _mount(os.fsencode(source), os.fsencode(target), kind.encode(), flags, options.encode())
    check(f"mount {kind or source} on {target}", result)


def bind(source: str, target: str) -> None:
    """Show ``source`` with everything that is mounted below it at ``target`` too."""
    mount(source, target, "", MS_BIND | MS_REC)


def restrict(target: str, attributes: int) -> None:
    """Add MOUNT_ATTR_… flags to a mount and to all mounts below it: mount_setattr(2), Linux 5.12.

    Adding never collides with flags that an outer user namespace has locked.
    """
    wanted = struct.pack("=QQQQ", attributes, 0, 0, 0)
    syscall(
        "mount_setattr",
        ctypes.c_int(_AT_FDCWD),
        ctypes.c_char_p(os.fsencode(target)),
        ctypes.c_uint(_AT_RECURSIVE),
        ctypes.c_char_p(wanted),
        ctypes.c_size_t(len(wanted)),
    )


def make_private() -> None:
    """Keep all mounts of this namespace to itself."""
    mount("none", "/", "", MS_REC | MS_PRIVATE)


def enter_root(root: str) -> None:
    """Make ``root`` (a mount) the root of this mount namespace and let the old one go: pivot_root(2).

    The old root lands on top of the new one and is detached there, so no folder for it is needed.
    """
    os.chdir(root)
    syscall("pivot_root", ctypes.c_char_p(b"."), ctypes.c_char_p(b"."))
    check("umount2", _umount2(b".", MNT_DETACH))
    os.chdir("/")
