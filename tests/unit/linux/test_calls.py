"""System calls fail in one place, with the call's name and the errno's name."""

from __future__ import annotations

import ctypes
import errno
import os

import pytest

from server.inet.syscalls import NUMBERS as ALL_NUMBERS
from server.linux import calls
from server.linux.calls import CallError, errno_name, named, syscall


def test_says_call_and_errno() -> None:
    error = CallError("mount", errno.EPERM)
    assert str(error) == "mount: EPERM (Operation not permitted)"
    assert (error.call, error.errno) == ("mount", errno.EPERM)


def test_is_the_matching_oserror() -> None:
    with pytest.raises(OSError, match="close_range: EINVAL"):
        syscall("close_range", ctypes.c_uint(9), ctypes.c_uint(3), ctypes.c_uint(0))


def test_hands_on_the_result() -> None:
    read, write = os.pipe()
    assert syscall("close_range", ctypes.c_uint(write), ctypes.c_uint(write), ctypes.c_uint(0)) == 0
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.write(write, b"x")
    os.close(read)


def test_a_call_of_the_standard_library_gets_its_name() -> None:
    with pytest.raises(CallError, match=r"chdir: ENOENT \(No such file or directory\)") as caught:
        named("chdir", os.chdir, "/nonexistent")
    assert (caught.value.call, caught.value.errno) == ("chdir", errno.ENOENT)
    assert named("getpid", os.getpid) == os.getpid()


def test_the_name_that_is_nearest_to_the_call_stays() -> None:
    def inner() -> None:
        raise CallError("mount", errno.EPERM)

    with pytest.raises(CallError, match="mount: EPERM"):
        named("outer", inner)


def test_unknown_errno_is_its_number() -> None:
    assert errno_name(4095) == "4095"


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_numbers_are_those_of_the_large_table(machine: str) -> None:
    assert {name: ALL_NUMBERS[machine][number] for name, number in calls.NUMBERS[machine].items()} == {
        name: name for name in calls.NUMBERS[machine]
    }
