"""What a run says about its learner, and what a new run takes over from it."""

from __future__ import annotations

from server import lab_events as le
from server.courses.notes import begun, notes_of
from server.courses.state import RunState, fold, initial
from server.progress.notes import Answered, Finished, Note, Notes, Visit

BEGUN = le.LabBegun(lab="01-x", edition="e", steps=3, step=1, began=5, order=8)


def notes(*events: le.LabEvent) -> list[Note]:
    """The notes that follow from the last of these events."""
    state: RunState = initial()
    for event in events[:-1]:
        fold(state, event)
    return list(notes_of(state, events[-1], 77))


def visit(step: int, *, finished: bool = False) -> Visit:
    return Visit(lab="01-x", step=step, of=3, finished=finished, at=77)


LIVE = (BEGUN, le.LabRebuildBegun(step=1, why="start"), le.LabRebuilt(step=1))


def test_where_a_learner_is() -> None:
    assert notes(BEGUN) == []
    assert notes(BEGUN, le.LabRebuildBegun(step=2, why="start")) == [visit(2)]
    assert notes(*LIVE, le.LabStepEntered(step=2)) == [visit(2)]
    assert notes(*LIVE, le.LabFinished()) == [visit(3, finished=True)]
    assert notes(*LIVE, le.LabFinished(), le.LabStepEntered(step=2)) == [visit(2, finished=True)]


def test_steps_that_the_lab_plays_are_no_visit_and_are_not_done() -> None:
    building = (BEGUN, le.LabRebuildBegun(step=3, why="start"))
    assert notes(*building, le.LabStepEntered(step=1)) == []
    assert notes(*building, le.LabStepSettled(step=1, decided=4, rebuilt=True)) == []


def test_an_answer_is_kept_as_it_is_given() -> None:
    answered = le.LabQuestionAnswered(step=1, kind="explain", question=2, choice="That", fits=True)
    assert notes(*LIVE, answered) == [
        Answered(lab="01-x", step=1, kind="explain", question=2, choice="That", measured=None, fits=True, at=77)
    ]


def test_a_settled_step_is_finished_and_its_predictions_are_graded() -> None:
    answered = le.LabQuestionAnswered(step=1, kind="predict", question=1, choice="2")
    measured = [le.Measured(value="9"), le.Measured(value="3", label="3", fits=False)]
    settled = le.LabStepSettled(step=1, decided=42, measured=measured, shown=True)
    assert notes(*LIVE, answered, settled) == [
        Finished(lab="01-x", step=1, seq=42, shown=True, at=77),
        Answered(lab="01-x", step=1, kind="predict", question=1, choice="2", measured="3", fits=False, at=77),
    ]


def test_everything_else_says_nothing_about_the_learner() -> None:
    for event in (le.LabHintOffered(step=1, hint=0), le.LabActAccepted(act="act-00001", name="lab.stop")):
        assert notes(*LIVE, event) == []


# --- the first event of a new run


def test_a_stranger_begins_at_the_first_step() -> None:
    assert begun("01-x", "e", 3, 8, Notes(), 5) == BEGUN


def test_a_learner_goes_on_where_they_were_with_what_they_have_done() -> None:
    known = Notes()
    answer = Answered(lab="01-x", step=1, kind="predict", question=0, choice="2", measured="3", fits=False, at=1)
    known.add([
        visit(2), answer, Finished(lab="01-x", step=2, seq=4, shown=False, at=1),
        Finished(lab="01-x", step=1, seq=4, shown=False, at=1), Finished(lab="02-y", step=3, seq=4, shown=False, at=1),
        Answered(lab="02-y", step=1, kind="predict", question=0, choice="2", measured=None, fits=None, at=1),
    ])  # fmt: skip
    event = begun("01-x", "e", 3, 8, known, 5)
    assert (event.step, event.settled, event.finished) == (2, [1, 2], False)
    assert event.answers == [le.Answer(step=1, kind="predict", question=0, choice="2", measured="3", fits=False)]


def test_who_has_finished_begins_again_and_a_step_that_is_gone_is_the_last_one() -> None:
    known = Notes()
    known.add([visit(3, finished=True)])
    assert (begun("01-x", "e", 3, 8, known, 5).step, begun("01-x", "e", 3, 8, known, 5).finished) == (1, True)
    known.add([visit(9)])
    assert begun("01-x", "e", 3, 8, known, 5).step == 3


def test_notes_of_a_run_lead_to_the_same_answers_in_the_next() -> None:
    state, known = initial(), Notes()
    answered = le.LabQuestionAnswered(step=1, kind="predict", question=0, choice="2")
    settled = le.LabStepSettled(step=1, decided=42, measured=[le.Measured(value="2", label="2", fits=True)])
    for event in (*LIVE, le.LabStepEntered(step=1), answered, settled):
        known.add(notes_of(state, event, 77))
        fold(state, event)
    again = fold(initial(), begun("01-x", "e", 3, 8, known, 99))
    assert (again["answers"], again["settled"], again["step"]) == (state["answers"], state["settled"], state["step"])
