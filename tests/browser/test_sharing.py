"""Sharing as two people see it, each in a browser of their own; and what somebody reads who has reached a limit."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browsing import Watched, context, opened, shows
from tests.ours import lab_of
from tests.web.conftest import Server

LAB = lab_of("01-port-or-socket")


def playground(page: Page) -> str:
    """Open a playground; returns its id."""
    page.goto("/play")
    expect(page.locator('.left [data-quick="server"]')).to_be_enabled()
    return page.url.partition("/s/")[2].partition("?")[0]


def shared(page: Page) -> str:
    """Press Share and copy; returns the link."""
    if not page.locator("#share").is_visible():
        page.click("[data-share]")
    page.click('[data-share-act="copy"]')
    link = page.locator("[data-shared]")
    expect(link).to_contain_text("/watch")
    return link.inner_text().rpartition(" ")[2]


def taken_back(page: Page) -> None:
    page.click('[data-share-act="take-back"]')
    expect(page.locator("[data-shared]")).to_contain_text("opens nothing any more")


@pytest.fixture
def friend(browser: Browser, served: Server) -> Iterator[Page]:
    """Somebody else's browser."""
    with opened(browser, served) as page:
        yield page


def test_a_friend_watches_and_can_do_nothing_until_the_link_is_taken_back(page: Page, friend: Page) -> None:
    sandbox = playground(page)
    link = shared(page)
    friend.goto(link)
    expect(friend.locator("[data-link-words]")).to_have_text("You watch")
    page.keyboard.press("Escape")
    page.locator("main").click(position={"x": 5, "y": 5})
    page.click('[data-quick="server"]')
    expect(friend.locator(".program")).to_contain_text("echo_server")
    expect(friend.locator("#controls .reason")).to_contain_text("Only its owner can start, hold or drop something")
    expect(friend.locator("[data-quick], details.fold, [data-share]")).to_have_count(0)
    expect(friend.locator("[data-pace] input:enabled")).to_have_count(0)
    expect(friend.locator(".program button[data-ask]:enabled")).to_have_count(0)
    page.check('[data-pace] input[value="step"]', force=True)
    expect(friend.locator('[data-pace] input[value="step"]')).to_be_checked()
    expect(friend.locator('[data-action="next"]')).to_be_disabled()
    friend.keyboard.press("1")
    expect(friend.locator("[data-refusal]")).to_contain_text("You watch")
    expect(page.locator('[data-pace] input[value="step"]')).to_be_checked()

    page.click("[data-share]")
    taken_back(page)
    expect(friend.locator("[data-overlay]")).to_contain_text("has taken the link back")
    assert friend.request.get(f"/api/sandboxes/{sandbox}").status == 401
    assert page.request.get(f"/api/sandboxes/{sandbox}").status == 200


def test_what_has_ended_opens_as_its_recording(page: Page, friend: Page) -> None:
    sandbox = playground(page)
    page.click('[data-quick="server"]')
    expect(page.locator(".program")).to_contain_text("echo_server")
    link = shared(page)
    friend.goto(link)
    shows(friend, 1)
    page.goto("/yours")
    page.click(f'li[data-sandbox="{sandbox}"] button')
    expect(page.locator(f'li[data-sandbox="{sandbox}"]')).to_contain_text("kept for another 60 minutes")
    expect(friend.locator("[data-overlay]")).to_contain_text("opens its recording for 60 minutes")
    for reader, address in ((friend, link), (page, f"/s/{sandbox}")):
        reader.goto(address)
        expect(reader.locator("[data-link-words]")).to_contain_text("Recording")
        expect(reader.locator("[data-kept]")).to_contain_text("its owner ended it")
        reader.click('[data-action="now"]')
        expect(reader.locator("[data-narration]")).to_contain_text("The sandbox has ended")
        with reader.expect_download() as download:
            reader.click("[popovertarget=exports]")
            reader.click('[data-download="recording.jsonl.gz"]')
        assert download.value.failure() is None


def test_a_lab_is_watched_until_it_is_taken_back_and_ends_as_its_recording(page: Page, friend: Page) -> None:
    page.goto(f"/labs/{LAB.name}")
    expect(page.locator("[data-share]")).to_be_hidden()
    page.click("#lab-start")
    expect(page.locator("[data-link-words]")).to_have_text("Connected")
    friend.goto(shared(page))
    expect(friend.locator("[data-link-words]")).to_have_text("You watch")
    expect(friend.locator("[data-pace] input:enabled")).to_have_count(0)
    taken_back(page)
    expect(friend.locator("[data-overlay]")).to_contain_text("has taken the link back")
    expect(friend.locator("#lab-refusal")).to_contain_text("has taken the link back")
    link = shared(page)
    page.goto("/yours")
    page.click(f'li:has-text("{LAB.title}") button')
    expect(page.locator(f'li:has-text("{LAB.title}")')).to_contain_text("kept for another 60 minutes")
    friend.goto(link)
    expect(friend.locator("[data-link-words]")).to_contain_text("Recording")
    expect(friend.locator("[data-reason]")).to_contain_text("kept for another 60 minutes")
    expect(friend.locator("#step-1")).to_be_visible()


def test_a_link_that_opens_nothing_says_so_in_words_for_people(browser: Browser, served: Server, page: Page) -> None:
    link = shared_and_taken_back(page)
    with opened(browser, served) as friend:
        for address, words in (
            (link, "has taken the link back"),
            (re.sub("key=.*", "key=wrong", link), "This link opens nothing."),
            (re.sub(r"\?key=.*", "", link), "The address is not complete"),
            (re.sub("/watch.*", "", link), "ask them to share it"),
            ("/s/0123456789", "There is no sandbox of yours"),
        ):
            answer = friend.request.get(address, headers={"Accept": "text/html"})
            assert words in answer.text()
            main = re.sub(r"<[^>]*>", " ", answer.text().partition("<main")[2])
            assert not re.search(r"POST|DELETE|JSON|\bAPI\b|\btoken|/api/|openapi", main)


def shared_and_taken_back(page: Page) -> str:
    playground(page)
    link = shared(page)
    taken_back(page)
    return link


def test_who_has_reached_a_limit_ends_one_and_goes_on(browser: Browser) -> None:
    with Server(SOCKETLAB_SANDBOXES_PER_VISITOR="2") as strict:
        person = context(browser, strict)
        first, second, third = (Watched(person, strict.address) for _ in range(3))
        ids = [playground(one.page) for one in (first, second)]
        third.page.goto("/play")
        overlay = third.page.locator("[data-overlay]")
        expect(overlay).to_contain_text("You have 2 sandboxes running")
        expect(overlay.locator("li")).to_have_count(2)
        overlay.locator(f'li[data-sandbox="{ids[0]}"] button').click()
        expect(third.page.locator('.left [data-quick="server"]')).to_be_enabled()
        expect(overlay).to_be_hidden()
        assert third.page.url.partition("/s/")[2] not in ids
        expect(first.page.locator("[data-narration]")).to_contain_text("its owner ended it")
        expect(second.page.locator("[data-link-words]")).to_have_text("Connected")
        assert first.complaints == second.complaints == []
        person.close()


@pytest.mark.parametrize("size", ["1440x900", "390x844"])
def test_what_one_runs_is_reached_from_every_page(browser: Browser, served: Server, size: str) -> None:
    with opened(browser, served, size) as page:
        playground(page)
        if size == "390x844":
            page.click("[popovertarget=exports]")
            page.click("#exports a[href='/yours']")
        else:
            page.click(".bar > a[href='/yours']")
        expect(page.locator("[data-yours] li")).to_have_count(1)
        for address in ("/", "/labs", "/glossary"):
            page.goto(address)
            expect(page.locator(".bar a[href='/yours']")).to_be_in_viewport()
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            expect(page.locator('[data-action="theme"]')).to_be_in_viewport(ratio=1)
