"""What is known of a decided act; what is decided in a run is in tests/playbooks/lab_runs.txt."""

from __future__ import annotations

import pytest

from server import lab_events as le
from server.courses import reports as up
from server.courses.decide import answer, decide, problem_of
from server.courses.reports import Sight
from server.courses.state import fold, initial
from server.errors import ConflictError, error_from
from server.lab_acts import EnterStep, StartLab
from tests.playbooks.lab_run_speaker import LabRun, lab
from tests.unit.lessons.logs import hosts, recorded


def test_an_act_is_not_decided_before_it_came() -> None:
    assert answer(initial(), "act-00001") == (False, None)


def test_an_accepted_act_has_no_refusal() -> None:
    run = LabRun()
    run.tell(StartLab(act="act-00001", step=1))
    assert answer(run.state, "act-00001") == (True, None)


def test_a_refused_act_is_refused_with_the_same_words_when_it_comes_again() -> None:
    run = LabRun()
    run.tell(EnterStep(act="act-00001", step=2))
    decided, refusal = answer(run.state, "act-00001")
    assert decided
    assert refusal is not None
    error = error_from(problem_of(refusal))
    assert (error.status, error.detail, error.hint) == (410, "Nothing runs.", "Start the lab first.")


def test_what_an_act_brings_about_follows_its_acceptance() -> None:
    outcome = decide(lab(), initial(), Sight(), StartLab(act="act-00001", step=1))
    assert [type(event) for event in outcome.events] == [le.LabActAccepted, le.LabRebuildBegun]


def test_a_sight_is_as_far_as_its_record() -> None:
    assert Sight().seq == 0
    assert Sight(sandbox="s1", record=recorded(*hosts())).seq == 3


def test_a_look_that_shows_nothing_new_is_no_event() -> None:
    run = LabRun()
    for line in ("start", "sandbox s1 is there", "all was played", "server listens on 7"):
        run(line)
    assert decide(run.lab, run.state, run.sight, up.Grown(run.looked)).events == ()


@pytest.mark.parametrize("mood", ["none", "ended"])
def test_where_nothing_runs_a_late_report_changes_nothing(mood: str) -> None:
    run = LabRun()
    if mood == "ended":
        for line in ("start", "sandbox s1 is there", "all was played", "the sandbox is lost: idle"):
            run(line)
    for report in (up.Grown(0), up.Quiet(1, 0), up.SandboxLost("late"), up.ServerRestarted(here=True)):
        assert decide(run.lab, run.state, Sight(), report) == decide(run.lab, run.state, Sight(), up.Grown(0))


def test_a_lab_that_has_fewer_steps_than_the_run_has_reached_is_gone_on_with_at_its_last() -> None:
    run = LabRun()
    fold(run.state, le.LabRebuildBegun(step=9, why="start"))
    (event,) = decide(run.lab, run.state, Sight(), up.ServerRestarted(here=True)).events
    assert isinstance(event, le.LabRebuildBegun)
    assert event.step == len(run.lab.steps)


def test_an_error_keeps_its_kind_on_its_way_through_the_log() -> None:
    error = ConflictError("It runs.", "Wait.")
    refusal = {"title": error.title, "detail": error.detail, "hint": error.hint, "status": error.status}
    assert type(error_from(problem_of(refusal))) is ConflictError  # type: ignore[arg-type]
