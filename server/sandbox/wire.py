"""The switch between the hosts, in user space: every packet passes here, and can be made to wait.

A host's ``eth0`` is one end of a veth pair; the other end is in the sandbox's own namespace, read and
written here by a packet socket. What a host sends is decoded, logged, and then forwarded, held, delayed,
dropped or duplicated. When ``send`` to the target's end returns, the target's kernel has already
processed the packet (the receive softirq runs before the system call ends), so the socket table can be
read at once and shows what that very packet did.

A host's loopback is listened to as well. Such packets never leave the host and cannot be held; their
events say so.

Retransmissions. A TCP segment that occupies sequence space (SYN, FIN or data) and starts where an
earlier one of the same direction started repeats it. While the earlier one is held, the repetition
is logged and then dropped: it is counted on the held packet, not stacked behind it.
"""

from __future__ import annotations

import heapq
import random
from binascii import b2a_base64
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from server import commands as cmd
from server import events as ev
from server.conductor import Conductor
from server.errors import ConflictError, NotFoundError
from server.inet.packets import Packet, decode_frame
from server.linux import packet_socket
from server.sandbox.hosts import Host
from server.sandbox.journal import Journal
from server.sandbox.table import Table

_SNAP = 4096  # bytes of a packet that an event carries; only loopback's large segments are longer
_BATCH = 64  # packets that are read from one host before the others get their turn
_FLOWS = 16_384  # directions of connections whose segments are remembered
_SEGMENTS = 64  # segments remembered for each
_BROADCAST_BIT = 1


@dataclass(slots=True)
class Travelling:
    """A packet on the wire that has been neither delivered nor dropped."""

    id: int
    frame: bytes
    packet: Packet
    source: Host
    targets: list[Host]
    held: bool = False


@dataclass(slots=True)
class Rule:
    """Hold or drop what fits ``match``, ``left`` times (None: always)."""

    action: str
    match: cmd.Match
    left: int | None


def fits(match: cmd.Match, packet: Packet, source: str, target: str | None) -> bool:
    """Whether a packet has everything that a match asks for."""
    if match.protocol is not None and packet.protocol != match.protocol:
        return False
    if match.flags is not None and {f for f in match.flags.replace(" ", "").split(",") if f} != set(packet.flags):
        return False
    if match.source_host is not None and source != match.source_host:
        return False
    if match.target_host is not None and target != match.target_host:
        return False
    if match.source_port is not None and packet.source_port != match.source_port:
        return False
    if match.destination_port is not None and packet.destination_port != match.destination_port:
        return False
    return match.payload is None or match.payload == (packet.length > 0)


class Wire:
    """All packets of one sandbox.

    Args:
        journal: Where the events go.
        conductor: Who decides whether a packet may be delivered.
        table: The socket table, told after each delivery.
    """

    def __init__(self, journal: Journal, conductor: Conductor, table: Table) -> None:
        self.delay_ms = 0
        self.jitter_ms = 0
        self.loss = 0.0
        self.neighbours = False
        self._journal = journal
        self._conductor = conductor
        self._table = table
        self._hosts: dict[str, Host] = {}
        self._by_mac: dict[bytes, Host] = {}
        self._travelling: dict[int, Travelling] = {}
        self._delayed: list[tuple[int, int]] = []
        self._rules: list[Rule] = []
        self._seen: OrderedDict[tuple[str, str], OrderedDict[tuple[int | None, str], tuple[int, int]]] = OrderedDict()
        self._last = 0
        self._chance = random.Random()

    # -- what the loop calls

    def attach(self, host: Host) -> None:
        """Connect a host."""
        self._hosts[host.name] = host
        self._by_mac[host.mac] = host
        packet_socket.keep_outgoing(host.loopback)

    def drain(self, host_name: str) -> None:
        """Handle what one host has sent so far, on the wire and on its loopback."""
        host = self._hosts[host_name]
        self.read(host)
        self.read_loopback(host)

    def read(self, host: Host) -> None:
        """Handle what waits at a host's end of the wire."""
        receive = host.wire.recv
        for _ in range(_BATCH):
            try:
                frame = receive(65600)
            except BlockingIOError:
                return
            except OSError as error:
                self._lost(host, f"its wire could not be read: {error.strerror}", 1)
                return
            self._forward(host, frame)

    def read_loopback(self, host: Host) -> None:
        """Log what a host has sent to itself."""
        receive = host.loopback.recv
        for _ in range(_BATCH):
            try:
                frame = receive(65600)
            except BlockingIOError:
                return
            except OSError:
                return
            packet = decode_frame(frame)
            if packet.neighbour and not self.neighbours:
                continue
            self._last += 1
            self._journal.emit(self._sent(self._last, packet, host, host.name, loopback=True))
            self._journal.emit(ev.PacketDelivered(packet=self._last, why="loopback: it cannot be held"))
            self._table.after_packet(host, packet)

    def due(self, t: int) -> None:
        """Deliver the packets whose delay is over."""
        while self._delayed and self._delayed[0][0] <= t:
            travelling = self._travelling.get(heapq.heappop(self._delayed)[1])
            if travelling is not None and not travelling.held:
                self._deliver(travelling, "its delay is over")

    def next_due(self) -> int | None:
        """When the next delay is over (ns), or None."""
        return self._delayed[0][0] if self._delayed else None

    def count_losses(self) -> None:
        """Say how many packets the kernel dropped because the wire was read too slowly."""
        for host in self._hosts.values():
            for source, what in ((host.wire, "wire"), (host.loopback, "loopback")):
                count = packet_socket.overflowed(source)
                if count:
                    self._lost(host, f"its {what} was faster than the observer", count)

    def go(self, packet_id: int, why: str = "released") -> None:
        """Let a packet travel on whose moment was released."""
        travelling = self._travelling.get(packet_id)
        if travelling is not None:
            travelling.held = False
            self._depart(travelling, self._journal.now(), why)

    # -- commands

    def hold(self, command: cmd.PacketHold) -> dict[str, Any]:
        """Hold one packet that is under way, or set or take away a rule."""
        if command.packet is None:
            return self._rule("hold", command.match, command.count, off=command.off)
        travelling = self._find(command.packet)
        moment = self._conductor.find("packet", travelling.id)
        if moment is not None:
            self._conductor.hold(moment)
            if not travelling.held:
                travelling.held = True
                self._journal.emit(ev.PacketHeld(packet=travelling.id, why="by hand"))
        else:
            self._hold(travelling, "by hand")
        return {"packet": travelling.id}

    def deliver(self, packet_id: int) -> dict[str, Any]:
        """Deliver a packet that is under way now."""
        travelling = self._find(packet_id)
        self._end_moment(travelling, "delivered by hand")
        self._deliver(travelling, "by hand")
        return {"packet": packet_id}

    def drop(self, command: cmd.PacketDrop) -> dict[str, Any]:
        """Lose one packet that is under way, or set or take away a rule."""
        if command.packet is None:
            return self._rule("drop", command.match, command.count, off=command.off)
        travelling = self._find(command.packet)
        self._end_moment(travelling, "dropped by hand")
        self._drop(travelling, "by hand")
        return {"packet": travelling.id}

    def duplicate(self, packet_id: int) -> dict[str, Any]:
        """Deliver a copy now; the packet itself stays as it is."""
        original = self._find(packet_id)
        self._last += 1
        copy = Travelling(self._last, original.frame, original.packet, original.source, original.targets)
        self._travelling[copy.id] = copy
        target = original.targets[0].name if len(original.targets) == 1 else None
        event = self._sent(copy.id, original.packet, original.source, target, repeats=original.id)
        self._journal.emit(event)
        self._deliver(copy, "a duplicate made by hand")
        return {"packet": copy.id}

    def set(self, command: cmd.WireSet) -> dict[str, Any]:
        """Change delay, jitter, loss, or whether neighbour discovery is shown."""
        for name in ("delay_ms", "jitter_ms", "loss", "neighbours"):
            value = getattr(command, name)
            if value is not None:
                setattr(self, name, value)
        event = ev.WireChanged(
            delay_ms=self.delay_ms, jitter_ms=self.jitter_ms, loss=self.loss, neighbours=self.neighbours
        )
        self._journal.emit(event)
        return {name: getattr(event, name) for name in ("delay_ms", "jitter_ms", "loss", "neighbours")}

    def _rule(self, action: str, match: cmd.Match | None, count: int | None, *, off: bool) -> dict[str, Any]:
        wanted = match if match is not None else cmd.Match()
        kept = [r for r in self._rules if not (r.action == action and (match is None or r.match == wanted))]
        if off:
            self._rules = kept
        else:
            self._rules = [r for r in self._rules if not (r.action == action and r.match == wanted)]
            self._rules.append(Rule(action, wanted, count))
        return {"rules": len(self._rules)}

    def _find(self, packet_id: int) -> Travelling:
        travelling = self._travelling.get(packet_id)
        if travelling is not None:
            return travelling
        if 0 < packet_id <= self._last:
            raise ConflictError(
                f"Packet {packet_id} is no longer on the wire.", "Hold packets before they arrive: set a match."
            )
        raise NotFoundError(f"There is no packet {packet_id}.")

    # -- one packet's way

    def _forward(self, source: Host, frame: bytes) -> None:
        packet = decode_frame(frame)
        target = self._by_mac.get(frame[:6])
        if target is not None:
            targets = [target]
        elif frame[0] & _BROADCAST_BIT:
            targets = [host for host in self._hosts.values() if host is not source]
        else:
            targets = []
        if packet.neighbour and not self.neighbours:
            for host in targets:
                self._put(host, frame)
            # Who asks for a neighbour's address has a packet waiting for the answer, which is here already.
            # Handled at once, that packet still comes before the return of the call that sent it.
            for host in targets:
                self.read(host)
            return
        self._last += 1
        repeats = self._repeated(packet)
        travelling = Travelling(self._last, frame, packet, source, targets)
        name = target.name if target is not None else None
        t = self._journal.emit(self._sent(travelling.id, packet, source, name, repeats=repeats))
        self._travelling[travelling.id] = travelling
        self._table.after_sent(source)
        if repeats is not None and self._waits(repeats):
            self._drop(travelling, f"counted on packet {repeats}, which still waits")
            return
        action = self._action(packet, source.name, name)
        if not targets:
            self._drop(travelling, "no host has its destination address")
        elif action == "drop":
            self._drop(travelling, "a rule drops it")
        elif self.loss and self._chance.random() < self.loss:
            self._drop(travelling, f"lost by chance ({self.loss:g})")
        elif action == "hold":
            self._hold(travelling, "a rule holds it")
        else:
            self._travel(travelling, t)

    def _travel(self, travelling: Travelling, t: int) -> None:
        moment = self._conductor.arrive("packet", travelling.id, t)
        if moment is not None:
            if moment.due_t is None:
                travelling.held = True
                self._journal.emit(ev.PacketHeld(packet=travelling.id, why="step pace"))
            self._pending(travelling, moment.id, moment.due_t)
        else:
            self._depart(travelling, t, "forwarded")

    def _depart(self, travelling: Travelling, t: int, why: str) -> None:
        """Nobody holds the packet: it arrives now, or as much later as the wire is slow."""
        if self.delay_ms or self.jitter_ms:
            wait_ms = max(0.0, self.delay_ms + self._chance.uniform(-self.jitter_ms, self.jitter_ms))
            heapq.heappush(self._delayed, (t + int(wait_ms * 1_000_000), travelling.id))
        else:
            self._deliver(travelling, why)

    def _hold(self, travelling: Travelling, why: str) -> None:
        travelling.held = True
        moment = self._conductor.arrive("packet", travelling.id, self._journal.now(), hold=True)
        self._journal.emit(ev.PacketHeld(packet=travelling.id, why=why))
        if moment is not None:
            self._pending(travelling, moment.id, None)

    def _pending(self, travelling: Travelling, moment: int, due_t: int | None) -> None:
        self._journal.emit(ev.MomentPending(moment=moment, kind="packet", packet=travelling.id, due_t=due_t))

    def _end_moment(self, travelling: Travelling, why: str) -> None:
        moment = self._conductor.find("packet", travelling.id)
        if moment is not None:
            self._conductor.release(moment.id)
            event = ev.MomentReleased(moment=moment.id, kind="packet", packet=travelling.id, why=why)
            self._journal.emit(event)

    def _deliver(self, travelling: Travelling, why: str) -> None:
        del self._travelling[travelling.id]
        delivered = [host for host in travelling.targets if self._put(host, travelling.frame)]
        if not delivered:
            self._journal.emit(ev.PacketDropped(packet=travelling.id, why="the target's interface did not take it"))
            return
        self._journal.emit(ev.PacketDelivered(packet=travelling.id, why=why))
        for host in delivered:
            self._table.after_packet(host, travelling.packet)

    def _drop(self, travelling: Travelling, why: str) -> None:
        del self._travelling[travelling.id]
        self._journal.emit(ev.PacketDropped(packet=travelling.id, why=why))

    def _put(self, host: Host, frame: bytes) -> bool:
        try:
            host.wire.send(frame)
        except OSError:
            return False
        return True

    # -- decisions about a packet

    def _action(self, packet: Packet, source: str, target: str | None) -> str:
        for rule in self._rules:
            if fits(rule.match, packet, source, target):
                if rule.left is not None:
                    rule.left -= 1
                    if rule.left == 0:
                        self._rules.remove(rule)
                return rule.action
        return ""

    def _repeated(self, packet: Packet) -> int | None:
        """The packet that this one retransmits: the copy that still waits on the wire, or else the first."""
        if packet.protocol != "tcp" or not (packet.length or "SYN" in packet.flags or "FIN" in packet.flags):
            return None
        direction = (packet.source, packet.destination)
        segments = self._seen.get(direction)
        if segments is None:
            segments = self._seen[direction] = OrderedDict()
            if len(self._seen) > _FLOWS:
                self._seen.popitem(last=False)
        kind = "SYN" if "SYN" in packet.flags else "FIN" if not packet.length else "data"
        key = (packet.sequence, kind)
        copies = segments.get(key)
        if copies is None:
            segments[key] = (self._last, self._last)
            if len(segments) > _SEGMENTS:
                segments.popitem(last=False)
            return None
        first, latest = copies
        if self._waits(latest):
            return latest
        segments[key] = (first, self._last)
        return first

    def _waits(self, packet_id: int) -> bool:
        """Whether a packet is held or waits for its pause; one that is merely slow does not count."""
        travelling = self._travelling.get(packet_id)
        return travelling is not None and (travelling.held or self._conductor.find("packet", packet_id) is not None)

    def _sent(
        self,
        packet_id: int,
        packet: Packet,
        source: Host,
        target: str | None,
        *,
        repeats: int | None = None,
        loopback: bool = False,
    ) -> ev.PacketSent:
        return ev.PacketSent(
            packet=packet_id,
            source_host=source.name,
            target_host=target,
            protocol=packet.protocol,
            source=packet.source,
            destination=packet.destination,
            flags=packet.flags,
            sequence=packet.sequence,
            acknowledgment=packet.acknowledgment,
            window=packet.window,
            length=packet.length,
            raw=b2a_base64(packet.network[:_SNAP], newline=False).decode(),
            repeats=repeats,
            loopback=loopback,
            info=packet.info,
        )

    def _lost(self, host: Host, why: str, count: int) -> None:
        self._journal.emit(ev.ObservationLost(observer="wire", host=host.name, why=why, count=count))
