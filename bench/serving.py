"""The real ``socketlab serve`` as a child process, its HTTP door, and a viewer over its WebSocket."""

from __future__ import annotations

import asyncio
import http.client
import json
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from bench.processes import child, line

SERVE = (sys.executable, "-m", "server.cli", "serve", "--port", "0")
PATIENCE = 120.0


class Entry(msgspec.Struct):
    """An event as far as the rows look at it."""

    seq: int
    type: str
    t: int = 0
    pid: int = 0
    call: int = 0
    name: str = ""
    text: str = ""
    stream: str = ""
    state: str = ""
    local: str = ""
    error: str | None = None
    args: dict[str, Any] = {}


_decode_events = msgspec.json.Decoder(list[Entry]).decode


@dataclass(frozen=True, slots=True)
class Remote:
    """A sandbox of the served lab."""

    port: int
    id: str
    token: str

    @property
    def path(self) -> str:
        """Where it is."""
        return f"/api/sandboxes/{self.id}"

    @property
    def headers(self) -> dict[str, str]:
        """What opens it."""
        return {"Authorization": f"Bearer {self.token}"}

    def command(self, command: str, **fields: Any) -> dict[str, Any]:
        """Carry out one command over HTTP."""
        answer = request(self.port, "POST", f"{self.path}/commands", {"command": command, **fields}, self.headers)
        result: dict[str, Any] = answer["result"]
        return result

    def state(self) -> dict[str, Any]:
        """What is there now."""
        state: dict[str, Any] = request(self.port, "GET", self.path, None, self.headers)["state"]
        return state

    def delete(self) -> None:
        """End it."""
        request(self.port, "DELETE", self.path, None, self.headers)


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    pid: int
    port: int

    def create(self, hosts: Sequence[dict[str, Any]] | None = None) -> Remote:
        """Make a sandbox over HTTP."""
        made = request(self.port, "POST", "/api/sandboxes", {} if hosts is None else {"hosts": hosts})
        return Remote(self.port, made["id"], made["token"])


def request(
    port: int, method: str, path: str, body: dict[str, Any] | None, headers: dict[str, str] | None = None
) -> dict[str, Any]:
    """One HTTP request; the answer's JSON.

    Raises:
        RuntimeError: The answer is a problem.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        content = None if body is None else json.dumps(body).encode()
        connection.request(method, path, content, headers or {})
        answer = connection.getresponse()
        told = answer.read()
    finally:
        connection.close()
    if answer.status >= 400:
        raise RuntimeError(f"{method} {path}: {answer.status} {told.decode(errors='replace')[:300]}")
    result: dict[str, Any] = json.loads(told) if told else {}
    return result


@asynccontextmanager
async def serving(
    *words: str, before: Sequence[str] = (), environment: dict[str, str] | None = None
) -> AsyncIterator[Server]:
    """A server for the time of a ``with``.

    Args:
        words: More words for ``socketlab serve``.
        before: Words in front of the command, such as ``taskset``.
        environment: Limits, as the table of ``server/sessions/limits.py`` names them.
    """
    async with child([*before, *SERVE, *words], **(environment or {})) as process:
        said = (await line(process)).decode()
        address = next(word for word in said.split() if word.startswith("http://"))
        yield Server(process.pid, int(address.rpartition(":")[2]))


class Viewer:
    """One viewer: every event, checked to be without a gap, with the moment when its message arrived.

    Attributes:
        last: The ``seq`` of the last event.
        count: How many events have come.
    """

    def __init__(self, socket: ClientConnection, see: Callable[[Entry, int], None]) -> None:
        self.last = 0
        self.count = 0
        self._socket = socket
        self._see = see
        self._refs: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._changed = asyncio.Event()

    async def command(self, command: str, **fields: Any) -> dict[str, Any]:
        """Carry out one command over the WebSocket."""
        ref = len(self._refs) + 1
        reply: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._refs[ref] = reply
        await self._socket.send(json.dumps({"ref": ref, "command": command, **fields}))
        return await reply

    async def start(self, host: str, *argv: str) -> int:
        """Start a program; returns its pid."""
        pid: int = (await self.command("process.start", host=host, argv=list(argv)))["pid"]
        return pid

    async def until(self, true: Callable[[], Any], seconds: float = PATIENCE) -> None:
        """Return once ``true()`` is; it is asked whenever a message has come."""
        async with asyncio.timeout(seconds):
            while not true():
                self._changed.clear()
                await self._changed.wait()

    async def read(self) -> None:
        """Take messages until cancelled.

        Raises:
            RuntimeError: An event is missing or came twice, or the server has ended the connection.
        """
        while True:
            try:
                text = await self._socket.recv()
            except ConnectionClosed as end:
                raise RuntimeError(f"the server has ended the stream: {end}") from end
            arrival = time.monotonic_ns()
            assert isinstance(text, str)
            if text.startswith("["):
                for event in _decode_events(text):
                    if event.seq != self.last + 1:
                        raise RuntimeError(f"after event {self.last} comes {event.seq}")
                    self.last = event.seq
                    self.count += 1
                    self._see(event, arrival)
            else:
                self._settle(json.loads(text))
            self._changed.set()

    def _settle(self, reply: dict[str, Any]) -> None:
        waiting = self._refs[reply["ref"]]
        if reply["ok"]:
            waiting.set_result(reply["result"])
        else:
            waiting.set_exception(RuntimeError(f"refused: {reply['problem']}"))


@asynccontextmanager
async def viewing(remote: Remote, see: Callable[[Entry, int], None]) -> AsyncIterator[Viewer]:
    """A viewer of a sandbox from its first event on; ``see`` gets each event and its arrival (monotonic ns)."""
    address = f"ws://127.0.0.1:{remote.port}{remote.path}/stream"
    async with (
        connect(address, additional_headers=remote.headers, compression=None, max_size=None, proxy=None) as socket,
        asyncio.TaskGroup() as group,
    ):
        viewer = Viewer(socket, see)
        reading = group.create_task(viewer.read())
        yield viewer
        reading.cancel()
