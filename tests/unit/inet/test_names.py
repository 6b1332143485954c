"""The tables against the C library's and Python's own constants."""

import errno
import select
import signal
import socket

import pytest

from server.inet import names


@pytest.mark.parametrize(("number", "name"), sorted(errno.errorcode.items()))
def test_errno_names_are_those_of_the_c_library(number, name):
    assert getattr(errno, names.errno_name(-number)) == number
    assert names.errno_name(-number) == name or name in {"EWOULDBLOCK", "EDEADLOCK", "ENOTSUP"}


def test_restart_codes_that_only_a_tracer_sees_have_names():
    assert [names.errno_name(-n) for n in (512, 513, 514, 516)] == [
        "ERESTARTSYS",
        "ERESTARTNOINTR",
        "ERESTARTNOHAND",
        "ERESTART_RESTARTBLOCK",
    ]
    assert names.errno_name(-4000) == "E4000"


@pytest.mark.parametrize(
    ("module", "prefix", "table"),
    [
        (socket, "AF_", names.FAMILY),
        (socket, "MSG_", names.MESSAGE_FLAGS.names),
        (socket, "SO_", names.SOCKET_OPTION),
        (socket, "TCP_", names.TCP_OPTION),
        (socket, "IPV6_", names.IPV6_OPTION),
        (select, "EPOLL", names.EPOLL_EVENTS.names),
        (select, "POLL", names.POLL_EVENTS.names),
        (signal, "SIG", names.SIGNAL),
    ],
)
def test_constants_agree_with_python(module, prefix, table):
    known = 0
    for number, name in table.items():
        value = getattr(module, name, None)
        if value is not None:
            assert int(value) & 0xFFFFFFFF == number, name
            known += 1
    assert known >= 3


def test_an_unknown_number_is_its_own_hexadecimal():
    assert names.FAMILY[77] == "0x4d"
    assert 77 not in names.FAMILY


def test_flags_name_each_bit_and_keep_the_rest():
    assert names.MESSAGE_FLAGS[0] == []
    assert names.MESSAGE_FLAGS[0x4040] == ["MSG_DONTWAIT", "MSG_NOSIGNAL"]
    assert names.SOCKET_FLAGS[0o2004000 | 0x10] == ["SOCK_NONBLOCK", "SOCK_CLOEXEC", "0x10"]


def test_flags_of_several_bits_are_named_whole():
    assert names.OPEN_FLAGS[0o4010000] == ["O_SYNC"]
    assert names.OPEN_FLAGS[0o10000] == ["O_DSYNC"]


def test_flags_do_not_remember_without_bound():
    table = names.Flags({1: "ONE"})
    for bits in range(3 * table._ROOM):
        assert isinstance(table[bits], list)
    assert len(table) == table._ROOM


def test_tcp_states_have_the_names_of_rfc_9293():
    assert {names.TCP_STATE[n] for n in range(1, 12)} == {
        "ESTABLISHED", "SYN-SENT", "SYN-RECEIVED", "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT", "CLOSED", "CLOSE-WAIT",
        "LAST-ACK", "LISTEN", "CLOSING",
    }  # fmt: skip
    assert names.TCP_STATE[12] == names.TCP_STATE[3] == "SYN-RECEIVED"
