"""Write static/js/log/state.js from server/shapes.py: the page's state has the types of the server's.

Run ``make docs`` after a change of the state; a test fails until that was done.
"""

from __future__ import annotations

import typing
from pathlib import Path
from typing import NotRequired, get_args, get_origin

from docs.generate import attributes, shapes
from docs.protocol_js import type_of
from server.shapes import State

TARGET = Path(__file__).parents[1] / "static" / "js" / "log" / "state.js"

HEAD = """\
// The types of the state, for the checker and for readers. Made by docs/state_js.py from server/shapes.py.
// A field in brackets can be absent.

export {};

"""


def render() -> str:
    """The text of state.js."""
    return HEAD + "\n".join(map(typedef_of, shapes(State)))


def typedef_of(shape: type) -> str:
    """One JSDoc typedef of a TypedDict, with what its members mean."""
    lines = ["/**", f" * {(shape.__doc__ or '').splitlines()[0]}", " *", f" * @typedef {{object}} {shape.__name__}"]
    told = attributes(shape)
    for name, hint in typing.get_type_hints(shape, include_extras=True).items():
        optional = get_origin(hint) is NotRequired
        kind = type_of(get_args(hint)[0] if optional else hint)
        lines.append(f" * @property {{{kind}}} {f'[{name}]' if optional else name} {told[name]}".replace("``", "`"))
    return "\n".join([*lines, " */", ""])


if __name__ == "__main__":
    TARGET.write_text(render())
