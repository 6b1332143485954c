"""Conditions and quantities, evaluated: pure functions of a record, with the rows that prove the answer.

A selection picks rows: as they are now, or as they ever were. Everything else counts, compares or orders what
selections pick. Each verdict brings evidence, because a check that says "true" must be able to show the row of the
kernel's table that makes it true.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, assert_never

from server.lessons.fields import FIELDS, Answer, Field, View, known
from server.lessons.model import Check
from server.lessons.query import (
    AllOf,
    AnyOf,
    Before,
    Compare,
    Condition,
    Not,
    Pattern,
    Quantity,
    Rows,
    Selection,
    Subject,
    Value,
)
from server.lessons.record import Record, Seen

EVIDENCE = 50
"""So many rows are handed out with a verdict; counting counts all."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row that proves something.

    Attributes:
        subject: What it is: ``socket``, ``call``, …
        key: Its id: the socket's cookie, the call's or packet's number, a pid.
        seq: The event since which it is so.
        fields: What it says, by the names that conditions use.
    """

    subject: Subject
    key: str
    seq: int
    fields: Mapping[str, str | int | bool]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a condition holds.

    Attributes:
        holds: Whether it does.
        count: How many rows fit, where the condition counts rows.
        wanted: How many must at least fit.
        rows: The rows that prove it; if it does not hold, those that fit already or contradict it.
    """

    holds: bool
    count: int | None = None
    wanted: int | None = None
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Scene:
    """What a condition is evaluated in.

    Attributes:
        record: The log so far.
        names: What the lab calls programs → their pids.
        step_seq: The last event before the step began.
    """

    record: Record
    names: Mapping[str, Sequence[int]] = field(default_factory=dict)
    step_seq: int = 0


def evaluate(condition: Condition, scene: Scene) -> Verdict:
    """Whether a condition holds now."""
    match condition:
        case Rows():
            return _count(condition, scene)
        case AllOf(parts):
            verdicts = [evaluate(part, scene) for part in parts]
            holding = sum(verdict.holds for verdict in verdicts)
            return Verdict(holding == len(parts), holding, len(parts), _joined(verdicts))
        case AnyOf(parts):
            verdicts = [evaluate(part, scene) for part in parts]
            fitting = [verdict for verdict in verdicts if verdict.holds]
            return Verdict(bool(fitting), rows=_joined(fitting or verdicts))
        case Not(part):
            verdict = evaluate(part, scene)
            return Verdict(not verdict.holds, rows=verdict.rows)
        case Before(first, second):
            return _before(first, second, scene)
        case Compare():
            return _compare(condition, scene)
        case _:
            assert_never(condition)


def measure(quantity: Quantity, scene: Scene) -> Value | None:
    """What a quantity is now; None if there is no such thing: no row, or rows that do not agree."""
    if quantity.how == "constant":
        return quantity.constant
    assert quantity.of is not None
    if quantity.how == "count":
        return len(select(quantity.of, scene))
    get = FIELDS[quantity.of.subject][quantity.field].get
    values = [value for seen in select(quantity.of, scene) if (value := get(seen.view)) is not None]
    if quantity.how == "sum":
        return sum(int(value) for value in values)
    different = {",".join(sorted(value)) if isinstance(value, frozenset) else value for value in values}
    if quantity.how == "distinct":
        return len(different)
    return different.pop() if len(different) == 1 else None


def select(selection: Selection, scene: Scene) -> list[Seen]:
    """The rows of a selection; of a row that fitted more than once, its first time."""
    found: dict[str, Seen] = {}
    test = _Test(selection, scene)
    for seen in test.candidates():
        if seen.key not in found and test.fits(seen.view):
            found[seen.key] = seen
    return list(found.values())


def showing_hints(check: Check, scene: Scene) -> list[str]:
    """The hints of a check that are in place now, as HTML."""
    return [hint.html for hint in check.hints if evaluate(hint.when, scene).holds]


def rows_of(selection: Selection, scene: Scene) -> tuple[Row, ...]:
    """The rows of a selection, as evidence."""
    return _rows(selection, select(selection, scene))


# --- kinds of conditions ----------------------------------------------------------------------


def _count(condition: Rows, scene: Scene) -> Verdict:
    selection = condition.selection
    found = select(selection, scene)
    enough = len(found) >= condition.at_least
    holds = enough and (condition.at_most is None or len(found) <= condition.at_most)
    return Verdict(holds, len(found), condition.at_least, _rows(selection, found))


def _before(first: Selection, second: Selection, scene: Scene) -> Verdict:
    """Both have happened, and the first time of the one is before the first time of the other."""
    earliest = [min(select(one, scene), key=lambda seen: seen.seq, default=None) for one in (first, second)]
    rows = tuple(
        row
        for one, seen in zip((first, second), earliest, strict=True)
        if seen is not None
        for row in _rows(one, [seen])
    )
    one, other = earliest
    return Verdict(one is not None and other is not None and one.seq < other.seq, rows=rows)


def _compare(condition: Compare, scene: Scene) -> Verdict:
    left, right = measure(condition.left, scene), measure(condition.right, scene)
    rows = tuple(
        row for side in (condition.left, condition.right) if side.of is not None for row in rows_of(side.of, scene)
    )
    if left is None or right is None:
        return Verdict(False, rows=rows)
    if condition.how == "less":
        return Verdict(isinstance(left, int) and isinstance(right, int) and left < right, rows=rows)
    return Verdict((str(left) == str(right)) == (condition.how == "equal"), rows=rows)


def _joined(verdicts: Sequence[Verdict]) -> tuple[Row, ...]:
    return tuple(row for verdict in verdicts for row in verdict.rows)[:EVIDENCE]


def _rows(selection: Selection, found: Sequence[Seen]) -> tuple[Row, ...]:
    subject = selection.subject
    return tuple(
        Row(subject, seen.key, seen.seq, known(seen.view, FIELDS[subject], subject)) for seen in found[:EVIDENCE]
    )


# --- one row ----------------------------------------------------------------------------------


Predicate = Callable[[View], bool]


class _Test:
    """A selection, made ready for many rows."""

    def __init__(self, selection: Selection, scene: Scene) -> None:
        self._selection = selection
        self._scene = scene
        self._predicates = [_predicate(pattern, selection.subject, scene) for pattern in selection.patterns]

    def candidates(self) -> Iterable[Seen]:
        selection, record = self._selection, self._scene.record
        source = record.ever(selection.subject) if selection.ever else record.now(selection.subject, self._names())
        if not selection.since_step:
            return source
        after = self._scene.step_seq
        return (seen for seen in source if seen.seq > after)

    def fits(self, view: View) -> bool:
        for predicate in self._predicates:  # noqa: SIM110 (all() over a generator takes twice as long)
            if not predicate(view):
                return False
        return True

    def _names(self) -> frozenset[str] | None:
        """The calls that the selection names outright: most rows need not be looked at."""
        for pattern in self._selection.patterns:
            if pattern.field == "name" and pattern.operator == "like" and "*" not in str(pattern.value):
                return frozenset({str(pattern.value)})
        return None


def _predicate(pattern: Pattern, subject: Subject, scene: Scene) -> Predicate:
    """Whether a view has what a pattern asks for. A field without a value fits nothing but ``not``."""
    field = FIELDS[subject][pattern.field]
    get, wanted = field.get, pattern.value
    if field.kind == "process":
        pids, other = _pids(pattern, scene), pattern.operator == "not"
        return lambda view: pids.isdisjoint(get(view)) == other
    match pattern.operator:
        case "like":
            fits = _like(field, wanted)
            return lambda view: fits(get(view))
        case "not":
            fits = _like(field, wanted)
            return lambda view: not fits(get(view))
        case "any":
            assert isinstance(wanted, tuple)
            every = [_like(field, one) for one in wanted]
            return lambda view: any(fits(get(view)) for fits in every)
        case "is":
            return lambda view: get(view) == wanted
        case "contains":
            return lambda view: (value := get(view)) is not None and wanted in value
        case "at_least":
            assert isinstance(wanted, int)
            return lambda view: (value := get(view)) is not None and value >= wanted
        case "at_most":
            assert isinstance(wanted, int)
            return lambda view: (value := get(view)) is not None and value <= wanted
        case _:
            assert_never(pattern.operator)


def _like(field: Field[Any], wanted: Value | tuple[Value, ...]) -> Callable[[Answer], bool]:
    if field.kind == "set":
        flags = frozenset(wanted if isinstance(wanted, tuple) else str(wanted).split(","))
        return lambda value: value == flags
    if field.kind in ("text", "host") and "*" in str(wanted):
        fits = glob(str(wanted)).fullmatch
        return lambda value: value is not None and fits(str(value)) is not None
    return lambda value: value == wanted


def _pids(pattern: Pattern, scene: Scene) -> frozenset[int]:
    """The pids that a name stands for: what was started under it, and the children."""
    wanted = pattern.value if isinstance(pattern.value, tuple) else (pattern.value,)
    pids = {pid for name in wanted for pid in scene.names.get(str(name), ())}
    for child, parent in scene.record.parents.items():  # in the order of their forks
        if parent in pids:
            pids.add(child)
    return frozenset(pids)


@lru_cache(maxsize=512)
def glob(text: str) -> re.Pattern[str]:
    """A text in which ``*`` stands for any text."""
    return re.compile(".*".join(map(re.escape, text.split("*"))), re.DOTALL)
