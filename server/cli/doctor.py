"""``socketlab doctor``: what this machine allows, and how to fix what is missing."""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Iterator

import msgspec

from server.sandbox.machine import Check
from server.sessions.capabilities import Capabilities, capabilities

_WIDTH = 96


def prepare_parser(parser: argparse.ArgumentParser) -> None:
    """Describe the options."""
    parser.add_argument("--json", action="store_true", help="print what was found as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Try everything and print it; 0 only if the main job can run."""
    found = capabilities()
    if arguments.json:
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(found)) + b"\n")
    else:
        print("\n".join(report(found)))
    return 0 if found.ok else 1


def report(found: Capabilities) -> Iterator[str]:
    """The lines that a person reads."""
    wide = max(len(check.name) for check in found.checks)
    for check in found.checks:
        yield f"{_mark(check):<8} {check.name:<{wide}}  {check.detail}"
        if not check.ok:
            yield from _paragraph("Without it: ", check.without)
            yield from _paragraph("To fix it: ", check.hint)
    yield ""
    if found.ok:
        missing = [check.name for check in found.checks if not check.ok]
        yield "Socketlab can run here" + (f", but not everything: {', '.join(missing)}." if missing else ".")
    else:
        missing = [check.name for check in found.checks if check.essential and not check.ok]
        yield f"Socketlab cannot run here: {', '.join(missing)}."


def _mark(check: Check) -> str:
    if check.ok:
        return "ok"
    return "MISSING" if check.essential else "missing"


def _paragraph(head: str, text: str) -> Iterator[str]:
    if text:
        yield from textwrap.wrap(
            head + text,
            _WIDTH,
            initial_indent=" " * 9,
            subsequent_indent=" " * (9 + len(head)),
            break_long_words=False,
            break_on_hyphens=False,
        )
