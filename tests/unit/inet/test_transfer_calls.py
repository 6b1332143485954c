import base64
import struct

from server.inet.syscalls import decode_args, decode_result
from server.inet.transfer_calls import control_messages
from tests.unit.inet.space import Space, sockaddr_in

WILD = 0xDEAD_BEEF_0000


def args(*registers):
    return (*registers, 0, 0, 0, 0, 0, 0)[:6]


def b64(data):
    return base64.b64encode(data).decode()


def msghdr(space, pieces=(b"",), name=b"", control=b"", flags=0):
    iov, count = space.put_iovec(*pieces)
    name_at = space.put(name) if name else 0
    control_at = space.put(control) if control else 0
    return struct.pack("<QI4xQQQQi4x", name_at, len(name), iov, count, control_at, len(control), flags)


def rights(*fds):
    data = struct.pack(f"<{len(fds)}i", *fds)
    return struct.pack("<Qii", 16 + len(data), 1, 1) + data + bytes(-len(data) % 8)


def test_read_and_write():
    space = Space()
    at = space.put(b"hello\n")
    assert decode_args("write", args(1, at, 6), space) == {"fd": 1, "buffer": {"length": 6, "data": b64(b"hello\n")}}
    assert decode_result("write", args(1, at, 6), 6, space, {}) == {"bytes": 6}
    assert decode_args("read", args(0, at, 100), space) == {"fd": 0, "buffer": {"length": 100}}
    assert decode_result("read", args(0, at, 100), 6, space, {}) == {"bytes": 6, "data": b64(b"hello\n")}
    assert decode_result("read", args(0, at, 100), 0, space, {}) == {"bytes": 0, "data": ""}
    assert decode_result("read", args(0, WILD, 100), 6, space, {}) == {"bytes": 6}


def test_send_and_recv():
    space = Space()
    at, to = space.put(b"ping"), space.put(sockaddr_in("10.0.0.4", 53))
    fields = {"fd": 3, "buffer": {"length": 4, "data": b64(b"ping")}, "flags": ["MSG_NOSIGNAL"]}
    assert decode_args("sendto", args(3, at, 4, 0x4000), space) == fields
    assert decode_args("sendto", args(3, at, 4, 0x4000, to, 16), space) == fields | {"address": "10.0.0.4:53"}
    assert decode_args("recvfrom", args(3, at, 4, 0x40), space) == {
        "fd": 3,
        "buffer": {"length": 4},
        "flags": ["MSG_DONTWAIT"],
    }
    registers = args(3, at, 4, 0, to, space.put_int(16))
    entered = decode_args("recvfrom", registers, space)
    assert decode_result("recvfrom", registers, 4, space, entered) == {
        "bytes": 4,
        "data": b64(b"ping"),
        "address": "10.0.0.4:53",
    }


def test_recvfrom_of_tcp_gives_no_address():
    space = Space()
    registers = args(3, space.put(b"ping"), 4, 0, space.put(bytes(16)), space.put_int(0))
    assert "address" not in decode_result("recvfrom", registers, 4, space, {"addrlen": 16})


def test_a_truncated_datagram_counts_more_than_was_written():
    space = Space()
    at = space.put(b"abcdefgh")
    assert decode_result("recvfrom", args(3, at, 4, 0x20), 8, space, {}) == {"bytes": 8, "data": b64(b"abcd")}


def test_vectors():
    space = Space()
    at, count = space.put_iovec(b"GET ", b"/")
    assert decode_args("writev", args(3, at, count), space)["buffer"]["data"] == b64(b"GET /")
    assert decode_args("readv", args(3, at, count), space) == {"fd": 3, "buffer": {"length": 5, "pieces": 2}}
    assert decode_result("readv", args(3, at, count), 3, space, {}) == {"bytes": 3, "data": b64(b"GET")}
    assert decode_result("readv", args(3, WILD, count), 3, space, {}) == {"bytes": 3}


def test_vectors_at_a_position():
    space = Space()
    at, count = space.put_iovec(b"GET ", b"/")
    own = args(3, at, count, 2**64 - 1, 0xFFFF, 0x18)
    assert decode_args("pwritev2", own, space) == {
        "fd": 3,
        "buffer": {"length": 5, "pieces": 2, "data": b64(b"GET /")},
        "offset": -1,
        "flags": ["RWF_NOWAIT", "RWF_APPEND"],
    }
    assert decode_args("preadv2", args(3, at, count, 4096), space) == {
        "fd": 3,
        "buffer": {"length": 5, "pieces": 2},
        "offset": 4096,
        "flags": [],
    }
    assert decode_result("preadv2", own, 3, space, {}) == {"bytes": 3, "data": b64(b"GET")}
    assert decode_result("pwritev2", own, 5, space, {}) == {"bytes": 5}
    assert decode_args("preadv2", args(3, WILD, count, 0), space)["buffer"] == {"pieces": 2, "unreadable": True}


def test_sendfile():
    space = Space()
    at = space.put(struct.pack("<q", 4096))
    assert decode_args("sendfile", args(4, 5, at, 100), space) == {
        "out_fd": 4,
        "in_fd": 5,
        "count": 100,
        "offset": 4096,
    }
    assert decode_args("sendfile", args(4, 5, 0, 100), space) == {"out_fd": 4, "in_fd": 5, "count": 100}
    assert decode_result("sendfile", args(4, 5, 0, 100), 100, space, {}) == {"bytes": 100}


def test_sendmsg_with_descriptors():
    space = Space()
    header = space.put(msghdr(space, (b"a", b"bc"), sockaddr_in("10.0.0.4", 7), rights(5, 6, 7)))
    assert decode_args("sendmsg", args(3, header, 0), space) == {
        "fd": 3,
        "flags": [],
        "buffer": {"length": 3, "pieces": 2, "data": b64(b"abc")},
        "address": "10.0.0.4:7",
        "control": [{"level": "SOL_SOCKET", "type": "SCM_RIGHTS", "fds": [5, 6, 7]}],
    }
    assert decode_args("sendmsg", args(3, WILD, 0), space)["buffer"] == {"unreadable": True}


def test_recvmsg_receives_descriptors():
    space = Space()
    header = space.put(msghdr(space, (b"hello",), control=rights(8, 9), flags=0x40000000))
    assert decode_args("recvmsg", args(3, header, 0), space) == {"fd": 3, "flags": [], "buffer": {"length": 5}}
    assert decode_result("recvmsg", args(3, header, 0), 2, space, {}) == {
        "bytes": 2,
        "data": b64(b"he"),
        "new_fds": [8, 9],
        "values": {
            "flags": ["MSG_CMSG_CLOEXEC"],
            "control": [{"level": "SOL_SOCKET", "type": "SCM_RIGHTS", "fds": [8, 9]}],
        },
    }
    assert decode_result("recvmsg", args(3, WILD, 0), 2, space, {}) == {"bytes": 2}
    assert decode_args("recvmsg", args(3, WILD, 0), space)["buffer"] == {"unreadable": True}


def test_many_messages_at_once():
    space = Space()
    headers = [msghdr(space, (text,), sockaddr_in("10.0.0.5", 9)) for text in (b"one", b"three")]
    at = space.put(b"".join(header + struct.pack("<I4x", n) for header, n in zip(headers, (3, 5), strict=True)))
    sent = decode_args("sendmmsg", args(3, at, 2, 0), space)
    assert [message["buffer"]["data"] for message in sent["messages"]] == [b64(b"one"), b64(b"three")]
    assert decode_result("sendmmsg", args(3, at, 2, 0), 2, space, sent) == {
        "bytes": 8,
        "values": {"messages": [{"bytes": 3}, {"bytes": 5}]},
    }
    received = decode_result("recvmmsg", args(3, at, 2, 0), 2, space, {})
    assert received["bytes"] == 8
    assert [message["address"] for message in received["values"]["messages"]] == ["10.0.0.5:9"] * 2
    assert decode_args("recvmmsg", args(3, at, 2, 0x10000), space) == {"fd": 3, "count": 2, "flags": ["MSG_WAITFORONE"]}


def test_control_messages():
    credentials = struct.pack("<Qii", 28, 1, 2) + struct.pack("<Iii", 10, 1000, 1000) + bytes(4)
    hops = struct.pack("<Qii", 20, 41, 52) + struct.pack("<i", 64) + bytes(4)
    assert control_messages(credentials + hops) == [
        {"level": "SOL_SOCKET", "type": "SCM_CREDENTIALS", "pid": 10, "uid": 1000, "gid": 1000},
        {"level": "IPPROTO_IPV6", "type": "IPV6_HOPLIMIT", "data": "40000000"},
    ]
    assert control_messages(struct.pack("<Qii", 16, 999, 5)) == [{"level": "0x3e7", "type": "0x5", "data": ""}]


def test_a_malformed_control_message_ends_the_list():
    assert control_messages(struct.pack("<Qii", 8, 1, 1) + bytes(16)) == []
    assert control_messages(struct.pack("<Qii", 2**63, 1, 1)) == []
    assert control_messages(b"short") == []
