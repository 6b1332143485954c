"""Labs as people do them, in Chromium: from the first step to the last, guessing right and wrong, and disturbed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from server.lessons.model import Lab
from tests.browser.playing import LAB, begin, explain, finish, places, play, predict, run, sandboxes, start, told
from tests.browsing import Watched, context, opened
from tests.ours import CROWDED, NAMES, lab_of
from tests.web.conftest import Server

TIMES = int(os.environ.get("SOCKETLAB_TEST_TIMES", "1"))
"""How often each lab is played; 10 before an issue is closed."""


@pytest.fixture(scope="module")
def desks(browser: Browser, served: Server) -> Iterator[dict[str, Watched]]:
    """Two pages for all labs: of somebody who predicts right, and of somebody who predicts wrong."""
    contexts = {guess: context(browser, served) for guess in ("right", "wrong")}
    yield {guess: Watched(one, served.address) for guess, one in contexts.items()}
    for one in contexts.values():
        one.close()


@pytest.fixture
def pair(desks: dict[str, Watched]) -> Iterator[dict[str, Page]]:
    """The two pages, of people whom nobody knows; they end what they have run."""
    pages = {guess: desk.page for guess, desk in desks.items()}
    for page in pages.values():
        page.context.clear_cookies()
    yield pages
    for page in pages.values():
        for sandbox in sandboxes(page):
            page.request.delete(f"/api/sandboxes/{sandbox}")
        page.goto("about:blank")
    complaints = {guess: desk.complaints for guess, desk in desks.items()}
    for desk in desks.values():
        desk.complaints = []
    assert complaints == {"right": [], "wrong": []}


@pytest.mark.timeout(1200)
@pytest.mark.long
@pytest.mark.parametrize("turn", range(TIMES))
@pytest.mark.parametrize("name", [name for name in NAMES if name not in CROWDED])
def test_a_lab_from_the_first_to_the_last_step(pair: dict[str, Page], name: str, turn: int) -> None:
    """Once predicting right and once wrong: two people at the same time."""
    lab = lab_of(name)
    for page in pair.values():
        start(page, lab)
    for step in lab.steps:
        for guess, page in pair.items():
            expect(page.locator(f"#step-{step.number}")).to_be_visible()
            predict(page, step, guess)
            begin(page, step)
        for guess, page in pair.items():
            finish(page, step, guess)
    for page in pair.values():
        done(page, lab)


@pytest.mark.timeout(1200)
@pytest.mark.long
@pytest.mark.crowded
@pytest.mark.parametrize("turn", range(TIMES))
@pytest.mark.parametrize("name", sorted(CROWDED))
def test_a_lab_of_thousands_from_the_first_to_the_last_step(desk: Page, name: str, turn: int) -> None:
    """By one learner, who is right in every other step: two of them would need a minute and a half more."""
    lab = lab_of(name)
    start(desk, lab)
    for step in lab.steps:
        guess = "right" if (step.number + turn) % 2 else "wrong"
        play(desk, lab, guess, first=step.number, last=step.number)
    done(desk, lab)


def done(page: Page, lab: Lab) -> None:
    """What a page says of a lab that was done."""
    page.goto(f"/labs/{lab.name}")
    summary = page.locator("#summary")
    expect(summary.locator(".remember li")).to_have_count(3)
    expect(summary.locator(".bets tbody tr")).to_have_count(sum(len(step.predictions) for step in lab.steps))
    expect(page.locator("#lab-steps a[data-settled]")).to_have_count(len(lab.steps) + 1)
    page.goto("/labs")
    expect(page.locator(f'.card:has(a[href="/labs/{lab.name}"]) .state')).to_have_text("done")


def test_the_browser_is_closed_in_the_middle(browser: Browser, served: Server) -> None:
    with opened(browser, served) as page:
        start(page, LAB)
        play(page, LAB, "wrong", last=2)
        expect(page.locator("#step-3")).to_be_visible()
        kept = page.context.storage_state()
    with opened(browser, served, storage_state=kept) as page:
        page.goto("/labs")
        page.click('.card:has-text("Three clients, one port") a')
        expect(page.locator("#step-3")).to_be_visible()
        expect(page.locator("#predict-3-0")).to_be_visible()
        assert page.url.endswith("#step-3")
        expect(page.locator("#lab-steps a[data-settled]")).to_have_count(2)
        play(page, LAB, "right", first=3)


def test_the_sandbox_dies_in_the_middle(desk: Page) -> None:
    start(desk, LAB)
    play(desk, LAB, "unknown", last=2)
    expect(desk.locator("#step-3")).to_be_visible()
    predict(desk, LAB.steps[2], "right")
    kill(desk)
    fault = desk.locator("#lab-status .fault")
    expect(fault).to_be_visible()
    assert "no fault of yours" in fault.inner_text()
    expect(desk.locator('.checks [data-mood="lost"]')).to_have_count(0)
    expect(desk.locator("#lab-steps a[data-settled]")).to_have_count(2)
    desk.reload()  # whoever comes back later is told the same, and nothing is asked of what is gone
    expect(fault).to_be_visible()
    expect(desk.locator("[data-overlay]")).to_be_hidden()
    expect(desk.locator("[data-preview]")).to_be_visible()
    desk.click("#lab-start")
    expect(desk.locator("#step-3[data-place=now]")).to_be_visible()
    expect(desk.locator("#run-3")).to_be_enabled()
    expect(desk.locator("#lab-steps a[data-settled]")).to_have_count(2)
    run(desk, LAB.steps[2])
    told(desk, LAB.steps[2], "right")
    explain(desk, LAB.steps[2])
    desk.click("#next-3")
    play(desk, LAB, "right", first=4)


def kill(page: Page) -> None:
    """End the sandbox of the page, as idleness or a fault would."""
    (sandbox,) = sandboxes(page)
    answer = page.request.delete(f"/api/sandboxes/{sandbox}")
    assert answer.status == 204


def test_run_is_closed_until_there_is_an_answer(desk: Page) -> None:
    start(desk, LAB)
    play(desk, LAB, "unknown", last=1)
    expect(desk.locator("#run-2")).to_be_disabled()
    expect(desk.locator("#wait-2")).to_have_text("Predict first, or say that you do not know.")
    desk.click("#predict-2-0-unknown")
    expect(desk.locator("#run-2")).to_be_enabled()


def test_a_lab_by_the_keyboard_alone(desk: Page) -> None:
    desk.goto(f"/labs/{LAB.name}")
    press(desk, "lab-start")
    for step in LAB.steps:
        expect(desk.locator(f"#step-{step.number}")).to_be_visible()
        for index, question in enumerate(step.predictions):
            home = f"predict-{step.number}-{index}"
            press(desk, f"{home}-number", "4") if question.number else press(desk, places(desk, f"#{home}")[0], "Space")
            press(desk, f"predict-{step.number}-{index}-send")
            expect(desk.locator(f"#predict-{step.number}-{index} .kept")).to_be_visible()
        if step.task is not None:
            for count in range(1, len(step.hints) + 1):
                press(desk, f"hint-{step.number}")
                expect(desk.locator(f"#step-{step.number} .hints .hint:visible")).to_have_count(count)
        press(desk, f"show-{step.number}" if step.task is not None else f"run-{step.number}")
        expect(desk.locator(f"#step-{step.number}[data-settled]")).to_be_visible()
        for index, _ in enumerate(step.explanations):
            press(desk, f"explain-{step.number}-{index}-skip")
        press(desk, f"next-{step.number}")
    expect(desk.locator("#summary")).to_be_visible()


def press(page: Page, wanted: str, key: str = "Enter") -> None:
    """Go to something by Tab, as far as it takes, and press a key there."""
    expect(page.locator(f"#{wanted}")).to_be_enabled()
    for _ in range(200):
        if page.evaluate("document.activeElement.id") == wanted:
            page.keyboard.press(key)
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {wanted}")


def test_the_lab_goes_on_once_it_is_said_why(desk: Page) -> None:
    start(desk, LAB)
    play(desk, LAB, "unknown", last=1)
    predict(desk, LAB.steps[1], "right")
    run(desk, LAB.steps[1])
    expect(desk.locator("#next-2")).to_be_disabled()
    expect(desk.locator("#next-wait-2")).to_have_text("Say why first, or skip the question.")
    desk.click("#explain-2-0-skip")
    expect(desk.locator("#next-2")).to_be_enabled()
    expect(desk.locator("#next-wait-2")).to_be_hidden()
    expect(desk.locator("#explain-2-0 .kept")).to_have_text("Skipped. You can still answer.")
    desk.check("#explain-2-0-1")
    desk.click("#explain-2-0-send")
    expect(desk.locator("#explain-2-0 .answer")).to_be_visible()
    desk.click("#next-2")
    expect(desk.locator("#step-3[data-place=now]")).to_be_visible()


def test_own_data_is_taken_along_and_deleted(desk: Page) -> None:
    start(desk, LAB)
    play(desk, LAB, "wrong", last=2)
    expect(desk.locator("#step-3")).to_be_visible()
    desk.goto("/labs")
    expect(desk.locator('.card:has-text("Three clients, one port") .state')).to_have_text("step 3 of 5")
    with desk.expect_download() as coming:
        desk.click('a[href="/progress"]')
    kept = json.loads(Path(coming.value.path()).read_text())
    assert [lab["lab"] for lab in kept["labs"]] == [LAB.name]
    desk.click('[commandfor="forget"]')
    desk.click("#forget button[type=submit]")
    expect(desk.locator('.card:has-text("Three clients, one port") .state')).to_have_text("new")
    expect(desk.locator(".own-data")).to_have_count(0)
    assert desk.request.get("/progress").status == 404


def test_a_step_is_begun_again(desk: Page) -> None:
    start(desk, LAB)
    play(desk, LAB, "wrong", last=2)
    expect(desk.locator("#step-3")).to_be_visible()
    desk.click("#to-step-2")
    desk.click("#again-2")
    expect(desk.locator("#step-2[data-place=now]")).to_be_visible()
    expect(desk.locator("#run-2")).to_be_visible()
    expect(desk.locator('[data-stage] .shape[data-kind="socket"]')).to_have_count(1)


def test_the_lab_is_reset(desk: Page) -> None:
    start(desk, LAB)
    run(desk, LAB.steps[0])
    desk.click("#lab-reset")
    desk.click("#reset-now")
    expect(desk.locator("#step-1[data-place=now]:not([data-settled])")).to_be_visible()
    expect(desk.locator('[data-stage] .shape[data-kind="socket"]')).to_have_count(0)
