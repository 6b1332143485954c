"""The five telling moments at every size and in every theme: nothing overlaps, nothing is cut off, all is readable.

The pictures are kept in ``tests/output/`` for people to look at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browsing import SIZES, Director, directed, drawn, held_before, opened, release_other, rows, visit
from tests.web.conftest import Server

OUTPUT = Path(__file__).parents[1] / "output"
AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
MOMENTS = ("listening", "syn-received", "established-without-owner", "accepted", "three-clients")

TEXTS = """() => {
  const frame = document.querySelector('svg.stage').getBoundingClientRect();
  return [...document.querySelectorAll('svg.stage .layer:not([data-layer=motion]) text')]
    .filter(text => text.textContent.trim() !== '')
    .map(text => {
      const box = text.getBoundingClientRect();
      const size = parseFloat(getComputedStyle(text).fontSize);
      // A line box is taller than its letters: what counts is from the ascenders to the baseline.
      const trim = (box.height - size * 0.8) / 2;
      return { words: text.textContent, x: box.x, y: box.y + trim, right: box.right, bottom: box.bottom - trim, size,
               inside: box.x >= frame.x - 1 && box.right <= frame.right + 1 && box.y >= frame.y - 2 &&
                       box.bottom <= frame.bottom + 2 };
    });
}"""


@dataclass(frozen=True)
class Story:
    """A sandbox with three accepted clients, and the seq of each telling moment on the way there."""

    director: Director
    seqs: dict[str, int]


@pytest.fixture(scope="module")
def story(served: Server) -> Iterator[Story]:
    with directed(served, "step") as director:
        server = director.start("server", "echo_server", "7", admin=True)
        director.step_until("it is held before accept()", lambda state: held_before(state, server, "accept"))
        director.connect("client-a")
        while not rows(director.state, host="server", state="ESTABLISHED", inode=0):
            release_other(director, server)
        for number, host in enumerate(("client-b", "client-a", ""), 1):

            def arrived(state: dict[str, Any], number: int = number) -> bool:
                return len(owned(state)) == number

            director.step_until(f"client {number} is accepted", arrived)
            if host:
                director.connect(host)
        director.do("pace.set", pace="live")
        director.until("live", lambda state: state["pace"] == "live" and not state["moments"])
        yield Story(director, moments(director.lines))


def moments(lines: list[dict[str, Any]]) -> dict[str, int]:
    """The first seq of each telling moment."""
    mine = [line for line in lines if line["type"].startswith("socket.") and line["host"] == "server"]
    found = {
        "listening": next(line["seq"] for line in mine if line["state"] == "LISTEN"),
        "syn-received": next(line["seq"] for line in mine if line["state"] == "SYN-RECEIVED"),
        "established-without-owner": next(line["seq"] for line in mine if is_unowned(line)),
        "accepted": next(line["seq"] for line in mine if line["state"] == "ESTABLISHED" and line["inode"]),
        "three-clients": next(
            line["seq"] for line in lines if line["type"] == "pace.changed" and line["pace"] == "live"
        ),
    }
    assert tuple(found) == MOMENTS
    assert sorted(found.values()) == list(found.values())
    return found


def is_unowned(line: dict[str, Any]) -> bool:
    return line["state"] == "ESTABLISHED" and line["inode"] == 0


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("theme", ["light", "dark", "projector"])
def test_the_five_moments(browser: Browser, served: Server, story: Story, size: str, theme: str) -> None:
    with opened(browser, served, size) as page:
        page.context.add_cookies([{"name": "theme", "value": theme, "url": served.address}])
        visit(page, story.director)
        if theme == "projector" and size == "1920x1080":
            page.keyboard.press("v")
        for moment in MOMENTS:
            look_at(page, story.seqs[moment])
            OUTPUT.mkdir(exist_ok=True)
            page.screenshot(path=OUTPUT / f"{moment}-{size}-{theme}.png")
            texts = page.evaluate(TEXTS)
            assert len(texts) > 6
            assert overlaps(texts) == []
            assert [text["words"] for text in texts if not text["inside"]] == []
            least = 24 if theme == "projector" and size == "1920x1080" else 12
            assert [text["words"] for text in texts if text["size"] < least] == []
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("size", ["1440x900", "390x844"])
@pytest.mark.parametrize("theme", ["light", "dark", "projector"])
def test_axe_finds_nothing(browser: Browser, served: Server, story: Story, size: str, theme: str) -> None:
    with opened(browser, served, size) as page:
        page.context.add_cookies([{"name": "theme", "value": theme, "url": served.address}])
        visit(page, story.director)
        assert violations(page) == []
        page.locator(".shape[data-kind=socket][data-state=LISTEN]").click(position={"x": 60, "y": 14})
        page.evaluate("document.querySelector('main').dataset.tab = 'tables'")
        page.keyboard.press("p")
        assert violations(page) == []
        page.goto("/")
        page.locator(".note").wait_for()
        assert violations(page) == []


def test_twenty_sockets_and_six_hosts_do_not_overlap(browser: Browser, served: Server) -> None:
    names = ["server", "client-a", "client-b", "client-c", "client-d", "client-e"]
    hosts = [{"name": name, "addresses": [f"10.0.0.{4 + number}/24"]} for number, name in enumerate(names)]
    with directed(served, hosts=hosts) as director:
        director.listen()
        for number in range(20):
            director.connect(names[1 + number % 5])
        director.until("twenty accepted", lambda state: len(owned(state)) == 20)
        for size in SIZES:
            with opened(browser, served, size) as page:
                visit(page, director)
                texts = page.evaluate(TEXTS)
                page.screenshot(path=OUTPUT / f"twenty-{size}.png")
                assert overlaps(texts) == []
                assert [text["words"] for text in texts if not text["inside"]] == []
                shown = page.locator(".shape[data-kind=socket]").count()
                grouped = page.locator(".shape[data-kind=group]").all()
                assert shown >= 4
                assert shown == 41 or grouped


def owned(state: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for row in rows(state, host="server", state="ESTABLISHED") if row["inode"]]


def look_at(page: Page, seq: int) -> None:
    page.locator("[data-scrub]").fill(str(seq))
    page.wait_for_function(
        "seq => document.querySelector('[data-moment]').textContent.startsWith(`seq ${seq} `)", arg=seq
    )
    drawn(page)


def overlaps(texts: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Pairs of texts whose letters touch."""
    found = []
    for index, one in enumerate(texts):
        for other in texts[index + 1 :]:
            across = min(one["right"], other["right"]) - max(one["x"], other["x"])
            down = min(one["bottom"], other["bottom"]) - max(one["y"], other["y"])
            if across > 1 and down > 1:
                found.append((one["words"], other["words"]))
    return found


def violations(page: Page) -> list[str]:
    """What axe finds; in the projector's theme text must have a contrast of 7:1."""
    page.evaluate(f"{AXE.read_text()};0")
    found: list[str] = page.evaluate(VIOLATIONS)
    return found


VIOLATIONS = """async () => (await axe.run({
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'],
  rules: { 'color-contrast-enhanced': { enabled: document.documentElement.dataset.theme === 'projector' } },
  resultTypes: ['violations'],
})).violations.flatMap(({ id, nodes }) => nodes.slice(0, 3)
  .map((node) => `${id}: ${node.html.slice(0, 120)}: ${node.failureSummary.slice(0, 200)}`))"""
