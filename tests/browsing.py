"""For tests in the browser: a served lab, a Chromium, and a director who brings a sandbox to a chosen moment.

Nothing here pretends: the server is the real one in a process of its own, and a scene is reached by
commands, with the log itself saying when it is there.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from websockets.sync.client import ClientConnection

from server.events import decode_entry
from server.state import fold, initial
from tests.web.conftest import Sandbox, Server

PATIENCE = 60.0
"""Seconds for what comes at once on a machine with nothing else to do."""
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The first that is there is taken: the shell needs half of the time. SOCKETLAB_TEST_BROWSER names another."""
SIZES = ("1440x900", "1920x1080", "768x1024", "390x844")


expect.set_options(timeout=1000 * PATIENCE)


@pytest.fixture(scope="package")
def served() -> Iterator[Server]:
    """A server with room for the whole session's sandboxes."""
    with Server(SOCKETLAB_SANDBOXES_PER_VISITOR="64") as running:
        yield running


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The machine's own Chromium, headless."""
    path = os.environ.get("SOCKETLAB_TEST_BROWSER") or next(filter(None, map(shutil.which, BROWSERS)), None)
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=arguments)
        yield running
        running.close()


class Watched:
    """A page, and everything about it that must not happen."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.page: Page = context.new_page()
        self.page.set_default_timeout(1000 * PATIENCE)
        self.address = address
        self.complaints: list[str] = []
        self.page.on("console", lambda message: self._heard(message.type, message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error.stack}"))
        self.page.on("request", lambda request: self._asked(request.url))

    def _heard(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(f"{kind}: {text}")

    def _asked(self, url: str) -> None:
        if not url.startswith((self.address, self.address.replace("http", "ws", 1), "data:", "blob:")):
            self.complaints.append(f"another origin was asked: {url}")


ALWAYS_NOW = "try { localStorage.follow ??= 'now'; } catch {}"
"""What a person chooses with "Always" beside "Now"."""


def context(
    browser: Browser, server: Server, size: str = "1440x900", *, story: bool = False, **options: Any
) -> BrowserContext:
    """A browser of somebody new, without motion, who sees what happens at once; with ``story``, beat by beat."""
    width, height = map(int, size.split("x"))
    made = browser.new_context(
        viewport={"width": width, "height": height}, base_url=server.address, reduced_motion="reduce", **options
    )
    if not story:
        made.add_init_script(ALWAYS_NOW)
    return made


@contextmanager
def opened(browser: Browser, server: Server, size: str = "1440x900", **options: Any) -> Iterator[Page]:
    """A page in a fresh context; at its end, nothing was said on the console and nobody else was asked."""
    fresh = context(browser, server, size, **options)
    watched = Watched(fresh, server.address)
    try:
        yield watched.page
        assert watched.complaints == []
    finally:
        fresh.close()


@pytest.fixture
def page(browser: Browser, served: Server) -> Iterator[Page]:
    """A desktop page without motion, so that what is measured stands still."""
    with opened(browser, served) as page:
        yield page


class Director:
    """Brings a sandbox to a moment, and knows from the log when it is there."""

    def __init__(self, sandbox: Sandbox, stream: ClientConnection) -> None:
        self.sandbox = sandbox
        self.state: dict[str, Any] = initial()
        self.lines: list[dict[str, Any]] = []
        self._stream = stream

    def do(self, command: str, **fields: Any) -> Any:
        return self.sandbox.command(command, **fields)

    def until(self, what: str, true: Callable[[dict[str, Any]], Any]) -> Any:
        """Fold the stream until ``true(state)`` is; returns what it returned."""
        end = time.monotonic() + PATIENCE
        while not (value := true(self.state)):
            try:
                message = self._stream.recv(timeout=max(0.01, end - time.monotonic()))
            except TimeoutError:
                tail = "\n".join(json.dumps(line)[:200] for line in self.lines[-15:])
                raise AssertionError(f"never happened: {what}\n{tail}") from None
            for line in json.loads(message):
                self.lines.append(line)
                fold(self.state, decode_entry(json.dumps(line).encode()))
        return value

    def start(self, host: str, program: str, *args: str, admin: bool = False) -> int:
        credentials = "admin" if admin else "user"
        made = self.do("process.start", host=host, program=program, args=list(args), credentials=credentials)
        return int(made["pid"])

    def listen(self) -> int:
        """An echo server on port 7 that sleeps in accept(), whatever the pace."""
        pid = self.start("server", "echo_server", "7", admin=True)
        self.step_until("the server sleeps in accept()", lambda state: sleeps(state, pid, "accept"))
        return pid

    def connect(self, host: str) -> int:
        return self.start(host, "echo_client", "10.0.0.4", "7")

    def step_until(self, what: str, true: Callable[[dict[str, Any]], Any]) -> None:
        """Let the longest waiting moment go, again and again, until ``true(state)`` is."""
        while self.until(f"{what}, or a moment to release", lambda state: done(state, true)) != "there":
            self.release(next(iter(self.state["moments"].values()))["moment"])

    def release(self, moment: int) -> None:
        """Let one moment go, and wait until the log says so."""
        self.do("moment.release", moment=moment)
        self.until("released", lambda state: str(moment) not in state["moments"])


def done(state: dict[str, Any], true: Callable[[dict[str, Any]], Any]) -> str:
    return "there" if true(state) else "waits" if state["moments"] else ""


def sleeps(state: dict[str, Any], pid: int, name: str) -> bool:
    """Whether a process is inside a call (entered, and not held before it)."""
    held = {moment.get("call") for moment in state["moments"].values()}
    calls = state["processes"].get(str(pid), {"calls": {}})["calls"].values()
    return any(call["name"].startswith(name) and call["call"] not in held for call in calls)


def held_before(state: dict[str, Any], pid: int, name: str) -> bool:
    """Whether a process is held before a call: it has asked, and the kernel has not begun."""
    calls = state["processes"].get(str(pid), {"calls": {}})["calls"].values()
    return any(call["name"].startswith(name) for call in calls) and not sleeps(state, pid, name)


def release_other(director: Director, held: int) -> None:
    """Let the longest waiting moment go that is not a call of one process."""

    def other(state: dict[str, Any]) -> dict[str, Any] | None:
        calls = {call["call"] for call in state["processes"][str(held)]["calls"].values()}
        return next((moment for moment in state["moments"].values() if moment.get("call") not in calls), None)

    director.release(director.until("a moment of another", other)["moment"])


def rows(state: dict[str, Any], /, **fields: Any) -> list[dict[str, Any]]:
    """The sockets with these fields."""
    return [row for row in state["sockets"].values() if all(row.get(name) == value for name, value in fields.items())]


@contextmanager
def directed(server: Server, pace: str = "live", hosts: list[dict[str, Any]] | None = None) -> Iterator[Director]:
    """A sandbox of its own, and its director."""
    body: dict[str, Any] = {"pace": pace} | ({"hosts": hosts} if hosts else {})
    with server.sandbox(body) as sandbox, sandbox.stream() as stream:
        yield Director(sandbox, stream)


def visit(page: Page, director: Director) -> None:
    """Open a director's sandbox in a page, as its owner, and wait until it shows the log's end."""
    sandbox = director.sandbox
    page.context.add_cookies(
        [{"name": f"socketlab-{sandbox.id}", "value": sandbox.token, "url": sandbox.server.address}]
    )
    page.goto(f"/s/{sandbox.id}")
    shows(page, director.state["seq"])


def shows(page: Page, seq: int) -> None:
    """Wait until a page has drawn at least this seq, with its fonts."""
    page.wait_for_function(
        "seq => Number(document.querySelector('[data-moment]').textContent.match(/seq (\\d+)/)[1]) >= seq", arg=seq
    )
    page.evaluate("document.fonts.ready")
    drawn(page)


def drawn(page: Page) -> None:
    """Wait until a page has drawn what it knows now: what it learns in one frame is on the screen in the next."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
