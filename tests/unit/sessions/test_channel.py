"""The line protocol of a sandbox: what is cut, what is put together, and what is not understood."""

from __future__ import annotations

import asyncio
import socket

import pytest

from server.errors import GoneError
from server.sessions.sandbox import Sandbox
from tests.unit.sessions.test_log import entries
from tests.unit.sessions.test_sandbox import last_event

pytestmark = pytest.mark.asyncio


@pytest.mark.parametrize(
    "words",
    [b'{"seq":7,"t":1}\n', b"nonsense\n", b"[]\n", b'{"ok":true}\n', b'{"ref":0}\n', b'{"type":"done","ref":0}\n'],
)
async def test_a_process_that_breaks_the_protocol_is_cut_off(words: bytes) -> None:
    sandbox = Sandbox("x")
    waiting = sandbox.expect(0)
    ours, theirs = socket.socketpair()
    await asyncio.get_running_loop().create_connection(lambda: sandbox.channel, sock=ours)
    with theirs:
        theirs.sendall(words)
        theirs.setblocking(False)
        assert await asyncio.wait_for(asyncio.get_running_loop().sock_recv(theirs, 1), 5) == b""
    sandbox.end_process("exit code 1")
    assert "no one understands" in (await last_event(sandbox))["why"]
    with pytest.raises(GoneError):
        await waiting


async def test_lines_are_put_together_however_they_are_cut() -> None:
    lines = entries(1, 50)
    stream = b"".join(line + b"\n" for line in lines) + b'{"type":"done","ref":0,"result":{"hosts":[]}}\n'
    for size in (1, 7, 100, len(stream)):
        sandbox = Sandbox("x")
        ready = sandbox.expect(0)
        for start in range(0, len(stream), size):
            sandbox.channel.data_received(stream[start : start + size])
        assert sandbox.log.read(0) == lines
        assert ready.result() == {"hosts": []}
