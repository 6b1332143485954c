"""The server is killed in the middle of a lab and comes back: the learner goes on, and nothing is lost or doubled."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from server.lab_acts import AnswerQuestion, TryOwn
from tests.learner import LAB, Learner, new_act
from tests.mortal import Killer, MortalServer, go_through, programs
from tests.ours import lab_of

pytestmark = pytest.mark.timeout(400)

COURSE = lab_of(LAB)
SERVER = "python3 echo_server.py 7"
CLIENT = "python3 echo_client.py 10.0.0.4 7"
EVENTS = 70
"""So many events a run of this lab has at least."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MortalServer]:
    """A server of its own, to be killed."""
    with MortalServer(tmp_path) as server:
        yield server


def test_a_lab_outlives_its_server(server: MortalServer) -> None:
    """A learner who predicts, runs, asks and writes a command of their own; the moment is another one each time."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    own = TryOwn(act=new_act(), step=4, host="client-a", text=CLIENT)
    with Learner(server).begin() as learner:
        killer = Killer(server, random.Random(seed), EVENTS)
        learner.heard = lambda: killer.saw(learner.after(learner.run))
        done = go_through(learner, COURSE, own)
        killer.join()
        assert server.deaths == 1, f"the run has only {learner.after(learner.run)} events"
        learner.until("it is settled", lambda: learner.phase(5) == "settled" and learner.state["mood"] == "live")
        as_it_must_be(server, learner, done)


def as_it_must_be(server: MortalServer, learner: Learner, done: dict[str, object]) -> None:
    state = learner.folded()
    learner.until("the server's last event", lambda: learner.state["seq"] >= state["seq"])
    assert state == learner.state
    decided = [event["act"] for event in learner.of("lab.act.accepted")]
    assert decided == list(done)
    assert learner.of("lab.act.refused") == []
    given = {
        f"{one.step} {one.kind} {one.question}": one.choice for one in done.values() if isinstance(one, AnswerQuestion)
    }
    assert {key: answer["choice"] for key, answer in state["answers"].items() if key in given} == given
    assert state["settled"] == [1, 2, 3, 4, 5]
    assert programs(server, learner) == {SERVER: 1, CLIENT: 3}
    assert len(learner.of("lab.rebuild.begun")) <= 1 + server.deaths


def test_the_present_step_is_made_again_as_the_learner_did_it(server: MortalServer) -> None:
    with Learner(server).begin() as learner:
        learner.performed(1)
        learner.until("its log", lambda: learner.programs(learner.state["sandbox"]))
        assert learner.act("lab.enter", 2) == ""
        assert learner.predict(2, "2") == ""
        assert learner.act("lab.perform", 2, only=0) == ""
        learner.until("one client is there", lambda: learner.state["entered"]["2"]["moods"].get("0") == "done")
        assert learner.act("lab.try", 2, host="client-a", text="python3 echo_client.py 10.0.0.4 7777") == ""
        learner.until("it was done", lambda: len(learner.state["entered"]["2"]["did"]) == 2)
        before, old = learner.state["entered"]["2"]["did"], learner.state["sandbox"]
        server.kill_and_return()
        learner.until("it is there again", lambda: learner.state["sandbox"] != old and learner.state["mood"] == "live")
        learner.until("all is done again", lambda: learner.state["entered"]["2"]["did"] == before)
        assert learner.of("lab.rebuild.begun")[-1]["why"] == "restart"
        assert programs(server, learner) == {SERVER: 1, CLIENT: 1, f"{CLIENT}777": 1}
        assert learner.state["answers"]["2 predict 0"]["choice"] == "2"
        assert learner.phase(2) == "running"
        assert learner.problems[old]["status"] in (401, 404)
        learner.performed(2)
        assert programs(server, learner) == {SERVER: 1, CLIENT: 2, f"{CLIENT}777": 1}


def test_an_act_that_was_sent_and_not_answered_is_sent_again(server: MortalServer) -> None:
    """Whether the act had reached the database or not: it is done once, and the learner is told so."""
    with Learner(server).begin() as learner:
        learner.performed(1)
        for number, act in enumerate([new_act() for _ in range(3)]):
            # Answered or not, decided or not: the server dies right behind it.
            learner.send(
                "lab.answer", log=learner.run, act=act, step=2, kind="predict", question=0, choice=str(number + 1)
            )
            server.kill_and_return()
            reply = learner.answered("lab.answer", 2, act=act, kind="predict", question=0, choice=str(number + 1))
            assert reply["ok"], reply
            assert learner.folded()["answers"]["2 predict 0"]["choice"] == str(number + 1)
        enter = new_act()
        learner.send("lab.enter", log=learner.run, act=enter, step=2)
        server.kill_and_return()
        assert learner.act("lab.enter", 2, act=enter) == ""
        run = new_act()
        learner.send("lab.perform", log=learner.run, act=run, step=2)
        server.kill_and_return()
        assert learner.act("lab.perform", 2, act=run) == ""
        learner.settled(2)
        assert learner.of("lab.act.refused") == []
        acts = [event["act"] for event in learner.of("lab.act.accepted")]
        assert len(acts) == len(set(acts))
        assert programs(server, learner) == {SERVER: 1, CLIENT: 2}


def test_two_pages_that_come_back_make_one_sandbox(server: MortalServer) -> None:
    with Learner(server).begin() as learner:
        learner.performed(1)
        with Learner(server, learner.cookies).begin() as other:
            other.settled(1)
            server.kill_and_return()
            with ThreadPoolExecutor() as both:
                list(both.map(Learner.open, (learner, other)))
            for one in (learner, other):
                one.until("it is back", lambda one=one: len(one.of("lab.rebuilt")) == 2)  # type: ignore[misc]
            assert len(learner.of("lab.rebuild.begun")) == 2
            assert learner.act("lab.enter", 2) == ""
            other.until("the other is told", lambda: other.state["step"] == 2)
            assert other.predict(2, "3") == ""
            learner.performed(2)
            other.settled(2)
            assert learner.folded() == learner.state == other.state


def test_who_only_watches_wakes_nothing(server: MortalServer) -> None:
    with Learner(server).begin() as learner:
        learner.performed(1)
        with Learner(server).look_on(learner.watch) as watcher:
            watcher.settled(1)
            learner.close()
            server.kill_and_return()
            watcher.read()
            watcher.open()
            state = watcher.folded()
            assert state["sandbox"] == watcher.state["sandbox"]
            assert watcher.of("lab.rebuild.begun")[1:] == []
            learner.open()
            watcher.until("it is rebuilt", lambda: len(watcher.of("lab.rebuilt")) == 2)
            watcher.settled(1)
