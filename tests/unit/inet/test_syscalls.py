"""The table as a whole: complete, and deaf to garbage."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.inet import syscalls
from server.inet.syscalls import CALLS, NUMBERS, OPENING, TRACED, decode_args, decode_result
from tests.unit.inet.space import BASE, Space, sockaddr_in

PART_3 = [
    "socket",
    "socketpair",
    "bind",
    "listen",
    "accept",
    "accept4",
    "connect",
    "getsockname",
    "getpeername",
    "setsockopt",
    "getsockopt",
    "sendto",
    "sendmsg",
    "sendmmsg",
    "recvfrom",
    "recvmsg",
    "recvmmsg",
    "read",
    "write",
    "readv",
    "writev",
    "sendfile",
    "shutdown",
    "close",
    "dup",
    "dup2",
    "dup3",
    "fcntl",
    "poll",
    "ppoll",
    "select",
    "pselect6",
    "epoll_create",
    "epoll_create1",
    "epoll_ctl",
    "epoll_wait",
    "epoll_pwait",
    "epoll_pwait2",
    "pipe",
    "pipe2",
    "clone",
    "fork",
    "vfork",
    "exit",
    "exit_group",
]


def test_every_call_that_the_lab_shows_is_in_the_table():
    assert set(PART_3) <= set(TRACED)
    assert not set(TRACED) & set(OPENING)
    assert set(TRACED) | set(OPENING) == set(CALLS)


def test_every_call_has_a_number_on_x86_64_and_all_but_the_old_ones_on_arm64():
    assert set(CALLS) <= set(NUMBERS["x86_64"].values())
    old = [
        "poll",
        "select",
        "epoll_create",
        "epoll_wait",
        "dup2",
        "pipe",
        "fork",
        "pause",
        "vfork",
        "open",
        "creat",
        "eventfd",
        "signalfd",
        "inotify_init",
    ]
    assert set(CALLS) - set(NUMBERS["aarch64"].values()) == set(old)


def test_names_are_the_keys_and_descriptors_are_arguments():
    assert all(name == call.name for name, call in CALLS.items())
    assert {call.fd_argument for call in CALLS.values()} == {None, 0}
    assert CALLS["accept4"].kind == "socket"
    assert CALLS["read"].kind == "io"
    assert CALLS["poll"].kind == "wait"


def test_the_way_of_a_connection():
    space = Space()
    address, length = space.put(sockaddr_in("10.0.0.5", 40000)), space.put_int(16)
    registers = (3, address, length, 0o2000000, 0, 0)
    entered = decode_args("accept4", registers, space)
    assert entered == {"fd": 3, "addrlen": 16, "flags": ["SOCK_CLOEXEC"]}
    assert decode_result("accept4", registers, 4, space, entered) == {"new_fd": 4, "address": "10.0.0.5:40000"}


def test_a_failed_call_has_nothing_to_decode():
    space = Space()
    for name in CALLS:
        assert decode_result(name, (0,) * 6, -11, space, {}) == {}


def test_a_call_outside_the_table_is_refused():
    with pytest.raises(KeyError):
        decode_args("mount", (0,) * 6, Space())


def test_errno_names_come_from_here_too():
    assert syscalls.errno_name(-98) == "EADDRINUSE"


registers = st.tuples(*[
    st.one_of(
        st.integers(0, 70),
        st.integers(BASE - 8, BASE + 4096 + 8),
        st.integers(0, 2**64 - 1),
        st.sampled_from([2**32 - 1, 2**64 - 1, 2**31, 2**63, 0x1000, 1030]),
    )
    for _ in range(6)
])  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(registers, st.binary(max_size=1024), st.one_of(st.integers(0, 200), st.integers(0, 2**31)))
def test_no_program_can_make_a_decoder_fail(args, content, result):
    space = Space(4096)
    space.bytes[: len(content)] = content
    for name in CALLS:
        entered = decode_args(name, args, space)
        fields = decode_result(name, args, result, space, entered)
        assert len(msgspec.json.encode([entered, fields])) < 200_000
        assert set(fields) <= {"new_fd", "new_fds", "address", "bytes", "data", "values"}


pointers = st.integers(BASE, BASE + 2048)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(CALLS)), st.tuples(st.integers(0, 9), *[pointers] * 5), st.binary(max_size=2048))
def test_no_structure_can_make_a_decoder_fail(name, args, content):
    """As above, with pointers into random memory, which point on to random places of it."""
    space = Space(2048)
    for at in range(0, len(content) - 8, 16):  # every second word is an address, as in a vector
        word = BASE + int.from_bytes(content[at : at + 2], "little") % 2048
        space.bytes[at : at + 8] = word.to_bytes(8, "little")
        space.bytes[at + 8 : at + 16] = (content[at + 8] % 90).to_bytes(8, "little")
    for count in (args[2], 3):
        call = (*args[:2], count, *args[3:])
        entered = decode_args(name, call, space)
        msgspec.json.encode([entered, decode_result(name, call, 64, space, entered)])
