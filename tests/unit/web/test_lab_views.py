"""From a lab, a run and notes to what is shown: questions, actions, checks, the catalogue."""

from __future__ import annotations

from dataclasses import replace

import pytest
from server.web.lab_room import graded
from server.web.lab_runs import CheckState, StepState

from server.folders import folder
from server.lessons.loader import load_lab
from server.lessons.model import Lab
from server.lessons.play import Measured
from server.lessons.reference import load_reference
from server.progress.notes import UNKNOWN, Answered, Finished, Notes, Visit
from server.web import lab_views as views

REFERENCE = load_reference(folder("labs"))[0]


@pytest.fixture(scope="module")
def lab() -> Lab:
    found, problems = load_lab(folder("labs") / "03-one-port-many-sockets")
    assert found is not None, problems
    return found


def answered(choice: str, measured: str | None = None, fits: bool | None = None, kind: str = "predict") -> Notes:
    notes = Notes()
    note = Answered(
        lab="03-one-port-many-sockets",
        step=2,
        kind="explain" if kind == "explain" else "predict",
        question=0,
        choice=choice,
        measured=measured,
        fits=fits,
        at=0,
    )
    notes.add([note])
    return notes


def predict_view(lab: Lab, notes: Notes, state: StepState | None = None) -> views.QuestionView:
    step = lab.steps[1]
    return views.predict_view(lab, step, step.predictions[0], 0, state, notes, REFERENCE.misconceptions)


class TestPredictions:
    def test_a_fresh_one_is_open(self, lab: Lab) -> None:
        view = predict_view(lab, Notes())
        assert view.open
        assert not view.told
        assert view.choice is None

    def test_it_can_be_changed_until_the_run(self, lab: Lab) -> None:
        state = StepState(step=lab.steps[1])
        assert predict_view(lab, answered("2"), state).open
        state.phase = "running"
        assert not predict_view(lab, answered("2"), state).open
        assert not predict_view(lab, answered("2"), state).told

    def test_the_kernel_answers(self, lab: Lab) -> None:
        state = StepState(step=lab.steps[1], phase="settled")
        state.measured = [Measured(3, "3")]
        view = predict_view(lab, answered("2", "3", False), state)
        assert view.told
        assert view.measured == "3"
        assert view.answer is not None
        assert view.answer.label == "3"
        assert view.chosen is not None
        assert "listening" in view.chosen.why
        assert [belief.number for belief in view.settles] == [3]

    def test_what_was_answered_before_is_there_without_a_run(self, lab: Lab) -> None:
        view = predict_view(lab, answered("2", "3", False))
        assert (view.told, view.open, view.measured) == (True, False, "3")

    def test_a_run_that_says_something_else_is_not_called_wrong(self, lab: Lab) -> None:
        state = StepState(step=lab.steps[1], phase="settled")
        state.measured = [Measured(4, "4")]
        view = predict_view(lab, answered("4", "4", True), state)
        assert view.measured == "4"
        assert view.answer is not None
        assert view.answer.label == "4"

    def test_what_none_of_the_answers_says_is_said_as_it_is(self, lab: Lab) -> None:
        state = StepState(step=lab.steps[1], phase="settled")
        state.measured = [Measured(7, None)]
        view = predict_view(lab, answered("4", "7"), state)
        assert (view.told, view.measured, view.said) == (True, "7", None)

    def test_a_condition_that_does_not_hold_says_nothing(self, lab: Lab) -> None:
        state = StepState(step=lab.steps[1], phase="settled")
        state.measured = [Measured(False, None)]
        view = predict_view(lab, answered("4"), state)
        assert (view.told, view.measured, view.said) == (True, "", None)


class TestGrading:
    def given(self, choice: str) -> Answered:
        return answered(choice).all()[0]  # type: ignore[return-value]  # there is one, an answer

    def test_the_measure_decides(self, lab: Lab) -> None:
        predict = lab.steps[1].predictions[0]
        assert graded(self.given("3"), predict, Measured(3, "3")).fits is True
        assert graded(self.given("2"), predict, Measured(3, "3")).fits is False
        assert graded(self.given("2"), predict, Measured(3, "3")).measured == "3"

    def test_who_does_not_know_is_not_wrong(self, lab: Lab) -> None:
        assert graded(self.given(UNKNOWN), lab.steps[1].predictions[0], Measured(3, "3")).fits is None

    def test_a_run_without_an_answer_decides_nothing(self, lab: Lab) -> None:
        noted = graded(self.given("2"), lab.steps[1].predictions[0], Measured(None, None))
        assert (noted.measured, noted.fits) == (None, None)

    def test_nobody_is_wrong_if_it_was_none_of_the_answers(self, lab: Lab) -> None:
        noted = graded(self.given("2"), lab.steps[1].predictions[0], Measured(7, None))
        assert (noted.measured, noted.fits) == ("7", None)

    def test_a_condition_confirms_the_right_option(self, lab: Lab) -> None:
        predict = lab.steps[2].predictions[0]
        right = next(option.label for option in predict.options if option.right)
        assert graded(self.given(right), predict, Measured(True, right)).fits is True
        assert graded(self.given(right), predict, Measured(False, None)).fits is None

    def test_without_a_measure_the_lab_decides(self, lab: Lab) -> None:
        predict = replace(lab.steps[1].predictions[0], measure=None)
        noted = graded(self.given("3"), predict, Measured(None, None))
        assert (noted.measured, noted.fits) == (None, True)


class TestSteps:
    def test_read_without_a_sandbox_everything_is_there(self, lab: Lab) -> None:
        for step in lab.steps:
            view = views.step_view(lab, step, None, Notes(), REFERENCE, set(), reading=True)
            assert view.reveal
            assert view.place == "read"
            assert len([block for block in view.blocks if block.kind == "prose"]) == sum(
                type(block).__name__ == "Prose" for block in step.blocks
            )

    def test_notes_for_the_speaker_are_not_shown(self, lab: Lab) -> None:
        for step in lab.steps:
            shown = "".join(
                block.html for block in views.step_view(lab, step, None, Notes(), REFERENCE, set(), reading=True).blocks
            )
            assert "Count the hands" not in shown

    def test_run_waits_for_the_prediction(self, lab: Lab) -> None:
        step = lab.steps[1]
        assert views.do_view(lab, step, None, None, Notes()).waits
        assert not views.do_view(lab, step, None, None, answered(UNKNOWN)).waits

    def test_what_the_learner_wrote_is_kept(self, lab: Lab) -> None:
        state = StepState(step=lab.steps[1], texts={0: "python3 echo_client.py 10.0.0.4 8"})
        first, second = views.action_views(lab.steps[1].actions, state)
        assert (first.text, first.own) == ("python3 echo_client.py 10.0.0.4 8", True)
        assert not second.own


class TestChecks:
    def test_each_mood_has_its_words(self, lab: Lab) -> None:
        step = lab.steps[1]
        state = StepState(step=step)
        state.checks = [
            CheckState(mood="true", since=47),
            CheckState(mood="partly", count=1, wanted=2),
            CheckState(mood="lost", since=40, lost=52),
        ]
        words = [(view.words, view.seq) for view in views.check_views(step, state)]
        assert words == [("true since", 47), ("1 of 2", 0), ("was true until seq 52, since", 40)]


class TestResuming:
    def test_where_one_was(self, lab: Lab) -> None:
        notes = Notes()
        assert views.resumed(lab, notes) == 1
        notes.add([Visit(lab=lab.name, step=2, of=5, finished=False, at=0)])
        assert views.resumed(lab, notes) == 2
        notes.add([Finished(lab=lab.name, step=2, seq=9, shown=False, at=0)])
        assert views.resumed(lab, notes) == 3

    def test_who_is_done_begins_at_the_beginning(self, lab: Lab) -> None:
        notes = Notes()
        notes.add([Visit(lab=lab.name, step=5, of=5, finished=True, at=0)])
        assert views.resumed(lab, notes) == 1


class TestCatalogue:
    def test_the_states_of_a_card(self, lab: Lab) -> None:
        assert views.card(lab, None).words == "new"
        begun = views.card(lab, Visit(lab=lab.name, step=3, of=5, finished=False, at=0))
        assert (begun.words, begun.link) == ("step 3 of 5", f"/labs/{lab.name}#step-3")
        assert views.card(lab, Visit(lab=lab.name, step=5, of=5, finished=True, at=0)).words == "done"

    @pytest.mark.parametrize("query", ["", "three clients", "ACCEPT", "echo server", "five-tuple segment", "03"])
    def test_it_is_found(self, lab: Lab, query: str) -> None:
        assert views.found(lab, query, REFERENCE.misconceptions)

    @pytest.mark.parametrize("query", ["IPv6", "three clients quickly"])
    def test_or_not(self, lab: Lab, query: str) -> None:
        assert not views.found(lab, query, REFERENCE.misconceptions)


def test_the_summary_tells_both_sides(lab: Lab) -> None:
    line = next(views.summary_lines(lab, answered("2", "3", False)))
    assert (line.choice, line.answer, line.fits) == ("2", "3", False)
