"""Five labs in Chromium, and the server killed in the middle of each at random moments: the page goes on by itself.

The page is worked as a person works it, and nobody reloads it. What was clicked is done, once: the programs of the last
sandbox are those of an undisturbed run, the answers are those that were given, and the run's log has each act once.
"""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from server.lessons.model import Lab
from tests.browser.playing import play, start
from tests.browsing import PATIENCE, browser, context
from tests.learner import Learner
from tests.mortal import Killer, MortalServer, started
from tests.ours import lab_of

__all__ = ["browser"]

CHOSEN = [
    "01-port-or-socket",
    "03-one-port-many-sockets",
    "05-port-numbers",
    "11-file-descriptors",
    "13-goodbye",
]
ROUNDS = int(os.environ.get("SOCKETLAB_KILLS", "20"))
SEED = int(os.environ.get("SOCKETLAB_SEED", "0")) or random.SystemRandom().randrange(1, 2**32)
SECONDS = 180_000


@pytest.fixture(autouse=True)
def patient() -> Iterator[None]:
    """A killed server takes its time to come back on a busy machine."""
    expect.set_options(timeout=SECONDS)
    yield
    expect.set_options(timeout=1000 * PATIENCE)


@pytest.fixture(scope="module")
def mortal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MortalServer]:
    """The server that is killed again and again; what was begun in it before stays in its database."""
    with MortalServer(tmp_path_factory.mktemp("mortal")) as server:
        yield server


@pytest.fixture(scope="module")
def undisturbed() -> dict[str, tuple[Counter[str], int]]:
    """Lab → what ran in it, and how many events the run had, when nobody was killed; filled as it is needed."""
    return {}


@pytest.mark.timeout(900)
@pytest.mark.parametrize("number", range(ROUNDS))
def test_nothing_is_lost_or_doubled(
    browser: Browser, mortal: MortalServer, undisturbed: dict[str, tuple[Counter[str], int]], number: int
) -> None:
    lab = lab_of(CHOSEN[number % len(CHOSEN)])
    if lab.name not in undisturbed:
        undisturbed[lab.name] = ran(browser, mortal, lab, None)
    programs, events = undisturbed[lab.name]
    killer = Killer(mortal, random.Random(SEED + number), events - events // 10)  # checks may be told less often
    print(f"SOCKETLAB_SEED={SEED}, round {number}: {lab.name}, killed behind event {killer.event} of {events}")
    deaths = mortal.deaths
    assert ran(browser, mortal, lab, killer)[0] == programs
    assert mortal.deaths == deaths + 1


def ran(browser: Browser, mortal: MortalServer, lab: Lab, killer: Killer | None) -> tuple[Counter[str], int]:
    """Do a lab in a page of somebody new; returns what ran in its last sandbox, and how many events the run has."""
    fresh = context(browser, mortal)
    try:
        page = fresh.new_page()
        page.set_default_timeout(SECONDS)
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error.stack)))
        if killer is not None:
            page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: watch(killer, frame)))
        start(page, lab)
        play(page, lab, "wrong")
        if killer is not None:
            killer.join()
        assert errors == []
        return checked(page, mortal, lab)
    finally:
        if killer is not None:
            killer.join()
        fresh.request.post("/progress/delete")
        fresh.close()


def watch(killer: Killer, frame: str | bytes) -> None:
    """Tell the killer how far the run is that the page follows."""
    message = json.loads(frame)
    if str(message.get("log", "")).startswith("run-") and message.get("events"):
        killer.saw(message["events"][-1]["seq"])


def checked(page: Page, mortal: MortalServer, lab: Lab) -> tuple[Counter[str], int]:
    """What ran in the last sandbox of a run that is done, and the run's events: each act and each answer once."""
    (told,) = page.request.get("/api/runs").json()["runs"]
    cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    with Learner(mortal, cookies).begin(lab.name) as learner:
        learner.until("it is there", lambda: learner.state["finished"] and learner.state["mood"] == "live")
        acts = [event["act"] for event in learner.of("lab.act.accepted")]
        assert len(acts) == len(set(acts))
        assert learner.of("lab.act.refused") == []
        state: Any = learner.folded()
        assert state["settled"] == [step.number for step in lab.steps]
        given = learner.of("lab.question.answered")
        keys = [(event["step"], event["kind"], event["question"]) for event in given]
        assert len(keys) == len(set(keys)), "an answer was given twice"
        answers = page.request.get(f"/api/sandboxes/{told['sandbox']}/events")
        assert answers.status == 200
        return started(answers.body()), state["seq"]
