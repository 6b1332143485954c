"""The parts of what acts bring about; whole conversations are in tests/playbooks/lab_runs.txt."""

from __future__ import annotations

import dataclasses
import typing

import pytest

from server import lab_events as le
from server.courses.acts import alive, current, entering, outcome, resolved, resume, settling, still_possible
from server.courses.reports import Sight
from server.courses.state import RunState
from server.errors import BadRequestError, ConflictError, GoneError, NotFoundError
from server.lab_acts import Act, AnswerQuestion, PerformActions, StartLab
from server.lessons.model import Predict, Run, Type
from tests.playbooks.lab_run_speaker import LabRun, lab
from tests.unit.lessons.logs import hosts, recorded


def after(*lines: str) -> LabRun:
    """A run after this was said."""
    run = LabRun()
    for line in lines:
        run(line)
    return run


LIVE = ("start", "sandbox s1 is there", "all was played")


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        ((), GoneError),
        (("start",), ConflictError),
        ((*LIVE, "the sandbox is lost: idle"), GoneError),
    ],
)
def test_where_nothing_runs_nothing_can_be_done(lines: tuple[str, ...], error: type[Exception]) -> None:
    with pytest.raises(error):
        alive(after(*lines).state)


def test_only_the_step_that_the_learner_is_at_can_be_acted_on() -> None:
    state = after(*LIVE).state
    assert current(state, 1)["phase"] == "entered"
    with pytest.raises(ConflictError, match="You are at step 1"):
        current(state, 2)


@pytest.mark.parametrize("act", typing.get_args(Act), ids=lambda act: act.__name__)
def test_no_act_is_about_a_step_that_the_lab_does_not_have(act: type[Act]) -> None:
    needed = {"kind": "predict", "question": 0, "tool": 0}
    fields = {name: value for name, value in needed.items() if name in act.__struct_fields__}
    with pytest.raises(NotFoundError):
        outcome(lab(), after(*LIVE).state, Sight(), act(act="act-00001", step=5, **fields))


def answered(choice: str) -> str:
    """What is kept of a number that somebody has typed."""
    step = lab().steps[1]
    blocks = tuple(
        dataclasses.replace(one, number="sockets") if isinstance(one, Predict) else one for one in step.blocks
    )
    typed = dataclasses.replace(lab(), steps=(lab().steps[0], dataclasses.replace(step, blocks=blocks)))
    act = AnswerQuestion(act="act-00001", step=2, kind="predict", question=0, choice=choice)
    (event,) = outcome(typed, after(*LIVE).state, Sight(), act).events
    assert isinstance(event, le.LabQuestionAnswered)
    return event.choice


def test_any_number_is_an_answer_where_one_is_asked_for() -> None:
    assert [answered(choice) for choice in ("2", "77", "002")] == ["2", "77", "2"]
    for choice in ("two", "-1", "٣", "1.5"):
        with pytest.raises(BadRequestError, match="is a number"):
            answered(choice)
    with pytest.raises(BadRequestError, match="No answer is chosen"):
        answered("")


def redone(state: RunState, *, waiting: bool = False) -> list[tuple[int, str | None]]:
    (event,) = resume(state, state["step"], "start", waiting=waiting).events
    assert isinstance(event, le.LabRebuildBegun)
    return [(one.action, one.text) for one in event.redo]


def test_what_was_done_is_done_again_and_what_waits_only_if_it_is_asked_for() -> None:
    run = after(*LIVE, "run step 1 with 0 as python3 echo_server.py 8", "action 0 of step 1 is done")
    assert redone(run.state) == [(0, "python3 echo_server.py 8")]
    assert redone(run.state, waiting=True) == [(0, "python3 echo_server.py 8"), (1, None)]


def test_a_settled_step_is_not_done_again() -> None:
    run = after(*LIVE, "run step 1", "server listens on 7", "action 0 of step 1 is done", "action 1 of step 1 is done")
    run("nothing more happens in step 1")
    assert redone(run.state, waiting=True) == []


def test_actions_as_the_learner_wrote_them_keep_the_names_of_the_lab() -> None:
    first, second = lab().steps[1].number, lab().steps[1]
    (index, run), (_, line) = resolved(
        lab(), second, (le.Asked(action=0, text="ss -ltn"), le.Asked(action=1, text="hi"))
    )
    assert (first, index) == (2, 0)
    assert isinstance(run, Run)
    assert (run.on, run.name, run.argv) == ("client-a", "client", ("ss", "-ltn"))
    assert line == Type(text="hi", to="client")


def test_text_for_an_action_that_has_none_changes_nothing() -> None:
    wait = lab().steps[0].actions[1]
    assert resolved(lab(), lab().steps[0], (le.Asked(action=1, text="hi"),)) == ((1, wait),)


def test_what_the_lab_no_longer_knows_is_left_out() -> None:
    step = lab().steps[3]
    known = (le.Asked(action=0), le.Asked(start=0), le.Asked(host="server", text="ss"))
    gone = (le.Asked(action=7), le.Asked(start=3), le.Asked(host="moon", text="ss"), le.Asked(host="server", text=""))
    assert still_possible(lab(), step, (*gone, *known)) == known
    for one in gone:
        with pytest.raises(BadRequestError):
            resolved(lab(), step, (one,))


def test_a_step_that_is_entered_says_what_is_true_already() -> None:
    run = after(*LIVE, "server listens on 7")
    events = list(entering(run.lab, run.lab.steps[1], run.state, run.sight))
    assert [type(event) for event in events] == [le.LabStepEntered, le.LabCheckChanged]


def test_a_step_settles_with_the_last_event_if_it_has_no_checks_and_the_last_one_finishes() -> None:
    run = after(*LIVE)
    sight = Sight(sandbox="s1", record=recorded(*hosts()))
    entered = run.state["entered"]["1"]
    (settled,) = settling(run.lab, run.lab.steps[2], run.state, entered, sight)
    assert settled == le.LabStepSettled(step=3, decided=3)
    assert list(settling(run.lab, run.lab.steps[3], run.state, entered, sight, since=2)) == [
        le.LabStepSettled(step=4, decided=2),
        le.LabFinished(),
    ]


def test_start_where_the_learner_was_goes_on_and_elsewhere_begins() -> None:
    run = after(*LIVE, "try ss on server in step 1", "action -1 of step 1 is done", "the sandbox is lost: idle")
    for step, redo in ((1, 1), (2, 0)):
        begun = outcome(run.lab, run.state, Sight(), StartLab(act="act-00009", step=step)).events[0]
        assert isinstance(begun, le.LabRebuildBegun)
        assert len(begun.redo) == redo


def test_blank_text_is_the_labs_own() -> None:
    run = after(*LIVE)
    act = PerformActions(act="act-00009", step=1, texts={"0": "  ", "1": "ignored"})
    (requested,) = outcome(run.lab, run.state, run.sight, act).events
    assert isinstance(requested, le.LabActionsRequested)
    assert requested.actions == [le.Asked(action=0), le.Asked(action=1)]
