"""Option values as the kernel itself gives them: each asked of a real socket."""

import os
import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.inet.names import OPTION_LEVELS
from server.inet.socket_options import option_names, option_value


@pytest.fixture
def connection():
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.create_connection(listening.getsockname()) as one:
        accepted, _ = listening.accept()
        with accepted:
            yield one


@pytest.mark.parametrize(
    ("level", "option", "size", "value"),
    [
        (socket.SOL_SOCKET, socket.SO_TYPE, 4, "SOCK_STREAM"),
        (socket.SOL_SOCKET, socket.SO_DOMAIN, 4, "AF_INET"),
        (socket.SOL_SOCKET, socket.SO_PROTOCOL, 4, "IPPROTO_TCP"),
        (socket.SOL_SOCKET, socket.SO_ERROR, 4, 0),
        (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 4, 0),
        (socket.SOL_SOCKET, socket.SO_LINGER, 8, {"l_onoff": 0, "l_linger": 0}),
        (socket.SOL_SOCKET, 20, 16, {"timeout_ms": 0}),
        (socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16, None),
    ],
)
def test_what_the_kernel_says(connection, level, option, size, value):
    found = option_value(level, option, connection.getsockopt(level, option, size))
    assert found == (value if value is not None else found)
    if option == socket.TCP_CONGESTION and level == socket.IPPROTO_TCP:
        assert found == connection.getsockopt(level, option, 16).split(b"\0")[0].decode()


def test_tcp_info(connection):
    info = option_value(6, 11, connection.getsockopt(6, socket.TCP_INFO, 232))
    assert info["state"] == "ESTABLISHED"
    assert info["ca_state"] == "Open"
    assert info["snd_mss"] > 500
    assert info["options"] is not None
    assert option_value(6, 11, b"\x0a") == {"state": "LISTEN"}


def test_a_failed_connection_is_named():
    assert option_value(1, 4, struct.pack("<i", 111)) == "ECONNREFUSED"


def test_credentials_of_a_unix_peer():
    one, two = socket.socketpair()
    with one, two:
        raw = one.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    assert option_value(1, 17, raw) == {"pid": os.getpid(), "uid": os.getuid(), "gid": os.getgid()}


def test_a_cookie_is_a_string_as_in_the_events(connection):
    raw = connection.getsockopt(socket.SOL_SOCKET, 57, 8)
    assert option_value(1, 57, raw) == str(int.from_bytes(raw, "little"))


def test_memberships():
    mreq = socket.inet_aton("224.0.0.251") + socket.inet_aton("10.0.0.4")
    assert option_value(0, 35, mreq) == {"multiaddr": "224.0.0.251", "address": "10.0.0.4"}
    assert option_value(0, 35, mreq + struct.pack("<i", 2))["ifindex"] == 2
    assert option_value(0, 32, socket.inet_aton("10.0.0.4")) == "10.0.0.4"
    six = socket.inet_pton(socket.AF_INET6, "ff02::fb") + struct.pack("<i", 2)
    assert option_value(41, 20, six) == {"multiaddr": "ff02::fb", "ifindex": 2}


def test_names_of_unknown_options():
    assert option_names(1, 2) == ("SOL_SOCKET", "SO_REUSEADDR")
    assert option_names(1, 9999) == ("SOL_SOCKET", "0x270f")
    assert option_names(-5, 1) == ("0xfffffffb", "0x1")
    assert option_value(1, 9999, b"\xff\xff\xff\xff") == -1
    assert option_value(1, 9999, b"\x07") == 7
    assert option_value(1, 9999, b"abc") == {"length": 3, "hex": "616263"}


@given(st.sampled_from(sorted(OPTION_LEVELS)), st.integers(0, 80), st.binary(max_size=300))
def test_any_bytes_have_a_value(level, option, raw):
    option_value(level, option, raw)
