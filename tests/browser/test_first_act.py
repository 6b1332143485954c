"""The first thing that somebody does in a lab begins its run: that is not lost either. Then a question comes first."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.browsing import context
from tests.mortal import MortalServer
from tests.web.conftest import Server


def test_a_first_click_waits_for_a_server_that_is_away(browser: Browser, tmp_path: Path) -> None:
    with MortalServer(tmp_path) as server:
        fresh = context(browser, server)
        page = fresh.new_page()
        page.goto("/labs/01-port-or-socket")
        server.kill()
        page.locator("[data-next-bar] button").click()
        expect(page.locator("#lab-refusal")).to_contain_text("What you did is kept here")
        server.come_back()
        expect(page.locator("#step-1")).to_have_attribute("data-place", "now")
        expect(page.locator("#lab-refusal")).to_be_hidden()
        fresh.close()


def test_what_is_waited_for_and_checked_is_shown_behind_the_guess(browser: Browser, served: Server) -> None:
    fresh = context(browser, served)
    page = fresh.new_page()
    page.goto("/labs/01-port-or-socket")
    hidden = page.locator("#checks-1, #do-1 [data-kind='wait']")
    expect(hidden.first).to_be_visible()  # who reads a lab sees all of it
    page.click("#lab-start")
    expect(page.locator("#step-1")).to_have_attribute("data-asks", "")
    for number in range(hidden.count()):
        expect(hidden.nth(number)).to_be_hidden()
    page.fill("#predict-1-0-number", "1")
    page.click("#predict-1-0-send")
    for number in range(hidden.count()):
        expect(hidden.nth(number)).to_be_visible()
    fresh.close()
