"""The log as conditions see it: the folded state for what is there now, and an index of what has happened.

Fed with the events of a log in order. Everything is kept by reference to the events, so that ten thousand
connections stay affordable; the bytes of packets, which no condition reads, are not kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, get_args

import msgspec

from server import events as ev
from server.lessons.fields import (
    CallView,
    Fate,
    FdView,
    LineView,
    MomentView,
    PacketView,
    ProcessView,
    SysctlView,
    View,
)
from server.lessons.query import Subject
from server.shapes import State
from server.state import fold, initial


class Seen(NamedTuple):
    """One row: what it is, since which ``seq`` it is like that, and how."""

    key: str
    seq: int
    view: View


@dataclass(slots=True)
class _Packet:
    sent: ev.PacketSent
    fates: list[tuple[int, Fate, str]]


@dataclass(slots=True)
class _Call:
    entered: ev.SyscallEntered
    returned: ev.SyscallReturned | None = None


@dataclass(slots=True)
class Record:
    """A log so far.

    Attributes:
        state: The fold of it (``server/state.py``).
        parents: pid → the pid that forked it.
    """

    state: State = field(default_factory=initial)
    parents: dict[int, int] = field(default_factory=dict)
    _changed: dict[Subject, dict[str, int]] = field(default_factory=lambda: {one: {} for one in get_args(Subject)})
    _calls: dict[int, _Call] = field(default_factory=dict)
    _packets: dict[int, _Packet] = field(default_factory=dict)
    _lines: list[Seen] = field(default_factory=list)
    _unfinished: dict[tuple[int, str], str] = field(default_factory=dict)
    _past: dict[Subject, list[Seen]] = field(default_factory=dict)

    @property
    def seq(self) -> int:
        """The ``seq`` of the last event."""
        return self.state["seq"]

    def feed(self, event: ev.Event) -> None:
        """Take in the next event."""
        if isinstance(event, ev.PacketSent):
            event = msgspec.structs.replace(event, raw="")
        fold(self.state, event)
        seq = event.seq
        match event:
            case ev.SyscallEntered():
                self._calls[event.call] = _Call(event)
            case ev.SyscallReturned():
                if event.call in self._calls:
                    self._calls[event.call].returned = event
            case ev.PacketSent():
                self._packets[event.packet] = _Packet(event, [(seq, "in-flight", "")])
            case ev.PacketHeld():
                self._fate(event.packet, seq, "held", event.why)
            case ev.PacketDelivered():
                self._fate(event.packet, seq, "delivered", event.why)
            case ev.PacketDropped():
                self._fate(event.packet, seq, "dropped", event.why)
            case ev.SocketAppeared() | ev.SocketChanged():
                self._remember("socket", Seen(event.socket, seq, self.state["sockets"][event.socket]))
            case ev.ProcessStarted() | ev.ProcessExecuted() | ev.ProcessExited():
                self._process(event, seq)
            case ev.FdOpened():
                self._fd_opened(event)
            case ev.MomentPending():
                self._remember("moment", Seen(str(event.moment), seq, self._moment(str(event.moment))))
            case ev.SysctlChanged():
                view = SysctlView(event.host, event.name, event.value)
                self._remember("sysctl", Seen(f"{event.host} {event.name}", seq, view))
            case ev.ProcessOutput():
                self._print(event)
            case _:
                pass

    # -- rows

    def now(self, subject: Subject, names: frozenset[str] | None = None) -> Iterator[Seen]:
        """The rows of a subject as they are now; calls, packets and lines are all that there ever were.

        Args:
            names: For calls, the names that are wanted; None for all.
        """
        state = self.state
        match subject:
            case "socket":
                changed = self._changed["socket"]
                yield from (Seen(key, changed[key], row) for key, row in state["sockets"].items())
            case "process":
                for key, process in state["processes"].items():
                    yield Seen(key, self._changed["process"][key], ProcessView(int(key), process))
            case "fd":
                for key, process in state["processes"].items():
                    for fd, what in process["fds"].items():
                        seq = self._changed["fd"].get(f"{key} {fd}", self._changed["process"][key])
                        yield Seen(f"{key} {fd}", seq, FdView(int(key), process["host"], int(fd), what))
            case "call":
                held = {moment.get("call") for moment in state["moments"].values()}
                for call in self._calls.values():
                    if names is None or call.entered.name in names:
                        seq = call.entered.seq if call.returned is None else call.returned.seq
                        view = CallView(call.entered, call.returned, call.entered.call in held)
                        yield Seen(str(call.entered.call), seq, view)
            case "packet":
                for packet in self._packets.values():
                    seq, status, why = packet.fates[-1]
                    yield Seen(str(packet.sent.packet), seq, PacketView(packet.sent, status, why))
            case "output":
                yield from self._lines
                for (pid, stream), text in self._unfinished.items():
                    if text:
                        yield Seen(f"{pid} {stream}", self.seq, self._line(pid, stream, text))
            case "moment":
                yield from (Seen(key, self._changed["moment"][key], self._moment(key)) for key in state["moments"])
            case "sysctl":
                for name, host in state["hosts"].items():
                    for parameter, value in host["sysctls"].items():
                        key = f"{name} {parameter}"
                        yield Seen(key, self._changed["sysctl"][key], SysctlView(name, parameter, value))

    def ever(self, subject: Subject) -> Iterable[Seen]:
        """The rows of a subject in every version that the log shows, in the order of the log where it matters."""
        if subject == "call":
            return (seen for call in self._calls.values() for seen in _call_versions(call))
        if subject == "packet":
            return (seen for packet in self._packets.values() for seen in _packet_versions(packet))
        if subject == "output":
            return self.now("output")
        return self._past.get(subject, [])

    # -- feeding

    def _remember(self, subject: Subject, seen: Seen) -> None:
        self._changed[subject][seen.key] = seen.seq
        self._past.setdefault(subject, []).append(seen)

    def _fate(self, packet: int, seq: int, status: Fate, why: str) -> None:
        found = self._packets.get(packet)
        if found is not None:
            found.fates.append((seq, status, why))

    def _process(self, event: ev.ProcessStarted | ev.ProcessExecuted | ev.ProcessExited, seq: int) -> None:
        if isinstance(event, ev.ProcessStarted) and event.parent is not None:
            self.parents[event.pid] = event.parent
        entry = self.state["processes"].get(str(event.pid))
        if entry is not None:
            self._remember("process", Seen(str(event.pid), seq, ProcessView(event.pid, entry.copy())))

    def _fd_opened(self, event: ev.FdOpened) -> None:
        process = self.state["processes"].get(str(event.pid))
        if process is not None:
            view = FdView(event.pid, process["host"], event.fd, process["fds"][str(event.fd)])
            self._remember("fd", Seen(f"{event.pid} {event.fd}", event.seq, view))

    def _moment(self, key: str) -> MomentView:
        entry = self.state["moments"][key]
        call = self._calls.get(entry.get("call") or 0)
        packet = self._packets.get(entry.get("packet") or 0)
        return MomentView(int(key), entry["kind"], call.entered if call else None, packet.sent if packet else None)

    def _print(self, event: ev.ProcessOutput) -> None:
        whole = self._unfinished.get((event.pid, event.stream), "") + event.text
        *lines, rest = whole.split("\n")
        for text in lines:
            key = str(len(self._lines) + 1)
            self._lines.append(Seen(key, event.seq, self._line(event.pid, event.stream, text)))
        self._unfinished[event.pid, event.stream] = rest

    def _line(self, pid: int, stream: str, text: str) -> LineView:
        process = self.state["processes"].get(str(pid))
        return LineView(pid, process["host"] if process is not None else "", stream, text)


def _call_versions(call: _Call) -> Iterator[Seen]:
    key = str(call.entered.call)
    yield Seen(key, call.entered.seq, CallView(call.entered, None))
    if call.returned is not None:
        yield Seen(key, call.returned.seq, CallView(call.entered, call.returned))


def _packet_versions(packet: _Packet) -> Iterator[Seen]:
    key = str(packet.sent.packet)
    for seq, status, why in packet.fates:
        yield Seen(key, seq, PacketView(packet.sent, status, why))
