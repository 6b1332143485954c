"""The wire: what is sent arrives, or waits, or is lost, as asked, and the events say which."""

from __future__ import annotations

import base64
import struct

import pytest

from server import events as ev
from server.errors import BadRequestError, ConflictError, NotFoundError
from server.sessions.zygote import Zygote
from tests.kernel.rules import broken
from tests.laboratory import Laboratory, laboratory

ECHO = """
import socket, sys
listening = socket.create_server((sys.argv[1], 7777), family=socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET)
while True:
    connection, _ = listening.accept()
    while data := connection.recv(1000):
        connection.sendall(data)
    connection.close()
"""
CLIENT = """
import socket, sys
connection = socket.create_connection((sys.argv[1], 7777))
print("connected", flush=True)
for line in sys.stdin:
    connection.sendall(line.encode())
    print("got", connection.recv(1000).decode(), end="", flush=True)
connection.close()
"""


async def connected(lab: Laboratory, address: str = "10.0.0.4") -> int:
    """An echo server on ``server`` and a client on ``client-a`` that are connected; returns the client's pid."""
    await lab.python("server", ECHO, address)
    await lab.listening("server", 7777)
    client = await lab.python("client-a", CLIENT, address)
    await lab.until("connected", lambda: lab.output(client) == "connected\n")
    return client


def ends(lab: Laboratory) -> dict[int, str]:
    """What became of each packet."""
    delivered = {e.packet: "delivered" for e in lab.all(ev.PacketDelivered)}
    return delivered | {e.packet: "dropped" for e in lab.all(ev.PacketDropped)}


# -- what is seen


async def test_a_connection_packet_by_packet(lab: Laboratory) -> None:
    client = await connected(lab)
    await lab.type(client, "hello\n", end=True)
    await lab.exited(client)
    await lab.until("the last ACK", lambda: lab.sockets("client-a", state="TIME-WAIT"))
    tcp = [e for e in lab.all(ev.PacketSent) if e.protocol == "tcp"]
    flags = [",".join(e.flags) for e in tcp]
    assert flags[:6] == ["SYN", "SYN,ACK", "ACK", "PSH,ACK", "ACK", "PSH,ACK"]
    assert flags.count("FIN,ACK") == 2
    assert [e.length for e in tcp if e.length] == [6, 6]
    assert {(e.source_host, e.target_host) for e in tcp} == {("client-a", "server"), ("server", "client-a")}
    assert set(ends(lab).values()) == {"delivered"}
    syn, syn_ack, ack = tcp[:3]
    assert syn_ack.acknowledgment == (syn.sequence + 1) % 2**32
    assert (ack.sequence, ack.acknowledgment) == (syn_ack.acknowledgment, (syn_ack.sequence + 1) % 2**32)
    raw = base64.b64decode(tcp[3].raw)
    assert raw[0] >> 4 == 4
    assert raw.endswith(b"hello\n")
    assert not [e for e in tcp if e.repeats or e.loopback]


async def test_checksums_on_the_wire_are_right(lab: Laboratory) -> None:
    client = await connected(lab)
    await lab.type(client, "hello\n", end=True)
    await lab.exited(client)
    for event in lab.all(ev.PacketSent, protocol="tcp"):
        raw = base64.b64decode(event.raw)
        segment = raw[(raw[0] & 15) * 4 : struct.unpack_from("!H", raw, 2)[0]]
        pseudo = raw[12:20] + struct.pack("!HH", 6, len(segment))
        assert _sum(pseudo + segment) == 0xFFFF, event
        assert _sum(raw[: (raw[0] & 15) * 4]) == 0xFFFF, event


def _sum(data: bytes) -> int:
    """RFC 1071."""
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total


async def test_neighbours_are_hidden_until_they_are_asked_for(lab: Laboratory) -> None:
    ping = (
        "import socket\nsocket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', (__import__('sys').argv[1], 9))"
    )
    await lab.exited(await lab.python("client-a", ping, "10.0.0.4"))
    await lab.seen(ev.PacketSent, protocol="udp")
    await lab.seen(ev.PacketSent, protocol="icmp")
    assert lab.all(ev.PacketSent, protocol="arp") == []
    assert (await lab.command("wire.set", neighbours=True))["neighbours"] is True
    await lab.exited(await lab.python("client-a", ping, "10.0.0.6"))
    request, reply = await lab.until("ARP", lambda: lab.all(ev.PacketSent, protocol="arp")[:2])
    assert (request.source_host, request.target_host) == ("client-a", None)
    assert (reply.source_host, reply.target_host) == ("client-b", "client-a")
    assert lab.state["wire"]["neighbours"] is True


async def test_ipv6_and_its_neighbours(zygote: Zygote) -> None:
    hosts = {"server": ["fd00::4/64"], "client-a": ["fd00::5/64"]}
    async with laboratory(zygote, hosts) as lab:
        client = await connected(lab, "fd00::4")
        await lab.type(client, "six\n")
        await lab.until("an answer", lambda: "got six\n" in lab.output(client))
        assert {e.protocol for e in lab.all(ev.PacketSent)} == {"tcp"}
        syn = lab.all(ev.PacketSent)[0]
        assert (syn.source.rpartition(":")[0], syn.destination) == ("[fd00::5]", "[fd00::4]:7777")
        assert base64.b64decode(syn.raw)[0] >> 4 == 6
        (row,) = lab.sockets("client-a", state="ESTABLISHED")
        assert row["remote"] == "[fd00::4]:7777"
        await lab.command("wire.set", neighbours=True)
        other = "import socket\nsocket.socket(socket.AF_INET6, socket.SOCK_DGRAM).sendto(b'x', ('fd00::99', 9))"
        await lab.exited(await lab.python("client-a", other))
        await lab.until(
            "a neighbor solicitation, among the hosts' multicast reports",
            lambda: [e for e in lab.all(ev.PacketSent, protocol="icmp6") if "neighbor-solicitation" in str(e.info)],
        )
        assert broken(lab.events) == []


async def test_hosts_with_several_addresses_and_a_host_that_is_added(zygote: Zygote) -> None:
    hosts = {"server": ["10.0.0.4/24", "192.168.7.1/24", "fd00::4/64"], "client-a": ["192.168.7.2/24", "fd00::5/64"]}
    async with laboratory(zygote, hosts) as lab:
        await lab.python("server", ECHO, "0.0.0.0")
        await lab.listening("server", 7777)
        client = await lab.python("client-a", CLIENT, "192.168.7.1")
        await lab.until("connected", lambda: lab.output(client) == "connected\n")
        assert lab.all(ev.PacketSent)[0].source.startswith("192.168.7.2:")
        added = await lab.command("host.add", name="client-c", addresses=["10.0.0.9/24", "fd00::9/64"])
        assert added == {"name": "client-c", "addresses": ["10.0.0.9/24", "fd00::9/64"]}
        newcomer = await lab.python("client-c", CLIENT, "10.0.0.4")
        await lab.until("SYN-ACK", lambda: [e for e in lab.all(ev.PacketSent) if e.target_host == "client-c"])
        syn = next(e for e in lab.all(ev.PacketSent) if e.source_host == "client-c")
        assert (syn.target_host, syn.destination) == ("server", "10.0.0.4:7777")
        assert lab.state["processes"][str(newcomer)]["host"] == "client-c"
        with pytest.raises((BadRequestError, ConflictError)):
            await lab.command("host.add", name="client-c", addresses=["10.0.0.10/24"])
        with pytest.raises((BadRequestError, ConflictError)):
            await lab.command("host.add", name="client-d", addresses=["10.0.0.4/24"])
        assert broken(lab.events) == []


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.4"])
async def test_loopback_is_seen_and_cannot_be_held(lab: Laboratory, address: str) -> None:
    await lab.command("packet.hold", match={"protocol": "tcp"})
    await lab.python("server", ECHO, "0.0.0.0")
    await lab.listening("server", 7777)
    client = await lab.python("server", CLIENT, address)
    await lab.type(client, "to myself\n", end=True)
    await lab.exited(client)
    packets = await lab.until("packets", lambda: lab.all(ev.PacketSent))
    assert packets[0].flags == ["SYN"]
    assert {(e.source_host, e.target_host, e.loopback) for e in packets} == {("server", "server", True)}
    assert lab.all(ev.PacketHeld) == []
    assert {e.why for e in lab.all(ev.PacketDelivered)} == {"loopback: it cannot be held"}
    with pytest.raises(ConflictError, match="no longer on the wire"):
        await lab.command("packet.hold", packet=packets[0].packet)


# -- holds


async def test_a_match_holds_what_fits_and_nothing_else(lab: Laboratory) -> None:
    client = await connected(lab)
    await lab.command("packet.hold", match={"payload": True, "source_host": "server"})
    await lab.type(client, "one\n")
    held = await lab.seen(ev.PacketHeld)
    sent = lab.all(ev.PacketSent, packet=held.packet)[0]
    assert (sent.source_host, sent.length, held.why) == ("server", 4, "a rule holds it")
    assert lab.state["packets"][str(held.packet)]["status"] == "held"
    (moment,) = lab.state["moments"].values()
    assert (moment["kind"], moment["packet"]) == ("packet", held.packet)
    await lab.command("packet.deliver", packet=held.packet)
    await lab.until("the answer", lambda: "got one\n" in lab.output(client))
    assert lab.state["moments"] == {}
    await lab.command("packet.hold", match={"payload": True, "source_host": "server"}, off=True)
    await lab.type(client, "two\n")
    await lab.until("the next answer", lambda: "got two\n" in lab.output(client))
    assert len(lab.all(ev.PacketHeld)) == 1


@pytest.mark.parametrize(
    ("match", "what"),
    [
        ({"flags": "SYN"}, ["SYN"]),
        ({"flags": "SYN,ACK"}, ["SYN,ACK"]),
        ({"flags": "ACK,SYN"}, ["SYN,ACK"]),
        ({"flags": "SYN", "target_host": "client-b"}, []),
        ({"destination_port": 7777, "flags": "SYN"}, ["SYN"]),
        ({"source_port": 7777}, ["SYN,ACK"]),
        ({"protocol": "udp"}, []),
        ({"protocol": "tcp"}, ["SYN"]),
        ({}, ["SYN"]),
    ],
)
async def test_matches(lab: Laboratory, match: dict[str, object], what: list[str]) -> None:
    await lab.command("packet.hold", match=match)
    await lab.python("server", ECHO, "0.0.0.0")
    await lab.listening("server", 7777)
    client = await lab.python("client-a", CLIENT, "10.0.0.4")
    await lab.until("held, or connected", lambda: lab.all(ev.PacketHeld) or lab.output(client) == "connected\n")
    packets = {e.packet: ",".join(e.flags) for e in lab.all(ev.PacketSent)}
    assert [packets[e.packet] for e in lab.all(ev.PacketHeld)] == what


async def test_a_count_limits_a_match(lab: Laboratory) -> None:
    client = await connected(lab)
    await lab.command("packet.hold", match={"payload": True}, count=1)
    await lab.type(client, "one\n")
    held = await lab.seen(ev.PacketHeld)
    await lab.command("moment.release")
    await lab.until("the answer", lambda: "got one\n" in lab.output(client))
    assert [e.packet for e in lab.all(ev.PacketHeld)] == [held.packet]
    delivered = lab.all(ev.PacketDelivered, packet=held.packet)[0]
    released = await lab.seen(ev.MomentReleased, packet=held.packet)
    assert released.seq < delivered.seq


async def test_retransmissions_are_counted_on_the_held_packet(lab: Laboratory) -> None:
    client = await connected(lab)
    await lab.command("packet.hold", match={"payload": True, "source_host": "client-a"})
    await lab.type(client, "again and again\n")
    held = await lab.seen(ev.PacketHeld)
    await lab.until("two copies", lambda: len(lab.all(ev.PacketSent, repeats=held.packet)) >= 2)
    copies = lab.all(ev.PacketSent, repeats=held.packet)
    dropped = {e.packet: e.why for e in lab.all(ev.PacketDropped)}
    assert {dropped[copy.packet] for copy in copies} == {f"counted on packet {held.packet}, which still waits"}
    assert lab.state["packets"][str(held.packet)]["copies"] == len(copies)
    assert len(lab.all(ev.PacketHeld)) == 1
    (row,) = lab.sockets("client-a", state="ESTABLISHED")
    assert row["timer"]["name"] == "retransmit"
    await lab.command("packet.deliver", packet=held.packet)
    await lab.until("the answer", lambda: "got again and again\n" in lab.output(client))


async def test_a_packet_is_held_again_when_its_first_copy_was_dropped(lab: Laboratory) -> None:
    client = await connected(lab)
    await lab.command("packet.hold", match={"payload": True, "source_host": "client-a"})
    await lab.type(client, "lost once\n")
    held = await lab.seen(ev.PacketHeld)
    await lab.command("packet.drop", packet=held.packet)
    second = await lab.until("held again", lambda: next(iter(lab.all(ev.PacketHeld)[1:]), None))
    repetition = lab.all(ev.PacketSent, packet=second.packet)[0]
    assert repetition.repeats == held.packet
    await lab.command("packet.deliver", packet=second.packet)
    await lab.until("the answer", lambda: "got lost once\n" in lab.output(client))


async def test_a_packet_that_is_under_way_can_be_held(lab: Laboratory) -> None:
    client = await connected(lab)
    await lab.command("wire.set", delay_ms=3000)
    await lab.type(client, "slow\n")
    sent = await lab.until("on its way", lambda: next((e for e in lab.all(ev.PacketSent) if e.length), None))
    await lab.command("packet.hold", packet=sent.packet)
    held = await lab.seen(ev.PacketHeld)
    assert (held.packet, held.why) == (sent.packet, "by hand")
    await lab.command("wire.set", delay_ms=0)
    await lab.command("packet.deliver", packet=sent.packet)
    await lab.until("the answer", lambda: "got slow\n" in lab.output(client))


# -- drops, duplicates, delays, loss


async def test_a_drop_rule_with_a_count(lab: Laboratory) -> None:
    client = await connected(lab)
    await lab.command("packet.drop", match={"payload": True, "source_host": "client-a"}, count=1)
    await lab.type(client, "lost once\n")
    await lab.until("the answer", lambda: "got lost once\n" in lab.output(client))
    (dropped,) = lab.all(ev.PacketDropped)
    assert dropped.why == "a rule drops it"
    (copy,) = lab.all(ev.PacketSent, repeats=dropped.packet)
    assert ends(lab)[copy.packet] == "delivered"


async def test_a_duplicate_arrives_besides_the_packet(lab: Laboratory) -> None:
    receiver = await lab.python(
        "server",
        """
import socket
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
one.bind(("0.0.0.0", 5353))
for _ in range(3):
    print(one.recv(100).decode(), flush=True)
""",
    )
    await lab.until("bound", lambda: lab.sockets("server", protocol="udp"))
    await lab.command("packet.hold", match={"protocol": "udp"})
    send = "import socket\nsocket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'twin', ('10.0.0.4', 5353))"
    await lab.python("client-a", send)
    held = await lab.seen(ev.PacketHeld)
    first = (await lab.command("packet.duplicate", packet=held.packet))["packet"]
    await lab.until("the first copy", lambda: lab.output(receiver) == "twin\n")
    assert lab.state["packets"][str(held.packet)]["status"] == "held"
    copy = lab.all(ev.PacketSent, packet=first)[0]
    original = lab.all(ev.PacketSent, packet=held.packet)[0]
    assert (copy.repeats, copy.raw) == (held.packet, original.raw)
    await lab.command("packet.duplicate", packet=held.packet)
    await lab.command("packet.deliver", packet=held.packet)
    await lab.exited(receiver)
    assert lab.output(receiver) == "twin\n" * 3


async def test_a_duplicated_segment_does_no_harm(lab: Laboratory) -> None:
    client = await connected(lab)
    await lab.command("packet.hold", match={"payload": True, "source_host": "client-a"})
    await lab.type(client, "once only\n")
    held = await lab.seen(ev.PacketHeld)
    await lab.command("packet.duplicate", packet=held.packet)
    await lab.command("packet.deliver", packet=held.packet)
    await lab.type(client, "", end=True)
    await lab.exited(client)
    assert lab.output(client) == "connected\ngot once only\n"


async def test_delay_and_jitter(lab: Laboratory) -> None:
    values = await lab.command("wire.set", delay_ms=60, jitter_ms=20)
    assert values == {"delay_ms": 60, "jitter_ms": 20, "loss": 0.0, "neighbours": False}
    client = await connected(lab)
    await lab.type(client, "late\n")
    await lab.until("the answer", lambda: "got late\n" in lab.output(client))
    sent = {e.packet: e.t for e in lab.all(ev.PacketSent)}
    delivered = lab.all(ev.PacketDelivered)
    assert len(delivered) >= 5
    for event in delivered:
        # Never early; how late depends on how busy the machine is.
        assert event.t - sent[event.packet] >= 40e6
        assert event.why == "its delay is over"
    assert len({round((e.t - sent[e.packet]) / 1e5) for e in delivered}) > 1
    wire = await lab.command("wire.set", delay_ms=0)
    assert wire["jitter_ms"] == 20, "what is left out stays"


async def test_jitter_lets_packets_overtake_each_other(lab: Laboratory) -> None:
    await lab.command("wire.set", jitter_ms=40, delay_ms=40)
    receiver = await lab.python(
        "server",
        """
import socket
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
one.bind(("0.0.0.0", 5353))
print(*[one.recv(100).decode() for _ in range(20)])
""",
    )
    await lab.until("bound", lambda: lab.sockets("server", protocol="udp"))
    await lab.python(
        "client-a",
        """
import socket
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for number in range(20):
    one.sendto(str(number).encode(), ("10.0.0.4", 5353))
""",
    )
    await lab.exited(receiver)
    arrived = lab.output(receiver).split()
    assert sorted(arrived, key=int) == [str(number) for number in range(20)]
    assert arrived != sorted(arrived, key=int)


async def test_a_loss_of_one_loses_everything(lab: Laboratory) -> None:
    await lab.command("sysctl.set", host="client-a", name="net.ipv4.tcp_syn_retries", value=1)
    await lab.python("server", ECHO, "0.0.0.0")
    await lab.listening("server", 7777)
    await lab.command("wire.set", loss=1.0)
    client = await lab.python("client-a", CLIENT, "10.0.0.4")
    await lab.exited(client)
    assert "TimeoutError" in lab.output(client, "stderr")
    assert set(ends(lab).values()) == {"dropped"}
    assert {e.why for e in lab.all(ev.PacketDropped)} == {"lost by chance (1)"}


# -- what cannot be done


async def test_packets_that_are_gone_or_never_were(lab: Laboratory) -> None:
    client = await connected(lab)
    assert client
    await lab.until("delivered", lambda: len(ends(lab)) >= 3)
    for command in ("packet.hold", "packet.deliver", "packet.drop", "packet.duplicate"):
        with pytest.raises(ConflictError, match="Packet 1 is no longer on the wire") as refused:
            await lab.command(command, packet=1)
        assert refused.value.hint
        with pytest.raises(NotFoundError, match="There is no packet 4711"):
            await lab.command(command, packet=4711)
    assert len(lab.all(ev.CommandRefused)) == 8


async def test_a_packet_for_nobody(lab: Laboratory) -> None:
    """A host that sends to a hardware address that no host has: possible for a stale neighbour entry."""
    send = """
import socket
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
one.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
one.sendto(b"to all", ("10.0.0.255", 9))
"""
    await lab.exited(await lab.python("client-a", send))
    broadcast = await lab.seen(ev.PacketSent, protocol="udp")
    assert (broadcast.target_host, broadcast.destination) == (None, "10.0.0.255:9")
    assert ends(lab)[broadcast.packet] == "delivered"


async def test_a_slow_wire_is_slow_at_every_pace(stepped: Laboratory) -> None:
    lab = stepped
    await lab.command("wire.set", delay_ms=300)
    sender = "import socket\nsocket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('10.0.0.6', 9))"
    client = await lab.python("client-a", sender)
    for name in ("socket", "sendto"):
        moment = await lab.step_to(client, name)
        await lab.command("moment.release", moment=moment["moment"])
    sent = await lab.seen(ev.PacketSent, protocol="udp")
    await lab.release("packet")
    released = await lab.seen(ev.MomentReleased, packet=sent.packet)
    assert lab.state["packets"][str(sent.packet)]["status"] == "in-flight"
    delivered = await lab.seen(ev.PacketDelivered, packet=sent.packet)
    assert delivered.t - released.t >= 300e6
