"""A sandbox for who holds only its id, while it runs, after it has ended, and when it is forgotten."""

from __future__ import annotations

import asyncio

import pytest

from server.commands import PaceSet, ProcessStart
from server.errors import GoneError, NotFoundError
from server.sessions.client import SandboxClient
from server.sessions.door import Door, Visitor


async def test_it_reads_commands_and_waits_as_the_door_does() -> None:
    async with Door() as door:
        sandbox = SandboxClient(door, (await door.create(Visitor("192.0.2.1"))).id)
        await sandbox.command(PaceSet(pace="slow"))
        assert (await sandbox.state())["pace"] == "slow"
        with pytest.raises(NotFoundError):
            await sandbox.command(ProcessStart(host="nowhere", argv=["true"]))
        end = (await sandbox.status()).end_seq
        assert await sandbox.read(end - 1)
        waiting = asyncio.ensure_future(sandbox.wait(end))
        await sandbox.command(PaceSet(pace="live"))
        assert await waiting
        assert not await sandbox.closed()

        await door.close(sandbox.id, "it was enough")
        status = await sandbox.status()
        assert (status.closed, status.why) == (True, "it was enough")
        assert not await sandbox.wait(status.end_seq)
        with pytest.raises(GoneError):
            await sandbox.command(PaceSet(pace="live"))


async def test_one_that_is_forgotten_has_ended() -> None:
    async with Door() as door:
        sandbox = SandboxClient(door, (await door.create(Visitor("192.0.2.1"))).id)
        await door.delete(sandbox.id)
        assert await sandbox.closed()
        assert (await sandbox.status()).why == "it was deleted"
        assert not await sandbox.wait(0)
        for question in (sandbox.command(PaceSet(pace="live")), sandbox.read(0), sandbox.state()):
            with pytest.raises(GoneError):
                await question
