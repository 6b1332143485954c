"""A translation says the same in another language: its words may differ, what it does may not."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

from server.lessons.model import Lab, Predict, Step
from server.lessons.query import Quantity
from server.lessons.source import Problem

_WORDS = frozenset({
    "title", "question", "remember", "intro", "language", "translations", "line", "that", "html", "label", "label_html",
    "number", "question_html", "task_html",
})  # fmt: skip
_PROSE = ("Prose", "Note")


def differences(lab: Lab, translated: Lab, file: str) -> tuple[Problem, ...]:
    """Where a translation does something else than the lab, at most one problem."""
    for name in ("minutes", "misconceptions", "hosts", "pace", "open_files"):
        if getattr(lab, name) != getattr(translated, name):
            return (Problem(file, 1, f"`{name}` is not as in lab.md.", "Copy it from there."),)
    if len(lab.steps) != len(translated.steps):
        what = f"It has {len(translated.steps)} steps, lab.md has {len(lab.steps)}."
        return (Problem(file, 1, what, "Translate each step."),)
    for ours, theirs in zip(lab.steps, translated.steps, strict=True):
        problem = _step(ours, theirs, file)
        if problem is not None:
            return (problem,)
    return ()


def _step(ours: Step, theirs: Step, file: str) -> Problem | None:
    blocks = [[block for block in step.blocks if type(block).__name__ not in _PROSE] for step in (ours, theirs)]
    kinds = [[type(block).__name__ for block in one] for one in blocks]
    if kinds[0] != kinds[1]:
        what = f"Step {ours.number} does not have the blocks that it has in lab.md."
        return Problem(file, theirs.line, what, "Copy them from there, and translate their words.")
    for one, other in zip(*blocks, strict=True):
        if _deeds(one) != _deeds(other):
            what = f"This block of step {ours.number} does something else than in lab.md."
            return Problem(file, other.line, what, "Translate its words only.")
    return None


def _deeds(value: Any) -> Any:  # noqa: ANN401 (any part of the model)
    """A part of the model without its words; answers that the run is compared with are no words."""
    if isinstance(value, tuple):
        return [_deeds(item) for item in value]
    if not is_dataclass(value):
        return value
    deeds = [(one.name, _deeds(getattr(value, one.name))) for one in fields(value) if one.name not in _WORDS]
    if isinstance(value, Predict) and isinstance(value.measure, Quantity):
        deeds.append(("labels", [option.label for option in value.options]))
    return deeds
