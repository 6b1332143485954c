"""Windows as people have them: low ones, phones, and colours that the system has taken over."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from tests.browsing import opened
from tests.web.conftest import Server

BOXES = """selector => [...document.querySelectorAll(selector)].filter((one) => one.checkVisibility())
  .map((one) => one.getBoundingClientRect()).map(({ left, right, top, bottom }) => ({ left, right, top, bottom }))"""
LOW = "720x450"
"""A laptop of 1440 by 900 at 200 %."""


def height(page: Page, selector: str) -> float:
    (box,) = page.evaluate(BOXES, selector)
    return float(box["bottom"] - box["top"])


def listening(page: Page) -> None:
    """Lab 01 after its first step: a server listens."""
    page.goto("/labs/01-port-or-socket")
    button = page.locator("[data-next-bar] button")
    button.click()
    expect(button).to_have_attribute("data-does", "guess")
    page.locator("#step-1 [data-unknown]").first.click()
    expect(button).to_have_attribute("data-does", "run")
    button.click()
    expect(page.locator("#step-1[data-settled]")).to_be_visible()


def test_at_twice_the_size_time_takes_one_line(browser: Browser, served: Server) -> None:
    with opened(browser, served, LOW) as page:
        page.goto("/play")
        expect(page.locator("[data-link]")).to_have_attribute("data-link", "open")
        assert height(page, ".time") < 450 / 7
        listening(page)
        assert height(page, ".time") < 450 / 7
        for selector in ("[data-next-bar] button", ".time [data-action='next']", ".time [data-action='play']"):
            (box,) = page.evaluate(BOXES, selector)
            assert 0 <= box["top"] < box["bottom"] <= 450, selector
            assert 0 <= box["left"] < box["right"] <= 720, selector
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_on_a_phone_no_socket_covers_a_descriptor(browser: Browser, served: Server) -> None:
    with opened(browser, served, "390x844") as page:
        listening(page)
        sockets = page.evaluate(BOXES, ".shape[data-kind=socket]")
        squares = page.evaluate(BOXES, ".shape[data-kind=fd]")
        assert len(sockets) == 1
        assert len(squares) == 4
        for one in sockets:
            for other in squares:
                apart = one["bottom"] <= other["top"] or other["bottom"] <= one["top"]
                assert apart or one["right"] <= other["left"] or other["right"] <= one["left"]


def test_with_forced_colours_what_is_chosen_still_stands_out(browser: Browser, served: Server) -> None:
    with opened(browser, served, forced_colors="active") as page:
        page.goto("/play")
        expect(page.locator("[data-link]")).to_have_attribute("data-link", "open")
        grounds = page.evaluate(
            "[...document.querySelectorAll('.pace span')].map((one) => getComputedStyle(one).backgroundColor)"
        )
        assert len(grounds) == 3
        assert grounds[0] != grounds[1] == grounds[2]
