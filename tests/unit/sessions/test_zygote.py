"""The client of the zygote, with the real process at the other end."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable

import pytest

from server.commands import PaceSet
from server.errors import SocketlabError
from server.sandbox.messages import HostSpec
from server.sessions.zygote import Zygote
from tests.unit.sessions.test_sandbox import is_gone, last_event, made

pytestmark = pytest.mark.asyncio


def children(pid: int) -> list[str]:
    """The pids of a process's children."""
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return file.read().split()


async def until(true: Callable[[], bool]) -> None:
    """Wait for what no event tells."""
    async with asyncio.timeout(10):
        while True:
            if true():
                return
            await asyncio.sleep(0.01)


async def fds_are(count: int) -> None:
    """Wait until this process has so many descriptors: a transport closes its own in the loop's next turn."""
    await until(lambda: len(os.listdir("/proc/self/fd")) == count)


async def test_with_the_zygote_all_sandboxes_end_and_the_next_one_starts_another(zygote: Zygote) -> None:
    sandboxes = [await made(zygote, name) for name in ("one", "two")]
    first = zygote.pid
    os.kill(first, signal.SIGKILL)
    for sandbox in sandboxes:
        assert (await last_event(sandbox))["why"] == "the process that starts the sandboxes ended"
        assert is_gone(sandbox.pid)
    third = await made(zygote, "three")
    assert zygote.pid != first
    assert (await third.command(PaceSet(pace="step")))["pace"] == "step"


async def test_closing_the_zygote_leaves_nothing(zygote: Zygote) -> None:
    before = len(os.listdir("/proc/self/fd"))
    own = Zygote()
    sandboxes = [await made(own, f"s{number}") for number in range(3)]
    pid = own.pid
    await own.close()
    assert is_gone(pid)
    assert all(is_gone(sandbox.pid) for sandbox in sandboxes)
    await fds_are(before)


async def test_a_creation_that_fails_leaves_nothing(zygote: Zygote) -> None:
    await made(zygote)
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(SocketlabError):
        await zygote.create("bad", [HostSpec(name="a", addresses=["nonsense"])])
    await fds_are(before)


async def test_a_creation_that_is_given_up_leaves_nothing(zygote: Zygote) -> None:
    await (await made(zygote)).close("it was only to start the zygote")
    before = len(os.listdir("/proc/self/fd"))
    for turns in range(12):
        creation = asyncio.ensure_future(made(zygote, f"given-up-{turns}"))
        for _ in range(turns):
            await asyncio.sleep(0)
        creation.cancel()
        with pytest.raises(asyncio.CancelledError):
            await creation
    survivor = await made(zygote, "survivor")
    await survivor.close("done")
    await until(lambda: not children(zygote.pid))
    await fds_are(before)
