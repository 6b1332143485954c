"""The labs as they are read: the catalogue, its search, each lab without a sandbox, beliefs and the glossary."""

from __future__ import annotations

import html
import re

import pytest

from tests.learner import PAGE
from tests.ours import NAMES, lab_of
from tests.web.conftest import Server


def test_the_catalogue_has_every_lab(server: Server) -> None:
    text = html.unescape(server.ask("GET", "/labs").body.decode())
    for lab in map(lab_of, NAMES):
        assert lab.question in text
        assert f"{lab.minutes} min" in text


def test_it_is_searched(server: Server) -> None:
    text = server.ask("GET", "/panels/labs?q=rfc+862").body.decode()
    assert "03-one-port-many-sockets" in text
    assert "01-port-or-socket" not in text


def test_a_search_for_markup_shows_it_as_text(server: Server) -> None:
    text = server.ask("GET", "/labs?q=%3Cscript%3Ealert(1)%3C/script%3E").body.decode()
    assert "<script>alert" not in text


def test_reading_makes_nobody_a_learner(server: Server) -> None:
    for path in ("/labs", PAGE, "/misconceptions", "/glossary", "/analogies"):
        answer = server.ask("GET", path)
        assert answer.status == 200
        assert {cookie.partition("=")[0] for cookie in answer.cookies} == {"socketlab-visitor"}


@pytest.mark.parametrize("name", NAMES)
def test_a_lab_can_be_read_without_a_sandbox(server: Server, name: str) -> None:
    lab = lab_of(name)
    text = server.ask("GET", f"/labs/{lab.name}").body.decode()
    for step in lab.steps:
        assert f'id="{step.anchor}"' in text
        for prose in step.blocks:
            if type(prose).__name__ == "Prose":
                words = re.sub(r"<[^>]*>", "", text)
                assert re.sub(r"<[^>]*>", "", prose.html).strip()[:60] in words
    assert 'data-run=""' in text


def test_a_number_leads_to_the_lab(server: Server) -> None:
    answer = server.ask("GET", "/labs/03")
    assert (answer.status, answer.headers["location"]) == (303, PAGE)


def test_a_lab_that_is_not_there(server: Server) -> None:
    answer = server.ask("GET", "/labs/99-none", headers={"Accept": "text/html"})
    assert answer.status == 404
    assert b"/labs" in answer.body


def test_each_misconception_leads_to_a_step_that_is_there(server: Server) -> None:
    text = server.ask("GET", "/misconceptions").body.decode()
    assert len(re.findall(r'<li id="m-\d+">', text)) == 18
    for path, anchor in re.findall(r'href="(/labs/[^"#]+)#(step-\d+)"', text):
        assert f'id="{anchor}"' in server.ask("GET", path).body.decode()


def test_links_into_the_glossary_have_their_entry(server: Server) -> None:
    glossary = server.ask("GET", "/glossary").body.decode()
    for anchor in set(re.findall(r'href="/glossary#([\w-]+)"', server.ask("GET", PAGE).body.decode())):
        assert f'id="{anchor}"' in glossary
