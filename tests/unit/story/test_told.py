"""How the parts of events are named."""

from __future__ import annotations

import pytest

from server import events as ev
from server.story.told import Told, connection, receiver


@pytest.mark.parametrize(
    ("one", "other", "name"),
    [
        ("10.0.0.5:40", "10.0.0.4:7", "10.0.0.4:7 10.0.0.5:40"),
        ("10.0.0.4:7", "10.0.0.5:40", "10.0.0.4:7 10.0.0.5:40"),
        ("[::ffff:10.0.0.4]:7", "[::ffff:10.0.0.5]:40", "10.0.0.4:7 10.0.0.5:40"),
        ("*:7", "*:*", ""),
    ],
)
def test_both_ends_of_a_connection_have_one_name(one: str, other: str, name: str) -> None:
    assert connection(one, other) == name


def test_a_datagram_is_for_a_port_and_a_segment_for_a_connection() -> None:
    assert receiver("server", "udp", "10.0.0.4:7", "10.0.0.5:40") == receiver("server", "udp", "*:7", "")
    assert receiver("server", "tcp", "10.0.0.4:7", "10.0.0.5:40") != receiver(
        "server", "tcp", "10.0.0.4:7", "10.0.0.5:41"
    )


def segment(packet: int, flags: list[str]) -> ev.PacketSent:
    return ev.PacketSent(
        packet=packet,
        source_host="client-a",
        target_host="server",
        protocol="tcp",
        source="10.0.0.5:40",
        destination="10.0.0.4:7",
        flags=flags,
        sequence=None,
        acknowledgment=None,
        window=None,
        length=0,
        raw="",
    )


def test_a_port_that_is_used_again_begins_anew() -> None:
    told = Told()
    told.remember(segment(1, ["FIN", "ACK"]), "packet.fin")
    told.remember(ev.PacketDelivered(packet=1), "packet.arrives")
    assert told.ended == {receiver("server", "tcp", "10.0.0.4:7", "10.0.0.5:40")}
    told.remember(segment(2, ["SYN"]), "packet.syn")
    assert told.ended == set()
