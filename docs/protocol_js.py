"""Write static/js/log/protocol.js from server/events.py: the front end's types come from the back end's.

Run ``make docs`` after a change of the vocabulary; a test fails until that was done.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import msgspec

from server import events

TARGET = Path(__file__).parents[1] / "static" / "js" / "log" / "protocol.js"

HEAD = """\
// The events' types, for the checker and for readers. Made by docs/protocol_js.py from server/events.py.
// A field with a question mark is left out of the JSON while it holds its default.
"""


def render() -> str:
    """The text of protocol.js."""
    structs = get_args(events.Event)
    parts = [HEAD, *(typedef_of(part.__name__, part, None) for part in (events.Owner, events.Timer, events.Parameter))]
    parts += [typedef_of(struct.__name__, struct, struct.__struct_config__.tag) for struct in structs]
    names = " | ".join(struct.__name__ for struct in structs)
    parts.append(f"/** @typedef {{{names}}} Event */\n")
    tags = "\n".join(f'  "{struct.__struct_config__.tag}",' for struct in structs)
    parts.append(
        f"/** Every event type, in the order of server/events.py. */\nexport const EVENT_TYPES = [\n{tags}\n];\n"
    )
    return "\n".join(parts)


def typedef_of(name: str, struct: type[msgspec.Struct], tag: object) -> str:
    """One JSDoc typedef with the Struct's own first line as its comment."""
    hints = typing.get_type_hints(struct)
    doc = (struct.__doc__ or "").strip().splitlines()[0]
    lines = ["/**", f" * {doc}", " *", f" * @typedef {{object}} {name}"]
    if tag:
        lines.append(f' * @property {{"{tag}"}} type')
    for field in msgspec.structs.fields(struct):
        always = field.required or field.name in ("seq", "t")
        shown = field.name if always else f"[{field.name}]"
        lines.append(f" * @property {{{type_of(hints[field.name])}}} {shown}")
    return "\n".join([*lines, " */", ""])


def type_of(hint: Any) -> str:  # noqa: ANN401 (any annotation)
    """A Python annotation in TypeScript's words."""
    origin, args = get_origin(hint), get_args(hint)
    if origin is Literal:
        return " | ".join(f'"{value}"' for value in args)
    if origin in (Union, types.UnionType):
        return " | ".join(type_of(arg) for arg in args)
    if origin is list:
        inner = type_of(args[0])
        return f"({inner})[]" if "|" in inner else f"{inner}[]"
    if origin in (dict, Mapping):
        return f"Record<string, {type_of(args[1])}>"
    plain = {int: "number", float: "number", str: "string", bool: "boolean", type(None): "null", Any: "any"}
    return plain[hint] if hint in plain else str(hint.__name__)


if __name__ == "__main__":
    TARGET.write_text(render())
