"""Frames from the wire to header fields: Ethernet, ARP, IPv4, IPv6, TCP, UDP, ICMP, ICMPv6.

``decode_frame`` takes whatever a network card could hand over and never raises: a program with a raw
socket may send anything. What is no packet that we know has the protocol ``other``; a header that is cut
short ends the decoding at the last one that was whole.

Sources: RFC 791 (IPv4), RFC 8200 (IPv6), RFC 9293 (TCP), RFC 7323 (its options), RFC 768 (UDP), RFC 792
and 4443 (ICMP), RFC 826 (ARP), RFC 4861 (neighbour discovery). Measured on one TCP segment with timestamps:
2.5 µs here, 6.3 µs with dpkt 1.9 for the same fields, 86 µs with scapy 2.8; so there is no library here.
"""

from __future__ import annotations

import socket
import struct
from typing import Final, Literal, NamedTuple

from server.inet.addresses import ip6
from server.inet.names import Flags, Names
from server.json_value import Json, JsonObject

Protocol = Literal["tcp", "udp", "icmp", "icmp6", "arp", "other"]
RetransmissionKey = tuple[str, str, int]

_ETHERTYPE = struct.Struct("!12xH")
_IP4 = struct.Struct("!BBHHHBBH4s4s")
_IP6 = struct.Struct("!IHBB16s16s")
_TCP = struct.Struct("!HHIIBBHHH")
_UDP = struct.Struct("!HHHH")
_ICMP = struct.Struct("!BBHHH")
_ARP = struct.Struct("!HHBBH6s4s6s4s")
_PAIR = struct.Struct("!II")

ETHERNET_HEADER: Final = 14
_ETH_IP4: Final = 0x0800
_ETH_ARP: Final = 0x0806
_ETH_IP6: Final = 0x86DD
TCP: Final = 6
UDP: Final = 17
_ICMP4: Final = 1
_IGMP: Final = 2
_ICMP6: Final = 58
_FRAGMENT: Final = 44
_EXTENSIONS: Final = frozenset({0, 43, 60})  # hop-by-hop, routing and destination options share one shape

FIN, SYN, RST, PSH, ACK, URG = (1 << bit for bit in range(6))
TCP_FLAGS: Final = Flags(
    {FIN: "FIN", SYN: "SYN", RST: "RST", PSH: "PSH", ACK: "ACK", URG: "URG", 0x40: "ECE", 0x80: "CWR", 0x100: "AE"}
)
"""In the order of the header's bits, from the lowest: ``["SYN", "ACK"]``, ``["FIN", "ACK"]``."""

ICMP_TYPE: Final = Names({
    0: "echo-reply", 3: "destination-unreachable", 4: "source-quench", 5: "redirect", 8: "echo-request",
    11: "time-exceeded", 12: "parameter-problem", 13: "timestamp", 14: "timestamp-reply",
})  # fmt: skip
ICMP_UNREACHABLE: Final = Names({
    0: "net-unreachable", 1: "host-unreachable", 2: "protocol-unreachable", 3: "port-unreachable",
    4: "fragmentation-needed", 5: "source-route-failed", 9: "net-prohibited", 10: "host-prohibited",
    13: "communication-prohibited",
})  # fmt: skip
ICMP6_TYPE: Final = Names({
    1: "destination-unreachable", 2: "packet-too-big", 3: "time-exceeded", 4: "parameter-problem",
    128: "echo-request", 129: "echo-reply", 130: "multicast-listener-query", 131: "multicast-listener-report",
    132: "multicast-listener-done", 133: "router-solicitation", 134: "router-advertisement",
    135: "neighbor-solicitation", 136: "neighbor-advertisement", 137: "redirect",
    143: "multicast-listener-report-v2",
})  # fmt: skip
ICMP6_UNREACHABLE: Final = Names({
    0: "no-route", 1: "communication-prohibited", 2: "beyond-scope", 3: "address-unreachable", 4: "port-unreachable",
    5: "source-address-failed", 6: "route-rejected",
})  # fmt: skip
_ARP_OPERATION: Final = Names({1: "request", 2: "reply"})
_NEIGHBOUR_TYPES: Final = frozenset({130, 131, 132, 133, 134, 135, 136, 137, 143})


class Packet(NamedTuple):
    """One packet: the fields of its headers, its payload, and its bytes from the network layer on.

    ``length`` counts payload bytes. ``neighbour`` marks what hosts say to find each other (ARP, IPv6
    neighbour discovery, multicast membership), which the wire keeps out of the way. Two TCP segments with the
    same ``key`` start at the same sequence number of the same connection: the later one repeats the
    earlier one. A segment that occupies no sequence space (a mere ACK), or a RST, has no key.

    A named tuple rather than a frozen dataclass: measured 0.2 µs against 1.2 µs to make one.
    """

    protocol: Protocol
    source: str
    destination: str
    source_ip: str
    destination_ip: str
    source_port: int | None
    destination_port: int | None
    flags: list[str]
    sequence: int | None
    acknowledgment: int | None
    window: int | None
    length: int
    payload: bytes
    info: JsonObject | None
    network: bytes
    neighbour: bool
    key: RetransmissionKey | None


def decode_frame(frame: bytes) -> Packet:
    """The packet in an Ethernet frame (or in one from a loopback interface, whose MAC addresses are zero)."""
    if len(frame) < ETHERNET_HEADER:
        return _other(frame, "", "")
    (kind,) = _ETHERTYPE.unpack_from(frame)
    network = frame[ETHERNET_HEADER:]
    if kind in (_ETH_IP4, _ETH_IP6):
        return decode_network(network)
    if kind == _ETH_ARP and len(network) >= _ARP.size:
        return _arp(network)
    return _other(network, _mac(frame[6:12]), _mac(frame[:6]), {"ethertype": hex(kind)})


def decode_network(network: bytes) -> Packet:
    """The packet that starts with an IPv4 or IPv6 header."""
    version = network[0] >> 4 if network else 0
    if version == 4 and len(network) >= 20:
        return _ip4(network)
    if version == 6 and len(network) >= 40:
        return _ip6(network)
    return _other(network, "", "")


def _other(network: bytes, source: str, destination: str, info: JsonObject | None = None) -> Packet:
    return Packet(
        "other", source, destination, "", "", None, None, [], None, None, None, len(network), b"", info, network,
        False, None,
    )  # fmt: skip


def _mac(raw: bytes) -> str:
    return raw.hex(":")


def _arp(network: bytes) -> Packet:
    _, _, _, _, operation, sender_mac, sender, target_mac, target = _ARP.unpack_from(network)
    info = {"operation": _ARP_OPERATION[operation], "sender_mac": _mac(sender_mac), "target_mac": _mac(target_mac)}
    source, destination = socket.inet_ntoa(sender), socket.inet_ntoa(target)
    return Packet(
        "arp", source, destination, source, destination, None, None, [], None, None, None, 0, b"", info, network,
        True, None,
    )  # fmt: skip


"""Network layer"""


def _ip4(network: bytes) -> Packet:
    first, tos, total, identification, fragment, ttl, protocol, _, raw_source, raw_destination = _IP4.unpack_from(
        network
    )
    header = (first & 0xF) * 4
    source, destination = socket.inet_ntoa(raw_source), socket.inet_ntoa(raw_destination)
    info: dict[str, Json] = {"ttl": ttl, "identification": identification}
    if tos:
        info["tos"] = tos
    if 20 <= total < len(network):  # a card may have padded the frame
        network = network[:total]
    if fragment & 0x3FFF:
        info["fragment_offset"] = (fragment & 0x1FFF) * 8
        info["more_fragments"] = bool(fragment & 0x2000)
        if fragment & 0x1FFF:
            return _unported(network, protocol, header, source, destination, info)
    if header < 20:
        return _unported(network, -1, 20, source, destination, info)
    return _transport(network, protocol, header, source, destination, info, ":")


def _ip6(network: bytes) -> Packet:
    first, payload_length, following, hop_limit, raw_source, raw_destination = _IP6.unpack_from(network)
    source, destination = ip6(raw_source), ip6(raw_destination)
    info: dict[str, Json] = {"hop_limit": hop_limit}
    if first & 0xFFFFF:
        info["flow_label"] = first & 0xFFFFF
    if payload_length and payload_length + 40 < len(network):
        network = network[: payload_length + 40]
    at = 40
    while at + 8 <= len(network):
        if following in _EXTENSIONS:
            following, at = network[at], at + (network[at + 1] + 1) * 8
        elif following == _FRAGMENT:
            offset = network[at + 2] << 8 | network[at + 3]
            info["fragment_offset"] = offset & 0xFFF8
            info["more_fragments"] = bool(offset & 1)
            following, at = network[at], at + 8
            if offset & 0xFFF8:
                return _unported(network, following, at, source, destination, info)
        else:
            break
    return _transport(network, following, at, source, destination, info, "]:")


"""Transport layer"""


def _transport(
    network: bytes, protocol: int, at: int, source: str, destination: str, info: dict[str, Json], colon: str
) -> Packet:
    room = len(network) - at
    if protocol == TCP and room >= 20:
        return _tcp(network, at, source, destination, info, colon)
    if protocol == UDP and room >= 8:
        return _udp(network, at, source, destination, info, colon)
    if protocol in (_ICMP4, _ICMP6) and room >= 8:
        return _icmp(network, protocol, at, source, destination, info)
    return _unported(network, protocol, at, source, destination, info)


def _tcp(network: bytes, at: int, source_ip: str, destination_ip: str, info: dict[str, Json], colon: str) -> Packet:
    source_port, destination_port, sequence, acknowledgment, offset, bits, window, _, urgent = _TCP.unpack_from(
        network, at
    )
    header = (offset >> 4) * 4
    if header > 20:
        options = tcp_options(network[at + 20 : at + header])
        if options:
            info["options"] = options
    if bits & URG:
        info["urgent_pointer"] = urgent
    payload = network[at + max(header, 20) :]
    if colon == ":":
        source, destination = f"{source_ip}:{source_port}", f"{destination_ip}:{destination_port}"
    else:
        source, destination = f"[{source_ip}]:{source_port}", f"[{destination_ip}]:{destination_port}"
    return Packet(
        "tcp",
        source,
        destination,
        source_ip,
        destination_ip,
        source_port,
        destination_port,
        TCP_FLAGS[bits | (offset & 1) << 8],
        sequence,
        acknowledgment if bits & ACK else None,
        window,
        len(payload),
        payload,
        info,
        network,
        False,
        (source, destination, sequence) if (payload or bits & (SYN | FIN)) and not bits & RST else None,
    )


def tcp_options(raw: bytes) -> dict[str, Json]:
    """The options of a TCP header by name (RFC 9293, 7323, 2018, 7413); one of a wrong length ends them."""
    found: dict[str, Json] = {}
    at, end = 0, len(raw)
    while at < end:
        kind = raw[at]
        if kind == 0:
            break
        if kind == 1:
            at += 1
            continue
        length = raw[at + 1] if at + 1 < end else 0
        if length < 2 or at + length > end:
            break
        _tcp_option(found, kind, raw[at + 2 : at + length])
        at += length
    return found


def _tcp_option(found: dict[str, Json], kind: int, value: bytes) -> None:
    size = len(value)
    if kind == 8 and size == 8:
        found["timestamps"] = list(_PAIR.unpack(value))
    elif kind == 2 and size == 2:
        found["mss"] = value[0] << 8 | value[1]
    elif kind == 3 and size == 1:
        found["window_scale"] = value[0]
    elif kind == 4 and not size:
        found["sack_permitted"] = True
    elif kind == 5 and size and not size % 8:
        found["sack"] = [list(block) for block in _PAIR.iter_unpack(value)]
    elif kind == 34:
        found["fast_open"] = value.hex()
    else:
        found[f"option-{kind}"] = value.hex()


def _udp(network: bytes, at: int, source_ip: str, destination_ip: str, info: dict[str, Json], colon: str) -> Packet:
    source_port, destination_port, length, _ = _UDP.unpack_from(network, at)
    payload = network[at + 8 : at + max(length, 8) if length else None]
    if colon == ":":
        source, destination = f"{source_ip}:{source_port}", f"{destination_ip}:{destination_port}"
    else:
        source, destination = f"[{source_ip}]:{source_port}", f"[{destination_ip}]:{destination_port}"
    return Packet(
        "udp", source, destination, source_ip, destination_ip, source_port, destination_port, [], None, None, None,
        len(payload), payload, info, network, False, None,
    )  # fmt: skip


def _icmp(network: bytes, protocol: int, at: int, source: str, destination: str, info: dict[str, Json]) -> Packet:
    kind, code, _, identifier, number = _ICMP.unpack_from(network, at)
    payload = network[at + 8 :]
    if protocol == _ICMP6:
        info["type"] = ICMP6_TYPE[kind]
        info["code"] = ICMP6_UNREACHABLE[code] if kind == 1 else code
        echo, error = kind in (128, 129), kind < 128
    else:
        info["type"] = ICMP_TYPE[kind]
        info["code"] = ICMP_UNREACHABLE[code] if kind == 3 else code
        echo, error = kind in (0, 8), kind in (3, 4, 5, 11, 12)
    if echo:
        info["identifier"] = identifier
        info["sequence_number"] = number
    elif error:
        info |= _quoted(payload)
    neighbour = protocol == _ICMP6 and kind in _NEIGHBOUR_TYPES
    return Packet(
        "icmp6" if protocol == _ICMP6 else "icmp", source, destination, source, destination, None, None, [], None, None,
        None, len(payload), payload, info, network, neighbour, None,
    )  # fmt: skip


def _quoted(payload: bytes) -> dict[str, Json]:
    """The packet that an ICMP error is about: it brings that packet's headers, and at least 8 bytes after them."""
    if len(payload) >= 28 and payload[0] >> 4 == 4:
        header, protocol = (payload[0] & 0xF) * 4, payload[9]
        source, destination = socket.inet_ntoa(payload[12:16]), socket.inet_ntoa(payload[16:20])
    elif len(payload) >= 48 and payload[0] >> 4 == 6:
        header, protocol = 40, payload[6]
        source, destination = f"[{ip6(payload[8:24])}]", f"[{ip6(payload[24:40])}]"
    else:
        return {}
    if protocol not in (TCP, UDP) or header < 20 or len(payload) < header + 4:
        return {"about": {"source": source, "destination": destination}}
    ports = payload[header : header + 4]
    return {
        "about": {
            "protocol": "tcp" if protocol == TCP else "udp",
            "source": f"{source}:{ports[0] << 8 | ports[1]}",
            "destination": f"{destination}:{ports[2] << 8 | ports[3]}",
        }
    }


_BY_NUMBER: Final[dict[int, Protocol]] = {TCP: "tcp", UDP: "udp", _ICMP4: "icmp", _ICMP6: "icmp6"}


def _unported(network: bytes, protocol: int, at: int, source: str, destination: str, info: dict[str, Json]) -> Packet:
    """A later fragment, a header that is cut short, or a protocol without ports."""
    name = _BY_NUMBER.get(protocol, "other")
    if name == "other":
        info["protocol"] = protocol
    payload = network[at:]
    return Packet(
        name, source, destination, source, destination, None, None, [], None, None, None, len(payload), payload, info,
        network, protocol == _IGMP, None,
    )  # fmt: skip


"""Whole packets, and their checksums"""


def whole_length(network: bytes) -> int:
    """How long the packet says that it is; more than there are bytes, where whoever kept them cut it off."""
    if len(network) >= 20 and network[0] >> 4 == 4:
        return max(len(network), network[2] << 8 | network[3])
    if len(network) >= 40 and network[0] >> 4 == 6:
        return max(len(network), 40 + (network[4] << 8 | network[5]))
    return len(network)


def with_checksums(network: bytes) -> bytes:
    """The packet with its TCP or UDP checksum as it would be on a wire; any other packet unchanged.

    On loopback the kernel leaves the checksum to a card that does not exist: the field holds the sum of the
    pseudo-header alone; an ICMP error quotes it like that. Fragments, and packets of which not all bytes
    are here, stay as they are, since their checksum covers what is missing.
    """
    packet = decode_network(network)
    info = packet.info or {}
    if "fragment_offset" in info or whole_length(network) > len(network):
        return network
    if packet.protocol in ("tcp", "udp") and packet.source_port is not None:
        tcp = packet.protocol == "tcp"
        return _with_checksum(packet.network, TCP if tcp else UDP, 16 if tcp else 6)
    if "about" in info and decode_network(packet.payload).protocol in ("tcp", "udp"):
        whole = packet.network[: -len(packet.payload)] + with_checksums(packet.payload)
        return _with_checksum(whole, _ICMP6 if packet.protocol == "icmp6" else _ICMP4, 2)
    return network


def _with_checksum(network: bytes, protocol: int, offset: int) -> bytes:
    """The packet with the checksum that stands ``offset`` bytes into its transport header recomputed."""
    if network[0] >> 4 == 4:
        at, addresses = (network[0] & 0xF) * 4, network[12:20]
    else:
        at, addresses = _transport_start(network), network[8:40]
    field = at + offset
    segment = network[at:field] + b"\0\0" + network[field + 2 :]
    pseudo = b"" if protocol == _ICMP4 else addresses + struct.pack("!II", len(segment), protocol)
    checksum = internet_checksum(pseudo + segment)
    if protocol == UDP and not checksum:
        checksum = 0xFFFF  # RFC 768: zero would mean that there is none
    return network[:field] + checksum.to_bytes(2, "big") + network[field + 2 :]


def _transport_start(network: bytes) -> int:
    following, at = network[6], 40
    while following in _EXTENSIONS and at + 8 <= len(network):
        following, at = network[at], at + (network[at + 1] + 1) * 8
    return at


def internet_checksum(data: bytes) -> int:
    """RFC 1071. Its sum is the remainder by 65,535 of the bytes read as one number, which C computes fastest."""
    if len(data) % 2:
        data += b"\0"
    number = int.from_bytes(data, "big")
    remainder = number % 0xFFFF
    return 0xFFFF - (0xFFFF if number and not remainder else remainder)
