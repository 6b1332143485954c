"""A real server in its own process, and a client that is no more than the standard library."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

import pytest
from websockets.sync.client import ClientConnection, connect


@dataclass
class Answer:
    """One HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cookies: list[str] = field(default_factory=list)

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Sandbox:
    """A sandbox and the token to it."""

    server: Server
    id: str
    token: str

    @property
    def path(self) -> str:
        return f"/api/sandboxes/{self.id}"

    def ask(self, method: str, tail: str = "", body: bytes | dict[str, Any] | None = None) -> Answer:
        return self.server.ask(method, self.path + tail, body, {"Authorization": f"Bearer {self.token}"})

    def command(self, command: str, **fields: Any) -> Any:
        answer = self.ask("POST", "/commands", {"command": command, **fields})
        assert answer.status == 200, answer.body
        return answer.json()["result"]

    def events(self, after: int = 0) -> list[dict[str, Any]]:
        answer = self.ask("GET", f"/events?after={after}")
        assert answer.status == 200, answer.body
        return [json.loads(line) for line in answer.body.splitlines()]

    def stream(self, after: int = 0, **options: Any) -> ClientConnection:
        address = f"{self.server.address.replace('http', 'ws', 1)}{self.path}/stream?after={after}"
        options.setdefault("additional_headers", {"Authorization": f"Bearer {self.token}"})
        return connect(address, max_size=None, **options)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.ask("DELETE")


class Server:
    """``socketlab serve`` in a process of its own.

    Args:
        environment: More environment variables, such as limits.

    Attributes:
        answers: Set while it answers; who kills it takes that away first.
    """

    answers: threading.Event

    def __init__(self, **environment: str) -> None:
        self.start([sys.executable, "-m", "server.cli", "serve", "--lazy", "--port", "0"], environment)

    def start(self, command: list[str], environment: Mapping[str, str] = {}) -> None:
        if not hasattr(self, "answers"):
            self.answers = threading.Event()
        self.process = subprocess.Popen(command, env=os.environ | environment, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert "answers at" in line, line
        self.address = line.split()[3]
        parts = urlsplit(self.address)
        self.host, self.port = parts.hostname or "", parts.port or 0
        self.answers.set()

    def ask(
        self, method: str, path: str, body: bytes | dict[str, Any] | None = None, headers: Mapping[str, str] = {}
    ) -> Answer:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=120)
        try:
            sent = json.dumps(body).encode() if isinstance(body, dict) else body
            connection.request(method, path, sent, dict(headers))
            answer = connection.getresponse()
            cookies = answer.headers.get_all("set-cookie") or []
            return Answer(answer.status, answer.headers, answer.read(), cookies)
        finally:
            connection.close()

    def sandbox(self, body: dict[str, Any] | None = None, **headers: str) -> Sandbox:
        answer = self.ask("POST", "/api/sandboxes", body, headers)
        assert answer.status == 201, answer.body
        made = answer.json()
        return Sandbox(self, made["id"], made["token"])

    def end(self) -> int:
        """SIGTERM; returns the exit code."""
        self.process.terminate()
        code = self.process.wait(60)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.end()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with Server(SOCKETLAB_SANDBOXES_PER_VISITOR="40") as running:
        yield running


@pytest.fixture
def sandbox(server: Server) -> Iterator[Sandbox]:
    with server.sandbox() as made:
        yield made


def assert_problem(answer: Answer, status: int) -> dict[str, Any]:
    """The one shape of every refusal."""
    assert answer.status == status, answer.body
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status
    assert set(problem) - {"hint"} == {"title", "status", "detail"}
    assert all(problem[name] for name in problem)
    return problem
