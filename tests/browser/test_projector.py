"""A lab on the projector: one key leads from its title to its end, and the presenter has a window of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_pictures import violations
from tests.browsing import Watched, context
from tests.web.conftest import Server

FITS = """() => {
  const box = (one) => one.getBoundingClientRect();
  const shown = [...document.querySelectorAll('[data-on-slide] :is(legend, .option, .says, .so, dd, li, h1)')]
    .filter((one) => one.checkVisibility());
  const small = shown.filter((one) => parseFloat(getComputedStyle(one).fontSize) < 28).map((one) => one.innerText);
  const outside = shown.filter((one) => box(one).bottom > innerHeight || box(one).right > innerWidth)
    .map((one) => one.innerText);
  return { shown: shown.length, small, outside };
}"""
"""How much of a slide is shown, what of it is too small for the last row, and what is not in the picture."""


@pytest.fixture
def presenter(browser: Browser, served: Server) -> Iterator[Page]:
    """A page of the size of a projector that plays what happens."""
    fresh = context(browser, served, "1920x1080", story=True)
    watched = Watched(fresh, served.address)
    yield watched.page
    assert watched.complaints == []
    fresh.close()


def on_projector(page: Page, lab: str) -> None:
    page.goto(f"/labs/{lab}")
    for key in "]]v":
        page.keyboard.press(key)
    expect(page.locator("html")).to_have_attribute("data-view", "projector")
    expect(page.locator("main")).to_have_attribute("data-slide", "title")


def slide(page: Page) -> str:
    """What stands in place of the stage; empty: the stage does."""
    return page.locator("main").get_attribute("data-slide") or ""


@pytest.mark.timeout(600)
@pytest.mark.parametrize("lab", ["01-port-or-socket", "03-one-port-many-sockets"])
def test_a_lab_by_a_clicker(presenter: Page, lab: str) -> None:
    page = presenter
    on_projector(page, lab)
    steps = page.locator(".step[data-number]:not([data-number='0'])").count()
    following, kinds = page.locator("[data-action='next']"), [slide(page)]
    for _ in range(60 * steps):
        if slide(page) == "end":
            break
        expect(following).to_be_enabled()
        if (now := slide(page)) != kinds[-1]:
            kinds.append(now)
        if now:
            fits = page.evaluate(FITS)
            assert fits["shown"] > 0 or now == "task"
            assert (fits["small"], fits["outside"]) == ([], []), now
        before = page.evaluate(PICTURE)
        page.keyboard.press("PageDown")
        # What was pressed is answered, in the picture or in what the next press does.
        page.wait_for_function(CHANGED, arg=before)
    kinds.append(slide(page))
    assert kinds[-1] == "end", kinds
    assert {"guess", "answer", "why", "task"} <= set(kinds), kinds
    assert kinds.count("guess") == kinds.count("answer"), kinds
    # Before each answer stands the stage.
    assert all(kinds[at - 1] == "" for at, kind in enumerate(kinds) if kind == "answer"), kinds


PICTURE = """() => [document.querySelector('main').dataset.slide ?? '',
  ...['[data-narration]', '[data-next-words]', '[data-moment]', '[data-on-slide]']
    .map((one) => document.querySelector(one)?.innerText ?? '')].join('|')"""
CHANGED = f"was => ({PICTURE})() !== was"


def test_the_presenter_has_notes_and_leads_from_there(presenter: Page) -> None:
    page = presenter
    page.goto("/labs/01-port-or-socket")
    with page.context.expect_page() as opened:
        page.keyboard.press("s")
    own = opened.value
    expect(page.locator("html")).to_have_attribute("data-view", "projector")
    expect(own.locator("[data-where]")).to_have_text("The title of the lab")
    expect(own.locator("[data-label]")).to_have_text("Start the lab")
    own.get_by_role("button", name="Start the lab").click()
    expect(page.locator("main")).to_have_attribute("data-slide", "guess")
    expect(own.locator("[data-where]")).to_have_text("The question")
    expect(own.locator("article:visible .asked .right").first).to_be_visible()
    assert (violations(page), violations(own)) == ([], [])
    own.keyboard.press("b")
    expect(page.locator("html")).to_have_attribute("data-black", "")
    expect(own.get_by_role("button", name="Black screen")).to_have_attribute("aria-pressed", "true")
    own.keyboard.press("b")
    expect(page.locator("html")).not_to_have_attribute("data-black", "")
    own.get_by_role("button", name="One minute").click()
    expect(page.locator("[data-timer]")).to_have_text(re.compile(r"0:5\d|1:00"))
    expect(own.locator("[data-time]")).to_have_text(re.compile(r"0:5\d|1:00"))
    own.get_by_role("button", name="One minute").click()
    expect(page.locator("[data-timer]")).to_be_hidden()
    own.keyboard.press("PageDown")  # the vote is over
    expect(page.locator("main")).not_to_have_attribute("data-slide", re.compile(""))
    expect(own.locator("[data-where]")).to_have_text("The stage")
    expect(own.locator("[data-label]")).to_have_text("Run")


def test_a_presenter_whose_room_is_gone_is_told(presenter: Page) -> None:
    page = presenter
    page.goto("/labs/01-port-or-socket/presenter?window=nobody")
    expect(page.get_by_role("alert")).to_contain_text("does not answer")


def test_the_playground_on_the_projector_starts_and_connects(presenter: Page) -> None:
    page = presenter
    page.goto("/play?view=projector")
    expect(page.locator("html")).to_have_attribute("data-view", "projector")
    page.get_by_role("button", name="Start server").click()
    expect(page.locator(".shape[data-kind=socket][data-state=LISTEN]")).to_have_count(1)
    page.get_by_role("button", name="Connect from client-a").click()
    expect(page.locator("[data-narration]")).to_contain_text("echo_client")
