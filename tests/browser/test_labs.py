"""Labs as people do them, in Chromium: from the first step to the last, guessing right and wrong, and disturbed."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from server.lessons.model import Lab, Predict, Step
from tests.browsing import SIZES, Watched, context, drawn, opened
from tests.ours import CROWDED, NAMES, lab_of
from tests.web.conftest import Server

LAB = lab_of("03-one-port-many-sockets")
TIMES = int(os.environ.get("SOCKETLAB_TEST_TIMES", "1"))
"""How often each lab is played; 10 before an issue is closed."""
AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
VIOLATIONS = """async () => (await axe.run(document, {resultTypes: ['violations']})).violations
  .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target).join(', ')}`)"""


@pytest.fixture
def desk(browser: Browser, served: Server) -> Iterator[Page]:
    """A desktop page that waits as long as a run may take."""
    with opened(browser, served) as page:
        yield page


def predict(page: Page, step: Step, guess: str) -> None:
    """Answer all questions before the run: rightly, wrongly, or not at all."""
    for index, question in enumerate(step.predictions):
        home = f"#predict-{step.number}-{index}"
        if guess == "unknown":
            page.click(f"{home}-unknown")
        elif question.number:
            page.fill(f"{home}-number", right_label(question) or "1" if guess == "right" else "77")
            page.click(f"{home}-send")
        else:
            wanted = next(i for i, option in enumerate(question.options) if option.right == (guess == "right"))
            page.check(f"{home}-{wanted}")
            page.click(f"{home}-send")
        expect(page.locator(f"{home} .kept")).to_be_visible()


def run(page: Page, step: Step) -> None:
    """Do the step, and wait until the kernel has spoken."""
    begin(page, step)
    settled(page, step)


def settled(page: Page, step: Step) -> None:
    """Wait until a step is settled: for as long as its log grows, however slow the machine is."""
    place, before = page.locator(f"#step-{step.number}[data-settled]"), -1
    while (now := seq_of(page)) > before:
        before = now
        with suppress(AssertionError):
            expect(place).to_be_visible()
            return
    raise AssertionError(f"step {step.number} is not settled, and its log ends at seq {before}")


def seq_of(page: Page) -> int:
    """The last seq that a page knows of."""
    return int(page.locator("[data-scrub]").get_attribute("max") or 0)


def begin(page: Page, step: Step) -> None:
    """Do the step: by the run button, or by asking for every hint until the lab shows the way."""
    if step.task is not None:
        for count in range(1, len(step.hints) + 1):
            page.click(f"#hint-{step.number}")
            expect(page.locator(f"#step-{step.number} .hints .hint:visible")).to_have_count(count)
        page.click(f"#show-{step.number}")
    elif step.actions:
        page.click(f"#run-{step.number}")


def explain(page: Page, step: Step) -> None:
    """Answer the questions after the run with their last option."""
    for index, question in enumerate(step.explanations):
        home = f"#explain-{step.number}-{index}"
        page.check(f"{home}-{len(question.options) - 1}")
        page.click(f"{home}-send")
        expect(page.locator(f"{home} .answer")).to_be_visible()


def play(page: Page, lab: Lab, guess: str, first: int = 1, last: int | None = None) -> None:
    """Do a lab's steps; the page stands at the first of them."""
    for step in lab.steps[first - 1 : last]:
        expect(page.locator(f"#step-{step.number}")).to_be_visible()
        predict(page, step, guess)
        begin(page, step)
        finish(page, step, guess)
    if last is None:
        expect(page.locator("#summary")).to_be_visible()


def finish(page: Page, step: Step, guess: str) -> None:
    """Wait until the step is done, read what the kernel said, and go on."""
    settled(page, step)
    told(page, step, guess)
    explain(page, step)
    page.click(f"#next-{step.number}")


def told(page: Page, step: Step, guess: str) -> None:
    """What the run says to the predictions, and how it is said."""
    for index, question in enumerate(step.predictions):
        answer = page.locator(f"#predict-{step.number}-{index} .answer")
        expect(answer).to_be_visible()
        words = answer.inner_text()
        assert not re.search(r"(?i)\bwrong\b|\bincorrect\b|\bsorry\b|\bright answer\b", words.split("Many people")[0])
        if question.measure is not None:
            assert "The kernel says" in words, words
        right = right_label(question)
        if question.number and right is not None:
            assert f"The kernel says {right}" in words, words
            assert guess != "wrong" or "You said 77." in words, words
        elif guess == "right" and right is not None and question.measure is not None:
            expect(page.locator(f"#predict-{step.number}-{index} .option[data-said][data-chosen]")).to_have_count(1)


def right_label(question: Predict) -> str | None:
    return next((option.label for option in question.options if option.right), None)


def start(page: Page, lab: Lab) -> None:
    page.goto(f"/labs/{lab.name}")
    page.click("#lab-start")
    expect(page.locator("[data-link]")).to_have_attribute("data-link", "open")


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


def sandboxes(page: Page) -> list[str]:
    """The ids of the sandboxes of a page's learner."""
    runs = page.request.get("/api/runs").json()["runs"]
    return [run["sandbox"] for run in runs if run["sandbox"]]


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


def test_a_check_leads_to_its_moment_and_to_its_row(desk: Page) -> None:
    start(desk, LAB)
    run(desk, LAB.steps[0])
    seq = desk.locator("#check-1-0").inner_text().removeprefix("seq ")
    desk.click("#check-1-0")
    expect(desk.locator("[data-moment]")).to_contain_text(f"seq {seq} of")
    desk.locator("#checks-1 .proof .link").first.click()
    expect(desk.locator("#evidence")).to_be_visible()
    expect(desk.locator("#evidence-title")).to_have_text("tcp socket on server")


def test_a_check_that_is_partly_true_says_how_far(desk: Page) -> None:
    start(desk, LAB)
    play(desk, LAB, "unknown", last=3)
    expect(desk.locator("#step-4")).to_be_visible()
    check = desk.locator("#checks-4 > ul > li").first
    expect(check).to_have_attribute("data-mood", "partly")  # two of the three are connected already
    expect(check).to_contain_text("2 of 3")
    desk.click("#try-4-0-go")
    expect(check).to_contain_text("ECONNREFUSED")
    desk.fill("#try-4-0-text", "python3 echo_client.py 10.0.0.4 7")
    desk.click("#try-4-0-go")
    expect(desk.locator("#step-4[data-settled]")).to_be_visible()


def test_what_is_typed_stays_while_the_checks_change(desk: Page) -> None:
    start(desk, LAB)
    play(desk, LAB, "unknown", last=3)
    desk.fill("#own-4-text", "python3 echo_client.py 10.0.0.4 7")
    desk.focus("#own-4-text")
    desk.click('button[data-tab="controls"]')
    desk.locator(".program:has-text('client-a') input").fill("more")
    desk.locator(".program:has-text('client-a') button:has-text('Send')").click()
    expect(desk.locator(".program:has-text('client-a') .said")).to_contain_text("more")
    expect(desk.locator("#own-4-text")).to_have_value("python3 echo_client.py 10.0.0.4 7")


def test_what_is_chosen_stays_while_the_step_changes(desk: Page) -> None:
    start(desk, LAB)
    play(desk, LAB, "unknown", last=1)
    desk.fill("#predict-2-0-number", "2")
    desk.fill("#do-2-0", "python3 echo_client.py 10.0.0.4 8")
    desk.click("#hint-2")
    expect(desk.locator("#step-2 .hints .hint:visible")).to_have_count(1)
    expect(desk.locator("#predict-2-0-number")).to_have_value("2")
    expect(desk.locator("#do-2-0")).to_have_value("python3 echo_client.py 10.0.0.4 8")


def test_no_hint_before_anything_was_done(desk: Page) -> None:
    start(desk, LAB)
    expect(desk.locator("#step-1 .checks")).to_be_visible()
    expect(desk.locator("#step-1 .checks .hint:visible")).to_have_count(0)
    desk.fill("#do-1-0", "python3 echo_server.py 8")
    desk.click("#only-1-0")
    expect(desk.locator("#step-1 .checks .hint:visible")).to_contain_text("Nothing listens")


def test_the_hosts_are_there_before_they_run(desk: Page) -> None:
    desk.goto(f"/labs/{LAB.name}")
    stage, preview = (desk.locator(part).bounding_box() for part in ("#stage", "[data-preview]"))
    assert stage is not None
    assert preview is not None
    assert preview["y"] + preview["height"] <= stage["y"] + stage["height"]
    for host in LAB.hosts:
        expect(desk.locator("[data-preview]")).to_contain_text(host)
    desk.click("#lab-start")
    expect(desk.locator("[data-preview]")).to_have_count(0)


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


def places(page: Page, home: str = "#lesson") -> list[str]:
    """The options in there, by their ids, as they are shown."""
    ids: list[str] = page.locator(f"{home} .option input").evaluate_all("inputs => inputs.map(({ id }) => id)")
    return ids


def test_options_stand_in_one_order_from_the_first_look_on(desk: Page) -> None:
    desk.goto(f"/labs/{LAB.name}")
    before = places(desk)
    desk.click("#lab-start")
    expect(desk.locator("#step-1[data-place=now]")).to_be_visible()
    assert places(desk) == before
    desk.reload()
    expect(desk.locator("#step-1[data-place=now]")).to_be_visible()
    assert places(desk) == before


def test_each_run_has_an_order_of_its_own(browser: Browser, served: Server) -> None:
    orders = set()
    for order in (1, 2, 3):
        with opened(browser, served) as page:
            page.request.post(f"/api/labs/{LAB.name}/runs?order={order}")
            start(page, LAB)
            expect(page.locator("#step-1[data-place=now]")).to_be_visible()
            orders.add(tuple(places(page)))
    assert len(orders) == 3


def press(page: Page, wanted: str, key: str = "Enter") -> None:
    """Go to something by Tab, as far as it takes, and press a key there."""
    expect(page.locator(f"#{wanted}")).to_be_enabled()
    for _ in range(200):
        if page.evaluate("document.activeElement.id") == wanted:
            page.keyboard.press(key)
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {wanted}")


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


# Several pages on one run


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


def test_words_of_the_text_lead_to_the_glossary(desk: Page) -> None:
    desk.goto(f"/labs/{LAB.name}")
    word = desk.locator(".prose a.term").first
    anchor = word.get_attribute("href").partition("#")[2]
    word.click()
    expect(desk.locator(f"#{anchor}")).to_be_in_viewport()


def test_back_is_the_step_before_and_a_link_is_a_step(desk: Page) -> None:
    start(desk, LAB)
    play(desk, LAB, "unknown", last=1)
    expect(desk.locator("#step-2")).to_be_visible()
    desk.go_back()
    expect(desk.locator("#step-1")).to_be_visible()
    expect(desk.locator("#step-2")).to_be_hidden()
    desk.click("#to-step-4")
    expect(desk.locator("#step-4")).to_be_visible()
    desk.click("#read-whole")
    for step in LAB.steps:
        expect(desk.locator(f"#step-{step.number}")).to_be_visible()


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


def test_the_catalogue_is_searched_while_one_types(page: Page) -> None:
    page.goto("/labs")
    page.locator('input[name="q"]').press_sequentially("rfc 862")
    expect(page.locator(".card")).to_have_count(1)
    expect(page.locator(".found")).to_contain_text("1 lab has")


def test_a_belief_leads_to_its_step(page: Page) -> None:
    page.goto("/misconceptions")
    page.locator("#m-7 a").click()
    expect(page).to_have_url(re.compile(r"/labs/03-one-port-many-sockets#step-\d"))
    expect(page.locator("#step-3")).to_be_visible()


@pytest.mark.parametrize(
    ("theme", "size"),
    [*(("light", size) for size in SIZES), ("dark", "1440x900"), ("dark", "390x844"), ("projector", "1920x1080")],
)
def test_everybody_can_read_it(browser: Browser, served: Server, size: str, theme: str) -> None:
    with opened(browser, served, size, bypass_csp=True) as page:
        page.context.add_cookies([{"name": "theme", "value": theme, "url": served.address}])
        for path in ("/", "/labs", "/misconceptions", "/glossary", "/analogies", f"/labs/{LAB.name}"):
            page.goto(path)
            page.wait_for_load_state("networkidle") if "/labs/" not in path else None
            accessible(page, path)
        page.click("#lab-start")
        expect(page.locator("[data-link]")).to_have_attribute("data-link", "open")
        run(page, LAB.steps[0])
        page.click("#next-1")
        predict(page, LAB.steps[1], "wrong")
        accessible(page, "before the run")
        run(page, LAB.steps[1])
        accessible(page, "after the run")
        page.click("#to-step-4")
        accessible(page, "a task")
        page.click("#to-summary")
        expect(page.locator("#summary")).to_be_visible()
        accessible(page, "the summary")


def accessible(page: Page, where: str) -> None:
    page.evaluate(f"{AXE.read_text()};0")
    assert page.evaluate(VIOLATIONS) == [], where
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, f"{where} is too wide"
