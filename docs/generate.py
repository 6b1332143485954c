"""Write the reference pages (events, states, system calls, commands, acts, labs) from the code.

Run ``python -m docs.generate``.

A test runs ``pages`` and compares, so the pages cannot be forgotten.
"""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NotRequired

import msgspec

from docs import labs_reference, syscalls_reference
from server import commands, events, lab_acts, lab_events
from server import shapes as state_shapes
from server.courses.shapes import RunState

FOLDER = Path(__file__).parent
_EVERY_LAB = {"seq", "t", "sandbox", "at"}
"""Fields of every lab event, which the intro explains."""

_EVENTS_INTRO = """\
Every event is one JSON object: `{"seq": 41, "t": 1203456789, "type": "…", …}`. `seq` counts from 1 without
gaps; `t` is nanoseconds since the sandbox began, on the monotonic clock. A field that can be left out is
missing while it has its default. Socket cookies are strings; pids, descriptors and the ids of calls, packets
and moments are numbers.
"""

_STATE_INTRO = """\
What `GET /api/sandboxes/{id}` answers under `state`, and what the page keeps for the log so far: the fold of all
events up to `seq`. The keys of an object are strings, numbers too. Where a member says when it is absent, it may
be null instead if the log is a recording that something else wrote.
"""

_COMMANDS_INTRO = """\
A command is one JSON object: `{"command": "…", …}`. Over the WebSocket it also has a `ref`, which the
answer repeats. An unknown field is an error, never ignored.
"""

_LAB_EVENTS_INTRO = """\
A lab run is one person's way through a lab, and a log like a sandbox's. Each of its events is one JSON object:
`{"seq": 12, "t": 1203456789, "type": "lab.…", …}`. `seq` counts from 1 without gaps; `t` is nanoseconds since the
run began, by the server's wall clock, and never goes back. `sandbox` is the sandbox that the run has then, and `at`
the `seq` of the last event of that sandbox's log that the run had seen: there the event stands. Both are left out
while there is none.

Steps count from 1; actions, checks, questions, hints and tools count from 0 within their step, in the order of the
lab file. A field that can be left out is missing while it has its default.
"""

_RUN_STATE_INTRO = """\
What a lab run is after an event: the fold of its log, on the server and on the page. The keys of an object are
strings, numbers too.
"""

_LAB_ACTS_INTRO = """\
What a learner does in a lab run is one JSON object, sent to the run's log over the WebSocket:
`{"ref": 1, "log": RUN, "command": "lab.…", "act": ID, "step": 2, …}`. Whoever sends it makes the `act` id (8 to 64
letters, digits, `-` and `_`) and sends the act again, with the same id, until it is answered; the run does each id
once. What an act brings about is in the run's log, behind `lab.act.accepted` or `lab.act.refused`. An unknown field
is an error, never ignored.
"""


def pages() -> dict[str, str]:
    """File name → text of each generated page."""
    return {
        "events.md": _page("Events", _EVENTS_INTRO, typing.get_args(events.Event), skip={"seq", "t"}),
        "state.md": _state_page("State", _STATE_INTRO, state_shapes.State),
        "syscalls.md": syscalls_reference.page(),
        "labs.md": labs_reference.page(FOLDER / "labs.md"),
        "commands.md": _page("Commands", _COMMANDS_INTRO, typing.get_args(commands.Command), skip=set()),
        "lab_events.md": _page("Lab events", _LAB_EVENTS_INTRO, typing.get_args(lab_events.LabEvent), skip=_EVERY_LAB),
        "lab_state.md": _state_page("State of a lab run", _RUN_STATE_INTRO, RunState),
        "lab_acts.md": _page("Acts", _LAB_ACTS_INTRO, typing.get_args(lab_acts.Act), skip={"act", "step"}),
    }


def _page(title: str, intro: str, structs: tuple[Any, ...], skip: set[str]) -> str:
    parts = [f"# {title}\n\n<!-- Written by docs/generate.py from the types; edit those. -->\n\n{intro}"]
    for struct in structs:
        parts.append(f"\n## {struct.__struct_config__.tag}\n\n{inspect.cleandoc(struct.__doc__)}\n")
        hints = typing.get_type_hints(struct, include_extras=True)
        fields = [field for field in msgspec.structs.fields(struct) if field.name not in skip]
        if fields:
            parts.append("\n| field | type | default |\n| --- | --- | --- |\n")
            parts += [f"| `{f.name}` | {_type(hints[f.name])} | {_default(f)} |\n" for f in fields]
        if issubclass(struct, commands.CommandOf):
            parts.append(f"\n{_result(struct)}\n")
    return "".join(parts)


def _state_page(title: str, intro: str, top: type) -> str:
    parts = [f"# {title}\n\n<!-- Written by docs/generate.py from the types; edit those. -->\n\n{intro}"]
    for shape in shapes(top):
        first, *_ = inspect.cleandoc(shape.__doc__ or "").split("\n\nAttributes:")
        parts.append(f"\n## {shape.__name__}\n\n{first}\n\n| member | type | meaning |\n| --- | --- | --- |\n")
        told = attributes(shape)
        for name, hint in typing.get_type_hints(shape, include_extras=True).items():
            bare = typing.get_args(hint)[0] if typing.get_origin(hint) is NotRequired else hint
            orelse = " or null" if type(None) in typing.get_args(bare) else ""
            parts.append(f"| `{name}` | {_type(bare)}{orelse} | {told[name]} |\n")
    return "".join(parts).replace("``", "`")


def shapes(top: type) -> list[type]:
    """The TypedDicts that a TypedDict is made of: itself first, each once, before what it holds."""
    found = [top]
    for shape in found:
        for inner in _inner(list(typing.get_type_hints(shape).values())):
            if inner not in found:
                found.append(inner)
    return found


def _inner(hints: list[Any]) -> Iterator[type]:
    for hint in hints:
        if typing.is_typeddict(hint):
            yield hint
        yield from _inner([arg for arg in typing.get_args(hint) if not isinstance(arg, str)])


def attributes(shape: type) -> dict[str, str]:
    """Member → what the docstring of a TypedDict says of it under ``Attributes``, a member a line."""
    _, _, lines = inspect.cleandoc(shape.__doc__ or "").partition("Attributes:\n")
    return dict(line.strip().split(": ", 1) for line in lines.splitlines())


def _result(command: Any) -> str:  # noqa: ANN401 (mypy knows no __orig_bases__)
    """What a command is answered with, as a sentence."""
    (of,) = typing.get_args(command.__orig_bases__[0])
    shown = []
    for result in typing.get_args(of) or (of,):
        members = ", ".join(f"`{name}` ({_type(kind)})" for name, kind in typing.get_type_hints(result).items())
        shown.append(f"{members}. {inspect.cleandoc(result.__doc__)}")
    return "Answered with " + " Or with ".join(shown)


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return ""
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    return "left out" if value is None else f"`{msgspec.json.encode(value).decode()}`"


def _type(hint: object) -> str:
    origin = typing.get_origin(hint)
    args = typing.get_args(hint)
    if origin is typing.Annotated:
        return _type(args[0])
    if origin is typing.Literal:
        return ", ".join(f'`"{value}"`' for value in args)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_type(arg) for arg in args if arg is not type(None))
    if origin is list:
        return f"list of {_type(args[0])}"
    if origin is dict and typing.is_typeddict(args[1]):
        return f"object of {_type(args[1])}"
    if origin in (dict, Mapping):
        return "object"
    if typing.is_typeddict(hint):
        return f"[{hint.__name__}](#{hint.__name__.lower()})"
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        inner = typing.get_type_hints(hint, include_extras=True)
        return "object: " + ", ".join(f"`{name}` ({_type(kind)})" for name, kind in inner.items())
    names = {int: "integer", str: "string", bool: "true or false", float: "number"}
    return names.get(hint, "any")


def main() -> None:
    """Write the pages into ``docs/``."""
    for name, text in pages().items():
        (FOLDER / name).write_text(text)


if __name__ == "__main__":
    main()
