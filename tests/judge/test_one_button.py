"""Five labs by somebody who presses only what is primary, at each size: it is always in view and never two, and what
decides a step is on the screen for two seconds before its answer. Each click leaves a picture in tests/output."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_story import LISTEN, SETTLED, press, told
from tests.browsing import SIZES, Watched, browser, context, served
from tests.web.conftest import Server

__all__ = ["browser", "served"]

OUTPUT = Path(__file__).parents[1] / "output" / "one-button"
LABS = [
    "01-port-or-socket",
    "02-birth-of-a-connection",
    "03-one-port-many-sockets",
    "09-waiting-room",
    "14-time-wait",
]


@pytest.fixture
def reader(browser: Browser, served: Server, size: str) -> Iterator[Page]:
    """Somebody new."""
    fresh = context(browser, served, size, story=True)
    watched = Watched(fresh, served.address)
    yield watched.page
    assert watched.complaints == []
    fresh.close()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("lab", LABS)
def test_a_lab_is_done(reader: Page, lab: str, size: str) -> None:
    reader.goto(f"/labs/{lab}")
    reader.evaluate(LISTEN)
    reader.evaluate(SETTLED)
    for _ in range(2):
        reader.keyboard.press("]")
    button = reader.locator("[data-next-bar] button")
    place = OUTPUT / f"{lab}-{size}"
    place.mkdir(parents=True, exist_ok=True)
    done: list[str] = []
    while (did := press(reader)) != "What to remember":
        done.append(did)
        expect(button).not_to_have_attribute("data-does", re.compile("^$"))
        reader.screenshot(path=place / f"{len(done):03d}-{did}.png")
    expect(reader.locator("#summary")).to_be_visible()
    # While the kernel is held, its own repeats come between what decides a step and the answer.
    beats = [one for one in told(reader) if "No answer has come" not in one["words"]]
    for step, at in reader.evaluate("window.settled").items():
        decisive = [one for one in beats if one["at"] < at]
        # Two seconds, at four times the speed; a step that nothing runs in is settled by its answer.
        assert not decisive or at - decisive[-1]["at"] >= 490, (step, decisive[-1])
