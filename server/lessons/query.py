"""What can be asked of a sandbox's log: conditions and quantities, one language for expect, measure and hint.when.

Frozen values, without behaviour: ``conditions`` makes them from text, ``checks`` evaluates them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Subject = Literal["socket", "process", "fd", "call", "packet", "output", "moment", "sysctl"]
Operator = Literal["like", "is", "not", "any", "contains", "at_least", "at_most"]
Value = str | int | bool


@dataclass(frozen=True, slots=True)
class Pattern:
    """What one field must be."""

    field: str
    operator: Operator
    value: Value | tuple[Value, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Rows of one subject.

    Attributes:
        patterns: All of them must fit.
        ever: Rows as they were at any time; otherwise as they are now.
        since_step: Only what happened since the step began.
    """

    subject: Subject
    patterns: tuple[Pattern, ...]
    ever: bool = False
    since_step: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """So many rows of a selection: at least, and at most (None: any number)."""

    selection: Selection
    at_least: int = 1
    at_most: int | None = None


@dataclass(frozen=True, slots=True)
class AllOf:
    """All of the conditions."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One of the conditions."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Not the condition."""

    part: Condition


@dataclass(frozen=True, slots=True)
class Before:
    """A row of the first selection fitted before any of the second did."""

    first: Selection
    second: Selection


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number or text that is measured.

    Attributes:
        how: ``constant``; or what is done with the rows of ``of``.
        of: The rows.
        field: The field for ``value``, ``distinct`` and ``sum``.
        constant: The value of a constant.
    """

    how: Literal["constant", "count", "value", "distinct", "sum"]
    of: Selection | None = None
    field: str = ""
    constant: Value = 0


@dataclass(frozen=True, slots=True)
class Compare:
    """Two quantities, compared."""

    how: Literal["equal", "different", "less"]
    left: Quantity
    right: Quantity


Condition = Rows | AllOf | AnyOf | Not | Before | Compare
