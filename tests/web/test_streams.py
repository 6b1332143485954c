"""Several logs on one connection: each whole and in order, each to who may see it, and acts that are done once."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from tests.learner import LAB, Learner, new_act, told
from tests.web.conftest import Answer, Sandbox, Server, assert_problem


@pytest.fixture
def learner(server: Server) -> Iterator[Learner]:
    """Somebody who has done the first step, and of whom nothing is left afterwards."""
    with Learner(server).begin() as learner:
        learner.performed(1)
        yield learner
        learner.close()
        learner.post("/progress/delete")


@pytest.fixture
def watcher(learner: Learner, server: Server) -> Iterator[Learner]:
    """Somebody whom the learner has given the address to watch."""
    with Learner(server).look_on(learner.watch) as watcher:
        yield watcher


def refused(learner: Learner, *logs: tuple[str, int], **options: Any) -> Answer:
    """What a connection to some logs is answered with instead."""
    with pytest.raises(InvalidStatus) as refusal, learner.connected(*logs, **options):
        pass
    response = refusal.value.response
    return Answer(response.status_code, response.headers, response.body or b"")


def exited(learner: Learner, log: str, pid: int) -> bool:
    return any(event["pid"] == pid for event in learner.of("process.exited", log))


def chatter(sandbox: Sandbox, times: int) -> int:
    code = f"import socket; s = socket.socket()\nfor _ in range({times}): s.getsockname()"
    pid: int = sandbox.command("process.start", host="server", argv=["python3", "-c", code])["pid"]
    return pid


# Down


def test_each_log_comes_whole_and_in_order(learner: Learner, server: Server) -> None:
    """``Learner`` itself refuses a gap and a repetition in any log."""
    with server.sandbox() as first, server.sandbox() as second:
        learner.cookies |= {f"socketlab-{one.id}": one.token for one in (first, second)}
        learner.open(first.id, second.id)
        pids = {one.id: chatter(one, 300) for one in (first, second)}
        assert learner.act("lab.enter", 2) == ""
        assert learner.predict(2, "3") == ""
        learner.performed(2)
        for one in (first, second):
            learner.until("its program has ended", lambda one=one: exited(learner, one.id, pids[one.id]))  # type: ignore[misc]
            assert one.events()[: len(learner.events[one.id])] == learner.events[one.id]
    assert set(learner.events) == {learner.run, learner.state["sandbox"], first.id, second.id}
    assert learner.problems == {}


def test_each_log_goes_on_where_it_is(learner: Learner) -> None:
    sandbox = learner.state["sandbox"]
    learner.until("the sandbox's log has begun", lambda: learner.after(sandbox) > 20)
    run = learner.events[learner.run]
    with learner.connected((learner.run, 3), (sandbox, 17)) as stream:
        firsts: dict[str, int] = {}
        while len(firsts) < 2:
            message = json.loads(stream.recv(30))
            firsts.setdefault(message["log"], message["events"][0]["seq"])
    assert firsts == {learner.run: 4, sandbox: 18}
    with learner.connected((sandbox, 0), (learner.run, len(run))) as stream:  # the run need not be the first
        message = json.loads(stream.recv(30))
        while message["log"] != sandbox:
            message = json.loads(stream.recv(30))
        assert message.get("problem", {}).get("status") in (401, 404) or message["events"][0]["seq"] == 1


def test_what_may_not_be_followed_is_said_and_the_others_go_on(learner: Learner, sandbox: Sandbox) -> None:
    logs = [(sandbox.id, 0), ("nothing", 0), ("run-0000000000000000", 0), (learner.run, 0)]
    told: dict[str, int] = {}
    with learner.connected(*logs) as stream:
        while len(told) < len(logs):
            message = json.loads(stream.recv(30))
            told[message["log"]] = message["problem"]["status"] if "problem" in message else 0
    assert told == {sandbox.id: 401, "nothing": 401, "run-0000000000000000": 404, learner.run: 0}


def test_an_after_that_cannot_be_is_said_of_that_log(learner: Learner) -> None:
    sandbox = learner.state["sandbox"]
    with learner.connected((learner.run, 0), (sandbox, 10_000_000)) as stream:
        message = json.loads(stream.recv(30))
        while message["log"] != sandbox:
            message = json.loads(stream.recv(30))
    assert message["problem"]["status"] == 422


def test_so_many_logs_and_no_more(learner: Learner) -> None:
    assert_problem(refused(learner), 422)
    assert_problem(refused(learner, *[(learner.run, 0)] * 17), 422)


def test_another_log_is_followed_on_the_same_connection(learner: Learner, sandbox: Sandbox) -> None:
    learner.cookies[f"socketlab-{sandbox.id}"] = sandbox.token
    assert learner.ask("stream.follow", log=sandbox.id)["problem"]["status"] == 401  # the cookies are the handshake's
    learner.open()
    assert learner.ask("stream.follow", log=sandbox.id)["ok"]
    assert learner.ask("stream.follow", log=sandbox.id)["ok"]  # it is followed already
    learner.until("its log comes", lambda: learner.after(sandbox.id))
    assert learner.ask("pace.set", log=sandbox.id, pace="step")["ok"]
    learner.until("what came of it", lambda: [e for e in learner.of("pace.changed", sandbox.id) if e["pace"] == "step"])
    assert learner.ask("stream.follow", log="run-0000000000000000")["problem"]["status"] == 404
    assert learner.ask("stream.follow")["problem"]["status"] == 422
    assert learner.ask("stream.follow", log=sandbox.id, more=1)["problem"]["status"] == 422


def test_a_log_that_has_ended_is_told_and_the_others_go_on(learner: Learner, sandbox: Sandbox) -> None:
    learner.cookies[f"socketlab-{sandbox.id}"] = sandbox.token
    learner.open(sandbox.id)
    learner.until("its log comes", lambda: learner.after(sandbox.id))
    sandbox.ask("DELETE")
    learner.until("it is told", lambda: sandbox.id in learner.ended)
    assert learner.events[sandbox.id][-1]["type"] == "sandbox.closed"
    assert learner.ended[sandbox.id] == learner.after(sandbox.id)
    assert learner.act("lab.enter", 2) == ""


def test_a_command_must_name_a_log_that_is_followed(learner: Learner, sandbox: Sandbox) -> None:
    for fields in ({}, {"log": sandbox.id}, {"log": ""}, {"log": 7}, {"log": None}):
        reply = learner.ask("pace.set", pace="live", **fields)
        assert (reply["ok"], reply["problem"]["status"]) == (False, 422)


# Up


def test_an_act_that_comes_twice_is_done_once_and_answered_alike(learner: Learner) -> None:
    assert learner.act("lab.enter", 2) == ""
    act = new_act()
    fields = {"kind": "predict", "question": 0, "choice": "3"}
    first = learner.answered("lab.answer", 2, act=act, **fields)
    second = learner.answered("lab.answer", 2, act=act, **fields)
    third = learner.answered("lab.answer", 2, act=act, **fields | {"choice": "4"})  # the id says which act it is
    assert [reply["ok"] for reply in (first, second, third)] == [True] * 3
    assert learner.folded()["answers"]["2 predict 0"]["choice"] == "3"
    run = new_act()
    refs = [learner.send("lab.perform", log=learner.run, act=run, step=2) for _ in range(3)]
    learner.until("all are answered", lambda: all(ref in learner.replies for ref in refs))
    assert [learner.replies[ref]["ok"] for ref in refs] == [True] * 3
    learner.settled(2)
    assert len(learner.of("lab.question.answered")) == 1
    assert [event["act"] for event in learner.of("lab.act.accepted")].count(run) == 1
    assert learner.programs(learner.state["sandbox"]) == {
        "python3 echo_server.py 7": 1,
        "python3 echo_client.py 10.0.0.4 7": 2,
    }


def test_a_refusal_stays_what_it_was(learner: Learner) -> None:
    act = new_act()
    first = learner.answered("lab.perform", 2, act=act)
    assert "You are at step 1" in told(first)
    assert learner.act("lab.enter", 2) == ""
    assert learner.predict(2) == ""
    assert learner.answered("lab.perform", 2, act=act)["problem"] == first["problem"]
    assert [event["act"] for event in learner.of("lab.act.refused")] == [act]
    assert learner.phase(2) == "entered"


def test_acts_of_one_connection_are_done_in_their_order(learner: Learner) -> None:
    choices = [str(number % 4 + 1) for number in range(30)]
    acts = [new_act() for _ in choices]
    refs = [
        learner.send("lab.answer", log=learner.run, act=act, step=2, kind="predict", question=0, choice=choice)
        for act, choice in zip(acts, choices, strict=True)
    ]
    learner.until("all are answered", lambda: all(ref in learner.replies for ref in refs))
    learner.until("all are in the log", lambda: acts[-1] in learner.state["acts"])
    assert all(learner.replies[ref]["ok"] for ref in refs)
    assert [event["act"] for event in learner.of("lab.act.accepted")][-30:] == acts
    assert [event["choice"] for event in learner.of("lab.question.answered")] == choices


# Who may


def test_a_watcher_sees_all_and_does_nothing(learner: Learner, watcher: Learner) -> None:
    sandbox = learner.state["sandbox"]
    assert learner.act("lab.enter", 2) == ""
    watcher.until("the run is there", lambda: watcher.phase(2) == "entered" and watcher.after(sandbox) > 0)
    assert watcher.cookies == {}
    acts: list[tuple[str, dict[str, Any]]] = [
        ("lab.start", {"step": 1, "again": True}),
        ("lab.answer", {"step": 2, "kind": "predict", "question": 0, "choice": "3"}),
        ("lab.perform", {"step": 2}),
        ("lab.try", {"step": 4, "host": "server", "text": "true"}),
        ("lab.stop", {"step": 2}),
        ("lab.show", {"step": 2}),
        ("lab.hint", {"step": 2}),
        ("lab.tool", {"step": 2, "tool": 0}),
        ("lab.enter", {"step": 3}),
    ]
    before = learner.folded()["seq"]
    for command, fields in acts:
        reply = watcher.ask(command, log=watcher.run, act=new_act(), **fields)
        assert (reply["ok"], reply["problem"]["status"]) == (False, 403), command
    commands: list[tuple[str, dict[str, Any]]] = [
        ("process.start", {"host": "server", "program": "echo_server"}),
        ("process.signal", {"pid": 2, "signal": "KILL"}),
        ("pace.set", {"pace": "step"}),
        ("host.add", {"host": "other", "addresses": ["10.0.0.9/24"]}),
    ]
    for command, fields in commands:
        reply = watcher.ask(command, log=sandbox, **fields)
        assert (reply["ok"], reply["problem"]["status"]) == (False, 403), command
    assert learner.folded()["seq"] == before
    assert learner.predict(2, "3") == ""
    learner.performed(2)
    watcher.settled(2)
    assert watcher.state == learner.state == learner.folded()
    answer = watcher.get(watcher.watch)
    assert answer.status == 200
    assert b"data-watching" in answer.body


def test_the_key_opens_one_run_and_nothing_else(learner: Learner, server: Server, sandbox: Sandbox) -> None:
    stranger = Learner(server)
    stranger.key = learner.watch.partition("?key=")[2]
    with Learner(server).begin() as other:
        assert_problem(refused(stranger, (other.run, 0)), 404)
        assert_problem(stranger.get(f"/api/runs/{other.run}?key={stranger.key}"), 404)
        assert_problem(stranger.get(f"/api/sandboxes/{learner.state['sandbox']}"), 401)
        other.close()
        other.post("/progress/delete")
    told = {}
    with stranger.connected((learner.run, 0), (sandbox.id, 0)) as stream:
        while sandbox.id not in told:
            message = json.loads(stream.recv(30))
            told[message["log"]] = message.get("problem", {}).get("status", 0)
    assert told[sandbox.id] == 404


def test_strangers_and_nobody(learner: Learner, server: Server) -> None:
    nobody = Learner(server)
    assert_problem(refused(nobody, (learner.run, 0)), 401)
    assert_problem(refused(nobody, (learner.state["sandbox"], 0)), 401)
    with Learner(server).begin() as stranger:
        assert_problem(refused(stranger, (learner.run, 0)), 404)
        stranger.key = "x" * 24
        assert_problem(refused(stranger, (learner.run, 0)), 404)
        stranger.key = ""
        assert stranger.ask("stream.follow", log=learner.run)["problem"]["status"] == 404
        assert stranger.ask("stream.follow", log=learner.state["sandbox"])["problem"]["status"] == 401
        for path in (f"/api/runs/{learner.run}", f"/api/runs/{learner.run}/recording.jsonl.gz"):
            assert_problem(stranger.get(path), 404)
        assert_problem(stranger.get(f"/labs/{LAB}/watch/{learner.run}?key=x"), 404)
        stranger.close()
        stranger.post("/progress/delete")


def test_a_page_of_another_origin_may_not_follow(learner: Learner) -> None:
    options = {"additional_headers": {**learner.headers(), "Origin": "http://elsewhere.example"}}
    assert_problem(refused(learner, (learner.run, 0), **options), 403)


def test_the_sandbox_of_ones_own_run_needs_no_token(learner: Learner, server: Server, sandbox: Sandbox) -> None:
    own = learner.state["sandbox"]
    assert not [name for name in learner.cookies if own in name]
    assert learner.ask("pace.set", log=own, pace="step")["ok"]
    body = json.dumps({"command": "pace.set", "pace": "live"}).encode()
    assert server.ask("POST", f"/api/sandboxes/{own}/commands", body, learner.headers()).status == 200
    assert_problem(server.ask("POST", f"/api/sandboxes/{sandbox.id}/commands", body, learner.headers()), 401)
    with Learner(server).begin() as other:
        assert_problem(server.ask("POST", f"/api/sandboxes/{own}/commands", body, other.headers()), 401)
        other.close()
        other.post("/progress/delete")


# Files


def test_a_run_is_taken_along(learner: Learner, tmp_path: Path) -> None:
    sandbox = learner.state["sandbox"]
    answer = learner.get(f"/api/runs/{learner.run}/recording.jsonl.gz")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/gzip")
    header, *lines = [json.loads(line) for line in gzip.decompress(answer.body).splitlines()]
    assert header["format"] == 2
    assert {log: told["kind"] for log, told in header["logs"].items()} == {learner.run: "lab", sandbox: "sandbox"}
    assert header["logs"][learner.run]["lab"] == LAB
    assert "Three clients" in header["logs"][learner.run]["files"]["lab.md"]
    seen: dict[str, int] = {learner.run: 0, sandbox: 0}
    for line in lines:
        assert line["seq"] == seen[line["log"]] + 1
        seen[line["log"]] = line["seq"]
        if line["log"] == learner.run and line.get("sandbox") == sandbox:
            assert line["at"] <= seen[sandbox], "an event of the run stands before what it is about"
    run = [
        {name: value for name, value in line.items() if name != "log"} for line in lines if line["log"] == learner.run
    ]
    known = learner.events[learner.run]
    assert run[: len(known)] == known
    capture = learner.get(f"/api/sandboxes/{sandbox}/capture.pcapng")
    assert capture.status == 200
    assert capture.body[:4] == b"\x0a\x0d\x0d\x0a"
    assert learner.act("lab.enter", 2) == ""
    assert learner.predict(2) == ""
    learner.performed(2)
    path = tmp_path / "run.pcapng"
    path.write_bytes(learner.get(f"/api/sandboxes/{sandbox}/capture.pcapng").body)
    tshark = shutil.which("tshark")
    assert tshark is not None
    syns = [tshark, "-r", str(path), "-Y", "tcp.flags.syn == 1 && tcp.flags.ack == 0", "-T", "fields", "-e", "ip.src"]
    shown = subprocess.run(syns, capture_output=True, text=True, check=True).stdout.split()
    assert set(shown) == {"10.0.0.5", "10.0.0.6"}
