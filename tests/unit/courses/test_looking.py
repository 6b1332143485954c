"""What checks say, and since when; what a run says to a prediction."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from server import events as ev
from server import lab_events as le
from server.courses.looking import MOST_ROWS, decided, is_over, look, measured
from server.courses.reports import Sight
from server.courses.state import EnteredStep, GivenAnswer, RunState, fold, initial
from server.lessons.model import Check, Predict, Quantity, Step
from server.lessons.record import Record
from tests.playbooks.lab_run_speaker import lab
from tests.unit.lessons.logs import LISTENING, connected, hosts, recorded

CONNECT = lab().steps[1]
"""Two checks: one socket is connected, one listens."""


def fresh() -> EnteredStep:
    """The step, entered behind the hosts."""
    state: RunState = initial()
    fold(state, le.LabStepEntered(step=CONNECT.number, at=3))
    return state["entered"][str(CONNECT.number)]


def taken(entered: EnteredStep, *events: le.LabEvent) -> EnteredStep:
    """The step after what a look has said."""
    state: RunState = initial() | {"entered": {str(CONNECT.number): entered}}  # type: ignore[assignment]
    for event in events:
        fold(state, event)
    return entered


def running() -> EnteredStep:
    return taken(fresh(), le.LabActionsRequested(step=CONNECT.number, actions=[]))


def seen(record: Record) -> Sight:
    return Sight(sandbox="s1", record=record)


def changed(events: tuple[le.LabEvent, ...], check: int = 0) -> le.LabCheckChanged:
    (event,) = (one for one in events if isinstance(one, le.LabCheckChanged) and one.check == check)
    return event


def client(cookie: str) -> ev.SocketAppeared:
    return ev.SocketAppeared(**connected(cookie, f"10.0.0.5:4000{cookie}"))


def test_a_check_that_waits_says_nothing() -> None:
    found = look(CONNECT, fresh(), seen(recorded(*hosts())), 3)
    assert (found.events, found.passed) == ((), False)


def test_it_is_true_since_the_event_that_made_it_so() -> None:
    record = recorded(*hosts(), client("1"), ev.PaceChanged(pace="live", pause_ms=0))
    event = changed(look(CONNECT, running(), seen(record), 3).events)
    assert (event.mood, event.since, event.count, event.wanted) == ("true", 4, 1, 1)
    assert [(row.key, row.seq) for row in event.rows] == [("socket:1", 4)]
    assert "10.0.0.4:7" in event.rows[0].words


def test_a_row_that_was_there_before_the_last_look_does_not_date_it() -> None:
    record = recorded(*hosts(), client("1"), ev.PaceChanged(pace="live", pause_ms=0))
    assert changed(look(CONNECT, running(), seen(record), 4).events).since == 5


def test_what_says_the_same_as_before_is_no_event() -> None:
    record = recorded(*hosts(), client("1"))
    entered = running()
    first = look(CONNECT, entered, seen(record), 3)
    taken(entered, *first.events)
    recorded(ev.PaceChanged(pace="live", pause_ms=0), record=record)
    assert look(CONNECT, entered, seen(record), 4).events == ()


def test_true_lost_and_true_again() -> None:
    record = recorded(*hosts(), client("1"))
    entered = running()
    taken(entered, *look(CONNECT, entered, seen(record), 3).events)
    recorded(ev.SocketVanished(**connected("1", "10.0.0.5:40001")), record=record)
    lost = changed(look(CONNECT, entered, seen(record), 4).events)
    assert (lost.mood, lost.since, lost.lost, lost.rows) == ("lost", 4, 5, [])
    taken(entered, lost)
    recorded(ev.PaceChanged(pace="live", pause_ms=0), client("2"), record=record)
    again = changed(look(CONNECT, entered, seen(record), 6).events)
    assert (again.mood, again.since, [row.key for row in again.rows]) == ("true", 7, ["socket:2"])


def test_what_was_true_once_counts() -> None:
    entered = running()
    record = recorded(*hosts(), client("1"))
    taken(entered, *look(CONNECT, entered, seen(record), 3).events)
    recorded(ev.SocketVanished(**connected("1", "10.0.0.5:40001")), ev.SocketAppeared(**LISTENING), record=record)
    found = look(CONNECT, entered, seen(record), 4)
    assert [event.mood for event in found.events if isinstance(event, le.LabCheckChanged)] == ["lost", "true"]
    assert found.passed


def step_with(**fields: Any) -> Step:
    """The step with its first check wanting something else."""
    first, *others = CONNECT.checks
    condition = dataclasses.replace(first.condition, **fields)  # type: ignore[type-var]
    checks: tuple[Check, ...] = (dataclasses.replace(first, condition=condition), *others)
    blocks = tuple(
        dataclasses.replace(block, checks=checks) if type(block).__name__ == "Expect" else block
        for block in CONNECT.blocks
    )
    return dataclasses.replace(CONNECT, blocks=blocks)


def test_partly_and_true_since_the_row_that_was_needed() -> None:
    two = step_with(at_least=2, at_most=None)
    record = recorded(*hosts(), client("1"))
    entered = running()
    partly = changed(look(two, entered, seen(record), 3).events)
    assert (partly.mood, partly.count, partly.wanted, len(partly.rows)) == ("partly", 1, 2, 1)
    recorded(client("2"), client("3"), record=record)
    event = changed(look(two, entered, seen(record), 4).events)
    assert (event.mood, event.since, event.count) == ("true", 5, 3)


def test_only_the_first_rows_are_told_and_how_many_others_there_are() -> None:
    many = step_with(at_least=1, at_most=None)
    record = recorded(*hosts(), *(client(str(number)) for number in range(1, 8)))
    event = changed(look(many, running(), seen(record), 3).events)
    assert (len(event.rows), event.more) == (MOST_ROWS, 7 - MOST_ROWS)


@pytest.mark.parametrize(("begun", "hints"), [(False, []), (True, [0])])
def test_before_the_run_nothing_is_amiss(begun: bool, hints: list[int]) -> None:
    listen = lab().steps[0]
    entered = running() if begun else fresh()
    events = look(listen, entered, seen(recorded(*hosts())), 3).events
    assert [event.hints for event in events if isinstance(event, le.LabCheckChanged)] == ([hints] if hints else [])


def test_a_step_is_over_once_all_passed_and_nothing_is_at_work() -> None:
    entered = running()
    assert is_over(CONNECT, entered, passed=True)
    assert not is_over(CONNECT, entered, passed=False)
    assert not is_over(lab().steps[2], entered, passed=True), "a step without checks settles when it is entered"
    asked = le.Asked(action=0)
    assert not is_over(CONNECT, taken(entered, le.LabActionsRequested(step=2, actions=[asked])), passed=True)
    assert not is_over(CONNECT, taken(running(), le.LabStepSettled(step=2, decided=1)), passed=True)


def test_a_step_is_decided_by_the_check_that_passed_last() -> None:
    entered = taken(running(), le.LabCheckChanged(step=2, check=0, mood="true", since=9))
    assert decided(fresh(), 30) == 30
    assert decided(entered, 30) == 9
    assert decided(entered, 30, [le.LabCheckChanged(step=2, check=1, mood="true", since=12)]) == 12
    assert decided(entered, 30, [le.LabCheckChanged(step=2, check=0, mood="true", since=4)]) == 4


# --- predictions


def given(choice: str | None) -> GivenAnswer | None:
    return None if choice is None else {"choice": choice, "measured": None, "fits": None}


def told(
    predict: Predict, choice: str | None, record: Record | None = None
) -> tuple[str | None, str | None, bool | None]:
    """What a run with one listening socket says to a choice: value, label, fits."""
    step = dataclasses.replace(CONNECT, blocks=(predict,))
    found = record or recorded(*hosts(), ev.SocketAppeared(**LISTENING))
    (said,) = measured(step, running(), seen(found), [given(choice)])
    return said.value, said.label, said.fits


COUNTED, UNMEASURED = CONNECT.predictions
KNOWN = dataclasses.replace(COUNTED, number="sockets")
NUMBER = dataclasses.replace(KNOWN, options=())
ASKED = dataclasses.replace(COUNTED, measure=CONNECT.checks[1].condition)


@pytest.mark.parametrize(
    ("predict", "choice", "said"),
    [
        (COUNTED, "1", ("1", "1", True)),
        (COUNTED, "2", ("1", "1", False)),
        (COUNTED, "", ("1", "1", None)),
        (COUNTED, None, ("1", "1", None)),
        (NUMBER, "1", ("1", None, True)),
        (NUMBER, "7", ("1", None, False)),
        (KNOWN, "1", ("1", "1", True)),
        (KNOWN, "7", ("1", "1", False)),
        (UNMEASURED, "The kernel", (None, None, True)),
        (UNMEASURED, "The program", (None, None, False)),
        (UNMEASURED, "", (None, None, None)),
        (ASKED, "2", ("2", "2", True)),
        (ASKED, "1", ("2", "2", False)),
    ],
)
def test_what_a_run_says_to_a_prediction(
    predict: Predict, choice: str | None, said: tuple[str | None, str | None, bool | None]
) -> None:
    assert told(predict, choice) == said


def test_a_measure_that_confirms_no_option_fits_none() -> None:
    nothing = recorded(*hosts())
    assert told(COUNTED, "1", nothing) == ("0", None, None)
    assert told(ASKED, "2", nothing) == (None, None, None)


def test_a_quantity_that_is_not_there_says_nothing() -> None:
    assert isinstance(COUNTED.measure, Quantity)
    value = dataclasses.replace(COUNTED.measure, how="value", field="inode")
    assert told(dataclasses.replace(NUMBER, measure=value), "1", recorded(*hosts())) == (None, None, None)
