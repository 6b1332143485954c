"""The blocks of a capture, read back by a small reader after the pcapng draft; tests/judges asks tshark."""

import base64
import struct

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server import events as ev
from server.inet.packets import decode_network, with_checksums
from server.sessions.capture import CHECKSUM_COMMENT, LINKTYPE_RAW, pcapng


def network(flags=0x02, payload=b"", source="10.0.0.5", destination="10.0.0.4", ports=(40000, 7)):
    segment = struct.pack("!HHIIBBHHH", *ports, 1000, 0, 0x50, flags, 500, 0, 0) + payload
    ends = b"".join(bytes(map(int, ip.split("."))) for ip in (source, destination))
    return struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(segment), 1, 0x4000, 64, 6, 0) + ends + segment


def sent(packet, raw, source_host="client-a", target_host="server", **more):
    decoded = decode_network(raw)
    return ev.PacketSent(
        packet=packet, source_host=source_host, target_host=target_host, protocol=decoded.protocol,
        source=decoded.source, destination=decoded.destination, flags=decoded.flags, sequence=decoded.sequence,
        acknowledgment=decoded.acknowledgment, window=decoded.window, length=decoded.length,
        raw=base64.b64encode(raw).decode(), **more,
    )  # fmt: skip


def row(cookie, local, remote, host="client-a", kind=ev.SocketAppeared, protocol="tcp"):
    return kind(
        host=host, socket=cookie, family="inet", protocol=protocol, state="ESTABLISHED", local=local, remote=remote,
        inode=1, recv_queue=0, send_queue=0, owners=[],
    )  # fmt: skip


def entered(call, name, pid=2, host="client-a", **args):
    return ev.SyscallEntered(call=call, pid=pid, tid=pid, host=host, name=name, args=args)


def returned(call, pid=2):
    return ev.SyscallReturned(call=call, pid=pid, tid=pid, result=0)


HOSTS = [
    ev.HostAdded(host="server", addresses=["10.0.0.4/24"]),
    ev.HostAdded(host="client-a", addresses=["10.0.0.5/24", "2001:db8::5/64"]),
]
CLIENT = ev.ProcessStarted(host="client-a", pid=2, program="echo_client", argv=["echo_client"])


def blocks(data):
    at = 0
    while at < len(data):
        kind, size = struct.unpack_from("<II", data, at)
        assert size % 4 == 0
        assert data[at + size - 4 : at + size] == data[at + 4 : at + 8]
        yield kind, data[at + 8 : at + size - 4]
        at += size


def options(data):
    found = {}
    at = 0
    while True:
        code, size = struct.unpack_from("<HH", data, at)
        if not code:
            assert at + 4 == len(data)
            return found
        found[code] = data[at + 4 : at + 4 + size]
        at += 4 + (size + 3 & ~3)


def read(events, host=None):
    """Interfaces as names, and packets as (interface, t, bytes, comment, direction)."""
    names, packets = [], []
    (first, header), *rest = blocks(b"".join(pcapng(events, host)))
    assert first == 0x0A0D0D0A
    assert struct.unpack_from("<IHHq", header) == (0x1A2B3C4D, 1, 0, -1)
    for kind, body in rest:
        if kind == 1:
            assert struct.unpack_from("<HHI", body) == (LINKTYPE_RAW, 0, 0)
            found = options(body[8:])
            assert found[9] == b"\x09"
            names.append(found[2].decode())
        else:
            assert kind == 6
            interface, high, low, size, whole = struct.unpack_from("<IIIII", body)
            assert size <= whole
            found = options(body[20 + (size + 3 & ~3) :])
            direction = int.from_bytes(found[2], "little")
            packets.append((names[interface], high << 32 | low, body[20 : 20 + size], found[1].decode(), direction))
    return names, packets


def at(t, event):
    return msgspec.structs.replace(event, t=t)


def test_each_packet_is_there_once_on_its_senders_interface():
    events = [*HOSTS, at(5, sent(1, network())), at(2**40 + 7, ev.PacketDelivered(packet=1))]
    names, packets = read(events)
    assert names == ["server", "client-a"]
    assert packets == [("client-a", 5, network(), "packet 1 to server", 2)]


def test_a_host_sees_what_it_sent_and_what_reached_it():
    answer = network(0x12, source="10.0.0.4", destination="10.0.0.5", ports=(7, 40000))
    events = [
        *HOSTS,
        at(5, sent(1, network())),
        at(6, sent(2, network(), repeats=1)),
        at(7, ev.PacketDropped(packet=2, why="by hand")),
        at(2**40 + 7, ev.PacketDelivered(packet=1, why="released")),
        at(2**40 + 9, sent(3, answer, "server", "client-a")),
    ]
    names, packets = read(events, "server")
    assert names == ["server"]
    assert packets == [
        ("server", 2**40 + 7, network(), "packet 1 from client-a, delivered: released", 1),
        ("server", 2**40 + 9, answer, "packet 3 to client-a", 2),
    ]
    assert [packet[3] for packet in read(events, "client-a")[1]] == [
        "packet 1 to server",
        "packet 2 to server; repeats packet 1",
    ]


def test_a_multicast_reaches_every_other_host():
    raw = network(source="10.0.0.5", destination="224.0.0.1")
    events = [*HOSTS, sent(1, raw, target_host=None), ev.PacketDelivered(packet=1)]
    assert [packet[4] for packet in read(events, "server")[1]] == [1]
    assert [packet[4] for packet in read(events, "client-a")[1]] == [2]


def test_loopback_has_its_checksum_filled_in_and_says_so():
    raw = network(0x18, b"x", "127.0.0.1", "127.0.0.1")
    events = [*HOSTS, sent(1, raw, "server", "server", loopback=True), ev.PacketDelivered(packet=1)]
    assert with_checksums(raw) != raw
    for host in (None, "server"):
        assert read(events, host)[1] == [("server", 0, with_checksums(raw), f"packet 1; {CHECKSUM_COMMENT}", 2)]
    assert read(events, "client-a")[1] == []


def test_a_packet_of_which_the_log_kept_a_part_says_how_long_it_was():
    raw = network(0x18, b"x" * 100, "127.0.0.1", "127.0.0.1")
    events = [*HOSTS, sent(1, raw[:60], "server", "server", loopback=True)]
    assert read(events)[1] == [("server", 0, raw[:60], "packet 1; the log has kept its first 60 bytes", 2)]
    *_, (_, body) = blocks(b"".join(pcapng(events)))
    assert struct.unpack_from("<IIIII", body)[3:] == (60, 140)


def test_what_is_no_ip_packet_is_left_out():
    raw = base64.b64encode(b"\0\1\x08\0\6\4").decode()
    arp = ev.PacketSent(
        packet=1, source_host="server", target_host=None, protocol="arp", source="10.0.0.4", destination="10.0.0.5",
        flags=[], sequence=None, acknowledgment=None, window=None, length=0, raw=raw,
    )  # fmt: skip
    assert read([*HOSTS, arp, sent(2, network(), "nobody")])[1] == []


def test_a_host_that_is_added_later_has_an_interface():
    events = [*HOSTS, sent(1, network()), ev.HostAdded(host="late", addresses=["10.0.0.9/24"])]
    assert read(events)[0] == ["server", "client-a", "late"]


def test_what_is_not_base64_is_refused():
    with pytest.raises(ValueError, match="base64"):
        list(pcapng([*HOSTS, msgspec.structs.replace(sent(1, network()), raw="#!")]))


"""Which call sent it"""


def comment(*events):
    return read([*HOSTS, CLIENT, *events])[1][-1][3]


def test_a_syn_is_sent_by_connect_even_before_the_socket_has_a_row():
    call = entered(9, "connect", fd=3, address="10.0.0.4:7")
    words = "packet 1 to server; during connect(fd 3) of echo_client (pid 2), call 9"
    assert comment(call, sent(1, network())) == words
    assert comment(ev.FdOpened(pid=2, fd=3, kind="socket", socket="50"), call, sent(1, network())) == words


def test_data_is_sent_by_the_call_on_its_socket():
    known = (ev.FdOpened(pid=2, fd=3, kind="socket", socket="50"), row("50", "10.0.0.5:40000", "10.0.0.4:7"))
    data = sent(1, network(0x18, b"hello"))
    call = entered(9, "sendto", fd=3)
    words = "sendto(fd 3) of echo_client (pid 2), call 9"
    assert comment(*known, call, data) == f"packet 1 to server; during {words}"
    assert comment(*known, call, returned(9), data) == f"packet 1 to server; after {words} returned"
    assert comment(*known, entered(9, "sendto", fd=4), data) == "packet 1 to server"
    assert comment(*known, entered(9, "recvfrom", fd=3), data) == "packet 1 to server"
    assert comment(*known, call, row("50", "10.0.0.5:40000", "10.0.0.4:7", kind=ev.SocketVanished), data) == (
        "packet 1 to server"
    )


def test_a_fin_is_sent_by_close_or_by_the_end_of_its_process():
    known = (ev.FdOpened(pid=2, fd=3, kind="socket", socket="50"), row("50", "10.0.0.5:40000", "10.0.0.4:7"))
    fin = sent(1, network(0x11))
    closed = (entered(9, "close", fd=3), ev.FdClosed(pid=2, fd=3, kind="socket", socket="50"), fin)
    assert comment(*known, *closed).endswith("during close(fd 3) of echo_client (pid 2), call 9")
    assert comment(*known, ev.ProcessExited(pid=2, signal="SIGKILL"), fin).endswith(
        "during the end of echo_client (pid 2)"
    )


@pytest.mark.parametrize(
    "packet",
    [
        sent(1, network(0x10)),
        sent(1, network(0x18, b"hello"), repeats=0),
        sent(1, network(0x12)),
    ],
)
def test_the_kernels_own_packets_are_nobodys_call(packet):
    known = (ev.FdOpened(pid=2, fd=3, kind="socket", socket="50"), row("50", "10.0.0.5:40000", "10.0.0.4:7"))
    assert "call" not in comment(*known, entered(9, "sendto", fd=3), packet)


def test_a_datagram_of_an_unconnected_socket():
    raw = struct.pack("!BBHHHBBH", 0x45, 0, 29, 1, 0, 64, 17, 0) + bytes([10, 0, 0, 5, 10, 0, 0, 4])
    datagram = sent(1, raw + struct.pack("!HHHH", 5000, 53, 9, 0) + b"x")
    opened = ev.FdOpened(pid=2, fd=3, kind="socket", socket="50")
    call = entered(9, "sendto", fd=3, address="10.0.0.4:53")
    words = "packet 1 to server; during sendto(fd 3) of echo_client (pid 2), call 9"
    assert comment(opened, call, datagram) == words
    for local in ("*:5000", "[::]:5000", "10.0.0.5:5000"):
        assert comment(opened, row("50", local, "*:*", protocol="udp"), entered(9, "sendto", fd=3), datagram) == words


def test_an_ipv6_socket_that_talks_ipv4():
    known = (
        ev.FdOpened(pid=2, fd=3, kind="socket", socket="50"),
        row("50", "[::ffff:10.0.0.5]:40000", "[::ffff:10.0.0.4]:7"),
    )
    assert comment(*known, entered(9, "write", fd=3), sent(1, network(0x18, b"x"))).endswith("call 9")


def test_an_executed_program_gives_its_own_name():
    executed = ev.ProcessExecuted(pid=2, program="curl", argv=["curl"])
    call = entered(9, "connect", fd=3, address="10.0.0.4:7")
    assert comment(executed, call, sent(1, network())).endswith("connect(fd 3) of curl (pid 2), call 9")


@given(st.lists(st.binary(min_size=1, max_size=90), max_size=8), st.booleans())
def test_any_packets_make_a_whole_file(raws, loopback):
    events = [
        ev.PacketSent(
            packet=number, source_host="server", target_host=None, protocol="other", source="", destination="",
            flags=[], sequence=None, acknowledgment=None, window=None, length=0, raw=base64.b64encode(raw).decode(),
            loopback=loopback,
        )
        for number, raw in enumerate(raws)
    ]  # fmt: skip
    expected = [raw for raw in raws if raw[0] >> 4 in (4, 6)]
    assert len(read([*HOSTS, *events])[1]) == len(expected)
