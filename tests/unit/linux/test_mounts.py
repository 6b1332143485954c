"""Mounts of a namespace of our own."""

from __future__ import annotations

import errno
import os

import pytest

from server.linux import mounts
from server.linux.calls import CallError
from server.linux.namespaces import CLONE_NEWNS
from tests.unit.linux.apart import apart


def test_read_only_all_the_way_down() -> None:
    def go() -> list[int | None]:
        mounts.make_private()
        mounts.mount("tmpfs", "/mnt", "tmpfs", mounts.MS_NOSUID | mounts.MS_NODEV, "size=64k")
        os.makedirs("/mnt/inner")
        mounts.mount("tmpfs", "/mnt/inner", "tmpfs", 0, "size=64k")
        mounts.restrict("/mnt", mounts.MOUNT_ATTR_RDONLY)
        refused = []
        for path in ("/mnt/file", "/mnt/inner/file"):
            with pytest.raises(OSError, match="Read-only") as caught:
                os.mkdir(path)
            refused.append(caught.value.errno)
        return refused

    assert apart(go, CLONE_NEWNS) == [errno.EROFS, errno.EROFS]


def test_enter_root_leaves_nothing_of_the_old_one() -> None:
    def go() -> tuple[list[str], str, int]:
        mounts.make_private()
        mounts.mount("tmpfs", "/mnt", "tmpfs", 0, "size=64k")
        os.makedirs("/mnt/proc")
        mounts.bind("/proc", "/mnt/proc")
        os.mkdir("/mnt/folder")
        mounts.enter_root("/mnt")
        with open("/proc/self/mountinfo") as lines:
            roots = sum(line.split()[4] == "/" for line in lines)
        return sorted(os.listdir("/")), os.getcwd(), roots

    assert apart(go, CLONE_NEWNS) == (["folder", "proc"], "/", 1)


def test_failure_says_what_and_where() -> None:
    with pytest.raises(CallError, match=r"mount tmpfs on /nonexistent: (EPERM|ENOENT)"):
        mounts.mount("tmpfs", "/nonexistent", "tmpfs", 0)
