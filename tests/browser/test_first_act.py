"""The first thing that somebody does in a lab begins its run: that is not lost either."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.browsing import context
from tests.mortal import MortalServer


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
