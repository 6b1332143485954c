"""Notes: later ones replace earlier ones, and everything can be told."""

from __future__ import annotations

from server.progress.notes import Answered, Finished, Notes, Visit, exported

VISIT = Visit(lab="03-x", step=2, of=5, finished=False, at=100)
ANSWER = Answered(lab="03-x", step=2, kind="predict", question=0, choice="2", measured=None, fits=None, at=101)
FINISHED = Finished(lab="03-x", step=1, seq=47, shown=False, at=102)


def test_a_later_note_about_the_same_thing_replaces_the_earlier() -> None:
    notes = Notes()
    notes.add([VISIT, ANSWER, FINISHED])
    later = Answered(lab="03-x", step=2, kind="predict", question=0, choice="2", measured="3", fits=False, at=103)
    notes.add([later])
    assert notes.answer("03-x", 2, "predict", 0) == later
    assert notes.all() == [VISIT, later, FINISHED]


def test_a_question_before_the_run_is_not_the_one_after_it() -> None:
    notes = Notes()
    notes.add([ANSWER])
    assert notes.answer("03-x", 2, "explain", 0) is None
    assert notes.has_finished("03-x", 1) is False


def test_all_of_it_is_told() -> None:
    notes = Notes()
    notes.add([VISIT, ANSWER, FINISHED])
    told = exported("abc", notes)
    assert told["learner"] == "abc"
    at = "1970-01-01T00:01:40+00:00"
    assert told["labs"] == [{"lab": "03-x", "step": 2, "of": 5, "finished": False, "at": at}]
    assert [answer["choice"] for answer in told["answers"]] == ["2"]
    assert [(step["step"], step["seq"]) for step in told["finished_steps"]] == [(1, 47)]
