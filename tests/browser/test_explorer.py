"""The playground for who wants more: hosts and kernel parameters by hand, the wire by sliders, reasons on the cards."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browsing import opened
from tests.web.conftest import Server

LISTEN = ".shape[data-kind=socket][data-state=LISTEN]"


@pytest.fixture
def desk(page: Page) -> Page:
    """A playground of one's own."""
    page.goto("/play")
    expect(page.locator("[data-link]")).to_have_attribute("data-link", "open")
    return page


def fold(page: Page, words: str) -> None:
    page.locator("details.fold > summary", has_text=words).click()


def test_a_host_is_added_and_a_program_is_started_on_it(desk: Page) -> None:
    fold(desk, "Change a host, or add one")
    form = desk.locator("form[data-command='host.add']")
    expect(form.locator("[name=name]")).to_have_value("client-c")
    form.get_by_role("button", name="Add").click()
    expect(desk.locator(".shape[data-kind=host]", has_text="client-c")).to_have_count(1)
    fold(desk, "Start any program")
    start = desk.locator("form[data-command='process.start']")
    start.locator("[name=host]").select_option("client-c")
    start.get_by_role("button", name="Start").click()
    expect(desk.locator(".program", has_text="client-c")).to_have_count(1)
    form.locator("[name=addresses]").fill("10.0.0.300/24")
    form.get_by_role("button", name="Add").click()
    expect(desk.locator("[data-refusal]")).to_be_visible()
    expect(form.locator("[name=addresses]")).to_have_value("10.0.0.300/24")


def test_a_kernel_parameter_is_set_and_the_host_says_so(desk: Page) -> None:
    fold(desk, "Change a host, or add one")
    form = desk.locator("form[data-command='sysctl.set']")
    form.locator("[name=name]").select_option("net.ipv4.ip_local_port_range")
    expect(form.locator("[data-for]:visible")).to_have_text(
        ["Ports that connect() and bind(0) choose: EADDRNOTAVAIL.", "2 numbers, 1 to 65535"]
    )
    form.locator("[name=host]").select_option("client-a")
    form.locator("[name=value]").fill("50000")
    form.get_by_role("button", name="Set").click()
    expect(desk.locator("[data-refusal]")).to_contain_text("Give 2 numbers")
    form.locator("[name=value]").fill("50000 50009")
    form.get_by_role("button", name="Set").click()
    expect(desk.locator("[data-refusal]")).to_be_hidden()
    desk.locator(".shape[data-key='host:client-a']").click(position={"x": 30, "y": 10})
    expect(desk.locator("#evidence")).to_contain_text("net.ipv4.ip_local_port_range")
    expect(desk.locator("#evidence")).to_contain_text(re.compile(r"50000\s+50009"))


def test_the_wire_has_sliders_that_stand_as_the_log_says(desk: Page, browser: Browser, served: Server) -> None:
    fold(desk, "Change the wire")
    delay = desk.locator("[data-wire] [name=delay_ms]")
    delay.fill("500")
    expect(desk.locator("[data-of=delay_ms]")).to_have_text("500 ms")
    desk.locator("[data-wire] [name=loss]").fill("25")
    expect(desk.locator("[data-of=loss]")).to_have_text("25 %")
    desk.reload()
    fold(desk, "Change the wire")
    expect(delay).to_have_value("500")
    expect(desk.locator("[data-of=loss]")).to_have_text("25 %")


def test_a_start_that_fails_says_why_and_what_to_do(desk: Page) -> None:
    start = desk.locator(".left [data-quick='server']")
    start.click()
    expect(desk.locator(LISTEN)).to_have_count(1)
    start.click()
    failure = desk.locator(".program .failure:visible")
    expect(failure).to_contain_text("bind() failed: EADDRINUSE.")
    expect(failure).to_contain_text("Stop the program that has it, or give another port.")


def test_a_script_has_its_own_name(desk: Page) -> None:
    fold(desk, "Start any program")
    form = desk.locator("form[data-command='process.start']")
    form.locator("[name=program]").select_option("")
    form.locator("[name=argv]").fill("python3 -m http.server 8000")
    form.get_by_role("button", name="Start").click()
    expect(desk.locator(".program .name")).to_contain_text("http.server")
    expect(desk.locator(".shape[data-kind=process]")).to_contain_text("http.server")


def test_the_evidence_stands_beside_the_stage(desk: Page) -> None:
    desk.locator(".shape[data-key='host:client-a']").click(position={"x": 30, "y": 10})
    expect(desk.locator("#evidence")).to_be_visible()
    desk.wait_for_function(
        """() => document.querySelector('[data-stage] svg').getBoundingClientRect().right
          <= document.querySelector('#evidence').getBoundingClientRect().left + 1"""
    )
    expect(desk.locator(".shape[data-kind=host]")).to_have_count(3)


def test_who_opens_something_holds_the_story(browser: Browser, served: Server) -> None:
    with opened(browser, served, story=True) as page:
        page.goto("/r/three-clients-one-port?seq=60")
        expect(page.locator("[data-moment]")).to_contain_text("seq 60 of")
        play = page.locator("[data-action='play']")
        play.click()
        expect(play).to_have_attribute("aria-pressed", "true")
        page.locator(LISTEN).click(position={"x": 60, "y": 14})
        expect(play).to_have_attribute("aria-pressed", "false")


def test_a_time_wait_says_how_long_it_lasts(browser: Browser, served: Server) -> None:
    with opened(browser, served) as page:
        page.goto("/r/three-clients-one-port")
        expect(page.locator("[data-moment]")).to_contain_text(re.compile(r"seq \d+ of 2\d\d"))
        page.keyboard.press("End")
        card = page.locator(".shape[data-kind=socket][data-state='TIME-WAIT']")
        expect(card.first).to_contain_text(re.compile(r"(60|59) s left"))
