"""What the checks of a step say now, and what a run says to its predictions. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from server import lab_events as le
from server.courses.reports import Sight
from server.courses.shapes import CheckState, EnteredStep, GivenAnswer
from server.lessons.checks import Row, Scene, Verdict, evaluate, measure
from server.lessons.model import Predict, Step
from server.lessons.query import Quantity
from server.lessons.words import row_key, row_words

MOST_ROWS = 4
"""So many rows are told with a check."""
PASSED = ("true", "lost")
"""What was seen once counts, as the kernel passes on."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the checks of a step.

    Attributes:
        events: Those that say something else than before, each as an event.
        passed: Whether each of them has been true at some time.
    """

    events: tuple[le.LabEvent, ...]
    passed: bool


def look(step: Step, entered: EnteredStep, sight: Sight, after: int) -> Look:
    """Evaluate the checks of a step.

    Args:
        step: The step.
        entered: What is known of it.
        sight: What can be seen.
        after: The last event at which the checks were looked at before.
    """
    scene = Scene(sight.record, sight.names, entered["after"])
    events: list[le.LabEvent] = []
    passed = True
    for index, check in enumerate(step.checks):
        known = entered["checks"].get(str(index))
        verdict = evaluate(check.condition, scene)
        silent = verdict.holds or entered["phase"] == "entered"  # before the run, nothing is amiss
        hints = [] if silent else [place for place, one in enumerate(check.hints) if evaluate(one.when, scene).holds]
        event = _event(step.number, index, known, verdict, hints, after, sight.seq)
        passed &= event.mood in PASSED
        if _differs(event, known):
            events.append(event)
    return Look(tuple(events), passed)


def is_over(step: Step, entered: EnteredStep, *, passed: bool) -> bool:
    """Whether a step may settle: all its checks have been true, and nothing is being carried out."""
    return entered["phase"] != "settled" and not entered["queue"] and bool(step.checks) and passed


def measured(
    step: Step, entered: EnteredStep, sight: Sight, answers: Sequence[GivenAnswer | None]
) -> list[le.Measured]:
    """What the run says to the predictions of a step.

    Args:
        step: The step.
        entered: What is known of it.
        sight: What can be seen.
        answers: What the learner has predicted, one for each prediction.
    """
    scene = Scene(sight.record, sight.names, entered["after"])
    return [_measured(predict, scene, given) for predict, given in zip(step.predictions, answers, strict=True)]


def decided(entered: EnteredStep, seq: int, events: Sequence[le.LabEvent] = ()) -> int:
    """The event since which all checks of a step are true; ``seq`` if it has none."""
    since = {index: check["since"] for index, check in entered["checks"].items()}
    since |= {str(one.check): one.since for one in events if isinstance(one, le.LabCheckChanged)}
    return max(since.values(), default=seq)


# --- parts ------------------------------------------------------------------------------------


def _event(
    step: int, index: int, known: CheckState | None, verdict: Verdict, hints: list[int], after: int, seq: int
) -> le.LabCheckChanged:
    mood: le.Mood = known["mood"] if known is not None else "waiting"
    since, lost = (known["since"], known["lost"]) if known is not None else (0, 0)
    if verdict.holds:
        if mood != "true":
            since = _since(verdict, after, seq)
        mood = "true"
    elif mood in PASSED:
        if mood == "true":
            lost = seq
        mood = "lost"
    else:
        mood = "partly" if verdict.wanted and 0 < (verdict.count or 0) < verdict.wanted else "waiting"
    proofs = list(_proofs(verdict.rows)) if mood in ("true", "partly") else []
    more = max(0, max(len(proofs), verdict.count or 0) - MOST_ROWS) if proofs else 0
    return le.LabCheckChanged(
        step=step,
        check=index,
        mood=mood,
        since=since,
        lost=lost,
        count=verdict.count,
        wanted=verdict.wanted,
        rows=proofs[:MOST_ROWS],
        more=more,
        hints=hints,
    )


def _proofs(rows: Sequence[Row]) -> Iterator[le.Proof]:
    """Each row once: a condition may need a row twice."""
    for row in {(row.subject, row.key): row for row in rows}.values():
        yield le.Proof(key=row_key(row), seq=row.seq, words=row_words(row))


def _differs(event: le.LabCheckChanged, known: CheckState | None) -> bool:
    """Whether a look says something that a reader would see."""
    if known is None:
        return event.mood != "waiting" or bool(event.hints)
    keys = [row["key"] for row in known["rows"]]
    told = (known["mood"], known["count"], known["hints"], keys)
    return told != (event.mood, event.count, event.hints, [row.key for row in event.rows])


def _since(verdict: Verdict, after: int, seq: int) -> int:
    """The event that made a verdict hold: of the rows that prove it, the one that was the last to be needed."""
    seqs = sorted(row.seq for row in verdict.rows)
    if not seqs:
        return seq
    needed = seqs[verdict.wanted - 1] if verdict.wanted and verdict.wanted <= len(seqs) else seqs[-1]
    return needed if after < needed <= seq else seq


def _measured(predict: Predict, scene: Scene, given: GivenAnswer | None) -> le.Measured:
    right = next((option.label for option in predict.options if option.right), None)
    if predict.measure is None:
        value, label, so = None, None, right
    elif isinstance(predict.measure, Quantity):
        found = measure(predict.measure, scene)
        value = None if found is None else str(found)
        label = next((option.label for option in predict.options if option.label == value), None)
        so = value if predict.number else label
    else:
        holds = evaluate(predict.measure, scene).holds
        value = label = so = right if holds else None
    fits = None if so is None or given is None or given["choice"] == "" else given["choice"] == so
    return le.Measured(value=value, label=label, fits=fits)
