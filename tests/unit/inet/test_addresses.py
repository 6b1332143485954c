import json
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.inet.addresses import UNNAMED, endpoint, ip4, ip6, sockaddr, split_endpoint, unix_name
from tests.unit.inet.space import sockaddr_in, sockaddr_in6


@pytest.mark.parametrize(
    ("raw", "written"),
    [
        (sockaddr_in("10.0.0.4", 7), "10.0.0.4:7"),
        (sockaddr_in("0.0.0.0", 0)[:8], "0.0.0.0:0"),
        (sockaddr_in6("::1", 443), "[::1]:443"),
        (sockaddr_in6("::ffff:10.0.0.4", 7)[:24], "[::ffff:10.0.0.4]:7"),
        (sockaddr_in6("fe80::1", 80, 2), "[fe80::1%2]:80"),
        (b"\x01\x00/run/a.sock\0rest", "/run/a.sock"),
        (b"\x01\x00/run/a.sock", "/run/a.sock"),
        (b"\x01\x00\0name\0with nul", "@name@with nul"),
        (b"\x01\x00", UNNAMED),
        (b"\x01\x00\xff\xfe", "\\xff\\xfe"),
        (b"\x10\x00\0\0\x05\0\0\0\0\0\0\0", "netlink:5"),
        (b"\x10\x00\0\0\x05\0\0\0\x01\0\0\0", "netlink:5 groups 0x1"),
        (b"\x00\x00\0\0", "AF_UNSPEC"),
        (b"\x11\x00\x08\x00", "AF_PACKET:0800"),
        (b"\x02\x00\x00\x50", "AF_INET:0050"),
        (b"\x02", "sockaddr:02"),
        (b"", "sockaddr:"),
    ],
)
def test_sockaddr(raw, written):
    assert sockaddr(raw) == written


@given(st.binary(max_size=130))
def test_any_bytes_are_written_somehow(raw):
    assert json.loads(json.dumps(sockaddr(raw))) == sockaddr(raw)
    sockaddr(raw).encode()
    unix_name(raw).encode()


@given(st.ip_addresses(), st.integers(0, 65535))
def test_an_endpoint_can_be_split_again(ip, port):
    assert split_endpoint(endpoint(str(ip), port)) == (str(ip), port)


@pytest.mark.parametrize("text", ["10.0.0.4", "10.0.0.4:", "[::1]", "x:65536", "x:-1", "x:٣", ""])
def test_what_has_no_port_is_refused(text):
    with pytest.raises(ValueError, match="is not an address and a port"):
        split_endpoint(text)


def test_addresses_agree_with_the_c_library():
    assert ip4(socket.inet_aton("192.0.2.1")) == "192.0.2.1"
    assert ip6(socket.inet_pton(socket.AF_INET6, "2001:db8::1")) == "2001:db8::1"
