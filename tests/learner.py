"""A learner without a browser: a cookie jar, one WebSocket, folds of their own; and acts that are sent until answered.

``Learner`` does what a lab's page does (static/js/page/lab.js), and nothing that a page could not do. It waits for what
the logs say, never for time to pass.
"""

from __future__ import annotations

import contextlib
import html
import http.cookies
import itertools
import json
import secrets
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Self
from urllib.parse import urlencode

from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import ClientConnection, connect

from server.courses.state import RunState, fold, initial
from server.lab_events import decode_lab_entry
from tests.web.conftest import Answer, Server

LAB = "03-one-port-many-sockets"
PAGE = f"/labs/{LAB}"
THIRD = "python3 echo_client.py 10.0.0.4 7"
"""What the task of step 4 asks for: one more client."""
PATIENCE = 90.0
MOST_BREAKS = 10
"""So often a connection may break before one act is answered."""


class Learner:
    """Somebody who does labs.

    Args:
        server: The server to ask.
        cookies: What their browser kept from before.

    Attributes:
        events: What came of each log, by its id, in order.
        state: The fold of the run's log.
        problems: The logs that may not be followed, and why.
        ended: The logs that have ended, and with which event.
    """

    def __init__(self, server: Server, cookies: Mapping[str, str] = {}) -> None:
        self.server = server
        self.cookies = dict(cookies)
        self.run = self.watch = self.key = ""
        self.state: RunState = initial()
        self.events: dict[str, list[dict[str, Any]]] = {}
        self.replies: dict[int, dict[str, Any]] = {}
        self.problems: dict[str, dict[str, Any]] = {}
        self.ended: dict[str, int] = {}
        self.connections = 0
        self.heard: Callable[[], None] = lambda: None
        self.stream: ClientConnection | None = None
        self._refs = itertools.count(1)
        self._held = contextlib.ExitStack()

    # -- HTTP

    def get(self, path: str) -> Answer:
        return self.kept(self.server.ask("GET", path, None, self.headers()))

    def post(self, path: str, **fields: str) -> Answer:
        headers = {**self.headers(), "Content-Type": "application/x-www-form-urlencoded"}
        return self.kept(self.server.ask("POST", path, urlencode(fields).encode(), headers))

    def delete(self, path: str) -> Answer:
        return self.kept(self.server.ask("DELETE", path, None, self.headers()))

    def headers(self) -> dict[str, str]:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {"Cookie": cookies} if cookies else {}

    def kept(self, answer: Answer) -> Answer:
        """Keep the cookies that came with an answer."""
        for line in answer.cookies:
            for name, morsel in http.cookies.SimpleCookie(line).items():
                if morsel["max-age"] == "0" or not morsel.value:
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
        return answer

    def folded(self) -> RunState:
        """The run as the server folds it."""
        answer = self.get(f"/api/runs/{self.run}" + (f"?key={self.key}" if self.key else ""))
        assert answer.status == 200, answer.body
        state: RunState = answer.json()["state"]
        return state

    # -- the connection

    def begin(self, lab: str = LAB) -> Self:
        """Begin a run of a lab, or find it, and follow it."""
        answer = self.post(f"/api/labs/{lab}/runs")
        assert answer.status == 201, answer.body
        told = answer.json()
        self.run, self.watch = told["id"], told["watch"]
        self.open()
        return self

    def look_on(self, address: str) -> Self:
        """Follow somebody's run by the address that they have given."""
        self.watch = address
        self.run, _, self.key = address.rpartition("/")[2].partition("?key=")
        self.open()
        return self

    def open(self, *more: str) -> None:
        """Connect, and go on with each log where it is."""
        self.close()
        logs = [self.run, *(log for log in self.events if log not in (self.run, *self.problems, *self.ended)), *more]
        self.stream = self._held.enter_context(self.connected(*((log, self.after(log)) for log in logs if log)))
        self.connections += 1

    def connected(self, *logs: tuple[str, int], **options: Any) -> ClientConnection:
        """A connection to some logs, each with the last ``seq`` that is known of it."""
        query = [pair for log, after in logs for pair in (("log", log), ("after", str(after)))]
        if self.key:
            query.append(("key", self.key))
        address = f"{self.server.address.replace('http', 'ws', 1)}/api/stream?{urlencode(query)}"
        options.setdefault("additional_headers", self.headers())
        options.setdefault("open_timeout", PATIENCE)
        return connect(address, max_size=None, proxy=None, **options)

    def after(self, log: str) -> int:
        events = self.events.get(log)
        return events[-1]["seq"] if events else 0

    def close(self) -> None:
        self.stream = None
        self._held.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- down

    def read(self, timeout: float = PATIENCE) -> None:
        """Take one message; after a break, connect again."""
        if self.stream is None:
            self._again(time.monotonic() + timeout)
        assert self.stream is not None
        try:
            message = json.loads(self.stream.recv(timeout))
        except ConnectionClosed:
            self._again(time.monotonic() + timeout)
            return
        if "ref" in message:
            self.replies[message["ref"]] = message
        elif "problem" in message:
            self.problems[message["log"]] = message["problem"]
        elif "ended" in message:
            self.ended[message["log"]] = message["ended"]
        else:
            self._take(message["log"], message["events"])

    def _take(self, log: str, events: list[dict[str, Any]]) -> None:
        assert events
        known = self.events.setdefault(log, [])
        for event in events:
            assert event["seq"] == (known[-1]["seq"] if known else 0) + 1, f"a gap or a repetition in {log}"
            known.append(event)
            if log == self.run:
                fold(self.state, decode_lab_entry(json.dumps(event).encode()))
                if event["type"] == "lab.sandbox.opened":
                    self.send("stream.follow", log=event["sandbox"], after=self.after(event["sandbox"]))
                self.heard()

    def _again(self, end: float) -> None:
        """Connect again as soon as the server answers, as a page does."""
        while True:
            try:
                self.open()
                return
            except (OSError, InvalidHandshake, EOFError, TimeoutError, ConnectionClosed):
                assert time.monotonic() < end, "the server did not come back"
                self.server.answers.wait(max(0.0, end - time.monotonic()))

    def until(self, what: str, true: Callable[[], Any], patience: float = PATIENCE) -> Any:
        """Read until something is so; returns what ``true`` returned."""
        end = time.monotonic() + patience
        while not (value := true()):
            try:
                self.read(max(0.01, end - time.monotonic()))
            except TimeoutError:
                tail = "\n".join(json.dumps(event)[:300] for event in self.events.get(self.run, [])[-15:])
                raise AssertionError(f"never happened: {what}. The run ends with:\n{tail}") from None
        return value

    # -- up

    def send(self, command: str, **fields: Any) -> int:
        """Send something without waiting; returns its ``ref``. What breaks the connection is seen when it is read."""
        ref = next(self._refs)
        assert self.stream is not None
        with contextlib.suppress(ConnectionClosed):
            self.stream.send(json.dumps({"ref": ref, "command": command, **fields}))
        return ref

    def ask(self, command: str, **fields: Any) -> dict[str, Any]:
        """Send something and return its answer."""
        ref = self.send(command, **fields)
        self.until(f"an answer to {command}", lambda: ref in self.replies)
        return self.replies.pop(ref)

    def act(self, command: str, step: int = 1, *, act: str = "", **fields: Any) -> str:
        """Do something, sent again until it is answered; returns why it was refused, empty if it was not."""
        return told(self.answered(command, step, act=act, **fields))

    def answered(self, command: str, step: int = 1, *, act: str = "", **fields: Any) -> dict[str, Any]:
        """Do something, sent again until it is answered; returns the answer."""
        act = act or new_act()
        reply: dict[str, Any] | None = None
        first = self.connections
        while reply is None:
            assert self.connections - first < MOST_BREAKS, f"{command} breaks the connection"
            if self.stream is None:
                self._again(time.monotonic() + PATIENCE)
            ref, connection = self.send(command, log=self.run, act=act, step=step, **fields), self.connections
            self.until(f"an answer to {command}", lambda: ref in self.replies or self.connections != connection)  # noqa: B023
            reply = self.replies.pop(ref, None)
        if reply["ok"]:
            self.until(f"{command} is in the log", lambda: act in self.state["acts"])
        return reply

    def performed(self, step: int = 1, **fields: Any) -> None:
        """Run a step's actions, and wait until it has settled."""
        assert self.act("lab.perform", step, **fields) == ""
        self.settled(step)

    def settled(self, step: int) -> None:
        """Wait until a step of the present sandbox has settled."""
        self.until(f"step {step} settles", lambda: self.phase(step) == "settled" and self.state["mood"] == "live")

    def started(self, step: int = 1, **fields: Any) -> None:
        """Start the lab at a step, and wait until it is there."""
        assert self.act("lab.start", step, **fields) == ""
        self.until(
            f"step {step} is reached", lambda: self.state["mood"] == "live" and str(step) in self.state["entered"]
        )

    def predict(self, step: int, choice: str | None = None, question: int = 0) -> str:
        return self.act("lab.answer", step, kind="predict", question=question, choice=choice)

    # -- what is known

    def phase(self, step: int) -> str:
        entered = self.state["entered"].get(str(step))
        return entered["phase"] if entered is not None else ""

    def of(self, kind: str, log: str = "") -> list[dict[str, Any]]:
        """The events of a type, of the run or of another log."""
        return [event for event in self.events.get(log or self.run, []) if event["type"] == kind]

    def programs(self, sandbox: str) -> Counter[str]:
        """How often each command was started in a sandbox, tools aside."""
        started = [event for event in self.of("process.started", sandbox) if event.get("parent") is None]
        return Counter(" ".join(event["argv"]) for event in started if event["argv"][:2] != ["sh", "-c"])


def told(reply: Mapping[str, Any]) -> str:
    """Why something was refused, as a page says it; empty if it was not."""
    problem = reply.get("problem")
    return "" if problem is None else f"{problem['detail']} {problem.get('hint', '')}".strip()


def new_act() -> str:
    return f"act-{secrets.token_hex(12)}"


def page(learner: Learner, path: str = PAGE) -> str:
    """What a page says to somebody."""
    answer = learner.get(path)
    assert answer.status == 200, answer.body
    return html.unescape(answer.body.decode())
