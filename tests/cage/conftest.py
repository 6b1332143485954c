"""Two sandboxes of one server: one tries to get out, the other must not notice."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest_asyncio

from server import events as ev
from server.sessions.zygote import Zygote
from tests.laboratory import Laboratory, laboratory

SERVER = """
import socket
listener = socket.create_server(("10.0.0.4", 7007))
while True:
    connection, _ = listener.accept()
    with connection:
        connection.sendall(connection.recv(100))
"""
CLIENT = """
import socket
with socket.create_connection(("10.0.0.4", 7007)) as connection:
    connection.sendall(b"still here")
    print(connection.recv(100).decode())
"""


@dataclass
class Sandboxes:
    """``confined`` is where attempts are made; ``neighbour`` runs an echo server on 10.0.0.4:7007."""

    zygote: Zygote
    confined: Laboratory
    neighbour: Laboratory

    async def assert_unharmed(self) -> None:
        """The zygote lives, the confined sandbox still starts programs, and the neighbour's server answers."""
        os.kill(self.zygote.pid, 0)
        pid = await self.confined.start("server", "true")
        assert (await self.confined.exited(pid)).code == 0
        pid = await self.neighbour.python("client-a", CLIENT)
        assert (await self.neighbour.exited(pid)).code == 0
        assert self.neighbour.output(pid) == "still here\n"


@asynccontextmanager
async def two_sandboxes(zygote: Zygote) -> AsyncIterator[Sandboxes]:
    """Both sandboxes; afterwards the neighbour must be unharmed."""
    async with laboratory(zygote) as confined, laboratory(zygote) as neighbour:
        await neighbour.python("server", SERVER)
        await neighbour.listening("server", 7007)
        sandboxes = Sandboxes(zygote, confined, neighbour)
        yield sandboxes
        await sandboxes.assert_unharmed()


@pytest_asyncio.fixture
async def sandboxes(zygote: Zygote) -> AsyncIterator[Sandboxes]:
    """Two sandboxes for one test."""
    async with two_sandboxes(zygote) as sandboxes:
        yield sandboxes


async def output_of(lab: Laboratory, host: str, code: str, *, admin: bool = False) -> tuple[str, ev.ProcessExited]:
    """What a Python program writes until it ends, and how it ended."""
    pid = await lab.python(host, code, admin=admin)
    exited = await lab.exited(pid)
    return lab.output(pid) + lab.output(pid, "stderr"), exited
