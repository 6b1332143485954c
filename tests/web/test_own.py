"""What a visitor runs: listed for them alone, and ended or forgotten by them alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.learner import Learner
from tests.web.conftest import Server, assert_problem


def visitor(server: Server) -> Learner:
    """A browser that has been on a page."""
    browser = Learner(server)
    assert browser.get("/play").status == 200
    return browser


@pytest.fixture
def owner(server: Server) -> Iterator[Learner]:
    """Somebody with a sandbox, of whom nothing is left afterwards."""
    owner = visitor(server)
    owner.run = make(owner)
    yield owner
    owner.delete(f"/api/sandboxes/{owner.run}")


def make(browser: Learner) -> str:
    answer = browser.post("/api/sandboxes")
    assert answer.status == 201, answer.body
    made: str = answer.json()["id"]
    return made


def listed(browser: Learner) -> str:
    """The page with what a browser's person runs."""
    answer = browser.get("/yours")
    assert answer.status == 200
    return answer.body.decode()


def test_a_visitor_sees_what_they_run_and_nobody_else_does(owner: Learner, server: Server) -> None:
    assert f'data-sandbox="{owner.run}"' in listed(owner)
    assert "Running: 1 of" in listed(owner)
    for other in (visitor(server), Learner(server)):
        assert owner.run not in listed(other)
        assert "Running: 0 of" in listed(other)
    invented = Learner(server)
    invented.cookies["socketlab-visitor"] = owner.cookies["socketlab-visitor"][:-1] + "?"
    assert owner.run not in listed(invented)


def test_a_visitor_ends_a_sandbox_and_its_recording_is_kept_until_they_delete_it(owner: Learner) -> None:
    answer = owner.post(f"/yours/{owner.run}/end")
    assert (answer.status, answer.headers["location"]) == (303, "/yours")
    page = listed(owner)
    assert "Running: 0 of" in page
    assert "its owner ended it" in page
    assert "kept for another 60 minutes" in page
    assert f'action="/yours/{owner.run}/forget"' in page
    recorded = owner.get(f"/s/{owner.run}")
    assert f'data-recording="/api/sandboxes/{owner.run}/recording.jsonl.gz"' in recorded.body.decode()
    assert owner.get(f"/api/sandboxes/{owner.run}/recording.jsonl.gz").status == 200

    assert owner.post(f"/yours/{owner.run}/forget").status == 303
    assert f"socketlab-{owner.run}" not in owner.cookies
    assert owner.run not in listed(owner)


def test_a_panel_takes_the_place_of_the_list_and_tells_the_page(owner: Learner, server: Server) -> None:
    headers = {**owner.headers(), "HX-Request": "true"}
    answer = server.ask("POST", f"/yours/{owner.run}/end", b"", headers)
    assert (answer.status, answer.headers["hx-trigger"]) == (200, "sandbox-ended")
    assert b"<!doctype html>" not in answer.body
    assert answer.body.decode() == owner.get("/panels/yours").body.decode()


def test_nobody_ends_what_is_somebody_elses(owner: Learner, server: Server) -> None:
    key = owner.post(f"/api/sandboxes/{owner.run}/share").json()["watch"].partition("?key=")[2]
    for other in (visitor(server), Learner(server)):
        for what in ("end", "forget"):
            assert_problem(other.post(f"/yours/{owner.run}/{what}"), 401)
            assert_problem(other.post(f"/yours/{owner.run}/{what}?key={key}"), 401)
    foreign = {**owner.headers(), "Origin": "http://elsewhere.example"}
    assert_problem(server.ask("POST", f"/yours/{owner.run}/end", b"", foreign), 403)
    assert "Running: 1 of" in listed(owner)


def test_a_lab_run_is_listed_by_its_lab_and_ends_as_its_recording(server: Server) -> None:
    learner = visitor(server)
    with learner.begin():
        learner.performed(1)
        sandbox = learner.state["sandbox"]
        assert "Lab: " in listed(learner)
        assert f'href="/labs/{learner.watch.split("/")[2]}"' in listed(learner)
        assert learner.post(f"/yours/{sandbox}/end").status == 303
        learner.until("the run knows it", lambda: learner.state["mood"] == "ended")
        assert "its owner ended it" in learner.state["why"]
        assert f'href="{learner.watch}"' in listed(learner)
        learner.close()
        watched = Learner(server).get(learner.watch).body.decode()
        assert f'data-recording="/api/runs/{learner.run}/recording.jsonl.gz?key=' in watched
        assert "kept for another 60 minutes" in watched
        learner.post(f"/yours/{sandbox}/forget")
        watched = Learner(server).get(learner.watch).body.decode()
        assert "data-recording" not in watched
        assert "kept for 60 minutes, is gone" in watched
    learner.post("/progress/delete")


def test_who_has_as_many_as_may_be_is_told_where_to_end_one() -> None:
    with Server(SOCKETLAB_SANDBOXES_PER_VISITOR="2") as strict:
        owner = visitor(strict)
        for _ in range(2):
            make(owner)
        problem = assert_problem(owner.post("/api/sandboxes"), 429)
        assert "You have 2 sandboxes running" in problem["detail"]
        assert "Yours" in problem["hint"]
