"""An instructor's own labs, edited while they are read and done: an edit reaches the page, and a mistake says where."""

from __future__ import annotations

import html
import re
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.learner import LAB, PAGE, PATIENCE, THIRD, Learner, page
from tests.ours import OURS
from tests.web.conftest import Server


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    for name in ("01-port-or-socket", "03-one-port-many-sockets", "programs"):
        shutil.copytree(OURS / name, tmp_path / "labs" / name)
    return tmp_path / "labs"


@pytest.fixture
def own(desk: Path) -> Iterator[Server]:
    server = Server.__new__(Server)
    server.start([sys.executable, "-m", "server.cli", "serve", "--lazy", "--port", "0", "--labs", str(desk)], {})
    with server:
        yield server


def edited(learner: Learner) -> dict[str, Any]:
    """Follow the run until it says that its lab was edited once more."""
    known = len(learner.of("lab.edited"))
    learner.until("the edit is seen", lambda: len(learner.of("lab.edited")) > known)
    return learner.of("lab.edited")[-1]


def replace(path: Path, old: str, new: str) -> None:
    """Edit a lab's file in one step, as no reader sees half of it."""
    text = path.read_text()
    assert old in text
    other = path.with_suffix(".new")
    other.write_text(text.replace(old, new, 1))
    other.replace(path)


def test_an_edit_reaches_the_page(own: Server, desk: Path) -> None:
    with Learner(own).begin() as learner:
        replace(desk / LAB / "lab.md", "How many sockets?", "How many sockets are there now?")
        event = edited(learner)
        assert event["same"]
        assert "How many sockets are there now?" in page(learner)


def test_an_edit_reaches_a_page_that_has_no_run(own: Server, desk: Path) -> None:
    reader = Learner(own)
    asks = r'hx-get="(/labs/[\w-]+/edited\?edition=\w+)"'
    (address,) = re.findall(asks, page(reader))
    assert (reader.get(address).status, reader.get(address).headers.get("hx-refresh")) == (204, None)
    replace(desk / LAB / "lab.md", "minutes: 9", "minuets: 9")
    until_refresh(reader, address)
    (address,) = re.findall(asks, until_status(reader, 422).decode())
    assert reader.get(address).headers.get("hx-refresh") is None
    replace(desk / LAB / "lab.md", "minuets: 9", "minutes: 9")
    until_refresh(reader, address)
    assert set(reader.cookies) == {"socketlab-visitor"}


def until_refresh(reader: Learner, address: str) -> None:
    """Ask as the page does until it is told to load itself again."""
    end = time.monotonic() + PATIENCE
    while reader.get(address).headers.get("hx-refresh") != "true":
        assert time.monotonic() < end, "the edit was never seen"


def test_an_edit_of_words_does_not_end_the_run(own: Server, desk: Path) -> None:
    with Learner(own).begin() as learner:
        learner.performed(1)
        path = desk / LAB / "lab.md"
        replace(path, "An echo server sends back", "An echo server returns")
        assert edited(learner)["same"]
        assert "An echo server returns" in page(learner)
        assert learner.state["mood"] == "live"
        assert learner.act("lab.enter", 2) == ""
        replace(path, THIRD, "python3 echo_client.py 10.0.0.4 8")
        assert not edited(learner).get("same")
        assert learner.state["mood"] == "ended"
        assert "This lab was edited" in learner.state["why"]
        assert learner.state["settled"] == [1]


def test_files_of_ones_own_beside_the_labs(own: Server, desk: Path) -> None:
    learner = Learner(own)
    assert 'id="five-tuple"' in page(learner, "/glossary")
    with learner.begin():
        (desk / "glossary.md").write_text("## echo server\n\nIt sends `back` <b>all</b>.\n\n## port\n\n- sea: x\n")
        edited(learner)
    glossary = learner.get("/glossary").body.decode()
    assert "It sends <code>back</code> &lt;b&gt;all&lt;/b&gt;." in glossary
    assert 'id="five-tuple"' not in glossary
    assert "glossary.md:7" in glossary
    assert set(re.findall(r'href="/glossary#([\w-]+)"', page(learner))) == {"echo-server"}
    assert "complaints" not in page(learner, "/misconceptions")


def test_a_broken_lab_says_where_and_the_others_load(own: Server, desk: Path) -> None:
    path = desk / LAB / "lab.md"
    with Learner(own).begin() as learner:
        learner.performed(1)
        replace(path, "minutes: 9", "minuets: 9")
        assert edited(learner)["same"]
        assert learner.state["mood"] == "live"
        text = html.unescape(until_status(learner, 422).decode())
        assert f"{LAB}/lab.md:5" in text
        assert "minuets" in text
        assert learner.get("/labs/01-port-or-socket").status == 200
        assert f"{LAB}/lab.md:5" in page(learner, "/labs")
        replace(path, "minuets: 9", "minutes: 9")
        assert b"Three clients" in until_status(learner, 200)
        assert learner.act("lab.enter", 2) == ""  # what was no lab for a while has ended nothing


def until_status(learner: Learner, status: int) -> bytes:
    """Ask for the page until the server has seen an edit."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if (answer := learner.get(PAGE)).status == status:
            return answer.body
    raise AssertionError(f"never answered with {status}")
