"""The first page: a recorded run that goes round, stops when asked, and opens where it is pointed at."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browsing import SIZES, opened
from tests.web.conftest import Server


def sentence(page: Page) -> str:
    return page.locator("[data-narration]").inner_text()


def test_the_recorded_run_goes_on_until_it_is_stopped(browser: Browser, served: Server) -> None:
    with opened(browser, served) as page:
        page.emulate_media(reduced_motion="no-preference")
        page.goto("/")
        button = page.get_by_role("button", name="Pause")
        expect(button).to_be_enabled()
        expect(page.locator("[data-badge]")).to_contain_text("Recording, ")
        expect(page.locator("[data-narration]")).not_to_be_empty()
        first = sentence(page)
        expect(page.locator("[data-narration]")).not_to_have_text(first)
        button.click()
        stopped = sentence(page)
        page.get_by_role("button", name="Play").click()
        expect(page.locator("[data-narration]")).not_to_have_text(stopped)


def test_the_question_is_answered_within_twenty_seconds(browser: Browser, served: Server) -> None:
    with opened(browser, served) as page:
        page.emulate_media(reduced_motion="no-preference")
        page.clock.install()
        page.goto("/")
        expect(page.get_by_role("button", name="Pause")).to_be_enabled()
        counted = page.locator("[data-count]")
        page.clock.run_for(1000)
        expect(counted).to_have_text("At port 7 of server: 1 socket. It listens.")
        page.clock.run_for(19_000)
        expect(counted).to_have_text(
            "3 clients, 4 sockets at port 7 of server: 1 listens, 3 are connected, one for each client."
        )


def test_with_reduced_motion_the_answer_stands_still(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_role("button", name="Play")).to_be_enabled()
    expect(page.locator("[data-count]")).to_contain_text("3 clients, 4 sockets")
    expect(page.locator(".show .shape[data-state='ESTABLISHED']").first).to_be_visible()
    assert page.evaluate("document.getAnimations().length") == 0


def test_a_shape_opens_in_the_recording_at_its_moment(page: Page) -> None:
    page.goto("/")
    shape = page.locator(".show .shape[data-state='LISTEN'][data-key^='socket:']")
    key = shape.get_attribute("data-key")
    shape.click()
    expect(page).to_have_url(re.compile(r"/r/three-clients-one-port\?"))
    asked = parse_qs(urlsplit(page.url).query)
    assert asked["at"] == [key]
    expect(page.locator("#evidence-title")).to_have_text("tcp socket on server")


def test_a_recording_that_cannot_be_read_leaves_no_empty_stage(browser: Browser, served: Server) -> None:
    with opened(browser, served) as page:
        page.route("**/recording.jsonl.gz", lambda route: route.fulfill(body="not a recording"))
        page.goto("/")
        expect(page.locator(".show")).to_be_hidden()
        expect(page.get_by_role("link", name="Start a server")).to_be_visible()


@pytest.mark.parametrize("size", SIZES)
def test_nothing_is_cut_off(browser: Browser, served: Server, size: str) -> None:
    with opened(browser, served, size) as page:
        page.goto("/")
        expect(page.locator(".show .shape").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        inside = page.locator(".show .canvas").evaluate(
            "home => home.scrollHeight <= home.clientHeight && home.scrollWidth <= home.clientWidth"
        )
        assert inside
