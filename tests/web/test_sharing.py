"""A link to watch: what it opens, what it does not, and what becomes of it when it is taken back."""

from __future__ import annotations

import contextlib
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.learner import Learner
from tests.mortal import MortalServer
from tests.web.conftest import Answer, Sandbox, Server, assert_problem

PAGE = {"Accept": "text/html"}
READ = ("", "/events", "/recording.jsonl.gz", "/replay.html", "/capture.pcapng")


def share(sandbox: Sandbox) -> tuple[str, str]:
    """The link to watch a sandbox, and its key."""
    answer = sandbox.ask("POST", "/share")
    assert answer.status == 200, answer.body
    link: str = answer.json()["watch"]
    return link, link.partition("?key=")[2]


def follow(sandbox: Sandbox, key: str, *, several: bool = False) -> ClientConnection:
    """Follow a sandbox by the key of a link."""
    home = sandbox.server.address.replace("http", "ws", 1)
    one = f"{home}{sandbox.path}/stream?key={key}"
    return connect(f"{home}/api/stream?log={sandbox.id}&key={key}" if several else one, max_size=None, proxy=None)


def refused(sandbox: Sandbox, key: str, *, several: bool = False) -> Answer:
    with pytest.raises(InvalidStatus) as refusal, follow(sandbox, key, several=several):
        pass
    response = refusal.value.response
    return Answer(response.status_code, response.headers, response.body or b"")


def to_the_end(stream: ClientConnection) -> tuple[list[Any], int, str]:
    """What still comes on a connection, and how it is closed."""
    messages: list[Any] = []
    with contextlib.suppress(ConnectionClosed):
        while True:
            messages.append(json.loads(stream.recv(60)))
    return messages, stream.close_code or 0, stream.close_reason or ""


@pytest.fixture(params=[False, True], ids=["one log", "several"])
def several(request: pytest.FixtureRequest) -> bool:
    """Which of the two addresses of streams."""
    several: bool = request.param
    return several


def test_an_id_alone_opens_nothing(server: Server, sandbox: Sandbox) -> None:
    share(sandbox)
    for tail in READ:
        assert_problem(server.ask("GET", sandbox.path + tail), 401)
    for path in (f"/s/{sandbox.id}", "/s/0000000000"):
        answer = server.ask("GET", path, headers=PAGE)
        assert answer.status == 404
        assert b"There is no sandbox of yours at this address." in answer.body
    for path in (f"/s/{sandbox.id}/watch", f"/s/{sandbox.id}/watch?key="):
        answer = server.ask("GET", path, headers=PAGE)
        assert answer.status == 422
        assert b"open it again as you got it" in answer.body


def test_a_key_lets_look_and_do_nothing(server: Server, sandbox: Sandbox) -> None:
    link, key = share(sandbox)
    assert share(sandbox) == (link, key)
    page = server.ask("GET", link, headers=PAGE)
    assert page.status == 200
    assert b"data-watching" in page.body
    for tail in READ:
        assert server.ask("GET", f"{sandbox.path}{tail}?key={key}").status == 200
    for method, tail in (("POST", "/commands"), ("POST", "/share"), ("DELETE", "/share"), ("DELETE", "")):
        assert_problem(
            server.ask(method, f"{sandbox.path}{tail}?key={key}", {"command": "pace.set", "pace": "step"}), 401
        )
        bearer = {"Authorization": f"Bearer {key}"}
        assert_problem(server.ask(method, sandbox.path + tail, {}, bearer), 404)


def test_a_key_opens_its_own_sandbox_only(server: Server, sandbox: Sandbox, several: bool) -> None:
    _, key = share(sandbox)
    with server.sandbox() as other:
        assert_problem(server.ask("GET", f"{other.path}?key={key}"), 404)
        assert_problem(refused(other, key, several=several), 404)
        assert_problem(refused(sandbox, key[:-1], several=several), 404)
        wrong = server.ask("GET", f"/s/{other.id}/watch?key={key}", headers=PAGE)
        missing = server.ask("GET", f"/s/0000000000/watch?key={key}", headers=PAGE)
        assert wrong.status == 404
        assert wrong.body == missing.body


def test_who_follows_by_a_key_sees_all_and_commands_nothing(sandbox: Sandbox, several: bool) -> None:
    _, key = share(sandbox)
    with follow(sandbox, key, several=several) as stream:
        sandbox.command("pace.set", pace="slow")
        events: list[dict[str, Any]] = []
        while not any(event["type"] == "pace.changed" for event in events):
            message = json.loads(stream.recv(60))
            events += message["events"] if several else message
        named = {"log": sandbox.id} if several else {}
        stream.send(json.dumps({"ref": 1, "command": "pace.set", "pace": "step", **named}))
        reply: Any = {}
        while "ref" not in reply:
            reply = json.loads(stream.recv(60))
        assert reply["problem"]["status"] == 403
        assert "You watch" in reply["problem"]["detail"]
    assert sandbox.ask("GET").json()["state"]["pace"] == "slow"


def test_what_is_taken_back_ends_at_once_and_says_so(server: Server, sandbox: Sandbox, several: bool) -> None:
    link, key = share(sandbox)
    with follow(sandbox, key, several=several) as stream, sandbox.stream() as own:
        assert sandbox.ask("DELETE", "/share").status == 204
        messages, code, reason = to_the_end(stream)
        if several:
            problem = messages[-1]["problem"]
            assert problem["detail"] == "Whoever shared this has taken the link back, so it shows nothing any more."
        else:
            assert (code, reason) == (1008, "This link was taken back")
        sandbox.command("pace.set", pace="slow")  # its owner goes on
        while not any(event["type"] == "pace.changed" for event in json.loads(own.recv(60))):
            pass
    for tail in READ:
        assert_problem(server.ask("GET", f"{sandbox.path}{tail}?key={key}"), 410)
    assert_problem(refused(sandbox, key, several=several), 410)
    page = server.ask("GET", link, headers=PAGE)
    assert page.status == 410
    assert b"This link was taken back" in page.body
    again, next_key = share(sandbox)
    assert next_key != key
    assert server.ask("GET", again, headers=PAGE).status == 200


def test_a_shared_sandbox_that_has_ended_is_its_recording(server: Server) -> None:
    owner = Learner(server)
    owner.get("/play")
    sandbox = owner.post("/api/sandboxes").json()["id"]
    link = owner.post(f"/api/sandboxes/{sandbox}/share").json()["watch"]
    owner.post(f"/yours/{sandbox}/end")
    page = server.ask("GET", link, headers=PAGE).body.decode()
    key = link.partition("?key=")[2]
    assert f'data-recording="/api/sandboxes/{sandbox}/recording.jsonl.gz?key={key}"' in page
    assert f'data-downloads="/api/sandboxes/{sandbox}?key={key}"' in page
    assert "kept for another 60 minutes" in page
    lines = gzip.decompress(
        server.ask("GET", f"/api/sandboxes/{sandbox}/recording.jsonl.gz?key={key}").body
    ).splitlines()
    assert b"sandbox.closed" in lines[-1]
    owner.post(f"/yours/{sandbox}/forget")
    gone = server.ask("GET", link, headers=PAGE)
    assert gone.status == 404
    assert b"kept for 60 minutes at most" in gone.body


@pytest.fixture
def learner(server: Server) -> Iterator[Learner]:
    with Learner(server).begin() as learner:
        learner.started(1)
        yield learner
        learner.close()
        learner.post("/progress/delete")


def test_a_lab_run_is_shared_and_taken_back_in_the_same_way(learner: Learner, server: Server) -> None:
    address = f"/api/runs/{learner.run}/share"
    assert learner.post(address).json() == {"watch": learner.watch}
    for stranger in (Learner(server), Learner(server).look_on(learner.watch)):
        assert_problem(stranger.post(address), 404)
        assert_problem(stranger.delete(address), 404)
        stranger.close()
    sandbox = learner.state["sandbox"]
    with Learner(server).look_on(learner.watch) as watcher:
        watcher.until("both logs are there", lambda: watcher.after(watcher.run) and watcher.after(sandbox))
        connections = watcher.connections
        assert learner.delete(address).status == 204
        watcher.until("both have ended", lambda: {watcher.run, sandbox} <= set(watcher.problems))
        assert {problem["status"] for problem in watcher.problems.values()} == {410}
        assert watcher.connections == connections
        for path in (watcher.watch, f"/api/runs/{learner.run}?key={watcher.key}"):
            assert_problem(watcher.get(path), 410)
    again = learner.post(address).json()["watch"]
    assert again != learner.watch
    assert Learner(server).get(again).status == 200
    assert learner.phase(1) == "entered"


def test_a_link_that_was_taken_back_stays_so_when_the_server_starts_again(tmp_path: Path) -> None:
    with MortalServer(tmp_path) as server, Learner(server).begin() as learner:
        first = learner.watch
        assert learner.delete(f"/api/runs/{learner.run}/share").status == 204
        second = learner.post(f"/api/runs/{learner.run}/share").json()["watch"]
        learner.close()
        server.kill_and_return()
        assert Learner(server).get(second).status == 200
        assert_problem(Learner(server).get(first), 404)
