import struct

import pytest

from server.inet.syscalls import decode_args, decode_result
from tests.unit.inet.space import Space

WILD = 0xDEAD_BEEF_0000


def args(*registers):
    return (*registers, 0, 0, 0, 0, 0, 0)[:6]


@pytest.mark.parametrize(
    ("name", "registers", "fields"),
    [
        ("close", (3,), {"fd": 3}),
        ("dup", (3,), {"fd": 3}),
        ("dup2", (3, 1), {"oldfd": 3, "newfd": 1}),
        ("dup3", (3, 1, 0o2000000), {"oldfd": 3, "newfd": 1, "flags": ["SOCK_CLOEXEC"]}),
        ("close_range", (3, 2**32 - 1, 4), {"first": 3, "last": 2**32 - 1, "flags": ["CLOSE_RANGE_CLOEXEC"]}),
        ("fcntl", (3, 0, 10), {"fd": 3, "cmd": "F_DUPFD", "arg": 10}),
        ("fcntl", (3, 1030, 10), {"fd": 3, "cmd": "F_DUPFD_CLOEXEC", "arg": 10}),
        ("fcntl", (3, 2, 1), {"fd": 3, "cmd": "F_SETFD", "arg": ["FD_CLOEXEC"]}),
        ("fcntl", (3, 3), {"fd": 3, "cmd": "F_GETFL"}),
        ("fcntl", (3, 4, 0o4002), {"fd": 3, "cmd": "F_SETFL", "arg": ["O_RDWR", "O_NONBLOCK"]}),
        ("fcntl", (3, 1031, 4096), {"fd": 3, "cmd": "F_SETPIPE_SZ", "arg": "0x1000"}),
        ("pipe", (0,), {}),
        ("pipe2", (0, 0o2004000), {"flags": ["O_NONBLOCK", "O_CLOEXEC"]}),
        ("fork", (), {}),
        ("vfork", (), {}),
        ("exit_group", (2**64 - 1,), {"status": 255}),
        ("exit", (3,), {"status": 3}),
        ("clone", (0x3D0F00,), {"flags": [
            "CLONE_VM", "CLONE_FS", "CLONE_FILES", "CLONE_SIGHAND", "CLONE_THREAD", "CLONE_SYSVSEM", "CLONE_SETTLS",
            "CLONE_PARENT_SETTID", "CLONE_CHILD_CLEARTID",
        ]}),
        ("clone", (0x1200011,), {"flags": ["CLONE_CHILD_CLEARTID", "CLONE_CHILD_SETTID"], "exit_signal": "SIGCHLD"}),
        ("clone3", (WILD, 88), {"flags": "unreadable"}),
    ],
)  # fmt: skip
def test_arguments(name, registers, fields):
    assert decode_args(name, args(*registers), Space()) == fields


@pytest.mark.parametrize("name", ["dup", "dup2", "dup3"])
def test_calls_that_give_a_descriptor(name):
    assert decode_result(name, args(), 7, Space(), {}) == {"new_fd": 7}


def test_fcntl_results():
    space = Space()
    assert decode_result("fcntl", args(3, 1030, 10), 11, space, {}) == {"new_fd": 11}
    assert decode_result("fcntl", args(3, 1), 1, space, {}) == {"values": {"flags": ["FD_CLOEXEC"]}}
    assert decode_result("fcntl", args(3, 3), 0o4000, space, {}) == {"values": {"flags": ["O_RDONLY", "O_NONBLOCK"]}}
    assert decode_result("fcntl", args(3, 2, 1), 0, space, {}) == {}


def test_pipes():
    space = Space()
    pair = space.put(struct.pack("<ii", 3, 4))
    assert decode_result("pipe2", args(pair, 0), 0, space, {}) == {"new_fds": [3, 4]}
    assert decode_result("pipe", args(WILD), 0, space, {}) == {}


def test_a_pidfd_is_a_new_descriptor():
    space = Space()
    at = space.put_int(9)
    assert decode_result("clone", args(0x1000 | 17, 0, at), 100, space, {}) == {"new_fd": 9}
    assert decode_result("clone", args(17, 0, at), 100, space, {}) == {}
    clone_args = space.put(struct.pack("<QQQQQ", 0x1000, at, 0, 0, 17))
    assert decode_args("clone3", args(clone_args, 40), space) == {"flags": ["CLONE_PIDFD"], "exit_signal": "SIGCHLD"}
    assert decode_result("clone3", args(clone_args, 40), 100, space, {}) == {"new_fd": 9}
    assert decode_result("clone3", args(WILD, 40), 100, space, {}) == {}
