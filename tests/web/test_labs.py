"""The labs as a browser uses them: real server, real sandboxes, a cookie jar, and a run's log on a WebSocket."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.learner import LAB, THIRD, Learner, page
from tests.web.conftest import Answer, Server, assert_problem


@pytest.fixture
def learner(server: Server) -> Iterator[Learner]:
    """Somebody who has begun the lab, and of whom nothing is left afterwards."""
    with Learner(server).begin() as learner:
        yield learner
        learner.close()
        learner.post("/progress/delete")


# --- a run


def test_predict_comes_before_run(learner: Learner) -> None:
    learner.performed(1)
    assert learner.act("lab.enter", 2) == ""
    assert "A prediction is missing" in learner.act("lab.perform", 2)
    assert learner.predict(2, "2") == ""
    learner.performed(2)
    assert learner.state["answers"]["2 predict 0"] == {"choice": "2", "measured": "3", "fits": False}
    assert learner.state["entered"]["2"]["measured"] == [{"value": "3", "label": "3", "fits": False}]
    assert "the answer stands" in learner.predict(2, "3")


def test_the_server_folds_what_the_page_folds(learner: Learner) -> None:
    learner.performed(1)
    assert learner.predict(2, "2") == ""
    state = learner.folded()
    learner.until("the server's last event", lambda: learner.state["seq"] >= state["seq"])
    assert learner.state == state


def test_an_own_command_runs_instead(learner: Learner) -> None:
    assert learner.act("lab.perform", texts={"0": "python3 echo_server.py 7007"}) == ""
    learner.until("a hint reacts", lambda: hints(learner, 1, 0) == [0])
    assert learner.state["entered"]["1"]["texts"] == {"0": "python3 echo_server.py 7007"}
    assert learner.phase(1) == "running"
    sandbox = learner.state["sandbox"]
    learner.until("it was started", lambda: learner.programs(sandbox) == {"python3 echo_server.py 7007": 1})


def hints(learner: Learner, step: int, check: int) -> list[int]:
    entered = learner.state["entered"].get(str(step))
    found = entered["checks"].get(str(check)) if entered is not None else None
    return found["hints"] if found is not None else []


def test_what_cannot_be_run_is_said(learner: Learner) -> None:
    assert "echo_sever.py" in learner.act("lab.perform", texts={"0": "python3 echo_sever.py 7"})
    assert "quotation" in learner.act("lab.perform", texts={"0": "python3 'echo"})
    assert learner.state["mood"] == "none"


def test_steps_are_done_in_their_order(learner: Learner) -> None:
    learner.performed(1)
    assert learner.act("lab.enter", 3) != ""
    assert "You are at step 1" in learner.act("lab.perform", 3)


def test_a_step_can_be_begun_at(learner: Learner) -> None:
    learner.started(4)
    assert [event["step"] for event in learner.of("lab.step.settled")] == [1, 2, 3]
    assert all(learner.state["entered"][step]["replayed"] for step in "123")
    assert learner.state["settled"] == []
    assert learner.act("lab.try", 4, host="client-a", text=THIRD) == ""
    learner.settled(4)
    assert learner.state["settled"] == [4]


def test_what_a_task_begins_with_can_be_rewritten(learner: Learner) -> None:
    learner.started(4)
    assert learner.act("lab.try", 4, start=0, text="python3 echo_client.py 10.0.0.4 7777") == ""
    learner.until("a hint reacts", lambda: hints(learner, 4, 0) == [0])
    assert learner.act("lab.try", 4, start=0, text=THIRD) == ""
    learner.settled(4)


def test_hints_come_one_by_one_and_then_the_way(learner: Learner) -> None:
    learner.started(4)
    for count in (1, 2):
        assert learner.act("lab.hint", 4) == ""
        assert learner.state["entered"]["4"]["hints"] == count
    assert "no more hints" in learner.act("lab.hint", 4)
    assert learner.act("lab.show", 4) == ""
    learner.settled(4)
    assert learner.state["entered"]["4"]["shown"]


def test_the_tool_shows_the_same_rows(learner: Learner) -> None:
    learner.started(3)
    assert learner.act("lab.tool", 2, tool=0) == ""
    pid = learner.until("ss runs", lambda: learner.state["tools"].get("2 0", {"pid": 0})["pid"])
    learner.until(
        "ss prints",
        lambda: re.search(r"LISTEN\s+0\s+5\s+0\.0\.0\.0:7", printed(learner, learner.state["sandbox"], pid)),
    )


def printed(learner: Learner, sandbox: str, pid: int) -> str:
    return "".join(event["text"] for event in learner.of("process.output", sandbox) if event["pid"] == pid)


def test_a_check_names_the_row_that_shows_it(learner: Learner) -> None:
    learner.performed(1)
    check = learner.state["entered"]["1"]["checks"]["0"]
    sandbox = learner.state["sandbox"]
    assert (check["mood"], check["count"]) == ("true", 1)
    row = check["rows"][0]
    shown = next(event for event in learner.events[sandbox] if event["seq"] == row["seq"])
    assert (shown["type"], shown["state"]) == ("socket.changed", "LISTEN")
    assert shown["socket"] in row["key"]
    assert row["seq"] <= check["since"] <= learner.state["entered"]["1"]["decided"]


def test_a_dead_sandbox_is_built_again_with_one_click(learner: Learner) -> None:
    learner.performed(1)
    assert learner.act("lab.enter", 2) == ""
    learner.predict(2, "3")
    sandbox = learner.state["sandbox"]
    assert learner.delete(f"/api/sandboxes/{sandbox}").status == 204
    learner.until("it says so", lambda: learner.state["mood"] == "ended")
    assert learner.state["why"] != ""
    assert learner.state["step"] == 2
    assert learner.state["settled"] == [1]
    moods = [check["mood"] for step in learner.state["entered"].values() for check in step["checks"].values()]
    assert "lost" not in moods
    assert "failed" not in learner.state["entered"]["1"]["moods"].values()
    assert "Go on with new hosts" in learner.act("lab.perform", 2)
    learner.started(2, again=True)
    assert learner.state["sandbox"] != sandbox
    learner.performed(2)
    assert learner.state["answers"]["2 predict 0"] == {"choice": "3", "measured": "3", "fits": True}


@pytest.mark.parametrize(
    ("command", "fields"),
    [
        ("lab.answer", {"step": 1, "kind": "predict", "question": 9, "choice": "1"}),
        ("lab.answer", {"step": 1, "kind": "guess", "question": 0, "choice": "1"}),
        ("lab.answer", {"step": 2, "kind": "predict", "question": 0, "choice": "many"}),
        ("lab.answer", {"step": 2, "kind": "predict", "question": 0, "choice": ""}),
        ("lab.answer", {"step": 2, "kind": "explain", "question": 0, "choice": "17"}),
        ("lab.answer", {"step": 2}),
        ("lab.perform", {"step": 77}),
        ("lab.perform", {"step": 100}),
        ("lab.perform", {"step": 1, "only": 17}),
        ("lab.start", {"step": 0}),
        ("lab.start", {"step": "nine"}),
        ("lab.try", {"step": 4, "host": "nowhere", "text": "true"}),
        ("lab.stop", {"step": 1}),
        ("lab.tool", {"step": 1, "tool": 5}),
        ("lab.explode", {"step": 1}),
    ],
)
def test_nonsense_is_refused_in_words(learner: Learner, command: str, fields: dict[str, Any]) -> None:
    reply = learner.answered(command, **fields)
    assert not reply["ok"]
    assert 400 <= reply["problem"]["status"] < 500
    assert reply["problem"]["title"]
    assert reply["problem"]["detail"]
    assert learner.state["mood"] == "none"


def test_an_act_without_an_id_is_no_act(learner: Learner) -> None:
    for act in ("", "short", "x" * 65, "spaces are none", None, 7):
        reply = learner.ask("lab.start", log=learner.run, act=act, step=1)
        assert (reply["ok"], reply["problem"]["status"]) == (False, 422)
    assert learner.folded()["acts"] == {}


def test_another_learner_has_another_run(learner: Learner, server: Server) -> None:
    learner.performed(1)
    other = Learner(server)
    assert 'data-run=""' in page(other)
    with other.begin():
        assert other.run != learner.run
        other.until("it has begun", lambda: other.state["seq"])
        assert (other.state["mood"], other.state["settled"]) == ("none", [])
    other.post("/progress/delete")


def test_a_learner_has_one_run_of_a_lab(learner: Learner) -> None:
    run = learner.run
    assert learner.begin().run == run
    assert f'data-run="{run}"' in page(learner)
    assert [(one["id"], one["lab"]) for one in learner.get("/api/runs").json()["runs"]] == [(run, LAB)]


# --- progress


def test_progress_outlives_browser_and_server(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/progress.sqlite3"
    with Server(SOCKETLAB_DATABASE=database) as first, Learner(first).begin() as learner:
        learner.performed(1)
        assert learner.act("lab.enter", 2) == ""
        assert learner.predict(2, "2") == ""
        cookies, run = learner.cookies, learner.run
    with Server(SOCKETLAB_DATABASE=database) as second, Learner(second, cookies).begin() as learner:
        assert learner.run == run
        learner.until("the run is there", lambda: learner.state["mood"] == "ended")
        assert learner.state["settled"] == [1]
        assert learner.state["step"] == 2
        assert learner.state["answers"]["2 predict 0"]["choice"] == "2"
        assert "step 2 of 5" in page(learner, "/labs")
        learner.started(2, again=True)
        learner.performed(2)


def test_it_can_be_taken_along_and_deleted(learner: Learner, server: Server) -> None:
    learner.performed(1)
    assert learner.predict(2, "4") == ""
    answer = learner.get("/progress")
    document = answer.json()
    assert "attachment" in answer.headers["content-disposition"]
    assert document["learner"] == learner.cookies["socketlab-learner"]
    assert [(one["step"], one["choice"]) for one in document["answers"]] == [(2, "4")]
    assert [one["step"] for one in document["finished_steps"]] == [1]
    kept = dict(learner.cookies)
    sandbox = learner.state["sandbox"]
    other = Learner(server, kept)
    assert other.post("/progress/delete").status == 303
    assert "socketlab-learner" not in other.cookies
    learner.until("the run is over", lambda: learner.state["closed"])
    assert learner.get("/progress").json()["answers"] == []
    assert learner.get("/api/runs").json()["runs"] == []
    assert_problem(learner.get(f"/api/runs/{learner.run}"), 404)
    assert learner.get(f"/api/sandboxes/{sandbox}").status in (401, 404)


def test_nothing_is_known_of_who_did_nothing(server: Server) -> None:
    assert server.ask("GET", "/progress").status == 404


def test_a_store_that_does_not_answer_stops_no_lab(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    with Server(SOCKETLAB_DATABASE=f"sqlite:///{tmp_path}/state/progress.sqlite3") as server:
        with Learner(server).begin() as learner:
            learner.performed(1)
            text = page(learner)
            assert "cannot be kept now" in text
            assert "The lab goes on without it" in text
            assert learner.predict(2, "3") == ""
            run = learner.run
        with Learner(server, learner.cookies).begin() as again:
            assert again.run == run
            again.until("all of it is there", lambda: "2 predict 0" in again.state["answers"])
            assert again.state["settled"] == [1]


def test_a_database_that_makes_no_sense_stops_the_start() -> None:
    command = [sys.executable, "-m", "server.cli", "serve", "--lazy", "--port", "0"]
    environment = os.environ | {"SOCKETLAB_DATABASE": "nonsense"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert "SOCKETLAB_DATABASE" in done.stderr
    assert "postgresql://" in done.stderr


# --- the order of options


def begun(learner: Learner, query: str = "") -> Answer:
    return learner.post(f"/api/labs/{LAB}/runs{query}")


def test_a_run_keeps_the_order_that_it_was_begun_with(server: Server) -> None:
    with Learner(server) as learner:
        learner.run = begun(learner, "?order=4294967295").json()["id"]
        assert begun(learner, "?order=5").json()["id"] == learner.run
        assert learner.folded()["order"] == 4294967295
        learner.post("/progress/delete")


def test_an_order_follows_from_the_runs_id_if_nobody_gives_one(learner: Learner) -> None:
    assert learner.folded()["order"] == int(learner.run.removeprefix("run-")[:8], 16) or 1
    for order in ("0", "4294967296", "x"):
        assert_problem(begun(learner, f"?order={order}"), 422)
