"""Numbers and how they are reported: medians of interleaved rounds, ratios, one table."""

from __future__ import annotations

import math
import os
import platform
import statistics
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

Subject = Callable[[], Awaitable[float]]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table.

    Attributes:
        what: What was measured.
        ours: Its value, with its unit.
        peer: The peer's name and value; empty if there is none.
        ratio: Ours divided by the peer's.
        reach: What is to be reached, in words; empty if the line only informs.
        met: Whether it was; None if there is nothing to reach.
    """

    what: str
    ours: str
    peer: str = ""
    ratio: float | None = None
    reach: str = ""
    met: bool | None = None

    def cells(self) -> tuple[str, ...]:
        """The line as the table shows it."""
        met = {True: "met", False: "missed", None: ""}[self.met]
        return self.what, self.ours, self.peer, "" if self.ratio is None else f"{self.ratio:.2f}", self.reach, met


@dataclass(frozen=True, slots=True)
class Report:
    """What one row reports: its lines, and remarks without which they could be misread."""

    lines: Sequence[Line]
    notes: Sequence[str] = field(default_factory=tuple)


async def interleaved(rounds: int, subjects: Mapping[str, Subject]) -> dict[str, list[float]]:
    """Measure every subject once a round, in an order that moves on by one each round.

    So a machine that becomes slower or faster meanwhile does so for all of them.
    """
    values: dict[str, list[float]] = {name: [] for name in subjects}
    names = list(subjects)
    for number in range(rounds):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            values[name].append(await subjects[name]())
    return values


def median(values: Sequence[float]) -> float:
    """The median."""
    return statistics.median(values)


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least ``percent`` of a hundred values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def spread(values: Sequence[float], unit: str = "s") -> str:
    """The median, and in brackets the smallest and the largest value."""
    if len(values) == 1:
        return time(values[0], unit)
    return f"{time(median(values), unit)} ({_number(min(values), unit)} to {_number(max(values), unit)})"


def time(seconds: float, unit: str = "s") -> str:
    """Seconds in the unit that is asked for: ``s`` or ``ms``."""
    return f"{_number(seconds, unit)} {unit}"


def _number(seconds: float, unit: str) -> str:
    if unit == "s":
        return f"{seconds:.2f}"
    return f"{seconds * 1e3:.3g}" if seconds < 1 else f"{seconds * 1e3:.0f}"


def megabytes(count: float) -> str:
    """Bytes in MB."""
    return f"{count / 1e6:.1f} MB"


def machine() -> str:
    """What the numbers of this run stand on, in one line."""
    load = ", ".join(f"{value:.2f}" for value in os.getloadavg())
    return (
        f"Linux {platform.release()}, {platform.machine()}, {len(os.sched_getaffinity(0))} processors, "
        f"Python {platform.python_version()}, load before the run {load}"
    )


def table(lines: Sequence[Line]) -> str:
    """The lines as aligned text."""
    rows = [("what", "here", "peer", "ratio", "reach", ""), *(line.cells() for line in lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    texts = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([texts[0], "─" * sum(widths, 10), *texts[1:]])
