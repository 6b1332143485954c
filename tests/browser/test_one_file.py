"""A recording as one file in Chromium: it needs nothing else, asks nobody, and fits where it is put."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.replaying import NAME, alone, assert_shows, held, ready, seek, states


def test_one_file_from_disk_shows_every_moment_as_the_log_has_it(browser: Browser, tmp_path: Path) -> None:
    path = held(tmp_path)
    with alone(browser, path) as page:
        page.goto(path.as_uri())
        ready(page)
        wanted = states(NAME)
        for seq in [*range(1, len(wanted), 9), len(wanted) - 1]:
            seek(page, seq)
            assert_shows(page, wanted[seq])
        expect(page.locator("[data-ladder] .rung")).not_to_have_count(0)


def test_one_file_is_stepped_and_played_by_keys(browser: Browser, tmp_path: Path) -> None:
    path = held(tmp_path, "handshake-by-steps")
    with alone(browser, path) as page:
        page.goto(path.as_uri())
        ready(page)
        said = page.locator("[data-narration]")
        expect(said).to_have_text("The recording begins.")
        page.keyboard.press("End")
        expect(page.get_by_role("button", name="Next beat", exact=True)).to_be_disabled()
        expect(page.get_by_role("button", name="End", exact=True)).to_be_disabled()
        page.keyboard.press("Home")
        for _ in range(2):
            page.keyboard.press("Shift+ArrowRight")
        expect(page.locator(".shape[data-kind=socket][data-state=LISTEN]")).to_have_count(1)
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("v")
        expect(page.locator("html")).to_have_attribute("data-view", "projector")
        page.keyboard.press("v")
        for tab in ("Events", "Sockets as a table", "Ladder"):
            page.get_by_role("button", name=tab).click()
        page.keyboard.press("t")


@pytest.mark.parametrize("way", ["src", "sandboxed", "srcdoc"])
def test_one_file_works_inside_an_iframe(browser: Browser, tmp_path: Path, way: str) -> None:
    path = held(tmp_path)
    outer = tmp_path / "slide.html"
    if way == "srcdoc":
        frame = '<iframe width="1440" height="900" id="run" sandbox="allow-scripts"></iframe>'
    else:
        sandbox = 'sandbox="allow-scripts"' if way == "sandboxed" else ""
        frame = f'<iframe width="1440" height="900" src="{path.name}#seq=150" {sandbox}></iframe>'
    outer.write_text(f"<!doctype html><meta charset=utf-8><title>A slide</title><h1>A slide</h1>{frame}")
    with alone(browser, outer, path) as page:
        page.goto(outer.as_uri())
        if way == "srcdoc":
            page.evaluate("text => { document.querySelector('#run').srcdoc = text }", path.read_text())
        inner = page.wait_for_selector("iframe").content_frame()
        assert inner is not None
        ready(inner)
        wanted = states(NAME)
        if way != "srcdoc":
            assert_shows(inner, wanted[150])
        seek(inner, 100)
        assert_shows(inner, wanted[100])
        inner.get_by_role("button", name="Next beat", exact=True).click()
        inner.locator("[data-action=theme]").click()
        inner.locator("[data-action=keys]").click()
        inner.get_by_role("checkbox", name="single-letter keys").uncheck()


class Bait(BaseHTTPRequestHandler):
    """Gives anybody whatever they ask for, and remembers that they asked."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200)
        self.send_header("Access-Control-Allow-Origin", "*")
        kind, body = KINDS[self.path]
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        pass


PIXEL = b"GIF89a\1\0\1\0\x80\0\0\0\0\0\0\0\0!\xf9\4\1\0\0\0\0,\0\0\0\0\1\0\1\0\0\2\2D\1\0;"
KINDS = {
    "/fetch": ("text/plain", b"text"),
    "/picture": ("image/gif", PIXEL),
    "/script": ("text/javascript", b"1;"),
    "/style": ("text/css", b"p{}"),
    "/frame": ("text/html", b"<p>"),
    "/socket": ("text/plain", b"no"),
}
TRIES = """async home => {
  const made = (name, fields) => new Promise(end => {
    document.body.append(Object.assign(document.createElement(name), fields, { onload: end, onerror: end }));
  });
  await fetch(`${home}/fetch`).catch(() => 0);
  await made('img', { src: `${home}/picture` });
  await made('script', { src: `${home}/script` });
  await made('link', { rel: 'stylesheet', href: `${home}/style` });
  await made('iframe', { src: `${home}/frame` });
  await new Promise(end => {
    try { new WebSocket(`${home.replace('http', 'ws')}/socket`).onerror = end; } catch { end(); }
  });
}"""


@pytest.fixture
def bait() -> Iterator[str]:
    """The address of a server that nobody should ask."""
    Bait.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Bait) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_one_file_may_connect_to_nothing(browser: Browser, bait: str, tmp_path: Path) -> None:
    plain = tmp_path / "plain.html"
    plain.write_text("<!doctype html><title>A page without a policy</title><body>")
    context = browser.new_context()
    try:
        page = context.new_page()
        page.goto(plain.as_uri())
        page.evaluate(TRIES, bait)
        assert set(Bait.asked) == {"/fetch", "/picture", "/script", "/style", "/frame", "/socket"}, "the bait works"
        Bait.asked.clear()
        path = held(tmp_path)
        page.goto(path.as_uri())
        ready(page)
        page.evaluate(TRIES, bait)
        assert Bait.asked == []
    finally:
        context.close()


@pytest.mark.parametrize("size", [(1440, 900), (960, 540), (800, 450), (390, 844)])
def test_one_file_fits_where_it_is_put(browser: Browser, tmp_path: Path, size: tuple[int, int]) -> None:
    path = held(tmp_path)
    with alone(browser, path, viewport={"width": size[0], "height": size[1]}) as page:
        page.goto(f"{path.as_uri()}#seq=150")
        ready(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        expect(page.locator("[data-narration]")).to_be_visible()
        expect(page.get_by_role("slider")).to_be_visible()
        expect(page.locator("[data-stage] svg")).to_be_visible()
