"""The page of a lab, and those around it: what they show, keep and lead to, and that everybody can read them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.playing import LAB, places, play, predict, run, start
from tests.browsing import SIZES, opened
from tests.web.conftest import Server

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
VIOLATIONS = """async () => (await axe.run(document, {resultTypes: ['violations']})).violations
  .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target).join(', ')}`)"""


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
