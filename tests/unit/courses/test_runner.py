"""One run over a real sandbox: what is kept is what is shown, in order, and nothing of an old sandbox is heard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest
import pytest_asyncio

from server import lab_events as le
from server.courses.runner import own_pace
from server.courses.state import fold, initial
from server.folders import folder
from server.lab_acts import AnswerQuestion, EnterStep, PerformActions, StartLab, TryOwn
from server.lessons.loader import load
from tests.recordings.lab_runs import Learner, learner, settled

pytestmark = pytest.mark.real


@pytest_asyncio.fixture
async def one() -> AsyncIterator[Learner]:
    async with learner("01") as somebody:
        yield somebody


async def events(one: Learner) -> list[le.LabEvent]:
    """The run's log, decoded; it has no gap, its time never goes back, and it folds to the run's state."""
    found = [le.decode_lab_entry(line) async for line in one.courses.lines(one.run)]
    assert [event.seq for event in found] == list(range(1, len(found) + 1))
    assert [event.t for event in found] == sorted(event.t for event in found)
    state = initial()
    for event in found:
        fold(state, event)
    assert state == await one.courses.state(one.run)
    return found


async def started(one: Learner, step: int = 1) -> None:
    await one.does(StartLab(act=f"start-at-{step}", step=step))
    await one.sees(lambda state: state["mood"] == "live")


def tags(found: list[le.LabEvent]) -> list[str]:
    return [str(event.__struct_config__.tag) for event in found]


async def test_a_step_from_start_to_end(one: Learner) -> None:
    await started(one)
    await one.does(AnswerQuestion(act="predict-one", step=1, kind="predict", question=0, choice="1"))
    await one.does(PerformActions(act="perform-one", step=1))
    await one.sees(settled(1))
    found = await events(one)
    order = [tag for tag in tags(found) if tag.startswith(("lab.action", "lab.step"))]
    both = ["lab.action.begun", "lab.action.ended"]
    assert order == ["lab.step.entered", "lab.actions.requested", *both, *both, "lab.step.settled"]
    sandbox = await one.courses.sandbox(one.run)
    lines = [line async for piece in one.door.lines(sandbox) for line in piece]
    for event in found:
        assert event.sandbox in ("", sandbox)
        assert event.at <= len(lines)
    last = found[-1]
    assert isinstance(last, le.LabStepSettled)
    assert last.measured == [le.Measured(value="1", label="1", fits=True)]
    decided = msgspec.json.decode(lines[last.decided - 1])
    assert (decided["type"], decided["state"]) == ("socket.changed", "LISTEN")


async def test_an_act_that_is_sent_by_two_at_once_is_done_once(one: Learner) -> None:
    await started(one)
    act = TryOwn(act="own-command", step=1, host="server", text="sleep 60")
    assert await asyncio.gather(*(one.does(act) for _ in range(5))) == [""] * 5
    await one.sees(lambda state: len(state["entered"]["1"]["did"]) == 1)
    assert tags(await events(one)).count("lab.actions.requested") == 1


async def test_the_steps_before_are_played_and_nothing_of_the_old_sandbox_is_heard(one: Learner) -> None:
    await started(one)
    first = await one.courses.sandbox(one.run)
    await one.does(StartLab(act="start-later", step=3, again=True))
    state = await one.sees(lambda state: state["mood"] == "live" and state["step"] == 3)
    assert {number: step["phase"] for number, step in state["entered"].items()} == {
        "1": "settled", "2": "settled", "3": "entered"
    }  # fmt: skip
    found = await events(one)
    second = await one.courses.sandbox(one.run)
    opened = next(event.seq for event in found if event.sandbox == second)
    assert first != second
    assert {event.sandbox for event in found[opened - 1 :]} == {second}
    assert await one.does(EnterStep(act="too-early", step=4))


async def test_a_lost_sandbox_is_told_and_ends_nothing_else(one: Learner) -> None:
    await started(one)
    await one.does(TryOwn(act="own-command", step=1, host="server", text="ss -ltn"))
    await one.sees(lambda state: len(state["entered"]["1"]["did"]) == 1)
    await one.door.close(await one.courses.sandbox(one.run), "the test says so")
    state = await one.sees(lambda state: state["mood"] == "ended")
    assert "the test says so" in state["why"]
    assert await one.does(TryOwn(act="after-the-end", step=1, host="server", text="ss"))
    await one.does(StartLab(act="go-on", step=1))
    await one.sees(lambda state: state["mood"] == "live" and len(state["entered"]["1"]["did"]) == 1)
    await events(one)


def test_the_pace_of_a_step_is_the_one_that_was_set_last() -> None:
    labs = load(folder("labs")).labs
    lab = labs["02-birth-of-a-connection"]
    paces = [own_pace(lab, step.number)[0] for step in lab.steps]
    assert paces[0] == lab.pace
    assert len(set(paces)) > 1
