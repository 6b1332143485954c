"""What becomes of each packet: frames and commands in, events and deliveries out.

The switch between the hosts decides here and is carried out elsewhere (``sandbox/doer.py``). Nothing here knows a
socket, a clock or a dice: time comes in as nanoseconds, luck as numbers, and what is to be done goes out as a list
of *steps*, to be taken in their order. A step that is an event is logged; the others say what to do.

A packet's way: it is sent; then a rule, chance or the conductor may keep or lose it; then it is as late as the wire
is slow; then it is delivered. Its ``packet.delivered`` is logged by the step that hands it over, before anything that
the target's kernel does because of it can be read.

While a held segment waits, its retransmissions (``repeats``) are logged and then dropped: they are counted on the
held packet, not stacked behind it.

Packets on a host's loopback never leave the host and cannot be held; their events say so.
"""

from __future__ import annotations

import heapq
from binascii import b2a_base64
from dataclasses import dataclass

import msgspec

from server import commands as cmd
from server import events as ev
from server.deciders.conductor import Conductor
from server.deciders.repeats import Repeats
from server.deciders.rules import Rules
from server.errors import ConflictError, NotFoundError
from server.inet.packets import Packet

_SNAP = 4096  # bytes of a packet that an event carries; only loopback's large segments are longer
_BROADCAST_BIT = 1
LONG_MS = 15_000
"""So long a delay is a hold: a round trip takes half of the minute after which Linux gives up a SYN-ACK (5 repeats)."""

# --- what is to be done -----------------------------------------------------------------------
# Structs rather than dataclasses: some of them are made for each packet, in a quarter of the time.


class Put(msgspec.Struct, frozen=True):
    """Hand a frame to a host and say nothing of it."""

    host: str
    frame: bytes


class Read(msgspec.Struct, frozen=True):
    """Handle at once what a host has sent meanwhile."""

    host: str


class Deliver(msgspec.Struct, frozen=True):
    """Hand a frame to hosts. If one takes it, log ``delivered`` and look at its sockets; else say so (``refused``)."""

    targets: tuple[str, ...]
    frame: bytes
    packet: Packet
    delivered: ev.PacketDelivered


class LookAfterSent(msgspec.Struct, frozen=True):
    """A host has sent a packet: its own socket may be in another state."""

    host: str


class LookAfterPacket(msgspec.Struct, frozen=True):
    """A host has got a packet: the socket that it was for may be in another state."""

    host: str
    packet: Packet


Step = ev.Event | Put | Read | Deliver | LookAfterSent | LookAfterPacket
Steps = list[Step]


class Chance(msgspec.Struct, frozen=True):
    """Two random numbers from 0 to 1 for one packet: below the wire's ``loss`` it is lost; how late it is within
    ``jitter_ms``.
    """

    loss: float
    delay: float


# --- what the switch knows --------------------------------------------------------------------


@dataclass(slots=True)
class Travelling:
    """A packet on the wire that has been neither delivered nor dropped."""

    id: int
    frame: bytes
    packet: Packet
    source: str
    targets: tuple[str, ...]
    held: bool = False


# --- the switch -------------------------------------------------------------------------------


class Switch:
    """All packets of one sandbox.

    Args:
        conductor: Who decides whether a packet may be delivered.
    """

    def __init__(self, conductor: Conductor) -> None:
        self.delay_ms = 0
        self.jitter_ms = 0
        self.loss = 0.0
        self.neighbours = False
        self._conductor = conductor
        self._by_mac: dict[bytes, str] = {}
        self._travelling: dict[int, Travelling] = {}
        self._delayed: list[tuple[int, int]] = []
        self._long: set[int] = set()
        self._rules = Rules()
        self._repeats = Repeats()
        self._last = 0

    def attach(self, host: str, mac: bytes) -> None:
        """Connect a host."""
        self._by_mac[mac] = host

    # -- what arrives

    def sent(self, source: str, frame: bytes, packet: Packet, t: int, chance: Chance) -> Steps:
        """A host has sent a packet.

        Args:
            source: The host.
            frame: The frame, which only passes through; its first six bytes say for whom it is.
            packet: What it says.
            t: Now (ns).
            chance: Its luck.
        """
        target = self._by_mac.get(frame[:6])
        if target is not None:
            targets: tuple[str, ...] = (target,)
        elif frame[0] & _BROADCAST_BIT:
            targets = tuple(host for host in self._by_mac.values() if host != source)
        else:
            targets = ()
        if packet.neighbour and not self.neighbours:
            # Who asks for a neighbour's address has a packet waiting for the answer, which is there already once the
            # question is put. Handled at once, that packet still comes before the return of the call that sent it.
            return [*(Put(host, frame) for host in targets), *(Read(host) for host in targets)]
        self._last += 1
        travelling = Travelling(self._last, frame, packet, source, targets)
        repeats = self._repeated(travelling)
        self._travelling[travelling.id] = travelling
        start: Steps = [_sent(travelling.id, packet, source, target, repeats=repeats), LookAfterSent(source)]
        return start + self._fate(travelling, target, repeats, t, chance)

    def sent_to_itself(self, host: str, packet: Packet) -> Steps:
        """A host has sent a packet over its loopback."""
        if packet.neighbour and not self.neighbours:
            return []
        self._last += 1
        return [
            _sent(self._last, packet, host, host, loopback=True),
            ev.PacketDelivered(packet=self._last, why="loopback: it cannot be held"),
            LookAfterPacket(host, packet),
        ]

    def refused(self, packet_id: int) -> Steps:
        """No target took a packet that was to be delivered."""
        return [ev.PacketDropped(packet=packet_id, why="the target's interface did not take it")]

    def due(self, t: int) -> Steps:
        """What is to be done now (ns): the packets whose delay is over are delivered."""
        steps: Steps = []
        while self._delayed and self._delayed[0][0] <= t:
            travelling = self._travelling.get(heapq.heappop(self._delayed)[1])
            if travelling is not None and not travelling.held:
                steps.append(self._delivery(travelling, "its delay is over"))
        return steps

    def next_due(self) -> int | None:
        """When the next delay is over (ns), or None."""
        return self._delayed[0][0] if self._delayed else None

    @property
    def holds(self) -> bool:
        """Whether the wire is so slow that it is like a hold, for what is sent or for what is under way."""
        return self.delay_ms + self.jitter_ms >= LONG_MS or bool(self._long)

    def go(self, packet_id: int, why: str, t: int, chance: Chance) -> Steps:
        """The moment of a packet was released: let it travel on."""
        travelling = self._travelling.get(packet_id)
        if travelling is None:
            return []
        travelling.held = False
        return self._depart(travelling, why, t, chance)

    # -- commands

    def hold(self, command: cmd.PacketHold, t: int) -> tuple[cmd.PacketResult | cmd.RulesResult, Steps]:
        """Hold one packet that is under way, or set or take away a rule; the answer, and what is to be done."""
        if command.packet is None:
            return {"rules": self._rules.follow("hold", command)}, []
        travelling = self._find(command.packet)
        moment = self._conductor.find("packet", travelling.id)
        steps: Steps = []
        if moment is None:
            steps = self._hold(travelling, "by hand", t)
        else:
            self._conductor.hold(moment)
            if not travelling.held:
                travelling.held = True
                steps = [ev.PacketHeld(packet=travelling.id, why="by hand")]
        return {"packet": travelling.id}, steps

    def deliver(self, packet_id: int) -> tuple[cmd.PacketResult, Steps]:
        """Deliver a packet that is under way now."""
        travelling = self._find(packet_id)
        steps = self._end_moment(travelling, "delivered by hand")
        return {"packet": packet_id}, [*steps, self._delivery(travelling, "by hand")]

    def drop(self, command: cmd.PacketDrop) -> tuple[cmd.PacketResult | cmd.RulesResult, Steps]:
        """Lose one packet that is under way, or set or take away a rule."""
        if command.packet is None:
            return {"rules": self._rules.follow("drop", command)}, []
        travelling = self._find(command.packet)
        steps = self._end_moment(travelling, "dropped by hand")
        return {"packet": travelling.id}, [*steps, self._drop(travelling, "by hand")]

    def duplicate(self, packet_id: int) -> tuple[cmd.PacketResult, Steps]:
        """Deliver a copy now; the packet itself stays as it is."""
        original = self._find(packet_id)
        self._last += 1
        copy = Travelling(self._last, original.frame, original.packet, original.source, original.targets)
        self._travelling[copy.id] = copy
        target = original.targets[0] if len(original.targets) == 1 else None
        sent = _sent(copy.id, original.packet, original.source, target, repeats=original.id)
        return {"packet": copy.id}, [sent, self._delivery(copy, "a duplicate made by hand")]

    def set(self, command: cmd.WireSet) -> tuple[cmd.WireResult, Steps]:
        """Change delay, jitter, loss, or whether neighbour discovery is shown."""
        for name in ("delay_ms", "jitter_ms", "loss", "neighbours"):
            value = getattr(command, name)
            if value is not None:
                setattr(self, name, value)
        now: cmd.WireResult = {
            "delay_ms": self.delay_ms,
            "jitter_ms": self.jitter_ms,
            "loss": self.loss,
            "neighbours": self.neighbours,
        }
        return now, [ev.WireChanged(**now)]

    def _find(self, packet_id: int) -> Travelling:
        travelling = self._travelling.get(packet_id)
        if travelling is not None:
            return travelling
        if 0 < packet_id <= self._last:
            raise ConflictError(
                f"Packet {packet_id} is no longer on the wire.", "Hold packets first; then the next one waits there."
            )
        raise NotFoundError(f"There is no packet {packet_id}.")

    # -- one packet's way

    def _fate(self, travelling: Travelling, target: str | None, repeats: int | None, t: int, chance: Chance) -> Steps:
        if repeats is not None and self._waits(repeats):
            return [self._drop(travelling, f"counted on packet {repeats}, which still waits")]
        action = self._rules.action(travelling.packet, travelling.source, target)
        if not travelling.targets:
            return [self._drop(travelling, "no host has its destination address")]
        if action == "drop":
            return [self._drop(travelling, "a rule drops it")]
        if self.loss and chance.loss < self.loss:
            return [self._drop(travelling, f"lost by chance ({self.loss:g})")]
        if action == "hold":
            return self._hold(travelling, "a rule holds it", t)
        return self._travel(travelling, t, chance)

    def _travel(self, travelling: Travelling, t: int, chance: Chance) -> Steps:
        moment = self._conductor.arrive("packet", travelling.id, t)
        if moment is None:
            return self._depart(travelling, "forwarded", t, chance)
        pending = _pending(travelling, moment.id, moment.due_t)
        if moment.due_t is not None:
            return [pending]
        travelling.held = True
        return [ev.PacketHeld(packet=travelling.id, why="step pace"), pending]

    def _depart(self, travelling: Travelling, why: str, t: int, chance: Chance) -> Steps:
        """Nobody holds the packet: it arrives now, or as much later as the wire is slow."""
        if not (self.delay_ms or self.jitter_ms):
            return [self._delivery(travelling, why)]
        wait_ms = max(0.0, self.delay_ms + self.jitter_ms * (2 * chance.delay - 1))
        heapq.heappush(self._delayed, (t + int(wait_ms * 1_000_000), travelling.id))
        if wait_ms >= LONG_MS:
            self._long.add(travelling.id)
        return []

    def _hold(self, travelling: Travelling, why: str, t: int) -> Steps:
        travelling.held = True
        moment = self._conductor.arrive("packet", travelling.id, t, hold=True)
        assert moment is not None, "what is held by hand always waits"
        return [ev.PacketHeld(packet=travelling.id, why=why), _pending(travelling, moment.id, None)]

    def _end_moment(self, travelling: Travelling, why: str) -> Steps:
        moment = self._conductor.find("packet", travelling.id)
        if moment is None:
            return []
        self._conductor.release(moment.id)
        return [ev.MomentReleased(moment=moment.id, kind="packet", packet=travelling.id, why=why)]

    def _delivery(self, travelling: Travelling, why: str) -> Deliver:
        self._leaves(travelling)
        return Deliver(
            travelling.targets,
            travelling.frame,
            travelling.packet,
            ev.PacketDelivered(packet=travelling.id, why=why),
        )

    def _drop(self, travelling: Travelling, why: str) -> ev.PacketDropped:
        self._leaves(travelling)
        return ev.PacketDropped(packet=travelling.id, why=why)

    def _leaves(self, travelling: Travelling) -> None:
        del self._travelling[travelling.id]
        self._long.discard(travelling.id)

    # -- decisions about a packet

    def _repeated(self, travelling: Travelling) -> int | None:
        """The packet that this one retransmits: the copy that still waits on the wire, or else the first."""
        copies = self._repeats.copies(travelling.packet, travelling.id)
        if copies is None:
            return None
        first, latest = copies
        if self._waits(latest):
            return latest
        self._repeats.travels(travelling.packet, travelling.id)
        return first

    def _waits(self, packet_id: int) -> bool:
        """Whether a packet is held or waits for its pause; one that is merely slow does not count."""
        travelling = self._travelling.get(packet_id)
        return travelling is not None and (travelling.held or self._conductor.find("packet", packet_id) is not None)


# --- events -----------------------------------------------------------------------------------


def _pending(travelling: Travelling, moment: int, due_t: int | None) -> ev.MomentPending:
    return ev.MomentPending(moment=moment, kind="packet", packet=travelling.id, due_t=due_t)


def _sent(
    packet_id: int,
    packet: Packet,
    source: str,
    target: str | None,
    *,
    repeats: int | None = None,
    loopback: bool = False,
) -> ev.PacketSent:
    return ev.PacketSent(
        packet=packet_id,
        source_host=source,
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
