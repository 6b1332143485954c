"""The served lab with one sandbox, telling when each message leaves: ``python -m bench.watched COUNT PAUSE``.

It is what ``socketlab serve`` runs, with one more reader of the log in it, the first: woken as every viewer's writer
is, before all of them, it reads the clock. So "the moment of sending" is the one in which the server turns to
its first viewer. Prints the address, and after each line of input one run of ticks: ``[[moment (ns), text], …]``.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import time
from pathlib import Path

import msgspec
import uvicorn
import uvloop
from fastapi import FastAPI

from bench.processes import raise_file_limit
from server.commands import decode_command
from server.sessions.door import Door, Visitor
from server.web import serving
from server.web.app import create_app

_QUIET_SECONDS = 0.4


class Stamps:
    """When each message of a sandbox was about to be sent, and its text."""

    def __init__(self, door: Door, sandbox_id: str) -> None:
        self._door = door
        self._sandbox = sandbox_id
        self._after = 0
        self.messages: list[tuple[int, str]] = []
        self.last_at = time.monotonic()

    async def follow(self) -> None:
        """Stamp every message until the log ends."""
        door, sandbox = self._door, self._sandbox
        while await door.wait(sandbox, self._after):
            moment = time.monotonic_ns()
            while (batch := await door.batch(sandbox, self._after)) is not None:
                self.messages.append((moment, batch.text))
                self._after = batch.last
            self.last_at = time.monotonic()

    async def quiet(self) -> None:
        """Return once nothing has been logged for a while."""
        while (left := self.last_at + _QUIET_SECONDS - time.monotonic()) > 0:  # noqa: ASYNC110 (it waits for nothing)
            await asyncio.sleep(left)

    async def until(self, word: str) -> None:
        """Return once a message carries a word."""
        while not any(word in text for _, text in self.messages):
            await self._door.wait(self._sandbox, self._after)
            await asyncio.sleep(0.01)


async def command(door: Door, sandbox_id: str, **fields: object) -> dict[str, object]:
    """Carry out one command."""
    return await door.command(sandbox_id, decode_command(msgspec.json.encode(fields)))


async def lead(server: uvicorn.Server, app: FastAPI, port: int, count: str, pause: str) -> None:
    """Make the sandbox, then do a run of ticks for each line of the input."""
    while not server.started:  # noqa: ASYNC110 (uvicorn says so in no other way)
        await asyncio.sleep(0.01)
    door: Door = app.state.door
    sandbox = await door.create(Visitor("127.0.0.1"))
    stamps = Stamps(door, sandbox.id)
    async with asyncio.TaskGroup() as group:
        following = group.create_task(stamps.follow())
        argv = ["python3", "/labs/programs/ticks.py", "9000", count, pause]
        pid = (await command(door, sandbox.id, command="process.start", host="server", argv=argv))["pid"]
        await stamps.until("ready\\n")
        print(json.dumps({"port": port, "id": sandbox.id, "token": sandbox.token}), flush=True)
        while await asyncio.to_thread(sys.stdin.readline):
            await stamps.quiet()
            stamps.messages.clear()
            await command(door, sandbox.id, command="process.input", pid=pid, text="\n")
            await stamps.until("done\\n")
            await stamps.quiet()
            print(json.dumps(stamps.messages), flush=True)
        following.cancel()
    server.should_exit = True


async def main(count: str, pause: str) -> None:
    """Serve until the input ends."""
    raise_file_limit()
    app = create_app(labs=Path(__file__).parent)
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    port = listener.getsockname()[1]
    server = uvicorn.Server(serving.config(app, "127.0.0.1", port))
    async with asyncio.TaskGroup() as group:
        group.create_task(server.serve(sockets=[listener]))
        group.create_task(lead(server, app, port, count, pause))


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], sys.argv[2]))
