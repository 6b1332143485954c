"""A log as a pcapng file, for Wireshark, tshark and tcpdump (draft-ietf-opsawg-pcapng).

Two views. Without ``host`` every packet is there once, when it was sent, on an interface named as the host
that sent it: one record for each ``packet.sent``. (Both ends of each packet in one file would be two records
of it, and Wireshark, which does not look at interfaces, calls the second one a retransmission.) With ``host``
it is what a capture on that host shows: what it sent when it sent it, what reached it when that was delivered.

The log's clock begins with the sandbox, and so do the times here. ARP has no place in this file: its
link type holds IP packets without the Ethernet header, which the log does not keep.
"""

from __future__ import annotations

import struct
from binascii import a2b_base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from server import events as ev
from server.inet.packets import whole_length, with_checksums
from server.inet.syscalls import CALLS, SENDING

_BLOCK = struct.Struct("<II")
_SECTION = struct.Struct("<IHHq")
_INTERFACE = struct.Struct("<HHI")
_PACKET = struct.Struct("<IIIII")
_OPTION = struct.Struct("<HH")

_SECTION_HEADER: Final = 0x0A0D0D0A
_INTERFACE_DESCRIPTION: Final = 1
_ENHANCED_PACKET: Final = 6
_BYTE_ORDER_MAGIC: Final = 0x1A2B3C4D
LINKTYPE_RAW: Final = 101

_OPT_COMMENT: Final = 1
_SHB_USERAPPL: Final = 4
_IF_NAME: Final = 2
_IF_DESCRIPTION: Final = 3
_IF_TSRESOL: Final = 9
_EPB_FLAGS: Final = 2
_INBOUND: Final = 1
_OUTBOUND: Final = 2

CHECKSUM_COMMENT: Final = (
    "loopback: seen once; the kernel leaves the checksum of such a packet unfinished, and this file has it filled in"
)


def pcapng(events: Iterable[ev.Event], host: str | None = None) -> Iterator[bytes]:
    """The packets of a log as the blocks of one pcapng section.

    Args:
        events: The log from its first event on, in order.
        host: Show the packets as this host saw them; without it, all packets as they were sent.

    Raises:
        ValueError: A packet's ``raw`` is not base64, so these events are not from a log of ours.
    """
    capture = Capture(host)
    yield capture.begin()
    for event in events:
        if block := capture.block(event):
            yield block


class Capture:
    """Writes a log as one pcapng section, some lines at a time.

    Args:
        host: Show the packets as this host saw them; without it, all packets as they were sent.
    """

    def __init__(self, host: str | None = None) -> None:
        self._host = host
        self._interfaces: dict[str, int] = {}
        self._travelling: dict[int, tuple[ev.PacketSent, bytes]] = {}
        self._senders = _Senders()

    def begin(self) -> bytes:
        """What stands before the first packet."""
        return _section_header()

    def add(self, lines: Iterable[bytes]) -> bytes:
        """The blocks of the log's next lines."""
        return b"".join(self.block(ev.decode_entry(line)) for line in lines)

    def end(self) -> bytes:
        """What stands behind the last packet: a section needs no end."""
        return b""

    def block(self, event: ev.Event) -> bytes:
        """The block that an event makes; empty if it makes none.

        Raises:
            ValueError: A packet's ``raw`` is not base64, so this event is not from a log of ours.
        """
        host, interfaces = self._host, self._interfaces
        self._senders.follow(event)
        match event:
            case ev.HostAdded() if host is None or event.host == host:
                interfaces[event.host] = len(interfaces)
                return _interface(event)
            case ev.PacketSent():
                network = a2b_base64(event.raw, strict_mode=True)
                if not network or network[0] >> 4 not in (4, 6):
                    return b""
                if event.loopback:
                    network = with_checksums(network)
                if event.source_host in interfaces:
                    comment = _comment(event, self._senders.of(event), network)
                    return _packet(interfaces[event.source_host], event.t, network, _OUTBOUND, comment)
                if host is not None and event.target_host in (host, None):
                    self._travelling[event.packet] = event, network
            case ev.PacketDelivered() if event.packet in self._travelling:
                sent, network = self._travelling.pop(event.packet)
                comment = f"packet {sent.packet} from {sent.source_host}, delivered: {event.why}"
                return _packet(0, event.t, network, _INBOUND, comment)
            case ev.PacketDropped():
                self._travelling.pop(event.packet, None)
            case _:
                pass
        return b""


def _comment(event: ev.PacketSent, call: str, network: bytes) -> str:
    to = f" to {event.target_host}" if event.target_host and not event.loopback else ""
    parts = [f"packet {event.packet}{to}"]
    if event.repeats is not None:
        parts.append(f"repeats packet {event.repeats}")
    if call:
        parts.append(call)
    if whole_length(network) > len(network):
        parts.append(f"the log has kept its first {len(network)} bytes")
    elif event.loopback:
        parts.append(CHECKSUM_COMMENT)
    return "; ".join(parts)


"""Which call sent a packet"""


@dataclass(slots=True)
class _Sending:
    """The latest sending call on a socket, or the end of the process that held it."""

    words: str
    returned: bool = False

    def told(self) -> str:
        return f"after {self.words} returned" if self.returned else f"during {self.words}"


@dataclass(slots=True)
class _Senders:
    """Follows the log as far as is needed to name the call behind a packet.

    The log does not say "this call sent this packet"; it shows that a call on the packet's socket was under
    way when the packet came, or was the last to return before it. The comment says which of the two.
    """

    programs: dict[int, str] = field(default_factory=dict)
    hosts: dict[int, str] = field(default_factory=dict)
    fds: dict[tuple[int, int], str] = field(default_factory=dict)
    sockets: dict[tuple[str, str, str, str], str] = field(default_factory=dict)
    by_socket: dict[str, _Sending] = field(default_factory=dict)
    by_address: dict[tuple[str, str], _Sending] = field(default_factory=dict)
    under_way: dict[int, _Sending] = field(default_factory=dict)

    def follow(self, event: ev.Event) -> None:
        match event:
            case ev.ProcessStarted():
                self.programs[event.pid] = event.program
                self.hosts[event.pid] = event.host
            case ev.ProcessExecuted():
                self.programs[event.pid] = event.program
            case ev.ProcessExited():
                self._ended(event)
            case ev.FdOpened(socket=str(cookie)):
                self.fds[event.pid, event.fd] = cookie
            case ev.FdClosed():
                self.fds.pop((event.pid, event.fd), None)
            case ev.SocketAppeared() | ev.SocketChanged():
                self.sockets[_five_tuple(event)] = event.socket
            case ev.SocketVanished():
                self.sockets.pop(_five_tuple(event), None)
                self.by_socket.pop(event.socket, None)
            case ev.SyscallEntered() if event.name in SENDING:
                self._entered(event)
            case ev.SyscallReturned() if event.call in self.under_way:
                self.under_way.pop(event.call).returned = True
            case _:
                pass

    def _entered(self, event: ev.SyscallEntered) -> None:
        fd = event.args.get(CALLS[event.name].fds[0].field)
        program = self.programs.get(event.pid, "process")
        sending = _Sending(f"{event.name}(fd {fd}) of {program} (pid {event.pid}), call {event.call}")
        cookie = self.fds.get((event.pid, fd)) if isinstance(fd, int) else None
        address = event.args.get("address")
        if cookie is None and not isinstance(address, str):
            return
        self.under_way[event.call] = sending
        if cookie is not None:
            self.by_socket[cookie] = sending
        if isinstance(address, str):
            self.by_address[event.host, _plain(address)] = sending

    def _ended(self, event: ev.ProcessExited) -> None:
        program = self.programs.pop(event.pid, "process")
        words = f"the end of {program} (pid {event.pid})"
        for key in [key for key in self.fds if key[0] == event.pid]:
            self.by_socket[self.fds.pop(key)] = _Sending(words)

    def of(self, packet: ev.PacketSent) -> str:
        """The call behind a packet, in words; empty where the log shows none."""
        acknowledges = packet.flags == ["ACK"] and not packet.length
        if acknowledges or packet.repeats is not None or packet.flags == ["SYN", "ACK"]:
            return ""  # the kernel's own: an acknowledgment, a retransmission, the second step of the handshake
        host, protocol = packet.source_host, packet.protocol
        for local, remote in (
            (packet.source, packet.destination),
            (packet.source, "*:*"),
            (f"*:{packet.source.rpartition(':')[2]}", "*:*"),
        ):
            sending = self.by_socket.get(self.sockets.get((host, protocol, local, remote), ""))
            if sending is not None:
                return sending.told()
        sending = self.by_address.get((host, packet.destination))
        return sending.told() if sending is not None and (packet.flags == ["SYN"] or protocol == "udp") else ""


def _five_tuple(row: ev.SocketRow) -> tuple[str, str, str, str]:
    return row.host, row.protocol, _plain(row.local), _plain(row.remote)


def _plain(address: str) -> str:
    """An IPv4 address that an IPv6 socket holds, as its packets show it."""
    if address.startswith("[::ffff:") and "." in address:
        return address.removeprefix("[::ffff:").replace("]", "", 1)
    return "*:" + address.removeprefix("[::]:") if address.startswith("[::]:") else address


"""Blocks"""


def _block(kind: int, body: bytes) -> bytes:
    size = len(body) + 12
    return _BLOCK.pack(kind, size) + body + size.to_bytes(4, "little")


def _option(code: int, value: bytes) -> bytes:
    value = value[:0xFFFF]
    return _OPTION.pack(code, len(value)) + value + bytes(-len(value) % 4)


def _section_header() -> bytes:
    body = _SECTION.pack(_BYTE_ORDER_MAGIC, 1, 0, -1)
    return _block(_SECTION_HEADER, body + _option(_SHB_USERAPPL, b"Socketlab") + bytes(4))


def _interface(event: ev.HostAdded) -> bytes:
    options = _option(_IF_NAME, event.host.encode())
    options += _option(_IF_DESCRIPTION, f"eth0 and lo of {event.host}: {', '.join(event.addresses)}".encode())
    options += _option(_IF_TSRESOL, b"\x09")  # 10**-9: nanoseconds
    return _block(_INTERFACE_DESCRIPTION, _INTERFACE.pack(LINKTYPE_RAW, 0, 0) + options + bytes(4))


def _packet(interface: int, t: int, network: bytes, direction: int, comment: str) -> bytes:
    size = len(network)
    body = _PACKET.pack(interface, t >> 32 & 0xFFFFFFFF, t & 0xFFFFFFFF, size, whole_length(network))
    body += network + bytes(-size % 4)
    body += _option(_OPT_COMMENT, comment.encode()) + _option(_EPB_FLAGS, direction.to_bytes(4, "little")) + bytes(4)
    return _block(_ENHANCED_PACKET, body)
