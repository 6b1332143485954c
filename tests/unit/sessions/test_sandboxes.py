"""The clients of the zygote and of the sandboxes, with the real processes at the other end."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Callable

import pytest

from server.commands import PaceSet, ProcessSignal, ProcessStart
from server.errors import BadRequestError, GoneError, LimitError, NotFoundError, SocketlabError
from server.sandbox.messages import HostSpec
from server.sessions.door import DEFAULT_HOSTS
from server.sessions.sandboxes import Sandbox, Zygote, _Channel, error_from

pytestmark = pytest.mark.asyncio


async def made(zygote: Zygote, name: str = "first") -> Sandbox:
    return await zygote.create(name, DEFAULT_HOSTS)


async def last_event(sandbox: Sandbox) -> dict[str, object]:
    await asyncio.wait_for(sandbox.ended.wait(), 10)
    events = list(sandbox.log.entries())
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


async def test_a_killed_sandbox_is_mourned_in_its_log(zygote: Zygote) -> None:
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


@pytest.mark.parametrize(
    "words",
    [b'{"seq":7,"t":1}\n', b"nonsense\n", b"[]\n", b'{"ok":true}\n', b'{"ref":0}\n', b'{"type":"done","ref":0}\n'],
)
async def test_a_process_that_breaks_the_protocol_is_cut_off(words: bytes) -> None:
    sandbox = Sandbox("x")
    waiting = sandbox._expect(0)
    ours, theirs = socket.socketpair()
    await asyncio.get_running_loop().create_connection(lambda: _Channel(sandbox), sock=ours)
    with theirs:
        theirs.sendall(words)
        theirs.setblocking(False)
        assert await asyncio.wait_for(asyncio.get_running_loop().sock_recv(theirs, 1), 5) == b""
    sandbox._end_process("exit code 1")
    assert "no one understands" in (await last_event(sandbox))["why"]
    with pytest.raises(GoneError):
        await waiting


async def test_lines_are_put_together_however_they_are_cut() -> None:
    from tests.unit.sessions.test_log import entries

    lines = entries(1, 50)
    stream = b"".join(line + b"\n" for line in lines) + b'{"type":"done","ref":0,"result":{"hosts":[]}}\n'
    for size in (1, 7, 100, len(stream)):
        sandbox = Sandbox("x")
        ready = sandbox._expect(0)
        channel = _Channel(sandbox)
        for start in range(0, len(stream), size):
            channel.data_received(stream[start : start + size])
        assert sandbox.log.read(0) == lines
        assert ready.result() == {"hosts": []}


def _status(error: SocketlabError) -> tuple[type[SocketlabError], str, str]:
    return type(error), error.detail, error.hint


async def test_problems_of_the_processes_below_become_errors_again() -> None:
    for kind in (NotFoundError, LimitError, BadRequestError):
        error = kind("what", "do")
        assert _status(error_from(error.problem())) == (kind, "what", "do")
    assert type(error_from({"title": "", "status": 299, "detail": ""})) is SocketlabError
