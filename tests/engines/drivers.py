"""Firefox and WebKitGTK as Debian has them, each behind the same few questions.

Firefox listens for WebDriver BiDi (https://w3c.github.io/webdriver-bidi/) itself; WebKitGTK is reached through its
driver, by WebDriver (https://www.w3.org/TR/webdriver2/), on a virtual screen. Both click as a hand does: by moving a
pointer to what is seen.
"""

from __future__ import annotations

import json
import os
import re
import select
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

PATIENCE = 90.0
"""Seconds for what comes at once on a machine with nothing else to do."""
SIZE = (1440, 900)
MINI_BROWSERS = "/usr/lib/*/webkit2gtk-4.*/MiniBrowser"
CENTRE = """(() => {
  const shown = [...document.querySelectorAll(%s)].find((one) => one.checkVisibility() && !one.disabled);
  if (!shown) return null;
  shown.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  const { left, top, width, height } = shown.getBoundingClientRect();
  return [Math.round(left + width / 2), Math.round(top + height / 2)];
})()"""
WAITED = """new Promise((done) => {
  const end = performance.now() + %d;
  const look = () => {
    const value = (%s) ?? false;
    if (value || performance.now() > end) done(value instanceof Element ? true : value);
    else setTimeout(look, 50);
  };
  look();
})"""
COMPLAINTS = """(() => { window.complaints = [];
  addEventListener('error', (event) => complaints.push(String(event.message)));
  addEventListener('unhandledrejection', (event) => complaints.push(String(event.reason))); })()"""


class Engine(ABC):
    """A browser with one window."""

    @abstractmethod
    def goto(self, address: str) -> None:
        """Load a page."""

    @abstractmethod
    def ask(self, expression: str) -> Any:
        """The value of a JavaScript expression on the page."""

    @abstractmethod
    def press_at(self, x: int, y: int) -> None:
        """Click at a place of the window."""

    def open(self, address: str) -> None:
        """Load a page, and hear from now on what goes wrong on it."""
        self.goto(address)
        self.ask(COMPLAINTS)

    def until(self, expression: str) -> Any:
        """Wait until an expression is true; returns its value."""
        value = self.ask(WAITED % (1000 * PATIENCE, expression))
        assert value, f"never true: {expression}\n{self.ask('document.body.innerText')[:2000]}"
        return value

    def click(self, selector: str) -> None:
        """Click the first of these that can be seen and pressed."""
        x, y = self.until(CENTRE % json.dumps(selector))
        self.press_at(x, y)

    def words(self, selector: str) -> str:
        """The text of an element."""
        return str(self.ask(f"document.querySelector({json.dumps(selector)}).innerText"))


class Firefox(Engine):
    """A window of Firefox, by WebDriver BiDi."""

    def __init__(self, line: ClientConnection) -> None:
        self._line = line
        self._last = 0
        self._send("session.new", capabilities={})
        self._window = self._send("browsingContext.getTree")["contexts"][0]["context"]
        viewport = {"width": SIZE[0], "height": SIZE[1]}
        self._send("browsingContext.setViewport", context=self._window, viewport=viewport)

    def _send(self, method: str, **params: Any) -> Any:
        self._last += 1
        self._line.send(json.dumps({"id": self._last, "method": method, "params": params}))
        while True:
            answer = json.loads(self._line.recv(timeout=2 * PATIENCE))
            if answer.get("id") == self._last:
                assert answer["type"] == "success", answer
                return answer["result"]

    def goto(self, address: str) -> None:
        self._send("browsingContext.navigate", context=self._window, url=address, wait="complete")

    def ask(self, expression: str) -> Any:
        target = {"context": self._window}
        asked = f"(async () => JSON.stringify((await ({expression})) ?? null))()"
        told = self._send("script.evaluate", expression=asked, target=target, awaitPromise=True)
        assert told["type"] == "success", told
        return json.loads(told["result"].get("value") or "null")

    def press_at(self, x: int, y: int) -> None:
        hand = {"type": "pointer", "id": "hand", "actions": _pressed(x, y)}
        self._send("input.performActions", context=self._window, actions=[hand])


class WebKit(Engine):
    """A window of WebKitGTK, by WebDriver."""

    def __init__(self, driver: str, browser: str) -> None:
        self._driver = driver
        options = {"binary": browser, "args": ["--automation"]}
        wanted = {"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": options}}}
        self._session = f"/session/{self._send('POST', '/session', wanted)['sessionId']}"
        self._do("/timeouts", {"script": int(2000 * PATIENCE)})
        width, height = SIZE
        self._do("/window/rect", {"x": 0, "y": 0, "width": width, "height": height + 60})

    def _send(self, method: str, path: str, body: object) -> Any:
        data = json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        asked = urllib.request.Request(f"{self._driver}{path}", data, headers, method=method)
        with urllib.request.urlopen(asked, timeout=2 * PATIENCE) as answer:
            return json.loads(answer.read())["value"]

    def _do(self, path: str, body: object) -> Any:
        return self._send("POST", f"{self._session}{path}", body)

    def close(self) -> None:
        """End the window."""
        self._send("DELETE", self._session, {})

    def goto(self, address: str) -> None:
        self._do("/url", {"url": address})

    def ask(self, expression: str) -> Any:
        script = f"const done = arguments[0]; (async () => (await ({expression})) ?? null)().then(done);"
        return self._do("/execute/async", {"script": script, "args": []})

    def press_at(self, x: int, y: int) -> None:
        hand = {"type": "pointer", "id": "hand", "parameters": {"pointerType": "mouse"}, "actions": _pressed(x, y)}
        self._do("/actions", {"actions": [hand]})


def _pressed(x: int, y: int) -> list[dict[str, object]]:
    return [
        {"type": "pointerMove", "x": x, "y": y, "origin": "viewport"},
        {"type": "pointerDown", "button": 0},
        {"type": "pointerUp", "button": 0},
    ]


@contextmanager
def firefox() -> Iterator[Engine]:
    """Firefox with a profile of its own."""
    with tempfile.TemporaryDirectory(prefix="socketlab-firefox-", ignore_cleanup_errors=True) as home:
        command = ["firefox-esr", "--headless", "--remote-debugging-port=0", "--no-remote", "--profile", home]
        with _running([*command, "about:blank"], home) as process:
            address = _heard(process, r"WebDriver BiDi listening on (ws://\S+)")
            with connect(f"{address}/session", max_size=None, open_timeout=PATIENCE) as line:
                yield Firefox(line)


@contextmanager
def webkit() -> Iterator[Engine]:
    """WebKitGTK on a virtual screen of its own."""
    (browser,) = [str(path) for path in Path("/").glob(MINI_BROWSERS[1:])][:1]
    with ExitStack() as stack:
        home = stack.enter_context(tempfile.TemporaryDirectory(prefix="socketlab-webkit-", ignore_cleanup_errors=True))
        wall = ["Xvfb", "-displayfd", "1", "-screen", "0", "1600x1100x24", "-nolisten", "tcp"]
        screen = _heard(stack.enter_context(_running(wall, home)), r"(\d+)")
        port = _free_port()
        driver = ["WebKitWebDriver", f"--port={port}", "--host=127.0.0.1"]
        on_screen = {"DISPLAY": f":{screen}", "GDK_BACKEND": "x11", "LIBGL_ALWAYS_SOFTWARE": "1"}
        _answers(stack.enter_context(_running(driver, home, **on_screen)), port)
        window = WebKit(f"http://127.0.0.1:{port}", browser)
        try:
            yield window
        finally:
            window.close()


@contextmanager
def _running(command: list[str], home: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A program and all that it starts, ended with its block."""
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "HOME": home, "NO_AT_BRIDGE": "1", "MOZ_CRASHREPORTER_DISABLE": "1", **environment},
        start_new_session=True,
    )
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def _heard(process: subprocess.Popen[str], pattern: str) -> str:
    """What a program says when it is ready."""
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        if found := re.search(pattern, line):
            return found[1]
        said.append(line)
    raise AssertionError(f"{process.args} has ended: {''.join(said)}")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _answers(driver: subprocess.Popen[str], port: int) -> None:
    """Wait until a driver listens; it says nothing when it does."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/status", timeout=PATIENCE):
                return
        except OSError:
            assert driver.poll() is None, f"{driver.args} has ended"
            if time.monotonic() > end:
                raise
            select.select([driver.stdout], [], [], 0.05)
