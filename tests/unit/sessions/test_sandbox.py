"""The client of a sandbox, with the real process at the other end."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from server.commands import PaceSet, ProcessSignal, ProcessStart
from server.errors import BadRequestError, GoneError, LimitError, NotFoundError, SocketlabError
from server.events import decode_entry
from server.sessions.hosts import DEFAULT_HOSTS
from server.sessions.sandbox import Sandbox, error_from
from server.sessions.zygote import Zygote

pytestmark = pytest.mark.asyncio


async def made(zygote: Zygote, name: str = "first") -> Sandbox:
    return await zygote.create(name, DEFAULT_HOSTS)


async def last_event(sandbox: Sandbox) -> dict[str, object]:
    await asyncio.wait_for(sandbox.ended.wait(), 10)
    events = [decode_entry(line) async for piece in sandbox.log.pieces() for line in piece]
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert [event.t for event in events] == sorted(event.t for event in events)
    state = await sandbox.log.state()
    return {"type": type(events[-1]).__name__, "why": state["closed"]}


def is_gone(pid: int) -> bool:
    """Whether a process has ended. One that nobody has reaped yet has: it holds nothing any more."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


async def test_a_sandbox_takes_commands_and_closes(zygote: Zygote) -> None:
    sandbox = await made(zygote)
    assert [host["name"] for host in sandbox.hosts] == ["server", "client-a", "client-b"]
    assert (await sandbox.command(PaceSet(pace="slow", pause_ms=5)))["pace"] == "slow"
    assert (await sandbox.log.state())["pace"] == "slow"
    await sandbox.close("enough")
    assert is_gone(sandbox.pid)
    assert await last_event(sandbox) == {"type": "SandboxClosed", "why": "enough"}
    with pytest.raises(GoneError, match="enough"):
        await sandbox.command(PaceSet(pace="live"))
    await sandbox.close("again")
    assert sandbox.why == "enough"


async def test_a_refusal_comes_back_as_its_error(zygote: Zygote) -> None:
    sandbox = await made(zygote)
    with pytest.raises(NotFoundError):
        await sandbox.command(ProcessSignal(pid=999, signal="TERM"))
    with pytest.raises(BadRequestError):
        await sandbox.command(ProcessStart(host="server", program="no_such_program"))


async def test_what_was_logged_before_a_reply_is_there_when_it_comes(zygote: Zygote) -> None:
    sandbox = await made(zygote)
    for _ in range(5):
        pid = (await sandbox.command(ProcessStart(host="server", argv=["true"])))["pid"]
        assert str(pid) in (await sandbox.log.state())["processes"]


async def test_commands_keep_their_order(zygote: Zygote) -> None:
    sandbox = await made(zygote)
    replies = [sandbox.submit(PaceSet(pace="slow", pause_ms=pause)) for pause in range(1, 101)]
    results = await asyncio.gather(*replies)
    assert [result["pause_ms"] for result in results] == list(range(1, 101))


async def test_the_log_of_a_killed_sandbox_says_so(zygote: Zygote) -> None:
    sandbox, other = await made(zygote), await made(zygote, "other")
    os.kill(sandbox.pid, signal.SIGKILL)
    assert await last_event(sandbox) == {
        "type": "SandboxClosed",
        "why": "its process ended unexpectedly (SIGKILL)",
    }
    assert (await other.command(PaceSet(pace="step")))["pace"] == "step"


async def test_a_stopped_sandbox_is_killed_when_it_is_closed(zygote: Zygote) -> None:
    sandbox = await made(zygote)
    os.kill(sandbox.pid, signal.SIGSTOP)
    await asyncio.wait_for(sandbox.close("it hangs"), 10)
    assert is_gone(sandbox.pid)
    assert (await last_event(sandbox))["why"] == "it hangs"


async def test_a_command_under_way_fails_when_the_sandbox_dies(zygote: Zygote) -> None:
    sandbox = await made(zygote)
    os.kill(sandbox.pid, signal.SIGSTOP)
    reply = sandbox.submit(PaceSet(pace="step"))
    os.kill(sandbox.pid, signal.SIGKILL)
    with pytest.raises(GoneError):
        await asyncio.wait_for(reply, 10)


def _status(error: SocketlabError) -> tuple[type[SocketlabError], str, str]:
    return type(error), error.detail, error.hint


async def test_problems_of_the_processes_below_become_errors_again() -> None:
    for kind in (NotFoundError, LimitError, BadRequestError):
        error = kind("what", "do")
        assert _status(error_from(error.problem())) == (kind, "what", "do")
    assert type(error_from({"title": "", "status": 299, "detail": ""})) is SocketlabError
