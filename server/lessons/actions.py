"""Actions, read from YAML: what a ``do`` block, or the author's way of a task, carries out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from server.commands import Match
from server.errors import BadRequestError
from server.events import Pace
from server.lessons.commandline import addresses_in, understand, unreachable
from server.lessons.conditions import Scope, read_condition, read_patterns
from server.lessons.keywords import MODIFIERS, VERBS
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
from server.lessons.query import Selection
from server.lessons.source import Node, suggestion

PACES: tuple[Pace, ...] = get_args(Pace)
SIGNALS = ("TERM", "INT", "KILL", "STOP", "CONT")
_PROTOCOLS = ("tcp", "udp", "icmp", "icmp6")
_FLAGS = ("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR")


@dataclass(slots=True)
class Bench:
    """What the actions of one lab work with.

    Attributes:
        scope: The names and hosts that words may refer to.
        hosts: Host → addresses with prefix length.
        folder: The lab's folder inside a sandbox.
        files: The files of the lab's folder.
        shelf: The files of ``labs/programs``.
        elsewhere: Addresses that no host has, on purpose.
        used: The files of the lab's folder that were named so far.
    """

    scope: Scope
    hosts: Mapping[str, Sequence[str]]
    folder: str
    files: tuple[str, ...]
    shelf: tuple[str, ...]
    elsewhere: tuple[str, ...]
    used: set[str] = field(default_factory=set)


def read_actions(node: Node, name: str, bench: Bench) -> tuple[Action, ...]:
    """A list of actions."""
    return tuple(_action(item, bench) for item in node.items(name))


def _action(node: Node, bench: Bench) -> Action:
    found = node.fields("an action", "action")
    verbs = [verb for verb in VERBS if verb in found]
    if len(verbs) != 1:
        what = "does nothing" if not verbs else f"has both `{verbs[0]}` and `{verbs[1]}`"
        node.fail(f"This action {what}.", f"Give it one of: {', '.join(VERBS)}.")
    verb = verbs[0]
    allowed = MODIFIERS.get(verb, ())
    for key in found:
        if key != verb and key not in allowed:
            beside = f"Beside it may stand: {', '.join(allowed)}." if allowed else "Nothing may stand beside it."
            node.keys[key].fail(f"`{key}` does not go with `{verb}`.", beside)
    return _READERS[verb](node, found, bench)


def _run(node: Node, found: dict[str, Node], bench: Bench) -> Run:
    on = _host(node, found, bench)
    command = found["run"].text("run").strip()
    try:
        line = understand(command, bench.folder, bench.files, bench.shelf)
    except BadRequestError as error:
        found["run"].fail(error.detail, error.hint)
    if line.missing:
        near = suggestion(line.missing[0], [*bench.files, *bench.shelf])
        found["run"].fail(f"There is no file {line.missing[0]} in the lab's folder or in labs/programs.", near)
    for address in addresses_in(line.argv):
        why = "" if str(address) in bench.elsewhere else unreachable(address, on, bench.hosts)
        if why:
            found["run"].fail(why, "Correct the address or `hosts`; if it is meant, list it under `elsewhere`.")
    bench.used |= set(line.files)
    credentials = found["credentials"].choice("credentials", ("user", "admin")) if "credentials" in found else ""
    return Run(
        on=on,
        command=command,
        argv=line.argv,
        program=line.program,
        folder=line.folder,
        name=_new_name(found["as"], bench.scope) if "as" in found else "",
        credentials="admin" if (credentials or line.credentials) == "admin" else "user",
        times=found["times"].number("times", 2, 200) if "times" in found else 1,
        line=node.place.line,
    )


def _host(node: Node, found: dict[str, Node], bench: Bench) -> str:
    if "on" not in found:
        node.fail("The action does not say on which host.", f"Add `on:` with one of {', '.join(bench.hosts)}.")
    text = found["on"].text("on")
    if text not in bench.hosts:
        found["on"].fail(f"There is no host {text!r} in this lab.", suggestion(text, bench.hosts))
    return text


def _new_name(node: Node, scope: Scope) -> str:
    name = node.text("as")
    if name in scope.names:
        node.fail(f"Line {scope.names[name]} has called a program {name!r} already.", "Choose another name.")
    scope.names[name] = node.place.line
    return name


def _named(node: Node, key: str, bench: Bench) -> str:
    name, names = node.text(key), bench.scope.names
    if name not in names:
        hint = suggestion(name, names) if names else f"Add `as: {name}` to the action that starts it."
        node.fail(f"No program is called {name!r} up to here.", hint)
    return name


def _to(node: Node, found: dict[str, Node], bench: Bench) -> str:
    if "to" not in found:
        node.fail("The action does not say for which program.", "Add `to:` with the name that the program got by `as`.")
    return _named(found["to"], "to", bench)


def _type(node: Node, found: dict[str, Node], bench: Bench) -> Type:
    return Type(text=found["type"].text("type"), to=_to(node, found, bench), line=node.place.line)


def _end_input(node: Node, found: dict[str, Node], bench: Bench) -> EndInput:
    return EndInput(to=_named(found["end_input"], "end_input", bench), line=node.place.line)


def _signal(node: Node, found: dict[str, Node], bench: Bench) -> Signal:
    word = found["signal"].choice("signal", SIGNALS)
    signal: Literal["TERM", "INT", "KILL", "STOP", "CONT"] = next(one for one in get_args(_SIGNAL) if one == word)
    return Signal(signal=signal, to=_to(node, found, bench), line=node.place.line)


_SIGNAL = Literal["TERM", "INT", "KILL", "STOP", "CONT"]


def _pace(node: Node, found: dict[str, Node], bench: Bench) -> SetPace:
    pause = found["pause_ms"].number("pause_ms", 1, 60_000) if "pause_ms" in found else None
    pace = read_pace(found["pace"])
    if pause is not None and pace != "slow":
        found["pause_ms"].fail(f"`pause_ms` does not go with pace {pace}.", "Only slow has a pause.")
    return SetPace(pace=pace, pause_ms=pause, line=node.place.line)


def read_pace(node: Node) -> Pace:
    """A pace."""
    word = node.choice("pace", PACES)
    return next(pace for pace in PACES if pace == word)


def _hold(node: Node, found: dict[str, Node], bench: Bench) -> Rule:
    return _rule("hold", found["hold"], bench)


def _lose(node: Node, found: dict[str, Node], bench: Bench) -> Rule:
    return _rule("lose", found["lose"], bench)


def _rule(how: Literal["hold", "lose"], node: Node, bench: Bench) -> Rule:
    if node.raw == "off":
        return Rule(how=how, match=None, line=node.place.line)
    if not isinstance(node.value, dict):
        node.fail(f"`{how}` does not say which packets.", f"Write {how}: {{flags: SYN}}, or {how}: off to end it.")
    found = node.fields(how, "match")
    count = found["count"].number("count", 1, 1_000_000) if "count" in found else None
    return Rule(how=how, match=_match(found, bench), count=count, line=node.place.line)


def _match(found: dict[str, Node], bench: Bench) -> Match:
    flags = None
    if "flags" in found:
        items = found["flags"].value
        written = items if isinstance(items, list) else [found["flags"]]
        words = [word for item in written for word in item.text("flags").replace(" ", "").split(",")]
        for word in words:
            if word not in _FLAGS:
                found["flags"].fail(f"There is no flag {word!r}.", suggestion(word, _FLAGS))
        flags = ",".join(words)
    protocol = found["protocol"].choice("protocol", _PROTOCOLS) if "protocol" in found else None

    def host(key: str) -> str | None:
        return found[key].choice(key, bench.hosts) if key in found else None

    def port(key: str) -> int | None:
        return found[key].number(key, 0, 65535) if key in found else None

    return Match(
        flags=flags,
        protocol=next((one for one in get_args(_PROTOCOL) if one == protocol), None),
        source_host=host("source_host"),
        target_host=host("target_host"),
        source_port=port("source_port"),
        destination_port=port("destination_port"),
        payload=found["payload"].flag("payload") if "payload" in found else None,
    )


_PROTOCOL = Literal["tcp", "udp", "icmp", "icmp6"]


def _deliver(node: Node, found: dict[str, Node], bench: Bench) -> Handle:
    return _handle("deliver", found["deliver"], bench)


def _drop(node: Node, found: dict[str, Node], bench: Bench) -> Handle:
    return _handle("drop", found["drop"], bench)


def _duplicate(node: Node, found: dict[str, Node], bench: Bench) -> Handle:
    return _handle("duplicate", found["duplicate"], bench)


def _handle(how: Literal["deliver", "drop", "duplicate"], node: Node, bench: Bench) -> Handle:
    found = node.fields(how, "match")
    if "count" in found:
        node.keys["count"].fail(f"`count` does not go with `{how}`, which takes one packet.", "Write the action twice.")
    return Handle(how=how, match=_match(found, bench), line=node.place.line)


def _release(node: Node, found: dict[str, Node], bench: Bench) -> Release:
    which = found["release"]
    patterns = () if which.value == "next" else read_patterns(which, "moment", bench.scope)
    if not patterns and which.value != "next":
        which.fail("`release` does not say what.", "Write release: next, or release: {call: accept4}.")
    return Release(
        moments=Selection(subject="moment", patterns=patterns),
        until=read_condition(found["until"], "until", bench.scope) if "until" in found else None,
        line=node.place.line,
    )


def _wire(node: Node, found: dict[str, Node], bench: Bench) -> SetWire:
    values = found["wire"].fields("wire", "wire")
    loss = values.get("loss")
    if loss is not None and (
        isinstance(loss.value, bool) or not isinstance(loss.value, int | float) or not 0 <= loss.value <= 1
    ):
        loss.fail(f"`loss` is {loss.shown()}.", "Write a number from 0 to 1.")
    return SetWire(
        delay_ms=values["delay_ms"].number("delay_ms", 0, 60_000) if "delay_ms" in values else None,
        jitter_ms=values["jitter_ms"].number("jitter_ms", 0, 60_000) if "jitter_ms" in values else None,
        loss=float(str(loss.value)) if loss is not None else None,
        neighbours=values["neighbours"].flag("neighbours") if "neighbours" in values else None,
        line=node.place.line,
    )


def _sysctl(node: Node, found: dict[str, Node], bench: Bench) -> SetSysctl:
    pairs = found["sysctl"].mapping("sysctl").items()
    values = tuple((name, value.text(name)) for name, value in pairs)
    return SetSysctl(on=_host(node, found, bench), values=values, line=node.place.line)


def _wait(node: Node, found: dict[str, Node], bench: Bench) -> Wait:
    return Wait(until=read_condition(found["wait"], "wait", bench.scope), line=node.place.line)


_READERS: Mapping[str, Callable[[Node, dict[str, Node], Bench], Action]] = {
    "run": _run,
    "type": _type,
    "end_input": _end_input,
    "signal": _signal,
    "pace": _pace,
    "hold": _hold,
    "lose": _lose,
    "deliver": _deliver,
    "drop": _drop,
    "duplicate": _duplicate,
    "release": _release,
    "wire": _wire,
    "sysctl": _sysctl,
    "wait": _wait,
}
