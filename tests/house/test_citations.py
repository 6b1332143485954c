"""Docs, docstrings and comments name only files that are in the repository."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from tests.house.reading import ROOT, files, said

PLACES = ("server", "static", "docs", "labs", "bench", "templates", "tests")
SOURCES = files(*PLACES)

EXAMPLES = {
    # Files that a text is about without claiming that we have them.
    "run.html",
    "01-hello/lab.md",
    "my-labs/01-hello/lab.md",
    "sleepy_server.py",
    "Objects/locations.md",
    "socket.py",
    "hello.py",
    "lab.de.md",
}
_STANDS_FOR_MANY = re.compile(r"(?:^|[/_])(?:MODULE|NAME|FILE|EVENT|PANEL|LAB)\b")
_NAMED = re.compile(r"(?<![\w./*:-])((?:\.{1,2}/)*(?:[\w.-]+/)*[\w.-]*\w\.(?:py|md|js|css))\b(?!\()")


@cache
def _ours() -> frozenset[str]:
    """The end of the path of each of our files: ``fold.js``, ``log/fold.js``, ``js/log/fold.js``, …"""
    found = set()
    for place in (*PLACES, "."):
        for path in (ROOT / place).glob("*") if place == "." else (ROOT / place).rglob("*"):
            parts = path.relative_to(ROOT).parts
            found |= {"/".join(parts[first:]) for first in range(len(parts))}
    return frozenset(found)


def cited(text: str) -> set[str]:
    """The files that a text names; ``test_MODULE.py`` stands for many."""
    found = {name.lstrip("./") for name in _NAMED.findall(text)} - EXAMPLES
    return {name for name in found if not _STANDS_FOR_MANY.search(name)}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_that_is_named_is_there(path: Path) -> None:
    missing = sorted(name for name in cited(said(path)) if name not in _ours())
    assert missing == [], "name a file of this repository, or add it to EXAMPLES if it is none of ours"


def test_a_file_that_is_not_there_would_be_found() -> None:
    assert cited("see nowhere.md, `server/none.py` and ../up/gone.js.") == {
        "nowhere.md",
        "server/none.py",
        "up/gone.js",
    }
    assert not {"nowhere.md", "server/none.py", "up/gone.js"} & _ours()
    assert {"fold.js", "static/js/log/fold.js", "README.md"} <= _ours()
