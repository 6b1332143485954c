"""A scenario on both sides, compared with strace: the same calls, arguments and results, thread by thread.

Each scenario runs twice: once isolated and traced by us, once outside under ``strace -ff`` in the network namespaces
of another sandbox's hosts, as an ordinary user. Then the two logs are compared for equality, but for the list in
``differences.py``.
"""

from __future__ import annotations

import difflib
from collections.abc import Awaitable, Callable
from typing import Any

from server.sessions.zygote import Zygote
from tests.judges import outside
from tests.judges.differences import KNOWN, Difference, comparable, joined
from tests.judges.sides import Inside, Side, Threads, strace_side
from tests.laboratory import laboratory

Scenario = Callable[[Side], Awaitable[None]]
PYTHON = outside.reachable("python3")


async def judge(
    zygote: Zygote, scenario: Scenario, *more: Difference, any_order: bool = False, pieces: bool = False
) -> Threads:
    """Run a scenario on both sides and compare; returns what strace said of the first program.

    Args:
        zygote: Where sandboxes come from.
        scenario: What is done.
        more: Known differences of these programs, besides those that always hold.
        pieces: It is a matter of speed into how many pieces what the second program receives is cut.
        any_order: Processes that one process made are interchangeable: which of them the kernel wakes is its choice.
    """
    async with laboratory(zygote) as lab:
        inside = Inside(lab)
        await scenario(inside)
        ours = [program.threads() for program in inside.programs]
    async with strace_side(zygote) as side:
        await scenario(side)
        theirs = [program.threads() for program in side.programs]
    assert len(ours) == len(theirs)
    known = (*KNOWN, *more)
    for number, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
        join = pieces and number > 0
        told, judged = _told(mine, known, any_order, join), _told(other, known, any_order, join)
        assert told == judged, f"program {number}:\n{_unlike(told, judged)}"
    return theirs[0]


def _unlike(told: dict[str, list[str]], judged: dict[str, list[str]]) -> str:
    """The lines that differ, thread by thread."""
    parts: list[str] = []
    for path in sorted({*told, *judged}):
        parts += difflib.unified_diff(told.get(path, []), judged.get(path, []), "ours", "strace", lineterm="", n=2)
    return "\n".join(parts)


def _told(threads: Threads, known: tuple[Difference, ...], any_order: bool, join: bool) -> dict[str, list[str]]:
    """Each thread's calls as text, which can be compared line by line."""
    kept = {path: comparable(calls, known) for path, calls in threads.items()}
    told = {
        path: [f"{c.name} {_sorted(c.args)} -> {_sorted(c.result)}" for c in (joined(calls) if join else calls)]
        for path, calls in kept.items()
    }
    if not any_order:
        return told
    children = sorted(calls for path, calls in told.items() if path)
    return {"": told[""]} | {f"child {index}": calls for index, calls in enumerate(children)}


def _sorted(value: Any) -> Any:
    return {name: _sorted(value[name]) for name in sorted(value)} if isinstance(value, dict) else value
