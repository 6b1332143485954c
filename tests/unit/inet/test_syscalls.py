"""The table as a whole: complete, and deaf to garbage."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.inet import syscalls
from server.inet.syscalls import CALLS, NUMBERS, RECEIVING, SENDING, TRACED, WAITING, decode_args, decode_result
from tests.unit.inet.space import BASE, Space


def test_every_call_has_a_number_on_x86_64_and_all_but_the_old_ones_on_arm64():
    assert set(CALLS) <= set(NUMBERS["x86_64"].values())
    old = {"poll", "select", "epoll_create", "epoll_wait", "dup2", "pipe", "fork", "pause", "vfork"}
    assert set(CALLS) - set(NUMBERS["aarch64"].values()) == old


def test_the_sets_are_what_the_columns_say():
    assert list(TRACED) == sorted(CALLS)
    assert {"poll", "select", "epoll_wait"} <= WAITING
    assert not WAITING & {"epoll_ctl", "epoll_create1", "accept4", "nanosleep"}
    assert {call.name for call in CALLS.values() if call.bytes == "out"} | {"connect", "shutdown", "close"} == SENDING
    assert {"read", "recvmsg"} <= RECEIVING
    assert not RECEIVING & SENDING


@pytest.mark.parametrize("name", CALLS)
def test_a_descriptor_is_decoded_from_the_register_that_the_row_names(name):
    registers = tuple(range(11, 17))
    entered = decode_args(name, registers, Space())
    assert {fd.field: entered.get(fd.field) for fd in CALLS[name].fds} == {
        fd.field: registers[fd.index] for fd in CALLS[name].fds
    }
    others = {"fd", "epfd", "oldfd", "newfd", "out_fd", "in_fd"} & set(entered)
    assert others == {fd.field for fd in CALLS[name].fds}, "a number that is shown as a descriptor has its column"


@pytest.mark.parametrize("name", CALLS)
def test_what_is_decoded_of_success_agrees_with_the_columns(name):
    """Bytes, new descriptors: shown by the decoder where the row says so, and nowhere else."""
    call, space = CALLS[name], Space()
    pair = space.put((7).to_bytes(4, "little") + (8).to_bytes(4, "little"))
    for command in (0, 3):  # fcntl: F_DUPFD, F_GETFL
        result = decode_result(name, (pair, command, 0, pair, 0, 0), 5, space, {})
        assert ("bytes" in result) == (call.bytes is not None)
        made = "new_fd" in result or "new_fds" in result
        assert not made or call.makes in ("socket", "descriptor", "copy")
        if name != "fcntl" or command == 0:
            assert made == (call.makes in ("socket", "descriptor", "copy"))


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
