"""Rows against what the same sockets say of themselves, and against ss; then garbage."""

import os
import re
import shutil
import socket
import struct
import subprocess
from contextlib import ExitStack, suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.inet import sockdiag
from server.inet.sockdiag import Row, cookie_of, decode_row, decode_rows, exact_request, split

SO_COOKIE = 57


def answers(request_bytes):
    """The datagrams with which this machine's kernel answers a dump."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 4) as diag:
        diag.send(request_bytes)
        found = []
        while True:
            found.append(diag.recv(1 << 18))
            kinds = []
            at = 0
            while at < len(found[-1]):
                length, kind = struct.unpack_from("<IH", found[-1], at)
                kinds.append(kind)
                at += length + 3 & ~3
            if 3 in kinds or 2 in kinds:
                return found


def rows(request_bytes, protocol="tcp"):
    return [row for datagram in answers(request_bytes) for row in decode_rows(datagram, protocol)]


def row_of(sock, found):
    cookie = int.from_bytes(sock.getsockopt(socket.SOL_SOCKET, SO_COOKIE, 8), "little")
    (row,) = [row for row in found if row.cookie == cookie]
    return row


@pytest.fixture
def keep():
    with ExitStack() as stack:
        yield stack.enter_context


def inode(sock):
    return os.fstat(sock.fileno()).st_ino


def written(address):
    return f"{address[0]}:{address[1]}" if ":" not in address[0] else f"[{address[0]}]:{address[1]}"


@pytest.mark.real
def test_a_connection_before_and_after_accept(keep):
    listening = keep(socket.create_server(("127.0.0.1", 0), backlog=5))
    client = keep(socket.create_connection(listening.getsockname()))
    client.send(b"hello")
    found = rows(sockdiag.tcp_request("inet"))
    row = row_of(listening, found)
    assert (row.family, row.protocol, row.state, row.remote) == ("inet", "tcp", "LISTEN", "*:*")
    assert (row.local, row.recv_queue, row.send_queue) == (written(listening.getsockname()), 1, 5)
    assert (row.inode, row.uid) == (inode(listening), os.getuid())
    (waiting,) = [r for r in found if r.remote == written(client.getsockname())]
    assert (waiting.state, waiting.inode, waiting.recv_queue) == ("ESTABLISHED", 0, 5)

    accepted = keep(listening.accept()[0])
    found = rows(sockdiag.tcp_request("inet"))
    assert row_of(listening, found).recv_queue == 0
    assert row_of(accepted, found).cookie == waiting.cookie
    assert row_of(accepted, found).inode == inode(accepted)


@pytest.mark.real
def test_half_close_and_keepalive(keep):
    listening = keep(socket.create_server(("127.0.0.1", 0)))
    client = keep(socket.create_connection(listening.getsockname()))
    accepted = keep(listening.accept()[0])
    accepted.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    row = row_of(accepted, rows(sockdiag.tcp_request("inet")))
    assert row.timer == "keepalive"
    assert 7_000_000 < row.expires_ms <= 7_200_000
    assert row.shutdown == 0
    client.shutdown(socket.SHUT_WR)
    assert accepted.recv(1) == b""
    found = rows(sockdiag.tcp_request("inet"))
    assert (row_of(accepted, found).state, row_of(accepted, found).shutdown) == ("CLOSE-WAIT", 1)
    assert row_of(client, found).shutdown == 2


@pytest.mark.real
def test_time_wait_has_no_inode_and_a_timer(keep):
    listening = keep(socket.create_server(("127.0.0.1", 0)))
    client = socket.create_connection(listening.getsockname())
    accepted, name = listening.accept()
    client.close()
    assert accepted.recv(1) == b""
    accepted.close()
    (row,) = [r for r in rows(sockdiag.tcp_request("inet")) if r.local == written(name)]
    assert (row.state, row.inode, row.timer) == ("TIME-WAIT", 0, "time-wait")
    assert 55_000 < row.expires_ms <= 60_000


@pytest.mark.real
@pytest.mark.parametrize(("only", "local"), [(True, "[::]"), (False, "*")])
def test_every_address_of_ipv6(keep, only, local):
    listening = keep(socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=not only))
    row = row_of(listening, rows(sockdiag.tcp_request("inet6")))
    assert row.v6only is only
    assert row.local == f"{local}:{listening.getsockname()[1]}"
    assert row.remote == f"{local}:*"
    client = keep(socket.create_connection(("::1", listening.getsockname()[1])))
    assert row_of(client, rows(sockdiag.tcp_request("inet6"))).remote == f"[::1]:{listening.getsockname()[1]}"


@pytest.mark.real
def test_udp(keep):
    bound = keep(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    bound.bind(("", 0))
    row = row_of(bound, rows(sockdiag.udp_request("inet"), "udp"))
    assert (row.protocol, row.state, row.local, row.remote) == (
        "udp",
        "UNCONNECTED",
        f"*:{bound.getsockname()[1]}",
        "*:*",
    )
    six = keep(socket.socket(socket.AF_INET6, socket.SOCK_DGRAM))
    six.bind(("::1", 0))
    assert row_of(six, rows(sockdiag.udp_request("inet6"), "udp")).state == "UNCONNECTED"
    six.connect(("::1", 9))
    assert row_of(six, rows(sockdiag.udp_request("inet6"), "udp")).state == "ESTABLISHED"


@pytest.mark.real
def test_unix(keep, tmp_path):
    listening = keep(socket.socket(socket.AF_UNIX))
    listening.bind(f"{tmp_path}/s")
    listening.listen(7)
    client = keep(socket.socket(socket.AF_UNIX))
    client.connect(f"{tmp_path}/s")
    one, two = (keep(end) for end in socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET))
    named = keep(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
    named.bind(f"\0socketlab-{os.getpid()}")
    found = rows(sockdiag.unix_request(), "unix")
    row = row_of(listening, found)
    assert (row.family, row.state, row.local, row.type) == ("unix", "LISTEN", f"{tmp_path}/s", "stream")
    assert (row.recv_queue, row.send_queue, row.pending, row.inode) == (1, 7, (inode(client),), inode(listening))
    assert row.uid == os.getuid()
    row = row_of(one, found)
    assert (row.type, row.state, row.local, row.remote, row.peer_inode) == (
        "seqpacket",
        "ESTABLISHED",
        "*",
        "*",
        inode(two),
    )
    assert (row_of(named, found).local, row_of(named, found).state) == (f"@socketlab-{os.getpid()}", "UNCONNECTED")


@pytest.mark.real
def test_an_exact_request_finds_one_socket(keep):
    listening = keep(socket.create_server(("127.0.0.1", 0)))
    client = keep(socket.create_connection(listening.getsockname()))
    six = keep(socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True))
    diag = keep(socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 4))
    for sock, family in ((listening, "inet"), (client, "inet"), (six, "inet6")):
        row = row_of(sock, rows(sockdiag.tcp_request(family)))
        diag.send(exact_request("tcp", family, row.local, row.remote))
        (message,) = split(diag.recv(65536))
        assert decode_row(message) == row
        assert cookie_of(message) == row.cookie.to_bytes(8, "little")
    diag.send(exact_request("tcp", "inet", "127.0.0.1:1", "127.0.0.1:2"))
    with pytest.raises(OSError, match="ENOENT"):
        decode_rows(diag.recv(65536))


@pytest.mark.parametrize(
    ("family", "local"), [("inet", "::1:1"), ("inet6", "10.0.0.4:7"), ("inet", "x"), ("inet6", "[::%x]:1")]
)
def test_an_exact_request_refuses_what_is_no_address(family, local):
    with pytest.raises(ValueError, match="address"):
        exact_request("tcp", family, local, "*:*")


SS_STATES = {
    "LISTEN": "LISTEN", "ESTAB": "ESTABLISHED", "SYN-SENT": "SYN-SENT", "SYN-RECV": "SYN-RECEIVED",
    "FIN-WAIT-1": "FIN-WAIT-1", "FIN-WAIT-2": "FIN-WAIT-2", "TIME-WAIT": "TIME-WAIT", "CLOSE-WAIT": "CLOSE-WAIT",
    "LAST-ACK": "LAST-ACK", "CLOSING": "CLOSING", "UNCONN": "UNCONNECTED",
}  # fmt: skip


@pytest.mark.real
@pytest.mark.skipif(shutil.which("ss") is None, reason="ss (iproute2) is not installed")
def test_ss_says_the_same(keep):
    """Only our own sockets are compared: other processes of this machine come and go."""
    listening = keep(socket.create_server(("127.0.0.1", 0), backlog=9))
    six = keep(socket.create_server(("::1", 0), family=socket.AF_INET6))
    ours = [listening, six]
    for server in (listening, six):
        client = keep(socket.create_connection(server.getsockname()[:2]))
        client.send(b"x" * 1000)
        ours += [client, keep(server.accept()[0])]
    udp = keep(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    udp.bind(("127.0.0.1", 0))
    ours.append(udp)
    cookies = {int.from_bytes(sock.getsockopt(socket.SOL_SOCKET, SO_COOKIE, 8), "little") for sock in ours}
    found = [*rows(sockdiag.tcp_request("inet")), *rows(sockdiag.tcp_request("inet6"))]
    found += rows(sockdiag.udp_request("inet"), "udp")
    mine = {
        r.cookie: (r.state, r.recv_queue, r.send_queue, r.local, r.remote, r.inode, r.uid)
        for r in found
        if r.cookie in cookies
    }
    theirs = {}
    output = subprocess.run(["ss", "-Htuane"], capture_output=True, text=True, check=True).stdout
    for line in output.splitlines():
        _, state, recv, send, local, remote, *rest = line.split()
        values = dict(re.findall(r"(ino|uid|sk):(\w+)", " ".join(rest)))
        any4 = remote.replace("0.0.0.0:", "*:")
        row = (SS_STATES[state], int(recv), int(send), local, any4, int(values["ino"]), int(values.get("uid", 0)))
        theirs[int(values["sk"], 16)] = row
    assert len(mine) == len(ours)
    assert mine == {cookie: theirs[cookie] for cookie in mine}


"""Garbage"""


def message(kind, body):
    return struct.pack("<IHHII", 16 + len(body), kind, 0, 1, 0) + body + bytes(-len(body) % 4)


def inet_body(family=2, state=10, timer=0):
    return struct.pack(">4BHH", family, state, timer, 0, 80, 0) + bytes(64)


def test_a_state_that_is_bound_only_is_closed():
    assert decode_row(inet_body(state=13)).state == "CLOSED"
    assert decode_row(inet_body(state=7), "tcp").state == "CLOSED"
    assert decode_row(inet_body(state=7), "udp").state == "UNCONNECTED"
    assert decode_row(inet_body(state=12)).state == "SYN-RECEIVED"


def test_what_is_no_socket_is_passed_over():
    datagram = message(99, b"") + message(20, inet_body()) + message(20, b"") + message(20, inet_body(family=99))
    assert len(decode_rows(datagram)) == 1
    assert decode_rows(message(20, inet_body()) + message(3, bytes(4)) + message(20, inet_body())) == [
        decode_row(inet_body())
    ]
    assert decode_rows(message(2, bytes(4)) + message(20, inet_body())) == [decode_row(inet_body())]
    assert (
        decode_row(b"") is decode_row(inet_body()[:40]) is decode_row(inet_body(10)[:40]) is decode_row(b"\1") is None
    )
    assert cookie_of(b"") == b""
    assert decode_row(inet_body(timer=9)).timer is None


def test_a_bound_interface_is_shown():
    body = bytearray(inet_body())
    body[40:44] = (3).to_bytes(4, "little")
    assert decode_row(bytes(body)).local == "*%3:80"
    body[0] = 10
    assert decode_row(bytes(body)).local == "*%3:80"
    body[8] = 0xFE
    assert decode_row(bytes(body)).local == "[fe00::%3]:80"


def test_addresses_are_not_remembered_without_bound():
    for number in range(10_000):
        body = bytearray(inet_body())
        body[8:12] = number.to_bytes(4, "big")
        assert decode_row(bytes(body)).cookie == 0
    assert len(sockdiag._dotted) <= 4097


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.builds(message, st.sampled_from([2, 3, 20, 20, 20, 99]), st.binary(max_size=120)), max_size=4
    ).map(b"".join),
    st.sampled_from(["tcp", "udp", "unix"]),
    st.integers(0, 500),
)  # fmt: skip
def test_no_datagram_makes_the_decoder_fail_but_with_oserror(datagram, protocol, cut):
    for data in (datagram, datagram[:cut], memoryview(datagram)):
        with suppress(OSError):
            assert all(isinstance(row, Row) for row in decode_rows(data, protocol))


@given(st.sampled_from([1, 2, 10]), st.binary(max_size=200))
def test_no_message_makes_the_decoder_fail(family, body):
    row = decode_row(bytes([family]) + body)
    assert row is None or isinstance(row.local, str)
    cookie_of(bytes([family]) + body)
