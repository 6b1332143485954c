"""Write the reference pages of events, commands and lab keywords from the code: ``python -m docs.generate``.

A test runs ``pages`` and compares, so the pages cannot be forgotten.
"""

from __future__ import annotations

import inspect
import types
import typing
from pathlib import Path
from typing import Any

import msgspec

from docs import labs_reference
from server import commands, events

FOLDER = Path(__file__).parent

_EVENTS_INTRO = """\
Every event is one JSON object: `{"seq": 41, "t": 1203456789, "type": "…", …}`. `seq` counts from 1 without
gaps; `t` is nanoseconds since the sandbox began, on the monotonic clock. A field that can be left out is
missing while it has its default. Socket cookies are strings; pids, descriptors and the ids of calls, packets
and moments are numbers.
"""

_COMMANDS_INTRO = """\
A command is one JSON object: `{"command": "…", …}`. Over the WebSocket it also has a `ref`, which the
answer repeats. An unknown field is an error, never ignored.
"""


def pages() -> dict[str, str]:
    """File name → text of each generated page."""
    return {
        "events.md": _page("Events", _EVENTS_INTRO, typing.get_args(events.Event), skip={"seq", "t"}),
        "labs.md": labs_reference.page(FOLDER / "labs.md"),
        "commands.md": _page("Commands", _COMMANDS_INTRO, typing.get_args(commands.Command), skip=set()),
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
    return "".join(parts)


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
    if origin is dict:
        return "object"
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
