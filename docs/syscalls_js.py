"""Write static/js/words/syscalls.js from server/inet/syscalls.py: what the page has to know of a call beforehand.

Run ``make docs`` after a change of the table; a test fails until that was done. A column that the page does not
read yet is not sent: add its line to ``render`` with the first reader.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from server.inet.syscalls import CALLS, RECEIVING, WAITING

TARGET = Path(__file__).parents[1] / "static" / "js" / "words" / "syscalls.js"

HEAD = """\
// Facts of the system calls that are shown. Made by docs/syscalls_js.py from server/inet/syscalls.py.
"""
_WIDTH = 120


def render() -> str:
    """The text of syscalls.js."""
    said_as = "".join(f'  {row.name}: "{row.said_as}",\n' for row in CALLS.values() if row.said_as != row.name)
    return "\n".join(
        (
            HEAD,
            "/** The name that the author of a program knows, where it is another than the kernel's. */",
            f"export const SAID_AS = /** @type {{Record<string, string>}} */ ({{\n{said_as}}});\n",
            _set("HANDS_OUT", "Hands bytes to its descriptor.", (c.name for c in CALLS.values() if c.bytes == "out")),
            _set("TAKES_IN", "Takes bytes from its descriptor.", RECEIVING),
            _set("WAITS", "Waits until one of several descriptors is ready.", WAITING),
        )
    )


def _set(name: str, doc: str, calls: Iterable[str]) -> str:
    """One exported set, laid out as the formatter wants it."""
    quoted = [json.dumps(call) for call in sorted(calls)]
    line = f"export const {name} = new Set([{', '.join(quoted)}]);"
    if len(line) > _WIDTH:
        line = f"export const {name} = new Set([\n" + "".join(f"  {call},\n" for call in quoted) + "]);"
    return f"/** {doc} */\n{line}\n"


if __name__ == "__main__":
    TARGET.write_text(render())
