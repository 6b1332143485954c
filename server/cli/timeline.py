"""Events as lines that a person can read: time, host, program[pid], what.

Pure: events in, lines out. A call and its return, or a packet and its arrival, share one line if nothing
came between them; otherwise each has its own, so that the order of the lines is the order of the log.
What the call did in the kernel stands on its own line, too: a socket that appears, changes or vanishes.
"""

from __future__ import annotations

import base64

from server import events as ev
from server.json_value import Json

_BOLD, _DIM, _RED, _GREEN, _YELLOW, _BLUE, _MAGENTA = "1", "2", "31", "32", "33", "34", "35"
_SHOWN_TEXT = 32
_SHOWN_LIST = 6


class Timeline:
    """Turns one sandbox's events, in order, into lines.

    Args:
        colour: Whether lines carry ANSI colours.
    """

    def __init__(self, *, colour: bool = False) -> None:
        self._colour = colour
        self._processes: dict[int, tuple[str, str]] = {}
        self._sockets: dict[str, ev.SocketRow] = {}
        self._packets: dict[int, ev.PacketSent] = {}
        self._calls: dict[int, ev.SyscallEntered] = {}
        self._open: ev.SyscallEntered | ev.PacketSent | None = None

    def lines(self, event: ev.Event) -> list[str]:
        """The lines that are complete now that ``event`` has happened."""
        waiting, self._open = self._open, None
        joined = self._joined(waiting, event)
        if joined is not None:
            return [joined]
        lines = [] if waiting is None else [self._alone(waiting)]
        if isinstance(event, ev.SyscallEntered):
            self._calls[event.call] = event
            self._open = event
        elif isinstance(event, ev.PacketSent):
            self._packets[event.packet] = event
            self._open = event
        else:
            line = self._line(event)
            if line:
                lines.append(line)
        return lines

    def rest(self) -> list[str]:
        """The line that still waited for its other half, at the end of the log."""
        waiting, self._open = self._open, None
        return [] if waiting is None else [self._alone(waiting)]

    # Lines

    def _joined(self, waiting: ev.Event | None, event: ev.Event) -> str | None:
        match waiting, event:
            case ev.SyscallEntered(), ev.SyscallReturned() if waiting.call == event.call:
                del self._calls[waiting.call]
                return self._of_pid(event.t, event.pid, f"{_call(waiting)} = {self._result(event)}{_source(waiting)}")
            case ev.PacketSent(), ev.PacketDelivered() if waiting.packet == event.packet and not waiting.loopback:
                del self._packets[waiting.packet]
                return self._of_packet(event.t, waiting, f"──▶ {waiting.target_host}")
        return None

    def _alone(self, event: ev.SyscallEntered | ev.PacketSent) -> str:
        if isinstance(event, ev.PacketSent):
            return self._of_packet(event.t, event, "(loopback)" if event.loopback else f"──  to {event.target_host}")
        return self._of_pid(event.t, event.pid, f"{_call(event)} …{_source(event)}")

    def _line(self, event: ev.Event) -> str | None:
        """The line of an event that stands alone; None if it is told by others already."""
        t = event.t
        match event:
            case ev.HostAdded():
                return self._row(t, event.host, "", self._paint(_BOLD, f"host {' '.join(event.addresses)}"))
            case ev.ProcessStarted():
                self._processes[event.pid] = (event.host, event.program)
                how = "starts" if event.parent is None else f"is forked by {event.parent}:"
                return self._of_pid(t, event.pid, self._paint(_BOLD, f"{how} {' '.join(event.argv)}"))
            case ev.ProcessExecuted():
                host = self._processes.get(event.pid, ("", ""))[0]
                self._processes[event.pid] = (host, event.program)
                return self._of_pid(t, event.pid, self._paint(_BOLD, f"becomes {' '.join(event.argv)}"))
            case ev.ProcessExited():
                end = f"with {event.signal}" if event.signal else f"with code {event.code}"
                return self._of_pid(t, event.pid, self._paint(_BOLD, f"ends {end}"))
            case ev.ProcessOutput():
                return self._of_pid(t, event.pid, f"{event.stream}: {event.text!r}")
            case ev.SyscallBlocked() if event.call in self._calls:
                return self._of_pid(t, event.pid, f"… {_short_call(self._calls[event.call])} sleeps")
            case ev.SyscallReturned():
                entered = self._calls.pop(event.call, None)
                name = f"… {_short_call(entered)}" if entered else f"… call {event.call}"
                return self._of_pid(t, event.pid, f"{name} = {self._result(event)}")
            case ev.FdOpened() if event.kind == "socket":
                return self._of_pid(t, event.pid, f"fd {event.fd} is socket {event.socket}")
            case ev.FdClosed() if event.kind == "socket":
                return self._of_pid(t, event.pid, f"fd {event.fd} is free")
            case ev.SocketRow():
                return self._of_socket(event)
            case ev.PacketHeld():
                return self._about_packet(t, event.packet, self._paint(_YELLOW, f"is held: {event.why}"))
            case ev.PacketDelivered():
                packet = self._packets.pop(event.packet, None)
                return None if packet is None or packet.loopback else self._of_packet(t, packet, self._arrives(packet))
            case ev.PacketDropped():
                line = self._about_packet(t, event.packet, self._paint(_RED, f"is dropped: {event.why}"))
                self._packets.pop(event.packet, None)
                return line
            case ev.MomentPending():
                call = self._calls.get(event.call or 0)
                what = _short_call(call) if call else f"packet #{event.packet}"
                return self._row(t, "", "", self._paint(_YELLOW, f"moment {event.moment} waits: {what}"))
            case ev.PaceChanged():
                return self._row(t, "", "", self._paint(_DIM, f"pace {event.pace}"))
            case ev.WireChanged():
                values = f"delay {event.delay_ms} ms, jitter {event.jitter_ms} ms, loss {event.loss}"
                return self._row(t, "", "wire", self._paint(_DIM, values))
            case ev.SysctlChanged():
                why = self._paint(_DIM, f" ({event.why})") if event.why is not None else ""
                return self._row(t, event.host, "kernel", f"{event.name} = {event.value}{why}")
            case ev.CommandRefused():
                return self._row(t, "", "", self._paint(_RED, f"{event.command} refused: {event.detail}"))
            case ev.ObservationLost():
                lost = f"{event.observer} could not see {event.count}: {event.why}"
                return self._row(t, event.host, "", self._paint(_RED, lost))
            case ev.SandboxClosed():
                return self._row(t, "", "", self._paint(_DIM, f"the sandbox ends: {event.why}"))
        return None

    def _of_socket(self, row: ev.SocketRow) -> str:
        before = self._sockets.get(row.socket)
        if isinstance(row, ev.SocketVanished):
            self._sockets.pop(row.socket, None)
            change = f"{row.state} → gone"
        else:
            self._sockets[row.socket] = row
            changed = before is not None and before.state != row.state
            change = f"{before.state} → {row.state}" if before and changed else row.state
        details = [f"{row.protocol} {row.local} ⇄ {row.remote}" if row.protocol != "unix" else f"unix {row.local}"]
        if row.recv_queue or row.send_queue:
            kind = "waiting {} of {}" if row.state == "LISTEN" else "recv {} send {}"
            details.append(kind.format(row.recv_queue, row.send_queue))
        if row.inode == 0 and row.protocol != "unix":
            details.append("no fd")
        if row.owners:
            details.append(", ".join(f"{owner.pid}·{owner.fd}" for owner in row.owners))
        text = f"socket {row.socket}  {self._paint(_MAGENTA, change)}  {'  '.join(details)}"
        return self._row(row.t, row.host, "kernel", text)

    def _of_packet(self, t: int, packet: ev.PacketSent, way: str) -> str:
        flags = ",".join(packet.flags) or packet.protocol.upper()
        text = f"{self._paint(_BLUE, f'#{packet.packet} {flags}')}  {packet.source} → {packet.destination}"
        if packet.length:
            text += f"  {packet.length} bytes"
        if packet.repeats is not None:
            text += f"  repeats #{packet.repeats}"
        return self._row(t, packet.source_host, "wire", f"{text}  {self._paint(_BLUE, way)}")

    def _arrives(self, packet: ev.PacketSent) -> str:
        return f"  ─▶ {packet.target_host}"

    def _about_packet(self, t: int, number: int, text: str) -> str:
        packet = self._packets.get(number)
        flags = f" {','.join(packet.flags)}" if packet and packet.flags else ""
        return self._row(t, packet.source_host if packet else "", "wire", f"#{number}{flags} {text}")

    def _of_pid(self, t: int, pid: int, text: str) -> str:
        host, program = self._processes.get(pid, ("", ""))
        return self._row(t, host, f"{program[:18]}[{pid}]", text)

    def _row(self, t: int, host: str, who: str, text: str) -> str:
        return f"{self._paint(_DIM, f'{t / 1e9:11.6f}')}  {host:<10} {who:<18} {text}".rstrip()

    def _result(self, event: ev.SyscallReturned) -> str:
        if event.error is not None:
            return self._paint(_RED, f"-1 {event.error}")
        details = []
        if event.address is not None:
            details.append(event.address)
        if event.data:
            details.append(_text(event.data, event.bytes))
        for name, value in (event.values or {}).items():
            details.append(f"{name}={_value(value)}")
        more = f" ({', '.join(details)})" if details else ""
        return self._paint(_GREEN, str(event.result)) + more

    def _paint(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._colour else text


def _call(event: ev.SyscallEntered) -> str:
    """A call as its man page writes it; the descriptor comes first and needs no name."""
    words = [
        _value(value) if name in ("fd", "epfd", "address") else f"{name}={_value(value)}"
        for name, value in event.args.items()
        if value not in ([], None)
    ]
    return f"{event.name}({', '.join(words)})"


def _short_call(event: ev.SyscallEntered) -> str:
    return f"{event.name}({event.args['fd']})" if "fd" in event.args else event.name


def _source(event: ev.SyscallEntered) -> str:
    if event.file is None:
        return ""
    return f"   {event.file.rpartition('/')[2]}:{event.line}"


def _value(value: Json) -> str:
    match value:
        case {"data": str() as data, "length": int() as length}:
            return _text(data, length)
        case {"length": int() as length}:
            return f"{length} bytes"
        case dict():
            return "{" + ", ".join(f"{name}={_value(member)}" for name, member in value.items()) + "}"
        case list() if all(isinstance(member, str) for member in value):
            return "|".join(value)
        case list():
            more = ", …" if len(value) > _SHOWN_LIST else ""
            return "[" + ", ".join(map(_value, value[:_SHOWN_LIST])) + more + "]"
        case _:
            return str(value)


def _text(data: str, length: int | None) -> str:
    """The first bytes of a buffer as a quoted string, with … if there are more."""
    raw = base64.b64decode(data)
    shown = repr(raw[:_SHOWN_TEXT])[1:]
    return shown + ("…" if len(raw) > _SHOWN_TEXT or (length or 0) > len(raw) else "")
