import struct

from server.inet.syscalls import decode_args, decode_result
from server.inet.waiting_calls import EPOLL_EVENT
from tests.unit.inet.space import Space

WILD = 0xDEAD_BEEF_0000
FOREVER = 2**64 - 1


def args(*registers):
    return (*registers, 0, 0, 0, 0, 0, 0)[:6]


def pollfds(space, *fds):
    return space.put(b"".join(struct.pack("<ihh", *fd) for fd in fds))


def test_poll():
    space = Space()
    at = pollfds(space, (3, 1, 0), (4, 5, 4), (-1, 1, 0x10))
    assert decode_args("poll", args(at, 3, FOREVER), space) == {
        "fds": [
            {"fd": 3, "events": ["POLLIN"]},
            {"fd": 4, "events": ["POLLIN", "POLLOUT"]},
            {"fd": -1, "events": ["POLLIN"]},
        ],
        "nfds": 3,
        "timeout_ms": -1,
    }
    ready = [{"fd": 4, "events": ["POLLOUT"]}, {"fd": -1, "events": ["POLLHUP"]}]
    assert decode_result("poll", args(at, 3, FOREVER), 2, space, {}) == {"values": {"ready": ready}}
    assert decode_result("poll", args(at, 3, 0), 0, space, {}) == {"values": {"ready": []}}
    assert decode_args("poll", args(WILD, 3, 5), space) == {"fds": "unreadable", "nfds": 3, "timeout_ms": 5}
    assert decode_args("poll", args(0, 0, 5), space)["fds"] == []
    assert decode_result("poll", args(WILD, 3, 5), 1, space, {}) == {}
    assert decode_result("poll", args(at, 2**40, 5), 1, space, {}) == {}


def test_ppoll_takes_a_timespec():
    space = Space()
    at = pollfds(space, (3, 1, 1))
    assert decode_args("ppoll", args(at, 1, space.put(struct.pack("<qq", 1, 0))), space)["timeout_ms"] == 1000
    assert decode_args("ppoll", args(at, 1, 0), space)["timeout_ms"] is None


def test_poll_lists_at_most_64_but_finds_every_ready_one_behind_them():
    space = Space()
    at = pollfds(space, *[(fd, 1, int(fd == 150)) for fd in range(200)])
    assert len(decode_args("poll", args(at, 200, 0), space)["fds"]) == 64
    assert decode_result("poll", args(at, 200, 0), 1, space, {}) == {
        "values": {"ready": [{"fd": 150, "events": ["POLLIN"]}]}
    }


def test_select():
    space = Space()
    read = space.put((1 << 3 | 1 << 70).to_bytes(16, "little"))
    write = space.put(bytes(16))
    timeout = space.put(struct.pack("<qq", 0, 250_000))
    assert decode_args("select", args(71, read, write, 0, timeout), space) == {
        "nfds": 71,
        "read": [3, 70],
        "write": [],
        "timeout_ms": 250,
    }
    assert decode_result("select", args(71, read, write, 0, timeout), 2, space, {}) == {
        "values": {"read": [3, 70], "write": []}
    }
    assert decode_args("select", args(4, read, 0, 0, 0), space) == {"nfds": 4, "read": [3], "timeout_ms": None}
    assert decode_args("select", args(4, WILD, 0, 0, 0), space)["read"] == "unreadable"
    assert decode_args("select", args(FOREVER, read, 0, 0, 0), space)["read"] == []


def test_pselect6_takes_a_timespec():
    space = Space()
    timeout = space.put(struct.pack("<qq", 0, 250_000_000))
    assert decode_args("pselect6", args(0, 0, 0, 0, timeout), space) == {"nfds": 0, "timeout_ms": 250}


def test_epoll():
    space = Space()
    event = space.put(EPOLL_EVENT.pack(1 << 31 | 1, 5))
    assert decode_args("epoll_create1", args(0o2000000), space) == {"flags": ["EPOLL_CLOEXEC"]}
    assert decode_args("epoll_create", args(10), space) == {"size": 10}
    assert decode_result("epoll_create1", args(0), 4, space, {}) == {"new_fd": 4}
    assert decode_args("epoll_ctl", args(4, 1, 5, event), space) == {
        "epfd": 4,
        "op": "EPOLL_CTL_ADD",
        "fd": 5,
        "events": ["EPOLLIN", "EPOLLET"],
        "data": 5,
    }
    assert decode_args("epoll_ctl", args(4, 2, 5, WILD), space) == {"epfd": 4, "op": "EPOLL_CTL_DEL", "fd": 5}
    assert decode_args("epoll_ctl", args(4, 3, 5, WILD), space)["events"] == "unreadable"


def test_epoll_wait():
    space = Space()
    events = space.put(EPOLL_EVENT.pack(1, 5) + EPOLL_EVENT.pack(0x2011, 0x7F00_1234_5678))
    assert decode_args("epoll_wait", args(4, events, 10, FOREVER), space) == {
        "epfd": 4,
        "maxevents": 10,
        "timeout_ms": -1,
    }
    assert decode_result("epoll_wait", args(4, events, 10, 0), 2, space, {}) == {
        "values": {
            "ready": [
                {"events": ["EPOLLIN"], "data": 5},
                {"events": ["EPOLLIN", "EPOLLHUP", "EPOLLRDHUP"], "data": "0x7f0012345678"},
            ]
        }
    }
    assert decode_result("epoll_pwait", args(4, events, 10, 0), 0, space, {}) == {"values": {"ready": []}}
    assert decode_result("epoll_wait", args(4, WILD, 10, 0), 2, space, {}) == {}
    timeout = space.put(struct.pack("<qq", 0, 5_000_000))
    assert decode_args("epoll_pwait2", args(4, events, 10, timeout), space)["timeout_ms"] == 5
