"""Words for a lab's parts: what an action does, what a row says. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from server.commands import Match
from server.inet.syscalls import CALLS
from server.lessons.checks import Row
from server.lessons.conditions import describe
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
from server.lessons.query import Condition, Rows, Selection

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
_OF_SOCKETS = {"state": "in {}", "process": "of the program {}", "local_port": "at port {}", "remote_address": "for {}"}


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
                return f"Let what waits go on, until {_plainly(until)}"
            return f"Let one go on: {_moment(moments)}"
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
            return f"Wait until {_plainly(until)}"


def _plainly(condition: Condition) -> str:
    """A condition as one would say it, where it is one of those that labs wait for; else as the checks say it."""
    match condition:
        case Rows(selection=selection, at_least=1):
            said = {
                pattern.field: " or ".join(map(str, pattern.value))
                if isinstance(pattern.value, tuple)
                else str(pattern.value)
                for pattern in selection.patterns
                if pattern.operator == "like"
            }
            plain = len(said) == len(selection.patterns)
        case _:
            said, plain = {}, False
    if not plain:
        return describe(condition)
    assert isinstance(condition, Rows)
    match condition.selection.subject, said:
        case "call", {"process": who, "name": call, "status": "entered"} if len(said) == 3:
            return f"{who} waits in {called(call)}()"
        case "call", {"process": who, "name": call, "status": "returned"} if len(said) == 3:
            return f"{called(call)}() of {who} has returned"
        case "process", {"process": who, "status": "exited"} if len(said) == 2:
            return f"{who} has ended"
        case "output", {"process": who, "text": text} if len(said) == 2:
            return f"{who} prints “{text.replace('*', '…')}”"
        case "packet", {"status": "held", **others} if others.keys() <= {"flags"}:
            flags = f" with {others['flags'].replace(' or ', ' and ')}" if others else ""
            return f"a packet{flags} is held on the wire"
        case "moment", _:
            return _moment(condition.selection)
        case "socket", _:
            return _a_socket(said)
        case _:
            return describe(condition)


def _a_socket(said: Mapping[str, str]) -> str:
    """That a socket is there."""
    where = f"{said['host']} has a socket" if "host" in said else "there is a socket"
    known = [words.format(said[name]) for name, words in _OF_SOCKETS.items() if name in said]
    others = [f"{name} {value}" for name, value in said.items() if name not in _OF_SOCKETS and name != "host"]
    return " ".join([where, *known, *(["with", ", ".join(others)] if others else [])])


def called(name: str) -> str:
    """A call, as the program that makes it would name it."""
    return CALLS[name].said_as if name in CALLS else name


def _moment(selection: Selection) -> str:
    """What waits for a person."""
    said = {pattern.field: str(pattern.value) for pattern in selection.patterns if pattern.operator == "like"}
    match said:
        case {"process": who, "call": call}:
            return f"{who} is about to call {called(call)}()"
        case {"flags": flags}:
            return f"a packet with {flags} is about to arrive"
        case {}:
            return "what has waited longest"
        case _:
            return describe(Rows(selection=selection))


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
