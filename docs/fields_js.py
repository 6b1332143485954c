"""Write static/js/log/fields.js from server/events.py: what the page checks a recording from elsewhere by.

Run ``make docs`` after a change of the vocabulary; a test fails until that was done. It is a
file of its own because protocol.js is for the checker and readers, and is never sent to a browser.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import msgspec

from server import events

TARGET = Path(__file__).parents[1] / "static" / "js" / "log" / "fields.js"

HEAD = """\
// What kind of value each field of each event holds; one with a question mark may be left out.
// Made by docs/fields_js.py from server/events.py.

/** @type {Record<string, Record<string, string>>} */
export const FIELDS = {
"""


def render() -> str:
    """The text of fields.js."""
    return HEAD + "".join(_entry(struct) for struct in get_args(events.Event)) + "};\n"


def _entry(struct: type[msgspec.Struct]) -> str:
    hints = typing.get_type_hints(struct)
    lines = [f'  "{struct.__struct_config__.tag}": {{\n']
    for field in msgspec.structs.fields(struct):
        needed = field.required or field.name in ("seq", "t")
        name = field.name if needed else f'"{field.name}?"'
        lines.append(f'    {name}: "{_kind(hints[field.name])}",\n')
    return "".join([*lines, "  },\n"])


def _kind(hint: Any) -> str:  # noqa: ANN401 (any annotation)
    origin, args = get_origin(hint), get_args(hint)
    if origin is Literal:
        return "string"
    if origin in (Union, types.UnionType):
        return "|".join(dict.fromkeys(_kind(arg) for arg in args))
    if origin is list:
        return f"{_kind(args[0])}[]"
    if origin in (dict, Mapping) or (isinstance(hint, type) and issubclass(hint, msgspec.Struct)):
        return "object"
    return {int: "number", float: "number", str: "string", bool: "boolean", type(None): "null"}[hint]


if __name__ == "__main__":
    TARGET.write_text(render())
