"""The visitor's cookie: it comes with any page, except one that is opened by a link to watch."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from starlette.requests import Request

from server.sessions.shelf import Shelf
from server.web.app import create_replay_app
from server.web.rendering import problem_page
from tests.house.reading import ROOT
from tests.learner import LAB, Learner
from tests.recordings.make import path_of
from tests.web.conftest import Answer, Sandbox, Server

VISITOR = "socketlab-visitor"
BROWSER = {"Accept": "text/html"}
PAGES = {
    "home": "/",
    "play": "/play",
    "labs": "/labs",
    "lab": f"/labs/{LAB}",
    "broken_lab": "/labs/50-broken",
    "presenter": f"/labs/{LAB}/presenter?window=window-1",
    "misconceptions": "/misconceptions",
    "glossary": "/glossary",
    "analogies": "/analogies",
    "yours": "/yours",
    "recording": "/replay",
    "problem": "/there-is-no-such-page",
}
"""Template → an address where it is the page."""
STATUS = {PAGES["broken_lab"]: 422, PAGES["problem"]: 404}


def names(answer: Answer) -> set[str]:
    """The cookies that come with an answer."""
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return {cookie.partition("=")[0] for cookie in answer.cookies}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with one lab that can be read and one that cannot."""
    labs = tmp_path_factory.mktemp("labs")
    for name in (LAB, "programs"):
        (labs / name).symlink_to(ROOT / "labs" / name)
    (labs / "50-broken").mkdir()
    (labs / "50-broken" / "lab.md").write_text("no lab")
    server = Server.__new__(Server)
    server.start([sys.executable, "-m", "server.cli", "serve", "--lazy", "--port", "0", "--labs", str(labs)])
    with server:
        yield server


def test_each_page_has_its_address() -> None:
    assert set(PAGES) == {path.stem for path in (ROOT / "templates" / "pages").glob("*.html")}


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES.keys())
def test_it_comes_with_each_page(desk: Server, path: str) -> None:
    answer = desk.ask("GET", path, headers=BROWSER)
    assert answer.status == STATUS.get(path, 200)
    assert names(answer) == {VISITOR}


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES.keys())
def test_who_has_it_keeps_it(desk: Server, path: str) -> None:
    (cookie,) = desk.ask("GET", "/yours").cookies
    known = {"Cookie": cookie.partition(";")[0]}
    assert names(desk.ask("GET", path, headers=BROWSER | known)) == set()


def test_it_comes_with_the_page_of_a_sandbox(sandbox: Sandbox) -> None:
    answer = sandbox.server.ask("GET", f"/s/{sandbox.id}", headers={"Authorization": f"Bearer {sandbox.token}"})
    assert names(answer) == {VISITOR}


def test_it_does_not_come_with_a_panel(server: Server) -> None:
    assert names(server.ask("GET", "/panels/yours")) == set()


def test_who_opens_a_link_to_watch_gets_none(sandbox: Sandbox) -> None:
    watch = sandbox.ask("POST", "/share").json()["watch"]
    assert names(sandbox.server.ask("GET", watch)) == set()
    sandbox.ask("DELETE", "/share")
    assert names(sandbox.server.ask("GET", watch, headers=BROWSER)) == set()


def test_who_opens_a_link_to_watch_a_run_gets_none(server: Server) -> None:
    with Learner(server).begin() as learner:
        assert names(server.ask("GET", learner.watch)) == set()
        learner.close()
        learner.post("/progress/delete")


def test_a_server_that_only_shows_recordings_knows_nobody() -> None:
    app = create_replay_app(Shelf([path_of("ipv6")]), "ipv6")
    request = Request({"type": "http", "app": app, "headers": [], "query_string": b"", "path": "/"})
    assert "set-cookie" not in problem_page(request, status=404, title="Not found", detail="There is nothing.").headers
