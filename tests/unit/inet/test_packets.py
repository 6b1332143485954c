"""Headers, built by hand after the RFCs, and real ones; tests/judges compares with tshark."""

import socket
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.inet.packets import (
    Packet,
    decode_frame,
    decode_network,
    internet_checksum,
    tcp_options,
    whole_length,
    with_checksums,
)

A4, B4 = socket.inet_aton("10.0.0.5"), socket.inet_aton("10.0.0.4")
A6, B6 = (socket.inet_pton(socket.AF_INET6, text) for text in ("2001:db8::5", "2001:db8::4"))


def ethernet(kind, network):
    return bytes.fromhex("02000a000004 02000a000005") + struct.pack("!H", kind) + network


def ip4(protocol, payload, fragment=0x4000, tos=0, options=b""):
    first = 0x40 | (5 + len(options) // 4)
    total = 20 + len(options) + len(payload)
    return struct.pack("!BBHHHBBH4s4s", first, tos, total, 7, fragment, 64, protocol, 0, A4, B4) + options + payload


def ip6(following, payload):
    return struct.pack("!IHBB16s16s", 6 << 28, len(payload), following, 63, A6, B6) + payload


def tcp(flags, payload=b"", options=b"", sequence=1000):
    offset = (20 + len(options)) // 4 << 4
    return struct.pack("!HHIIBBHHH", 40000, 7, sequence, 2000, offset, flags, 502, 0, 9) + options + payload


def udp(payload=b""):
    return struct.pack("!HHHH", 5000, 53, 8 + len(payload), 0) + payload


SYN_OPTIONS = bytes.fromhex("020405b4 0402080a 00000001 00000000 01030307")


def test_a_syn():
    packet = decode_frame(ethernet(0x0800, ip4(6, tcp(0x02, options=SYN_OPTIONS))))
    assert packet == Packet(
        protocol="tcp",
        source="10.0.0.5:40000",
        destination="10.0.0.4:7",
        source_ip="10.0.0.5",
        destination_ip="10.0.0.4",
        source_port=40000,
        destination_port=7,
        flags=["SYN"],
        sequence=1000,
        acknowledgment=None,
        window=502,
        length=0,
        payload=b"",
        info={
            "ttl": 64,
            "identification": 7,
            "options": {"mss": 1460, "sack_permitted": True, "timestamps": [1, 0], "window_scale": 7},
        },
        network=ip4(6, tcp(0x02, options=SYN_OPTIONS)),
        neighbour=False,
        key=("10.0.0.5:40000", "10.0.0.4:7", 1000),
    )


def test_data_over_ipv6():
    packet = decode_frame(ethernet(0x86DD, ip6(6, tcp(0x18, b"hello"))))
    assert (packet.source, packet.destination) == ("[2001:db8::5]:40000", "[2001:db8::4]:7")
    assert (packet.flags, packet.acknowledgment, packet.payload, packet.length) == (["PSH", "ACK"], 2000, b"hello", 5)
    assert packet.info == {"hop_limit": 63}


@pytest.mark.parametrize(
    ("bits", "flags"),
    [
        (0x12, ["SYN", "ACK"]),
        (0x11, ["FIN", "ACK"]),
        (0x14, ["RST", "ACK"]),
        (0xC2, ["SYN", "ECE", "CWR"]),
        (0x00, []),
        (0x3F, ["FIN", "SYN", "RST", "PSH", "ACK", "URG"]),
    ],
)
def test_flags_in_the_order_of_the_header(bits, flags):
    assert decode_network(ip4(6, tcp(bits))).flags == flags


def test_what_repeats_what():
    """Only what occupies sequence space can be retransmitted; a longer segment may repeat a shorter one."""
    key = ("10.0.0.5:40000", "10.0.0.4:7", 1000)
    assert decode_network(ip4(6, tcp(0x18, b"a"))).key == decode_network(ip4(6, tcp(0x18, b"abc"))).key == key
    assert decode_network(ip4(6, tcp(0x11))).key == key
    assert decode_network(ip4(6, tcp(0x10))).key is None
    assert decode_network(ip4(6, tcp(0x14))).key is None
    assert decode_network(ip4(17, udp(b"abc"))).key is None


def test_urgent_data_and_padding():
    packet = decode_frame(ethernet(0x0800, ip4(6, tcp(0x20, b"!")) + b"padding"))
    assert packet.info["urgent_pointer"] == 9
    assert packet.payload == b"!"
    assert packet.network == ip4(6, tcp(0x20, b"!"))


def test_udp():
    packet = decode_frame(ethernet(0x0800, ip4(17, udp(b"query"), tos=0x10)))
    assert (packet.protocol, packet.source, packet.destination) == ("udp", "10.0.0.5:5000", "10.0.0.4:53")
    assert (packet.payload, packet.length, packet.flags, packet.sequence) == (b"query", 5, [], None)
    assert packet.info["tos"] == 16
    assert decode_frame(ethernet(0x86DD, ip6(17, udp(b"q")))).source == "[2001:db8::5]:5000"


def test_an_icmp_error_says_about_what():
    quoted = ip4(17, udp(b"nobody listens"))
    packet = decode_network(ip4(1, struct.pack("!BBHI", 3, 3, 0, 0) + quoted))
    assert packet.protocol == "icmp"
    assert (packet.source, packet.source_port) == ("10.0.0.5", None)
    assert packet.info["type"] == "destination-unreachable"
    assert packet.info["code"] == "port-unreachable"
    assert packet.info["about"] == {"protocol": "udp", "source": "10.0.0.5:5000", "destination": "10.0.0.4:53"}


def test_an_icmp6_error_says_about_what():
    quoted = ip6(17, udp())
    packet = decode_network(ip6(58, struct.pack("!BBHI", 1, 4, 0, 0) + quoted))
    assert packet.protocol == "icmp6"
    assert packet.info["code"] == "port-unreachable"
    assert packet.info["about"]["destination"] == "[2001:db8::4]:53"


def test_an_echo():
    packet = decode_network(ip4(1, struct.pack("!BBHHH", 8, 0, 0, 77, 3) + b"data"))
    assert packet.info == {
        "ttl": 64, "identification": 7, "type": "echo-request", "code": 0, "identifier": 77, "sequence_number": 3,
    }  # fmt: skip
    assert not packet.neighbour


def test_neighbour_chatter_is_marked():
    solicitation = ip6(58, struct.pack("!BBHI", 135, 0, 0, 0) + B6)
    report = ip6(0, b"\x3a\x00\x05\x02\x00\x00\x01\x00" + struct.pack("!BBHI", 143, 0, 0, 0))
    arp = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + bytes.fromhex("02000a000005") + A4 + bytes(6) + B4
    packet = decode_frame(ethernet(0x0806, arp))
    assert (packet.protocol, packet.source, packet.destination, packet.neighbour) == (
        "arp",
        "10.0.0.5",
        "10.0.0.4",
        True,
    )
    assert packet.info["operation"] == "request"
    assert decode_frame(ethernet(0x86DD, solicitation)).neighbour
    assert decode_frame(ethernet(0x86DD, report)).neighbour
    assert decode_frame(ethernet(0x86DD, report)).info["type"] == "multicast-listener-report-v2"
    assert decode_network(ip4(2, bytes(8))).neighbour


def test_fragments():
    first = decode_network(ip4(17, udp(b"x" * 16), fragment=0x2000))
    assert first.source == "10.0.0.5:5000"
    assert first.info["more_fragments"]
    later = decode_network(ip4(17, b"x" * 16, fragment=2))
    assert (later.protocol, later.source, later.source_port) == ("udp", "10.0.0.5", None)
    assert later.info["fragment_offset"] == 16
    header = struct.pack("!BBHI", 17, 0, 16 << 0, 9)
    assert decode_network(ip6(44, header + b"x" * 16)).info["fragment_offset"] == 16


def test_headers_with_options():
    assert decode_network(ip4(6, tcp(0x02), options=bytes(8))).flags == ["SYN"]


@pytest.mark.parametrize(
    ("frame", "protocol"),
    [
        (b"", "other"),
        (b"\0" * 13, "other"),
        (ethernet(0x88CC, b"lldp"), "other"),
        (ethernet(0x0800, b""), "other"),
        (ethernet(0x0800, ip4(6, b"short")), "tcp"),
        (ethernet(0x0800, ip4(132, bytes(20))), "other"),
        (ethernet(0x86DD, ip6(58, b"")), "icmp6"),
    ],
)
def test_what_is_cut_short_or_unknown(frame, protocol):
    packet = decode_frame(frame)
    assert packet.protocol == protocol
    assert packet.source_port is None


def test_an_unknown_frame_shows_its_mac_addresses():
    packet = decode_frame(ethernet(0x88CC, b"lldp"))
    assert (packet.source, packet.destination) == ("02:00:0a:00:00:05", "02:00:0a:00:00:04")
    assert packet.info == {"ethertype": "0x88cc"}


def test_tcp_options():
    sack = bytes.fromhex("01 01 05 12 00000001 00000002 00000003 00000004")
    assert tcp_options(sack) == {"sack": [[1, 2], [3, 4]]}
    assert tcp_options(bytes.fromhex("fd04ab cd")) == {"option-253": "abcd"}
    assert tcp_options(bytes.fromhex("2202")) == {"fast_open": ""}
    assert tcp_options(bytes.fromhex("00 020405b4")) == {}
    assert tcp_options(bytes.fromhex("0204")) == tcp_options(bytes.fromhex("0201")) == tcp_options(b"\x02") == {}


"""Checksums"""


def slow_checksum(data):
    """RFC 1071, word by word."""
    total = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


@given(st.one_of(st.binary(max_size=100), st.integers(0, 40).map(bytes), st.integers(0, 40).map(lambda n: b"\xff" * n)))
def test_the_checksum_is_that_of_rfc_1071(data):
    assert internet_checksum(data) == slow_checksum(data)


@pytest.mark.parametrize(
    "network",
    [
        ip4(6, tcp(0x18, b"odd")),
        ip4(17, udp(b"data")),
        ip6(6, tcp(0x18, b"even", options=SYN_OPTIONS)),
        ip6(17, udp(b"data")),
        ip6(60, b"\x11\x00\x01\x04\0\0\0\0" + udp(b"behind an option")),
        ip4(6, tcp(0x02), options=bytes(4)),
    ],
)
def test_a_filled_in_checksum_verifies(network):
    """What a receiver does: the sum over pseudo-header and segment, checksum included, is zero."""
    whole = with_checksums(network)
    packet = decode_network(whole)
    start = len(whole) - packet.length - {"udp": 8}.get(packet.protocol, 40 if packet.info.get("options") else 20)
    segment = whole[start:]
    number = 6 if packet.protocol == "tcp" else 17
    addresses = whole[12:20] if whole[0] >> 4 == 4 else whole[8:40]
    assert slow_checksum(addresses + struct.pack("!II", len(segment), number) + segment) == 0
    assert with_checksums(whole) == whole
    assert len(whole) == len(network)


def test_a_datagram_that_an_icmp_error_quotes_is_mended_too():
    quoted = ip4(17, udp(b"nobody"))
    for network, pseudo in (
        (ip4(1, struct.pack("!BBHI", 3, 3, 0, 0) + quoted), b""),
        (ip6(58, struct.pack("!BBHI", 1, 4, 0, 0) + quoted), A6 + B6 + struct.pack("!II", 8 + len(quoted), 58)),
    ):
        whole = with_checksums(network)
        message = whole[-8 - len(quoted) :]
        assert message[8:] == with_checksums(quoted) != quoted
        assert slow_checksum(pseudo + message) == 0


def test_a_udp_checksum_is_never_zero():
    for number in range(70000):
        whole = with_checksums(ip4(17, udp(number.to_bytes(4, "big"))))
        if whole[26:28] == b"\xff\xff":
            break
    else:
        pytest.fail("no payload gave the checksum that had to be inverted")


def test_what_has_no_checksum_of_ours_stays_as_it_is():
    for network in (ip4(1, bytes(8)), ip4(17, bytes(16), fragment=2), ip4(17, udp(b"12345678"), fragment=0x2000), b""):
        assert with_checksums(network) == network
    for network in (ip4(6, tcp(0x18, b"cut off")), ip6(6, tcp(0x18, b"cut off"))):
        assert with_checksums(network[:-3]) == network[:-3]
        assert whole_length(network[:-3]) == whole_length(network) == len(network)


"""Garbage"""

frames = [
    ethernet(0x0800, ip4(6, tcp(0x12, options=SYN_OPTIONS))),
    ethernet(0x0800, ip4(17, udp(b"data"))),
    ethernet(0x86DD, ip6(6, tcp(0x18, b"hello"))),
    ethernet(0x86DD, ip6(0, b"\x3a\x00\x05\x02\x00\x00\x01\x00" + struct.pack("!BBHI", 143, 0, 0, 0))),
    ethernet(0x0800, ip4(1, struct.pack("!BBHI", 3, 3, 0, 0) + ip4(17, udp(b"nobody")))),
    ethernet(0x0806, bytes(28)),
]


@settings(max_examples=400, deadline=None)
@given(st.data(), st.sampled_from(frames))
def test_no_frame_makes_the_decoder_fail(data, frame):
    damaged = bytearray(frame)
    for at in data.draw(st.lists(st.integers(0, len(frame) - 1), max_size=6)):
        damaged[at] = data.draw(st.integers(0, 255))
    cut = bytes(damaged[: data.draw(st.integers(0, len(damaged)))])
    packet = decode_frame(cut)
    assert packet.protocol in {"tcp", "udp", "icmp", "icmp6", "arp", "other"}
    assert packet.length == len(packet.payload) or packet.protocol == "other"
    assert len(with_checksums(cut[14:])) <= len(cut[14:])


@given(st.binary(max_size=200))
def test_no_bytes_make_the_decoder_fail(frame):
    decode_frame(frame)
    decode_network(frame)
    with_checksums(frame)
    tcp_options(frame)
