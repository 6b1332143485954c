import base64
import struct

from server.inet import arguments
from tests.unit.inet.space import BASE, Space, sockaddr_in

WILD = 0xDEAD_BEEF_0000


def test_int32_looks_at_the_lower_half_and_its_sign():
    assert arguments.int32(0xFFFFFFFF) == arguments.int32(2**64 - 1) == -1
    assert arguments.int32(0x1_0000_0003) == 3
    assert arguments.int32(0x8000_0000) == -(2**31)


def test_peek_gives_all_or_nothing():
    space = Space(16)
    assert arguments.peek(space, BASE, 16) == bytes(16)
    assert arguments.peek(space, BASE, 17) is None
    assert arguments.peek(space, WILD, 1) is None
    assert arguments.peek_int(space, 0) is None
    assert arguments.peek_int(space, space.put_int(-5)) == -5


def test_times_are_milliseconds():
    space = Space()
    assert arguments.timespec_ms(space, space.put(struct.pack("<qq", 2, 500_000_000))) == 2500
    assert arguments.timeval_ms(space, space.put(struct.pack("<qq", 0, 1500))) == 1.5
    assert arguments.timeval_ms(space, 0) is None
    assert arguments.timespec_ms(space, WILD) == "unreadable"


def test_a_buffer_shows_its_first_64_bytes():
    space = Space()
    fields = arguments.buffer(space, space.put(bytes(range(100))), 100)
    assert fields["length"] == 100
    assert base64.b64decode(fields["data"]) == bytes(range(64))
    assert arguments.buffer(space, WILD, 5) == {"length": 5, "unreadable": True}
    assert arguments.buffer(space, WILD, 0) == {"length": 0, "data": ""}


def test_a_vector_is_one_buffer():
    space = Space()
    at, count = space.put_iovec(b"GET ", b"", b"/ HTTP/1.1")
    fields = arguments.vector(space, at, count, shown=True)
    assert fields == {"length": 14, "pieces": 3, "data": base64.b64encode(b"GET / HTTP/1.1").decode()}
    assert arguments.vector(space, at, 1, shown=False) == {"length": 4}
    assert arguments.vector(space, at, 5000, shown=True) == {"pieces": 5000, "unreadable": True}
    assert arguments.vector(space, WILD, 2, shown=True) == {"pieces": 2, "unreadable": True}
    wild = space.put(struct.pack("<QQ", WILD, 8))
    assert arguments.vector(space, wild, 1, shown=True) == {"length": 8, "unreadable": True}


def test_a_gathered_vector_ends_at_64_bytes():
    space = Space()
    at, count = space.put_iovec(b"a" * 60, b"b" * 60)
    fields = arguments.vector(space, at, count, shown=True)
    assert base64.b64decode(fields["data"]) == b"a" * 60 + b"b" * 4


def test_an_address_that_goes_in_and_one_that_comes_out():
    space = Space()
    at, length = space.put(sockaddr_in("10.0.0.4", 7)), space.put_int(16)
    assert arguments.address_in(space, at, 16) == "10.0.0.4:7"
    assert arguments.address_in(space, 0, 16) == arguments.address_in(space, WILD, 16) == "unreadable"
    assert arguments.address_in(space, at, 2**32 - 1) == "unreadable"
    assert arguments.address_out(space, at, length) == "10.0.0.4:7"
    assert arguments.address_out(space, at, length, 4) == "AF_INET:0007"
    assert arguments.address_out(space, 0, length) is None
    assert arguments.address_out(space, at, space.put_int(0)) is None
    assert arguments.address_out(space, WILD, length) == "unreadable"


def test_the_room_for_an_address_is_never_more_than_one_can_need():
    space = Space()
    assert arguments.address_room(space, space.put_int(16)) == 16
    assert [arguments.address_room(space, at) for at in (space.put_int(-1), space.put_int(9999), WILD, 0)] == [128] * 4
