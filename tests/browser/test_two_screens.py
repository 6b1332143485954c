"""Two screens on one page: each has its own log, moment, tab and keys; and one can go on to another log.

No page of ours shows two screens yet. So this one is built here, of the markup that our pages are served with:
comparing two runs, following somebody and embedding a run need nothing else of a screen.
"""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from server.web.assets import asset
from tests.browsing import Director, directed, drawn, shows
from tests.web.conftest import Server

LISTEN = ".shape[data-kind=socket][data-state=LISTEN]"
THREE, REFUSED = "three-clients-one-port", "refused"
OPEN = """async ({ markup, sheet }) => {
  const { Replay } = await import('/static/js/log/replay.js');
  const { connect } = await import('/static/js/page/sandbox.js');
  const { Screen } = await import('/static/js/page/screen.js');
  document.body.innerHTML = markup;
  const link = document.querySelector('link[rel=stylesheet]');
  await new Promise(done => { link.onload = done; link.href = sheet; });
  window.play = (screen, run) =>
    screen.follow(face => new Replay(face)).fetch(`/r/${run}/recording.jsonl.gz`);
  window.connect = connect;
  const page = { opening: () => '', link: state => state, instead: () => [], name: () => 'run' };
  window.made = [...document.querySelectorAll('.play')].map(root => {
    const screen = new Screen(root, { ...page, recorded: 'run' in root.dataset });
    if (screen.recorded) window.play(screen, root.dataset.run);
    return screen;
  });
}"""
SHAPES = """root => [...root.querySelectorAll('[data-stage] .shape[data-key]')].map(shape =>
  [shape.dataset.key, shape.dataset.state ?? '', shape.getAttribute('aria-label')])"""


def put(page: Page, served: Server, *runs: str) -> list[Locator]:
    """Open a page with a screen for each run; without a name, for a sandbox that comes later."""
    parts = []
    for number, run in enumerate(runs):
        markup = served.ask("GET", f"/r/{run}" if run else "/play", headers={"Accept": "text/html"}).body.decode()
        body = markup[markup.index("<header") : markup.index("</body>")]
        parts.append(f'<div class="play" id="screen-{number}" {f"data-run={run}" if run else ""}>{body}</div>')
    page.goto("/glossary")
    page.evaluate(OPEN, {"markup": "".join(parts), "sheet": asset("play.css").address})
    return [page.locator(f"#screen-{number}") for number in range(len(runs))]


def scrub(screen: Locator, seq: int) -> None:
    screen.locator("[data-scrub]").fill(str(seq))
    expect(screen.locator("[data-moment]")).to_contain_text(f"seq {seq} of ")


def moment(screen: Locator) -> int:
    return int((screen.locator("[data-moment]").text_content() or "").split()[1])


def alone(page: Page, run: str, seq: int) -> Any:
    """What the run's own page shows at a seq."""
    other = page.context.new_page()
    other.goto(f"/r/{run}?seq={seq}")
    shows(other, seq)
    found = other.locator("body").evaluate(SHAPES)
    other.close()
    return found


@pytest.fixture
def two(page: Page, served: Server) -> list[Locator]:
    screens = put(page, served, THREE, REFUSED)
    for screen in screens:
        expect(screen.locator("[data-link]")).to_have_attribute("data-link", "recording")
    return screens


def test_each_shows_the_moment_that_it_is_asked_for(page: Page, two: list[Locator]) -> None:
    left, right = two
    for ours, theirs in ((150, 20), (60, 40), (200, 12)):
        scrub(left, ours)
        scrub(right, theirs)
        drawn(page)
        assert moment(left) == ours
        for screen, run, seq in ((left, THREE, ours), (right, REFUSED, theirs)):
            assert screen.evaluate(SHAPES) == alone(page, run, seq)


def test_what_is_opened_in_one_stays_closed_in_the_other(page: Page, two: list[Locator]) -> None:
    left, right = two
    scrub(left, 150)
    left.get_by_role("button", name="Transcript").click()
    expect(left.locator("[data-transcript]")).to_be_visible()
    expect(right.locator("[data-transcript]")).to_be_hidden()
    expect(right.locator("[data-ladder]")).to_be_visible()
    left.locator(".event").first.click()
    expect(left.locator("[data-evidence]")).to_be_visible()
    expect(right.locator("[data-evidence]")).to_be_hidden()
    left.locator("[data-filter]").fill("accept")
    expect(left.locator(".event").first).to_contain_text("accept")
    assert "accept" not in " ".join(right.locator(".event").all_inner_texts())


def test_keys_go_to_the_screen_that_has_the_focus_or_was_used_last(page: Page, two: list[Locator]) -> None:
    left, right = two
    scrub(left, 150)
    scrub(right, 40)
    right.locator("[data-stage] svg").focus()
    page.keyboard.press("ArrowLeft")
    expect(right.locator("[data-moment]")).not_to_contain_text("seq 40 of")
    assert (moment(left), moment(right) < 40) == (150, True)
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Home")
    expect(right.locator("[data-moment]")).to_contain_text("seq 0 of")
    assert moment(left) == 150
    left.locator("[data-narration]").click()
    page.keyboard.press("Home")
    expect(left.locator("[data-moment]")).to_contain_text("seq 0 of")
    right.locator("[data-stage] svg").focus()
    page.keyboard.press("l")
    expect(right.locator("[data-tables]")).to_be_visible()
    expect(left.locator("[data-tables]")).to_be_hidden()


def test_a_screen_goes_on_to_another_log_without_a_reload(page: Page, two: list[Locator]) -> None:
    left, right = two
    scrub(left, 150)
    left.get_by_role("button", name="Transcript").click()
    left.locator(".event").first.click()
    page.evaluate("run => play(made[0], run)", REFUSED)
    last = right.locator("[data-scrub]").get_attribute("max")
    expect(left.locator("[data-scrub]")).to_have_attribute("max", last or "")
    expect(left.locator("[data-evidence]")).to_be_hidden()
    scrub(left, 30)
    scrub(right, 30)
    right.get_by_role("button", name="Transcript").click()
    drawn(page)
    assert left.evaluate(SHAPES) == right.evaluate(SHAPES)
    assert left.locator("[data-transcript]").inner_text() == right.locator("[data-transcript]").inner_text()
    for screen in two:
        screen.get_by_role("button", name="Ladder").click()
        screen.locator("[data-filter]").fill("RST")
    drawn(page)
    for part in (".event .what", "[data-marks] i", ".rung"):
        assert left.locator(part).all_text_contents() == right.locator(part).all_text_contents(), part


def test_what_the_last_source_says_late_is_not_heard(page: Page, two: list[Locator]) -> None:
    found = page.evaluate(
        """() => {
          const [screen] = made;
          const nothing = { state: 'open', request: () => Promise.reject() };
          const events = screen.log.events.slice();
          let old;
          screen.follow(face => (old = face) && nothing);
          old.onEvents(events.slice(0, 5));
          const heard = screen.log.end;
          screen.follow(() => nothing);
          old.onEvents(events.slice(5));
          old.onLink('ended');
          return [heard, screen.log.end, screen.root.querySelector('[data-link]').dataset.link];
        }"""
    )
    assert found == [5, 0, "connecting"]


def test_a_screen_goes_on_to_another_sandbox(page: Page, served: Server) -> None:
    (screen,) = put(page, served, "")
    with directed(served) as first, directed(served) as second:
        for director in (first, second):
            let_in(page, director)
        follow(page, first)
        screen.get_by_role("button", name="Start server").click()
        expect(screen.locator(LISTEN)).to_have_count(1)
        expect(screen.locator("[data-programs]")).to_contain_text("echo_server")
        follow(page, second)
        expect(screen.locator(LISTEN)).to_have_count(0)
        expect(screen.locator("[data-programs]")).to_have_text("")
        expect(screen.locator("[data-stage] .shape[data-kind=host]")).to_have_count(3)
        screen.get_by_role("button", name="Start server").click()
        expect(screen.locator(LISTEN)).to_have_count(1)
        second.until("it runs there", lambda state: state["processes"])
        assert len(first.state["processes"]) <= 1
        assert [line["type"] for line in first.sandbox.events()].count("process.started") == 1


def let_in(page: Page, director: Director) -> None:
    sandbox = director.sandbox
    page.context.add_cookies(
        [{"name": f"socketlab-{sandbox.id}", "value": sandbox.token, "url": sandbox.server.address}]
    )


def follow(page: Page, director: Director) -> None:
    page.evaluate("id => connect(made[0], id)", director.sandbox.id)
    expect(page.locator("[data-link]")).to_have_attribute("data-link", "open")
