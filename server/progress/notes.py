"""What is known of one learner: visits to labs, answers, finished steps. Values, and what follows from them.

A step counts from 1, a question from 0 within its step. Times are whole seconds since 1970, UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

Kind = Literal["predict", "explain"]

UNKNOWN = ""
"""The choice of who says "I don't know"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Where a learner is in a lab.

    Attributes:
        lab: Its name.
        step: The step that they are at.
        of: How many steps the lab has.
        finished: Whether they have been at its end.
    """

    lab: str
    step: int
    of: int
    finished: bool
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An answer to a question.

    Attributes:
        choice: The label of the option, or the number; ``UNKNOWN`` if they did not know.
        measured: What the kernel said; None until it did, or if no run answers this question.
        fits: Whether the choice is what the kernel (or, without a measure, the lab) says; None until that is known.
    """

    lab: str
    step: int
    kind: Kind
    question: int
    choice: str
    measured: str | None
    fits: bool | None
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A step whose checks have all been true.

    Attributes:
        seq: The event of that sandbox's log since which they were.
        shown: Whether the lab did it for the learner.
    """

    lab: str
    step: int
    seq: int
    shown: bool
    at: int


Note = Visit | Answered | Finished


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRun:
    """A lab run, as it is found again.

    Attributes:
        id: Its name in messages and addresses. Not a secret.
        learner: Whose it is.
        lab: The name of its lab.
        watch_key: Who knows it may look at the run, and no more.
    """

    id: str
    learner: str
    lab: str
    watch_key: str


@dataclass(slots=True)
class Notes:
    """All notes about one learner."""

    visits: dict[str, Visit] = field(default_factory=dict)
    answers: dict[tuple[str, int, Kind, int], Answered] = field(default_factory=dict)
    finished: dict[tuple[str, int], Finished] = field(default_factory=dict)

    def add(self, notes: Iterable[Note]) -> None:
        """Take in notes; a later one replaces an earlier one about the same thing."""
        for note in notes:
            match note:
                case Visit():
                    self.visits[note.lab] = note
                case Answered():
                    self.answers[note.lab, note.step, note.kind, note.question] = note
                case Finished():
                    self.finished[note.lab, note.step] = note

    def all(self) -> list[Note]:
        """Every note."""
        return [*self.visits.values(), *self.answers.values(), *self.finished.values()]

    def answer(self, lab: str, step: int, kind: Kind, question: int) -> Answered | None:
        """The answer to one question, if there is one."""
        return self.answers.get((lab, step, kind, question))

    def has_finished(self, lab: str, step: int) -> bool:
        """Whether a step has been finished."""
        return (lab, step) in self.finished


def exported(learner: str, notes: Notes) -> Mapping[str, Any]:
    """All that is known of a learner, as a document for themselves."""
    return {
        "learner": learner,
        "labs": [_told(visit) for visit in sorted(notes.visits.values(), key=lambda visit: visit.lab)],
        "answers": [_told(answer) for _, answer in sorted(notes.answers.items())],
        "finished_steps": [_told(finished) for _, finished in sorted(notes.finished.items())],
    }


def _told(note: Note) -> dict[str, Any]:
    told = asdict(note)
    told["at"] = datetime.fromtimestamp(note.at, UTC).isoformat()
    return told
