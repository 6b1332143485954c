"""Several pages on one run of a lab: of somebody who watches, and of one learner twice. They show the same."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from tests.browser.playing import LAB, begin, finish, play, predict, sandboxes, start
from tests.browsing import Watched, drawn, opened
from tests.web.conftest import Server


def watch_address(page: Page) -> str:
    """What a learner gives to somebody who is to watch."""
    return page.request.post(f"/api/labs/{LAB.name}/runs").json()["watch"]


def shown(page: Page) -> dict[str, object]:
    """What a page shows at the end of its logs: the lesson's steps, and every shape of the stage."""
    page.wait_for_function("document.querySelector('[data-moment]').textContent.match(/seq (\\d+) of \\1\\b/)")
    drawn(page)
    return page.evaluate("""() => ({
        lesson: [...document.querySelectorAll(".step")].map(({ id, hidden, dataset }) =>
            [id, hidden, dataset.place, dataset.phase, "settled" in dataset]),
        checks: [...document.querySelectorAll(".checks li[data-check]")].map((check) =>
            [check.dataset.mood, check.querySelector(".proof").textContent]),
        answers: [...document.querySelectorAll(".answer")].map(({ hidden, textContent }) => [hidden, textContent]),
        options: [...document.querySelectorAll(".option input")].map(({ id }) => id),
        bets: document.querySelector(".bets").textContent,
        moment: document.querySelector("[data-moment]").textContent,
        stage: [...document.querySelectorAll("[data-stage] [data-key]")]
            .map(({ dataset, textContent }) => [dataset.key, dataset.state ?? "", textContent]).sort(),
    })""")


def same(one: Page, other: Page) -> None:
    """Two pages show the same, as soon as both have all of it."""
    for _ in range(20):
        left, right = shown(one), shown(other)
        if left == right:
            return
    assert left == right


def test_somebody_watches(browser: Browser, served: Server, desk: Page) -> None:
    start(desk, LAB)
    play(desk, LAB, "wrong", last=1)
    with opened(browser, served) as other:
        address = watch_address(desk)
        other.goto(address)
        expect(other.locator("#step-2")).to_be_visible()
        play(desk, LAB, "wrong", first=2, last=3)
        expect(desk.locator("#step-4")).to_be_visible()
        expect(other.locator("#step-4")).to_be_visible()
        expect(other.locator("#step-3")).to_have_attribute("data-settled", "")
        same(desk, other)
        other.click("#read-whole")
        expect(other.locator("button[data-act]:visible, [data-act] button:visible, #lab-reset:visible")).to_have_count(
            0
        )
        expect(other.locator("form[data-act] input:enabled:not([readonly]):visible")).to_have_count(0)
        other.evaluate("for (const form of document.querySelectorAll('form[data-act]')) form.requestSubmit()")
        assert other.url.partition("#")[0].endswith(address)
        other.reload()
        expect(other.locator("#step-4")).to_be_visible()
        play(desk, LAB, "unknown", first=4)
        expect(other.locator("#to-summary[data-settled]")).to_be_visible()


def test_two_pages_of_one_learner_follow_each_other(desk: Page, served: Server) -> None:
    start(desk, LAB)
    other = Watched(desk.context, served.address)
    other.page.goto(f"/labs/{LAB.name}")
    expect(other.page.locator("#step-1[data-place=now]")).to_be_visible()
    for step, (mine, theirs) in zip(LAB.steps[:3], [(desk, other.page), (other.page, desk)] * 2, strict=False):
        predict(mine, step, "right")
        for index, _ in enumerate(step.predictions):
            expect(theirs.locator(f"#predict-{step.number}-{index} .kept")).to_be_visible()
        begin(theirs, step)
        finish(mine, step, "right")
        expect(theirs.locator(f"#step-{step.number + 1}")).to_be_visible()
    same(desk, other.page)
    assert other.complaints == []
    assert len(sandboxes(desk)) == 1
