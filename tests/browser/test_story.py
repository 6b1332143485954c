"""The story as a person sees it: beat by beat at a pace for people, while the kernel runs at its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browsing import Watched, context, directed
from tests.web.conftest import Server

LISTEN = """() => {
  const said = document.querySelector('[data-narration]');
  window.told = [];
  const tell = () => window.told.push({ words: said.textContent, at: performance.now() });
  new MutationObserver(tell).observe(said, { childList: true, characterData: true, subtree: true });
}"""
"""From now on each sentence is kept, with its time."""
SETTLED = """() => {
  window.settled = {};
  new MutationObserver((list) => list.forEach(({ target }) => {
    if (target.dataset.settled !== undefined) window.settled[target.dataset.number] ??= performance.now();
  })).observe(document, { attributes: true, attributeFilter: ['data-settled'], subtree: true });
}"""
"""From now on the time is kept at which each step is told to be done."""
IN_VIEW = """() => {
  const seen = [...document.querySelectorAll('.primary')].filter((one) => one.checkVisibility());
  const box = (one) => one.getBoundingClientRect();
  return seen.map((one) => ({
    words: one.innerText.trim(),
    inside: box(one).top >= 0 && box(one).bottom <= innerHeight && box(one).left >= 0 && box(one).right <= innerWidth,
  }));
}"""


@pytest.fixture
def reader(browser: Browser, served: Server, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page that plays what happens; its size is the test's parameter."""
    fresh = context(browser, served, getattr(request, "param", "1440x900"), story=True)
    watched = Watched(fresh, served.address)
    yield watched.page
    assert watched.complaints == []
    fresh.close()


def told(page: Page) -> list[dict[str, Any]]:
    sentences: list[dict[str, Any]] = page.evaluate("window.told")
    return sentences


def heard(page: Page, words: str) -> None:
    """Wait until a sentence was on the screen, however short."""
    page.wait_for_function("words => window.told.some((one) => one.words.includes(words))", arg=words)


def opened(page: Page) -> None:
    page.goto("/play")
    expect(page.locator("[data-link]")).to_have_attribute("data-link", "open")
    page.evaluate(LISTEN)


def faster(page: Page) -> None:
    """Four times as fast as a person would read."""
    page.click("[data-action='faster']")
    page.click("[data-action='faster']")
    expect(page.locator("[data-speed]")).to_have_text(re.compile("^4"))


def test_a_connection_is_told_beat_by_beat(reader: Page) -> None:
    opened(reader)
    faster(reader)
    reader.click("[data-quick='server']")
    heard(reader, "None waits, so it sleeps")
    reader.click("[data-quick='client'] >> nth=0")
    heard(reader, "accept() takes the connection")
    words = " | ".join(one["words"] for one in told(reader))
    order = [
        "asks to be connected",
        "SYN to server",
        "waits in the SYN queue",
        "SYN ACK",
        "goes into the accept queue",
        "accept() takes the connection",
    ]
    places = [words.index(part) for part in order]
    assert places == sorted(places), words


def test_each_beat_stays_long_enough_to_be_read(reader: Page) -> None:
    opened(reader)
    reader.click("[data-quick='server']")
    heard(reader, "server listens on")
    sentences = told(reader)
    beats = [one for one in sentences if not one["words"].startswith("Nothing runs")]
    assert len(beats) >= 3
    for one, following in pairwise(beats):
        grows = following["words"].startswith(one["words"])  # the last beat was still open
        assert grows or following["at"] - one["at"] >= 1400, (one, following)


def test_the_kernel_is_ahead_and_now_goes_there(reader: Page) -> None:
    opened(reader)
    reader.click("[data-quick='server']")
    ahead, now = reader.locator("[data-ahead]"), reader.locator("[data-action='now']")
    expect(ahead).to_have_text(re.compile(r"\d+ beats ahead, \d+\.\d+ s"))
    now.click()
    expect(ahead).to_have_text("")
    expect(now).to_be_disabled()


def listening(page: Page) -> None:
    """The story of a server that was started has been played to its end."""
    opened(page)
    faster(page)
    page.click("[data-quick='server']")
    heard(page, "None waits, so it sleeps")
    expect(page.locator("[data-action='now']")).to_be_disabled()


def behind(page: Page) -> None:
    """A server listens, and the page looks at what was two beats before."""
    listening(page)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("[data-ahead]")).to_have_text(re.compile("^[2-9] beats"))


def test_who_watches_is_told_beat_by_beat(browser: Browser, served: Server, reader: Page) -> None:
    with directed(served) as director:
        watch = director.sandbox.ask("POST", "/share").json()["watch"]
        reader.goto(watch)
        expect(reader.locator("main")).to_have_attribute("data-follows", "")
        reader.evaluate(LISTEN)
        director.listen()
        for words in ("starts on server", "makes a TCP socket", "listens on", "None waits, so it sleeps"):
            heard(reader, words)


def test_back_after_next_is_where_one_was(reader: Page) -> None:
    listening(reader)
    moment = reader.locator("[data-moment]")
    places = [moment.inner_text()]
    for _ in range(3):
        reader.keyboard.press("ArrowLeft")
        expect(moment).not_to_have_text(places[-1])
        places.append(moment.inner_text())
    for place in places[-2:0:-1]:
        reader.keyboard.press("ArrowRight")
        expect(moment).to_have_text(place)
    reader.keyboard.press("ArrowRight")
    expect(moment).to_contain_text(places[0].strip())


def test_who_acts_behind_passes_over_what_was_left(reader: Page) -> None:
    behind(reader)
    reader.click("[data-quick='client'] >> nth=0")
    passed = reader.locator("[data-action='go-back']")
    expect(passed).to_have_text(re.compile("^[2-9] beats passed over"))
    heard(reader, "echo_client starts")
    passed.click()
    expect(passed).to_be_hidden()
    expect(reader.locator("[data-narration]")).not_to_contain_text("echo_client")


def test_a_program_can_be_ended_by_who_looks_at_its_past(reader: Page) -> None:
    behind(reader)
    reader.click("[data-ask='signal-KILL']")
    heard(reader, "SIGKILL")
    reader.keyboard.press("ArrowLeft")
    kill = reader.locator("[data-ask='signal-KILL']")
    expect(kill).to_be_disabled()
    expect(reader.locator(".program .name")).to_contain_text("has ended, ahead of this moment")


def test_always_now_is_kept(reader: Page) -> None:
    opened(reader)
    always = reader.locator("[data-action='always-now']")
    always.click()
    expect(always).to_have_attribute("aria-pressed", "true")
    reader.reload()
    expect(reader.locator("[data-link]")).to_have_attribute("data-link", "open")
    expect(always).to_have_attribute("aria-pressed", "true")
    reader.click("[data-quick='server']")
    expect(reader.locator(".shape[data-kind=socket][data-state=LISTEN]")).to_have_count(1)
    expect(reader.locator("[data-ahead]")).to_have_text("")


def test_holding_the_kernel_begins_now(reader: Page) -> None:
    opened(reader)
    reader.click("[data-quick='server']")
    expect(reader.locator("[data-ahead]")).to_have_text(re.compile("beats"))
    reader.keyboard.press("3")
    expect(reader.locator("[data-pace] input[value='step']")).to_be_checked()
    expect(reader.locator("[data-ahead]")).to_have_text("")
    reader.click("[data-quick='client'] >> nth=0")
    expect(reader.locator("[data-next-words]")).to_have_text(re.compile("^Let go: "))


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("reader", "always"), [("1440x900", True), ("390x844", False)], indirect=["reader"])
def test_a_lab_by_its_one_next_button(reader: Page, always: bool) -> None:
    """Lab 01 by who presses only what is primary: it is always in view, there is never another, and what decides a
    step is on the screen for two seconds before its answer, but for who has chosen to see all at once."""
    page = reader
    if always:
        page.add_init_script("localStorage.follow = 'now'")
    page.goto("/labs/01-port-or-socket")
    page.evaluate(LISTEN)
    page.evaluate(SETTLED)
    for _ in range(2):
        page.keyboard.press("]")
    button = page.locator("[data-next-bar] button")
    done: list[str] = []
    while (did := press(page)) != "What to remember":
        done.append(did)
        expect(button).not_to_have_attribute("data-does", re.compile("^$"))
    assert [done.count(what) for what in ("run", "task")] == [4, 2], done
    expect(page.locator("#summary")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("() => location.search.includes('seq=')")
    assert page.evaluate("location.hash") == "#summary", "the address names what is read beside the moment"
    if always:
        return
    beats = told(page)
    for step, at in page.evaluate("window.settled").items():
        decisive = [one for one in beats if one["at"] < at][-1]
        assert at - decisive["at"] >= 490, (step, decisive)  # two seconds, four times as fast


def press(page: Page) -> str:
    """Wait until there is something to do, look at it, and do it; returns what it was."""
    button = page.locator("[data-next-bar] button:not([data-does='skip'])")
    expect(button).to_be_visible()
    does, label = button.get_attribute("data-does") or "", button.inner_text().strip()
    assert page.evaluate(IN_VIEW) == [{"words": label, "inside": True}]
    if label == "What to remember":
        button.click()
        return label
    if does in ("guess", "why"):
        button.click()
        focused = page.locator(":focus")
        form = focused.locator("xpath=ancestor::form")
        if focused.get_attribute("type") == "radio":
            focused.check()
        else:
            focused.fill("1")
        name = form.get_attribute("id")
        button.click()
        expect(page.locator(f"#{name} :is(.kept, .answer)").first).to_be_attached()
        expect(page.locator(f"#{name} :is(.kept, .answer):visible").first).to_be_visible()
    elif does == "task":
        button.click()
        hints = page.locator(".step:visible .hints .hint:visible")
        while "hint" in button.inner_text():
            shown = hints.count()
            button.click()
            expect(hints).to_have_count(shown + 1)
        expect(button).to_have_text("Do it for me")
        button.click()
        expect(page.locator(".step:visible[data-settled]")).to_be_visible()
    elif does == "run":
        button.click()
        expect(page.locator(".step:visible[data-settled]")).to_be_visible()
    else:
        before = page.evaluate("location.hash")
        button.click()
        page.wait_for_function("was => location.hash !== was", arg=before)
    return does
