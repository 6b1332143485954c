"""The page ``docs/syscalls.md``, made from the table of system calls and from what its columns say of themselves."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable

from server.inet.call_row import Call
from server.inet.syscalls import CALLS, NUMBERS

_INTRO = """\
# System calls that are shown

<!-- Written by docs/syscalls_reference.py from server/inet/syscalls.py; edit that. -->

Programs of a sandbox stop at these calls, and each becomes a `syscall.entered` and a `syscall.returned` event. Their
names are those of the kernel and of strace. Calls on plain files are let go without an event. Any other call goes by
unseen, or is refused (`server/sandbox/confinement.py`).
"""


def _yes(value: object) -> str:
    return "yes" if value else ""


def _descriptors(call: Call) -> str:
    return ", ".join(f"`{fd.field}`" + (" (replaced)" if fd.replaced else "") for fd in call.fds)


_COLUMNS: dict[str, tuple[str, Callable[[Call], str]]] = {
    "name": ("call", lambda call: f"`{call.name}`"),
    "said_as": ("in a program", lambda call: "" if call.said_as == call.name else f"`{call.said_as}`"),
    "kind": ("about", lambda call: call.kind),
    "fds": ("descriptors", _descriptors),
    "may_sleep": ("may sleep", lambda call: _yes(call.may_sleep)),
    "only_asks": ("only asks", lambda call: _yes(call.only_asks)),
    "makes": ("makes", lambda call: call.makes or ""),
    "frees": ("frees", lambda call: _yes(call.frees)),
    "bytes": ("bytes", lambda call: call.bytes or ""),
    "brings_fds": ("brings descriptors", lambda call: _yes(call.brings_fds)),
    "sends": ("sends", lambda call: _yes(call.sends)),
    "changes_sockets": ("changes sockets", lambda call: _yes(call.changes_sockets)),
    "returns": ("returns", lambda call: "" if call.returns else "no"),
}
"""Column of the row → its title on the page, and what stands there."""


def page() -> str:
    """The text of syscalls.md."""
    titles = [title for title, _ in _COLUMNS.values()]
    lines = [_INTRO, "## Columns\n"]
    explained = _explained()
    lines += [f"- **{title}**: {explained[name]}" for name, (title, _) in _COLUMNS.items()]
    lines += ["\n## Calls\n", f"| {' | '.join(titles)} |", "|" + " --- |" * len(titles)]
    lines += [f"| {' | '.join(show(call) for _, show in _COLUMNS.values())} |" for call in CALLS.values()]
    old = ", ".join(f"`{name}`" for name in CALLS if name not in NUMBERS["aarch64"].values())
    lines.append(f"\nOn arm64 the kernel does not have {old}: the C library makes a newer one there.")
    return "\n".join(lines) + "\n"


def _explained() -> dict[str, str]:
    """What ``Call`` says of each of its columns."""
    _, _, attributes = inspect.cleandoc(Call.__doc__ or "").partition("Attributes:\n")
    entries = re.findall(r"^    (\w+): (.+(?:\n {8}.+)*)", attributes, re.MULTILINE)
    return {name: re.sub(r"\s+", " ", words).replace("``", "`") for name, words in entries}
