"""What a lab run says about its learner: events to notes, and back into the first event of the next run. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from server import lab_events as le
from server.courses.shapes import RunState
from server.courses.state import answer_key
from server.progress.notes import Answered, Finished, Note, Notes, Visit


def notes_of(state: RunState, event: le.LabEvent, at: int) -> Iterator[Note]:
    """The notes that follow from an event.

    Args:
        state: The run before the event.
        event: The event.
        at: Now, in seconds since 1970.
    """
    lab, steps = state["lab"], state["steps"]
    match event:
        case le.LabRebuildBegun(step=step):
            yield Visit(lab=lab, step=step, of=steps, finished=state["finished"], at=at)
        case le.LabStepEntered(step=step) if state["mood"] == "live":
            yield Visit(lab=lab, step=step, of=steps, finished=state["finished"], at=at)
        case le.LabQuestionAnswered():
            yield Answered(
                lab=lab,
                step=event.step,
                kind=event.kind,
                question=event.question,
                choice=event.choice,
                measured=None,
                fits=event.fits,
                at=at,
            )
        case le.LabStepSettled(rebuilt=False):
            yield Finished(lab=lab, step=event.step, seq=event.decided, shown=event.shown, at=at)
            yield from _graded(state, event, at)
        case le.LabFinished():
            yield Visit(lab=lab, step=steps, of=steps, finished=True, at=at)
        case _:
            pass


def _graded(state: RunState, event: le.LabStepSettled, at: int) -> Iterator[Note]:
    """The learner's predictions, with what the run says to them."""
    for index, one in enumerate(event.measured):
        given = state["answers"].get(answer_key(event.step, "predict", index))
        if given is not None:
            yield Answered(
                lab=state["lab"],
                step=event.step,
                kind="predict",
                question=index,
                choice=given["choice"],
                measured=one.value,
                fits=one.fits,
                at=at,
            )


def begun(lab: str, edition: str, steps: int, order: int, notes: Notes, at: int) -> le.LabBegun:
    """The first event of a run, with what is known of its learner from before.

    Args:
        lab: The name of the lab.
        edition: What its files are now.
        steps: How many steps it has.
        order: What the order of its options is drawn from.
        notes: All that is known of the learner.
        at: Now, in seconds since 1970.
    """
    visit = notes.visits.get(lab)
    return le.LabBegun(
        lab=lab,
        edition=edition,
        steps=steps,
        step=1 if visit is None or visit.finished else max(1, min(visit.step, steps)),
        began=at,
        order=order,
        answers=[
            le.Answer(
                step=one.step,
                kind=one.kind,
                question=one.question,
                choice=one.choice,
                measured=one.measured,
                fits=one.fits,
            )
            for one in notes.answers.values()
            if one.lab == lab
        ],
        settled=sorted(step for name, step in notes.finished if name == lab),
        finished=visit is not None and visit.finished,
    )
