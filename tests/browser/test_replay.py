"""Recordings in Chromium: on a server, from a visitor's disk, and at the moment that a link names."""

from __future__ import annotations

import gzip
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from server.sessions import recording
from tests.browser.replaying import NAME, SHAPES, alone, assert_shows, ready, seek, states
from tests.browsing import Watched, directed, rows, visit
from tests.recordings.make import path_of
from tests.web.conftest import Server

REASON = "This is a recording. Nothing runs, so nothing can be started, held or dropped."


# A server that shows it


def test_a_served_recording_and_the_one_file_show_the_same(page: Page, browser: Browser, tmp_path: Path) -> None:
    page.goto(f"/r/{NAME}")
    ready(page)
    expect(page.locator("h2", has_text="Three clients, one port")).to_be_visible()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Export").click()
        page.get_by_role("link", name="Stand-alone page").click()
    assert saved.value.suggested_filename == f"{NAME}.html"
    path = tmp_path / "saved.html"
    saved.value.save_as(path)
    with alone(browser, path) as other:
        other.goto(path.as_uri())
        ready(other)
        wanted = states(NAME)
        for seq in (10, 90, 160, 230):
            seek(page, seq)
            seek(other, seq)
            assert_shows(page, wanted[seq])
            assert_shows(other, wanted[seq])
            assert page.locator("[data-narration]").inner_text() == other.locator("[data-narration]").inner_text()


def test_nothing_can_be_done_to_a_recording_and_it_says_why(page: Page) -> None:
    sent: list[str] = []
    page.on("request", lambda request: request.method != "GET" and sent.append(request.url))
    page.on("websocket", lambda socket: sent.append(socket.url))
    page.goto("/r/handshake-by-steps")
    ready(page)
    expect(page.locator("[data-reason]")).to_have_text(REASON)
    for missing in ("Start server", "Runs", "Slow", "Hold"):
        expect(page.get_by_text(missing, exact=True)).to_have_count(0)
    moments = list(states("handshake-by-steps"))
    seq = next(number for number, state in enumerate(moments) if any(key.startswith("packet:") for key in state))
    seek(page, seq)
    page.locator(".shape[data-kind=packet]").first.click()
    expect(page.locator("[data-evidence] .reason")).to_have_text(REASON)
    expect(page.locator("[data-evidence] [data-ask^=packet]")).to_have_count(0)
    page.keyboard.press("h")
    expect(page.locator("[data-refusal]")).to_contain_text(REASON)
    expect(page.locator("[data-moment]")).to_contain_text(f"seq {seq} of")
    assert sent == []


def test_the_badge_says_when_it_was_recorded(page: Page) -> None:
    page.goto(f"/r/{NAME}")
    made = recording.read_header(path_of(NAME)).made
    expect(page.locator("[data-link-words]")).to_have_text(re.compile(rf"^Recording, \d+ \w+ {made[:4]}$"))


# A visitor's own file


def choose(page: Page, path: Path) -> None:
    page.goto("/replay")
    page.set_input_files("input[data-open]", path)


def test_a_file_of_the_visitor_is_shown_without_leaving_the_browser(page: Page, tmp_path: Path) -> None:
    sent: list[str] = []
    choose(page, path_of("fork"))
    page.on("request", lambda request: sent.append(request.url))
    ready(page)
    expect(page.locator("#controls-title")).to_have_text("Fork: two processes hold one listening socket")
    wanted = states("fork")
    for seq in range(5, len(wanted), 40):
        seek(page, seq)
        assert_shows(page, wanted[seq])
    plain = tmp_path / "plain.jsonl"
    plain.write_bytes(gzip.decompress(path_of("fork").read_bytes()))
    choose(page, plain)
    ready(page)
    assert [url for url in sent if "fork" in url] == []


def cut(data: bytes) -> bytes:
    return data[:-200]


def without_line(data: bytes) -> bytes:
    lines = gzip.decompress(data).splitlines(keepends=True)
    return b"".join(lines[:40] + lines[41:])


def broken_line(data: bytes) -> bytes:
    lines = gzip.decompress(data).splitlines(keepends=True)
    return b"".join([*lines[:40], lines[40][:20], b"\n", *lines[41:]])


def half_an_event(data: bytes) -> bytes:
    lines = gzip.decompress(data).splitlines(keepends=True)
    return b"".join([*lines[:10], b'{"seq":10,"t":1,"type":"packet.sent"}\n', *lines[11:]])


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (cut, "bad.jsonl.gz is cut or damaged"),
        (without_line, "line 41 has seq 41, but 40 is due"),
        (broken_line, "line 41 is no event"),
        (half_an_event, "line 11 is no event: its packet is undefined"),
        (lambda data: b"\x89PNG\r\n\x1a\n\x00\x00", "bad.jsonl.gz is no recording"),
        (lambda data: b"hello\n", "bad.jsonl.gz is no recording"),
        (lambda data: b'{"recording":9}\n', "has format 9"),
        (lambda data: b"", "holds no event"),
        (lambda data: b'{"recording":1}\n', "holds no event"),
    ],
)
def test_a_bad_file_is_refused_with_what_is_wrong(
    page: Page, tmp_path: Path, spoil: Callable[[bytes], bytes], message: str
) -> None:
    path = tmp_path / "bad.jsonl.gz"
    path.write_bytes(spoil(path_of(NAME).read_bytes()))
    choose(page, path)
    expect(page.locator("[data-overlay]")).to_contain_text(message)
    expect(page.get_by_role("link", name="Open another recording")).to_be_visible()


# Links


def test_a_link_leads_to_a_moment_a_thing_and_a_view(page: Page) -> None:
    page.goto(f"/r/{NAME}")
    ready(page)
    seek(page, 150)
    page.locator(".shape[data-kind=socket][data-state=LISTEN]").first.click()
    page.get_by_role("button", name="Sockets as a table").click()
    cookie = page.locator(".shape[data-kind=socket][data-state=LISTEN]").first.get_attribute("data-key")
    expect(page).to_have_url(re.compile(rf"/r/{NAME}\?seq=150&at={cookie}&view=tables$"))
    picture = page.evaluate(SHAPES)
    page.reload()
    expect(page.locator("[data-moment]")).to_have_text(f"seq 150 of {len(states(NAME)) - 1}")
    assert page.evaluate(SHAPES) == picture
    expect(page.locator("#evidence-title")).to_have_text("tcp socket on server")
    expect(page.locator("[data-tables] table")).to_be_visible()


@pytest.mark.parametrize("wrong", ["seq=-5", "seq=abc", "seq=999999", "at=socket:__proto__", "at=x:y:z", "view=<b>"])
def test_a_link_that_names_nothing_does_no_harm(page: Page, wrong: str) -> None:
    page.goto(f"/r/{NAME}?{wrong}")
    ready(page)
    seek(page, 100)
    assert_shows(page, states(NAME)[100])


def test_a_link_into_a_sandbox_looks_back_and_leads_on_to_now(page: Page, served: Server) -> None:
    with directed(served) as director:
        director.listen()
        director.connect("client-a")
        director.until("accepted", lambda state: rows(state, host="server", state="ESTABLISHED"))
        visit(page, director)
        expect(page).to_have_url(re.compile(r"/s/\w+$"))
        page.goto(f"/s/{director.sandbox.id}?seq=12")
        expect(page.locator("[data-moment]")).to_contain_text("seq 12 of")
        expect(page.locator("main")).to_have_attribute("data-past", "")
        page.keyboard.press("End")
        expect(page).to_have_url(re.compile(r"/s/\w+$"))


# socketlab replay


def test_a_server_of_one_recording_has_nothing_but_that(browser: Browser) -> None:
    command = [sys.executable, "-m", "server.cli", "replay", str(path_of("ipv6")), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            line = server.stdout.readline()
            found = re.search(r"http://[\d.]+:\d+", line)
            assert found, line
            context = browser.new_context(
                base_url=found[0], reduced_motion="reduce", viewport={"width": 1440, "height": 900}
            )
            watched = Watched(context, found[0])
            page = watched.page
            page.goto("/")
            ready(page)
            expect(page).to_have_url(re.compile(r"/r/ipv6\?seq="))
            expect(page.get_by_role("link", name="Playground")).to_have_count(0)
            wanted = states("ipv6")
            for seq in (40, 120, len(wanted) - 1):
                seek(page, seq)
                assert_shows(page, wanted[seq])
            assert watched.complaints == []
            context.close()
        finally:
            server.terminate()
            assert server.wait(60) == 0
