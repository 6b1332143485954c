"""Words for a lab's parts: what an action does, what a row says. Pure."""

from __future__ import annotations

from server.commands import Match
from server.lessons.checks import Row
from server.lessons.model import (
    Action,
    EndInput,
    Handle,
    Release,
    Rule,
    Run,
    SetPace,
    SetSysctl,
    SetWire,
    Signal,
    Type,
    Wait,
)
from server.lessons.saying import about_to, called, said

_SHOWN = {
    "socket": ("state", "local", "remote"),
    "process": ("program", "status"),
    "fd": ("fd", "kind"),
    "call": ("name", "error", "address"),
    "packet": ("flags", "source", "destination"),
    "output": ("text",),
    "moment": ("kind", "call", "flags"),
    "sysctl": ("name", "value"),
}


def action_words(action: Action) -> str:
    """What an action does, as a clause."""
    match action:
        case Run(times=times):
            return "start" if times == 1 else f"start {times} times"
        case Type(to=to):
            return f"type to {to}"
        case EndInput(to=to):
            return f"End the input of {to} (Ctrl+D)"
        case Signal(signal=signal, to=to):
            return f"Send SIG{signal} to {to}"
        case SetPace(pace=pace, pause_ms=pause):
            return f"Pace: {pace}" + (f", {pause} ms for each moment" if pause else "")
        case Rule(how=how, match=None):
            return f"From now on, {how} no packet"
        case Rule(how=how, match=match, count=count):
            which = (
                "every packet" if count is None else "the next packet" if count == 1 else f"the next {count} packets"
            )
            return f"From now on, {how} {which}{_of(match)}"
        case Handle(how=how, match=match):
            return f"{how.capitalize()} a packet{_of(match)}"
        case Release(moments=moments, until=until):
            if until is not None:
                return f"Let what waits go on, until {said(until)}"
            return f"Let one go on: {about_to(moments)}"
        case SetWire(delay_ms=delay, jitter_ms=jitter, loss=loss, neighbours=neighbours):
            parts = [
                f"delay {delay} ms" if delay is not None else "",
                f"jitter {jitter} ms" if jitter is not None else "",
                f"loss {loss:.0%}" if loss is not None else "",
                {True: "show ARP", False: "hide ARP", None: ""}[neighbours],
            ]
            return f"The wire: {', '.join(part for part in parts if part)}"
        case SetSysctl(on=host, values=values):
            return f"On {host}: {', '.join(f'{name} = {value}' for name, value in values)}"
        case Wait(until=until):
            return f"Wait until {said(until)}"


def _of(match: Match | None) -> str:
    if match is None:
        return ""
    parts = [
        f" with {match.flags.replace(',', ', ')}" if match.flags is not None else "",
        f" of {match.protocol}" if match.protocol is not None else "",
        f" from {match.source_host}" if match.source_host is not None else "",
        f" to {match.target_host}" if match.target_host is not None else "",
        f" from port {match.source_port}" if match.source_port is not None else "",
        f" to port {match.destination_port}" if match.destination_port is not None else "",
        {True: " with data", False: " without data", None: ""}[match.payload],
    ]
    return "".join(parts)


def row_words(row: Row) -> str:
    """A row of evidence in one line."""
    parts = [str(row.fields[name]) for name in _SHOWN[row.subject] if row.fields.get(name) not in (None, "")]
    host = str(row.fields.get("host") or row.fields.get("source_host") or "")
    if row.subject == "call":
        parts[0] = f"{called(parts[0])}()"
    if row.subject == "packet" and len(parts) > 1:
        parts = [*parts[:-2], f"{parts[-2]} → {parts[-1]}"]
    return f"{host}: {' '.join(parts)}" if host else " ".join(parts)


def row_key(row: Row) -> str:
    """What the page calls the thing that a row is about; its evidence opens by this key."""
    match row.subject:
        case "socket" | "process" | "call" | "packet":
            return f"{row.subject}:{row.key}"
        case "fd":
            return f"fd:{row.key.replace(' ', ':')}"
        case _:
            return f"event:{row.seq}"
