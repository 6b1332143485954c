"""The order that every log keeps, whatever happened: causal order, and what follows from the vocabulary.

``broken(events)`` walks a log once and says which rules it breaks. It uses nothing of ours but the event types,
the facts of the system calls and the fold, so it can judge any log of any run.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from server import events as ev
from server.inet.syscalls import CALLS
from server.state import fold, initial

_REPEATS = ("retransmit", "zero-window-probe")
_ROWS = (ev.SocketAppeared, ev.SocketChanged, ev.SocketVanished)

FiveTuple = tuple[str, str, str]
"""Host, local, remote."""


@dataclass
class _Call:
    event: ev.SyscallEntered
    cookie: str | None
    moment: int | None = None
    held: bool = False


@dataclass
class _Packet:
    event: ev.PacketSent
    end: str = ""
    moment: int | None = None


@dataclass
class Checker:
    """What has been seen of a log, and what was wrong with it."""

    problems: list[str] = field(default_factory=list)
    state: dict[str, Any] = field(default_factory=initial)
    calls: dict[int, _Call] = field(default_factory=dict)
    returned: set[int] = field(default_factory=set)
    in_call: dict[int, int] = field(default_factory=dict)
    packets: dict[int, _Packet] = field(default_factory=dict)
    moments: dict[int, ev.MomentPending] = field(default_factory=dict)
    released: set[int] = field(default_factory=set)
    gone: set[int] = field(default_factory=set)
    tuples: dict[str, set[FiveTuple]] = field(default_factory=lambda: defaultdict(set))
    given: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    taken: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    sent: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    arrived: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    handshakes: dict[str, set[tuple[str, str]]] = field(default_factory=lambda: defaultdict(set))
    connected: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    connects: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    loss: bool = False

    def expect(self, true: bool, event: ev.Event, rule: str) -> None:
        """Note a broken rule."""
        if not true:
            self.problems.append(f"{rule}: {str(event)[:250]}")

    def see(self, event: ev.Event) -> None:
        """Check one event against what came before it, and fold it."""
        state = self.state
        self.expect(event.seq == state["seq"] + 1, event, "seq counts without gaps")
        self.expect(event.t >= state["t"], event, "t never goes back")
        pid = getattr(event, "pid", None)
        if pid is not None:
            known = str(pid) in state["processes"] or isinstance(event, ev.ProcessStarted)
            self.expect(known, event, "a process has started before it does anything")
            over = pid in self.gone and not isinstance(event, ev.ProcessOutput)  # its children may still write there
            self.expect(not over, event, "nothing but output comes after a process's exit")
        self._one(event)
        fold(state, event)
        self._after(event)

    def _one(self, event: ev.Event) -> None:
        match event:
            case ev.SyscallEntered():
                self._entered(event)
            case ev.SyscallBlocked():
                call = self.state["processes"][str(event.pid)]["calls"].get(str(event.tid))
                awake = call is not None and call["call"] == event.call and not call["blocked"]
                self.expect(awake, event, "a thread sleeps in a call that it is in, once")
                held = {moment.get("call") for moment in self.state["moments"].values()}
                self.expect(event.call not in held, event, "no thread sleeps in a call that is held before it")
            case ev.SyscallReturned():
                self._returned(event)
            case ev.MomentPending():
                self._pending(event)
            case ev.MomentReleased():
                self._released(event)
            case ev.PacketSent():
                self._sent(event)
            case ev.PacketHeld():
                packet = self.packets.get(event.packet)
                self.expect(packet is not None and not packet.end, event, "a held packet is on the wire")
                self.expect(packet is not None and not packet.event.loopback, event, "loopback cannot be held")
            case ev.PacketDelivered() | ev.PacketDropped():
                self._ended(event)
            case ev.SysctlChanged() if event.why is not None:
                self._patience(event)
            case ev.FdOpened():
                fds = self.state["processes"][str(event.pid)]["fds"]
                self.expect(str(event.fd) not in fds, event, "a descriptor is free before it is opened")
                known = event.socket is None or event.socket in self.state["sockets"]
                self.expect(known, event, "a socket appears before the descriptor that names it")
            case ev.FdClosed():
                entry = self.state["processes"][str(event.pid)]["fds"].get(str(event.fd))
                same = entry is not None and (entry["kind"], entry["socket"]) == (event.kind, event.socket)
                self.expect(same, event, "what is closed was open")
            case ev.SocketAppeared():
                self.expect(event.socket not in self.state["sockets"], event, "a socket appears once")
            case ev.SocketChanged():
                self.expect(event.socket in self.state["sockets"], event, "a socket that changes has appeared")
                before = self.state["sockets"].get(event.socket)
                self.expect(before != _row(event), event, "a change changes something")
            case ev.SocketVanished():
                self.expect(event.socket in self.state["sockets"], event, "a socket that vanishes was there")
                named = [
                    (pid, fd)
                    for pid, process in self.state["processes"].items()
                    for fd, entry in process["fds"].items()
                    if entry["socket"] == event.socket
                ]
                self.expect(not named, event, f"no descriptor names a socket that vanishes, but {named} do")
            case ev.ProcessExecuted():
                ended = {call for call, entered in self.calls.items() if entered.event.pid == event.pid}
                self.in_call = {tid: call for tid, call in self.in_call.items() if call not in ended}
            case ev.ProcessExited():
                fds = self.state["processes"][str(event.pid)]["fds"]
                self.expect(not fds, event, "descriptors are closed before the exit is told")
                self.gone.add(event.pid)
            case _:
                return

    def _after(self, event: ev.Event) -> None:
        if isinstance(event, _ROWS):
            self.tuples[event.socket].add((event.host, _plain(event.local), _plain(event.remote)))
            for owner in event.owners:
                entry = self.state["processes"].get(str(owner.pid), {"fds": {}})["fds"].get(str(owner.fd))
                self.expect(
                    entry is not None and entry["socket"] == event.socket,
                    event,
                    "an owner's descriptor names the socket",
                )

    def _patience(self, event: ev.SysctlChanged) -> None:
        held = bool(self.state["moments"]) or self.state["pace"] != "live"
        if event.value != event.default:
            late = self.state["wire"]["delay_ms"] + self.state["wire"]["jitter_ms"] > 0
            self.expect(held or late, event, "a parameter is raised when something is held")
            return
        self.expect(not held, event, "a parameter is set back when nothing is held")
        timers = [row.get("timer") for row in self.state["sockets"].values() if row["host"] == event.host]
        repeats = [each for each in timers if each and each["name"] in _REPEATS and each["retransmits"]]
        self.expect(not repeats, event, "a parameter is set back when nothing is repeated")

    # -- calls

    def _cookie(self, pid: int, fd: object) -> str | None:
        entry = self.state["processes"].get(str(pid), {"fds": {}})["fds"].get(str(fd))
        return None if entry is None else entry["socket"]

    def _entered(self, event: ev.SyscallEntered) -> None:
        self.expect(event.call not in self.calls, event, "a call is entered once")
        self.expect(event.tid not in self.in_call, event, "a thread is in one call at a time")
        self.in_call[event.tid] = event.call
        row = CALLS[event.name]
        cookie = self._cookie(event.pid, event.args[row.fds[0].field]) if row.fds else None
        self.calls[event.call] = _Call(event, cookie)
        if cookie is not None and row.bytes == "out":
            self.given[cookie] += _handed_out(event.args)
        if event.name == "connect":
            self.connects[event.host, _plain(str(event.args["address"]))] += 1

    def _returned(self, event: ev.SyscallReturned) -> None:
        call = self.calls.get(event.call)
        self.expect(
            call is not None and event.call not in self.returned, event, "a call returns once, after it entered"
        )
        if call is None:
            return
        self.returned.add(event.call)
        self.in_call.pop(event.tid, None)
        same = (call.event.pid, call.event.tid) == (event.pid, event.tid)
        self.expect(same, event, "a call returns in the thread that entered it")
        if call.moment is not None:
            self.expect(call.moment in self.released, event, "a call returns after its moment was released")
        entered = call.event
        if event.result is None:
            return
        if entered.name == "connect" and _is_inet(entered.args["address"]) and self._is_tcp(call.cookie):
            key = (entered.host, _plain(str(entered.args["address"])))
            self.connected[key] += 1
            known = len(self.handshakes[f"SYN-ACK {key}"])
            self.expect(known >= self.connected[key], event, "the SYN-ACK is delivered before connect returns")
        if entered.name in ("accept", "accept4") and event.address is not None and _is_inet(event.address):
            arrived = ("ACK", _plain(event.address)) in self.handshakes[entered.host]
            self.expect(arrived, event, "the ACK is delivered before accept returns")
        takes = CALLS[entered.name].bytes == "in" and "MSG_PEEK" not in entered.args.get("flags", ())
        if takes and call.cookie is not None:
            self._received(event, call.cookie)

    def _is_tcp(self, cookie: str | None) -> bool:
        row = self.state["sockets"].get(cookie)
        return row is not None and row["protocol"] == "tcp"

    def _received(self, event: ev.SyscallReturned, cookie: str) -> None:
        row = self.state["sockets"].get(cookie)
        if row is None or row["protocol"] != "tcp":
            return
        self.taken[cookie] += event.bytes or 0
        arrived = sum(self.arrived[remote, local] for _, local, remote in self.tuples[cookie])
        self.expect(self.taken[cookie] <= arrived, event, f"data is delivered ({arrived}) before it is received")

    # -- moments

    def _pending(self, event: ev.MomentPending) -> None:
        self.expect(event.moment == len(self.moments) + 1, event, "moments count from 1")
        self.moments[event.moment] = event
        if event.kind == "syscall":
            call = self.calls.get(event.call or 0)
            self.expect(call is not None and event.call not in self.returned, event, "a waiting call has entered")
            if call is not None:
                call.moment = event.moment
        else:
            packet = self.packets.get(event.packet or 0)
            self.expect(packet is not None and not packet.end, event, "a waiting packet is on the wire")
            if packet is not None:
                packet.moment = event.moment

    def _released(self, event: ev.MomentReleased) -> None:
        pending = self.moments.get(event.moment)
        once = pending is not None and event.moment not in self.released
        self.expect(once, event, "a moment is released once, after it was pending")
        if pending is not None:
            same = (pending.kind, pending.call, pending.packet) == (event.kind, event.call, event.packet)
            self.expect(same, event, "what is released is what was pending")
        self.released.add(event.moment)

    # -- packets

    def _sent(self, event: ev.PacketSent) -> None:
        self.expect(event.packet == len(self.packets) + 1, event, "packets count from 1")
        self.packets[event.packet] = _Packet(event)
        if event.repeats is not None:
            first = self.packets.get(event.repeats)
            same = first is not None and _way(first.event) == _way(event) and first.event.sequence == event.sequence
            self.expect(same and event.repeats < event.packet, event, "a repetition follows what it repeats")
        if event.protocol != "tcp":
            return
        if event.flags == ["SYN"]:
            entered = self.connects[event.source_host, event.destination] > 0
            self.expect(entered, event, "connect has entered before its SYN is sent")
        if {"SYN", "ACK"} <= set(event.flags):
            came = ("SYN", event.destination) in self.handshakes[event.source_host]
            self.expect(came, event, "the SYN is delivered before the SYN-ACK is sent")
        if event.repeats is None and event.length:
            self.sent[event.source, event.destination] += event.length
            self._data_was_given(event)

    def _data_was_given(self, event: ev.PacketSent) -> None:
        way = (event.source_host, event.source, event.destination)
        given = sum(self.given[cookie] for cookie, ways in self.tuples.items() if way in ways)
        sent = self.sent[event.source, event.destination]
        self.expect(
            sent <= given, event, f"a sending call ({given} bytes) has entered before its data ({sent}) is sent"
        )

    def _ended(self, event: ev.PacketDelivered | ev.PacketDropped) -> None:
        packet = self.packets.get(event.packet)
        self.expect(packet is not None and not packet.end, event, "a packet ends once, after it was sent")
        if packet is None:
            return
        packet.end = "delivered" if isinstance(event, ev.PacketDelivered) else "dropped"
        if packet.moment is not None:
            self.expect(packet.moment in self.released, event, "a packet ends after its moment was released")
        sent = packet.event
        if packet.end == "dropped" or sent.protocol != "tcp" or sent.target_host is None:
            return
        flags = set(sent.flags)
        if flags == {"SYN"}:
            self.handshakes[sent.target_host].add(("SYN", sent.source))
        elif {"SYN", "ACK"} <= flags:
            self.handshakes[f"SYN-ACK {(sent.target_host, sent.source)}"].add((sent.source, sent.destination))
        elif "ACK" in flags:
            self.handshakes[sent.target_host].add(("ACK", sent.source))
        if sent.length:
            self.arrived[sent.source, sent.destination] += sent.length

    # -- the end

    def end(self) -> None:
        """What must hold when nothing more is to come."""
        under_way = {str(number) for number, packet in self.packets.items() if not packet.end}
        if under_way != set(self.state["packets"]):
            self.problems.append(f"packets under way: {under_way}, in the state: {set(self.state['packets'])}")
        waiting = {str(number) for number in self.moments if number not in self.released}
        if waiting != set(self.state["moments"]):
            self.problems.append(f"moments that wait: {waiting}, in the state: {set(self.state['moments'])}")
        moments = {moment.get("packet") for moment in self.state["moments"].values()}
        for number, packet in self.state["packets"].items():
            if packet["status"] == "held" and int(number) not in moments:
                self.problems.append(f"packet {number} is held without a moment")
        for pid, process in self.state["processes"].items():
            if process["status"] == "exited" and (process["fds"] or process["calls"]):
                self.problems.append(f"process {pid} has exited, with fds and calls")

    def at_rest(self) -> None:
        """What must hold besides when nothing happens any more: the tables have been read."""
        named: dict[str, set[tuple[int, int]]] = defaultdict(set)
        for pid, process in self.state["processes"].items():
            for fd, entry in process["fds"].items():
                if entry["socket"] is not None:
                    named[entry["socket"]].add((int(pid), int(fd)))
        for cookie, row in self.state["sockets"].items():
            owners = {(owner["pid"], owner["fd"]) for owner in row["owners"]}
            if owners != named[cookie]:
                self.problems.append(f"socket {cookie} has owners {owners}, but the descriptors say {named[cookie]}")
            if row["inode"] and not owners and row["state"] != "SYN-RECEIVED":
                self.problems.append(f"socket {cookie} has an inode and no owner: {row}")
            if row.get("source") == "getsockopt" and not owners:
                self.problems.append(f"socket {cookie} was asked for by a descriptor that nobody has")


def _handed_out(args: dict[str, Any]) -> int:
    """How many bytes a call offers: of sendmmsg those of its messages, of sendfile a count."""
    if "messages" in args:
        return sum(message["buffer"]["length"] for message in args["messages"])
    return int(args["buffer"]["length"] if "buffer" in args else args["count"])


def _row(event: ev.SocketChanged) -> dict[str, Any]:
    state = initial()
    fold(state, event)
    row: dict[str, Any] = state["sockets"][event.socket]
    return row


def _plain(address: str) -> str:
    """An IPv4 address as packets have it; a socket of the other family writes it as ``[::ffff:10.0.0.4]:7``."""
    ip, mapped, rest = address.partition("[::ffff:")
    return rest.replace("]", "") if mapped and not ip and "." in rest else address


def _way(event: ev.PacketSent) -> tuple[str, str, str]:
    return event.source_host, event.source, event.destination


def _is_inet(address: object) -> bool:
    return isinstance(address, str) and ":" in address and not address.startswith(("/", "@", "netlink"))


def broken(events: Iterable[ev.Event], *, rest: bool = False) -> list[str]:
    """The rules that a log breaks, each with the event that breaks it.

    Args:
        events: The log from its first event.
        rest: Nothing more is about to happen, so that all tables have been read.
    """
    checker = Checker()
    for event in events:
        checker.see(event)
    checker.end()
    if rest:
        checker.at_rest()
    return checker.problems
