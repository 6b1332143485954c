"""Our own labs, for tests: all names at once, and each lab read when a test first asks for it, once in a process.

Reading all of them costs two seconds of computing, which no collection of tests should wait for.
"""

from __future__ import annotations

from functools import cache

import pytest

from server.folders import folder
from server.lessons.loader import Library, load, load_lab
from server.lessons.model import Lab

OURS = folder("labs")
NAMES = sorted(path.parent.name for path in OURS.glob("*/lab.md"))
CROWDED = frozenset({"18-ten-thousand"})
"""Labs with thousands of sockets, which would slow every other test."""
PLAYED = [
    pytest.param(name, pace, marks=[pytest.mark.crowded] if name in CROWDED else [])
    for name in NAMES
    for pace in ("live", "step")
    if not (name in CROWDED and pace == "live")
]
"""All names and both paces, for tests that play the labs. What is crowded is played live in the browser, and by
`make judge`."""


@cache
def library() -> Library:
    """All of them."""
    return load(OURS)


@cache
def lab_of(name: str) -> Lab:
    """One of them."""
    lab, problems = load_lab(OURS / name)
    assert lab is not None, problems
    return lab
