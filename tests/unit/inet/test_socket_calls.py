import struct

import pytest

from server.inet.syscalls import decode_args, decode_result
from tests.unit.inet.space import BASE, Space, sockaddr_in, sockaddr_in6

NONE = (0, 0, 0, 0, 0, 0)


def args(*registers):
    return (*registers, *NONE)[:6]


@pytest.mark.parametrize(
    ("registers", "fields"),
    [
        ((2, 1, 0), ("AF_INET", "SOCK_STREAM", [], "IPPROTO_IP")),
        ((10, 0o2004002, 17), ("AF_INET6", "SOCK_DGRAM", ["SOCK_NONBLOCK", "SOCK_CLOEXEC"], "IPPROTO_UDP")),
        ((1, 5, 0), ("AF_UNIX", "SOCK_SEQPACKET", [], 0)),
        ((16, 3, 4), ("AF_NETLINK", "SOCK_RAW", [], "NETLINK_SOCK_DIAG")),
        ((99, 9, 0), ("0x63", "0x9", [], 0)),
    ],
)
def test_socket(registers, fields):
    expected = dict(zip(("family", "type", "flags", "protocol"), fields, strict=True))
    assert decode_args("socket", args(*registers), Space()) == expected
    assert decode_result("socket", args(*registers), 3, Space(), expected) == {"new_fd": 3}


def test_socketpair():
    space = Space()
    pair = space.put(struct.pack("<ii", 3, 4))
    assert decode_args("socketpair", args(1, 1, 0, pair), space)["family"] == "AF_UNIX"
    assert decode_result("socketpair", args(1, 1, 0, pair), 0, space, {}) == {"new_fds": [3, 4]}
    assert decode_result("socketpair", args(1, 1, 0, 8), 0, space, {}) == {}


@pytest.mark.parametrize("name", ["bind", "connect"])
def test_bind_and_connect(name):
    space = Space()
    address = space.put(sockaddr_in6("2001:db8::4", 7))
    assert decode_args(name, args(3, address, 28), space) == {"fd": 3, "address": "[2001:db8::4]:7"}
    assert decode_args(name, args(2**64 - 1, 8, 28), space) == {"fd": -1, "address": "unreadable"}


def test_listen_and_shutdown():
    assert decode_args("listen", args(3, 2**32 - 1), Space()) == {"fd": 3, "backlog": -1}
    assert decode_args("shutdown", args(3, 1), Space()) == {"fd": 3, "how": "SHUT_WR"}
    assert decode_args("shutdown", args(3, 7), Space()) == {"fd": 3, "how": "0x7"}


def test_accept_and_who_has_called():
    space = Space()
    address, length = space.put(sockaddr_in("10.0.0.5", 40000)), space.put_int(16)
    registers = (3, address, length, 0o2000000, 0, 0)
    entered = decode_args("accept4", registers, space)
    assert entered == {"fd": 3, "addrlen": 16, "flags": ["SOCK_CLOEXEC"]}
    assert decode_result("accept4", registers, 4, space, entered) == {"new_fd": 4, "address": "10.0.0.5:40000"}


def test_accept_without_an_address():
    assert decode_args("accept", args(3), Space()) == {"fd": 3}
    assert decode_result("accept", args(3), 4, Space(), {"fd": 3}) == {"new_fd": 4}


def test_an_address_that_was_cut_off_is_not_guessed():
    """accept(2) with room for 4 bytes: the kernel writes 4 and says 16."""
    space = Space()
    address, room = space.put(sockaddr_in("10.0.0.5", 99)), space.put_int(4)
    registers = args(3, address, room)
    entered = decode_args("accept", registers, space)
    space.bytes[room - BASE : room - BASE + 4] = struct.pack("<i", 16)
    assert decode_result("accept", registers, 4, space, entered) == {"new_fd": 4, "address": "AF_INET:0063"}


@pytest.mark.parametrize("name", ["getsockname", "getpeername"])
def test_names(name):
    space = Space()
    registers = args(3, space.put(sockaddr_in("10.0.0.5", 99)), space.put_int(16))
    entered = decode_args(name, registers, space)
    assert decode_result(name, registers, 0, space, entered) == {"address": "10.0.0.5:99"}


def test_setsockopt_and_getsockopt():
    space = Space()
    one, length = space.put_int(1), space.put_int(4)
    assert decode_args("setsockopt", args(3, 1, 2, one, 4), space) == {
        "fd": 3,
        "level": "SOL_SOCKET",
        "option": "SO_REUSEADDR",
        "value": 1,
    }
    assert decode_args("setsockopt", args(3, 1, 2, 8, 4), space)["value"] == "unreadable"
    registers = args(3, 6, 1, one, length)
    assert decode_args("getsockopt", registers, space) == {"fd": 3, "level": "IPPROTO_TCP", "option": "TCP_NODELAY"}
    assert decode_result("getsockopt", registers, 0, space, {}) == {"values": {"value": 1}}
    assert decode_result("getsockopt", args(3, 6, 1, one, 8), 0, space, {}) == {}
