"""What a story knows of its log so far: the state, and what more the rules ask.

Everything is known from the log up to an event; nothing is guessed from what comes later.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from server import events as ev
from server.inet.syscalls import CALLS
from server.json_value import Json
from server.shapes import Packet, Process, Socket, State
from server.state import fold, initial
from server.story.names import program_name

CallEvent = ev.SyscallEntered | ev.SyscallBlocked | ev.SyscallReturned
PacketEvent = ev.PacketSent | ev.PacketHeld | ev.PacketDelivered | ev.PacketDropped

NOT_YET: Final = frozenset(("EAGAIN", "EALREADY", "EINPROGRESS", "EINTR"))
"""No failure but an answer: the call would have had to wait."""
_MAPPED = re.compile(r"^\[::ffff:(\d+\.\d+\.\d+\.\d+)\]")


class Segment(NamedTuple):
    """What of a packet a story asks: the fields are those of ``packet.sent``."""

    source_host: str
    target_host: str | None
    protocol: str
    source: str
    destination: str
    flags: list[str]
    length: int
    loopback: bool

    @property
    def kind(self) -> str:
        """What it is, as its chip on the page says."""
        if self.protocol != "tcp":
            return {"udp": "udp", "icmp": "icmp", "icmp6": "icmp"}.get(self.protocol, "other")
        if "RST" in self.flags:
            return "rst"
        if "SYN" in self.flags:
            return "synack" if "ACK" in self.flags else "syn"
        if "FIN" in self.flags:
            return "fin"
        return "data" if self.length > 0 else "ack"


class Opening(NamedTuple):
    """A handshake: the end that began it, and which segment was sent last: ``syn``, ``synack`` or ``ack``."""

    asker: str
    stage: str


class Told:
    """What a story knows beside its beats.

    Attributes:
        state: The state before the event that is asked about.
        told: Packets whose leaving was told.
        copies: Packets that repeat one that was still on the wire.
        openings: Connection → its handshake, while it is under way.
        waits: Waits that were told.
        handed: Sockets that accept() has given to a program.
        joined: Unix sockets that are one end of a connection.
    """

    def __init__(self) -> None:
        self.state: State = initial()
        self.told: set[int] = set()
        self.copies: set[int] = set()
        self.openings: dict[str, Opening] = {}
        self.waits: set[str] = set()
        self.handed: set[str] = set()
        self.joined: set[str] = set()

    # What events name

    def process(self, pid: int) -> Process | None:
        """A process, running or not."""
        return self.state["processes"].get(str(pid))

    def program(self, pid: int) -> str:
        """What a process runs."""
        process = self.process(pid)
        return program_name(process["program"], process["argv"]) if process else f"process {pid}"

    def speaker(self, pid: int) -> str:
        """What a process runs, and where: programs of one name print on several hosts."""
        process = self.process(pid)
        return f"{self.program(pid)} on {process['host']}" if process else self.program(pid)

    def call(self, event: CallEvent) -> tuple[str, ev.Decoded]:
        """The name and the arguments of a call; empty if its beginning is not known."""
        if isinstance(event, ev.SyscallEntered):
            return event.name, event.args
        process = self.process(event.pid)
        call = process["calls"].get(str(event.tid)) if process else None
        return (call["name"], call["args"]) if call and call["call"] == event.call else ("", {})

    def cookie(self, pid: int, fd: Json) -> str:
        """The socket that a descriptor names; empty if it names none."""
        process = self.process(pid)
        entry = process["fds"].get(str(fd)) if process else None
        return (entry["socket"] or "") if entry else ""

    def cookie_of(self, event: CallEvent) -> str:
        """The socket that a call is about; empty if it is about none."""
        return self.cookie(event.pid, self.call(event)[1].get("fd"))

    def socket_of(self, event: CallEvent) -> Socket | None:
        """The row of the socket that a call is about."""
        return self.state["sockets"].get(self.cookie_of(event))

    def before(self, event: ev.SocketRow) -> Socket | None:
        """A socket's row as it was."""
        return self.state["sockets"].get(event.socket)

    def segment(self, event: PacketEvent) -> Segment | None:
        """The packet that an event is about, if it is known and was under way."""
        if isinstance(event, ev.PacketSent):
            return _segment_of(event)
        row = self.state["packets"].get(str(event.packet))
        return _segment_in(row) if row is not None else None

    def opening(self, event: ev.PacketSent) -> Opening:
        """The handshake that a packet is part of."""
        return self.openings.get(connection(event.source, event.destination), Opening("", ""))

    def is_copy(self, event: ev.PacketSent) -> bool:
        """Whether a packet repeats one that is still on the wire."""
        return event.repeats is not None and str(event.repeats) in self.state["packets"]

    def wait_of(self, event: CallEvent) -> str:
        """One name for all waits of a process for the same."""
        return f"{event.pid} {said_as(self.call(event)[0])} {self.cookie_of(event)}"

    # What is kept

    def remember(self, event: ev.Event, message: str) -> None:
        """Keep what later rules ask, and fold the event.

        Args:
            event: The next event of the log.
            message: What was told of it; empty if nothing.
        """
        match event:
            case ev.SyscallBlocked() if message:
                self.waits.add(self.wait_of(event))
            case ev.SyscallReturned():
                self._returned(event)
            case ev.SocketVanished():
                self.openings.pop(connection(event.local, event.remote), None)
            case ev.SocketRow() if message == "row.owned":
                self.handed.add(event.socket)
            case ev.PacketSent():
                self._sent(event, message)
            case ev.PacketDelivered():
                self._delivered(event)
        fold(self.state, event)

    def _returned(self, event: ev.SyscallReturned) -> None:
        name, _ = self.call(event)
        cookie, row = self.cookie_of(event), self.socket_of(event)
        given = self.cookie(event.pid, event.new_fd)
        if said_as(name) == "accept" and given:
            self.handed.add(given)
            self.joined.add(given)
        if row is None or name != "connect" or event.error in NOT_YET:
            return
        if event.error is None:
            self.joined.add(cookie)
        else:
            self.openings.pop(connection(row["local"], row["remote"]), None)

    def _sent(self, event: ev.PacketSent, message: str) -> None:
        if self.is_copy(event):
            self.copies.add(event.packet)
            return
        if message:
            self.told.add(event.packet)
        between, kind, sender = (
            connection(event.source, event.destination),
            _segment_of(event).kind,
            plain(event.source),
        )
        opening = self.openings.get(between)
        if kind == "syn":
            self.openings[between] = Opening(sender, "syn")
        elif opening is None:
            return
        elif kind == "synack":
            self.openings[between] = Opening(opening.asker, "synack")
        elif kind == "rst":
            del self.openings[between]
        elif opening == (sender, "synack"):
            self.openings[between] = Opening(sender, "ack")

    def _delivered(self, event: ev.PacketDelivered) -> None:
        segment = self.segment(event)
        if segment is None:
            return
        between = connection(segment.source, segment.destination)
        if self.openings.get(between) == (plain(segment.source), "ack"):
            del self.openings[between]


def said_as(name: str) -> str:
    """What the author of a program calls a system call."""
    return CALLS[name].said_as if name in CALLS else name


def plain(endpoint: str) -> str:
    """An endpoint; an IPv4 address inside IPv6 as IPv4, as packets have it."""
    return _MAPPED.sub(r"\1", endpoint)


def port_of(endpoint: str) -> str:
    """What follows the last colon."""
    return endpoint.rpartition(":")[2]


def connection(one: str, other: str) -> str:
    """One name for both ends of a connection; empty without two ends."""
    if "*" in (port_of(one), port_of(other)):
        return ""
    return " ".join(sorted((plain(one), plain(other))))


def _segment_of(event: ev.PacketSent) -> Segment:
    ends = (event.source_host, event.target_host, event.protocol, event.source, event.destination)
    return Segment(*ends, event.flags, event.length, event.loopback)


def _segment_in(row: Packet) -> Segment:
    ends = (row["source_host"], row["target_host"], row["protocol"], row["source"], row["destination"])
    return Segment(*ends, row["flags"], row["length"], row.get("loopback", False))
