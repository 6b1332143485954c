"""The stream: a WebSocket that carries event batches down and commands up.

A lean ASGI endpoint without a framework's wrappers: with 1,000 viewers, what is done per viewer and
message is all that counts. A viewer is a cursor into the log (``sessions/viewers.py``). The server
below waits for a slow client's buffer to drain before it takes the next message, so a slow viewer
holds one message at most; one that takes too long is told where to resume (close code 1013).

Close codes: 1000 the sandbox has ended and every event was sent; 1009 a frame was too large; 1012 the
server ends; 1013 too slow, with the reason ``resume after=SEQ``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Literal

import msgspec
from starlette.requests import HTTPConnection
from starlette.types import Message, Receive, Scope, Send

from server.commands import Result, decode_command
from server.errors import BadRequestError, Problem, SocketlabError
from server.sessions.door import Door
from server.web.security import refuse_websocket, stream_token_of

Ref = int | str | None
"""What a client may name its command by; the answer carries it back."""
Abort = Callable[[int, str], None]
ABORT = "socketlab.abort"
"""ASGI extension of our server (``serving.py``): ends a connection whose client does not read."""

_PENDING_COMMANDS = 32
_MAX_SEQ = 2**53
_MAX_REF = 64
_encode = msgspec.json.Encoder().encode
_decode_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_ref = msgspec.json.Decoder(Ref).decode


class _Done(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a command that was carried out."""

    ref: Ref
    ok: Literal[True] = True
    result: Result


class _Refused(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a command that was refused."""

    ref: Ref
    ok: Literal[False] = False
    problem: Problem


async def stream(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one WebSocket connection: ``/api/sandboxes/{sandbox_id}/stream``."""
    door: Door = scope["app"].state.door
    sandbox_id: str = scope["path_params"]["sandbox_id"]
    try:
        token, subprotocol = stream_token_of(scope, sandbox_id)
        door.admits(sandbox_id, token)
        after = await _after(scope, door, sandbox_id)
    except SocketlabError as error:
        await refuse_websocket(error, scope, receive, send)
        return
    with door.watch(sandbox_id):
        await receive()  # websocket.connect
        await send({"type": "websocket.accept", "subprotocol": subprotocol})
        await _Connection(door, sandbox_id, after, scope, receive, send).serve()


async def _after(scope: Scope, door: Door, sandbox_id: str) -> int:
    text = HTTPConnection(scope).query_params.get("after", "0")
    if not (text.isascii() and text.isdigit() and len(text) <= 16 and int(text) <= _MAX_SEQ):
        raise BadRequestError(f"after is {text[:40]!r}.", "Give the seq of the last event that you have, or 0.")
    end = (await door.status(sandbox_id)).end_seq
    if int(text) > end:
        raise BadRequestError(
            f"after is {text}, but the log ends at {end}.", "Start again from 0: that is another log."
        )
    return int(text)


class _Connection:
    """One viewer: a writer that follows the log, and a reader that takes commands."""

    def __init__(self, door: Door, sandbox_id: str, after: int, scope: Scope, receive: Receive, send: Send) -> None:
        self._door = door
        self._sandbox = sandbox_id
        self._after = after
        self._receive = receive
        self._send = send
        self._abort: Abort | None = scope.get("extensions", {}).get(ABORT)
        self._loop = asyncio.get_running_loop()
        self._limit = door.limits.viewer_seconds
        self._commands: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(_PENDING_COMMANDS)
        self._sending = 0
        self._progress_at = 0.0

    async def serve(self) -> None:
        """Return when the client has left, the sandbox has ended, or the client was too slow."""
        async with asyncio.TaskGroup() as group:
            parts = {
                group.create_task(self._read(group)),
                group.create_task(self._write()),
                group.create_task(self._watch()),
            }
            await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            for task in parts | self._commands:
                task.cancel()

    # Down

    async def _write(self) -> None:
        door, sandbox = self._door, self._sandbox
        while await door.wait(sandbox, self._after):
            while (batch := await door.batch(sandbox, self._after)) is not None:
                if not await self._put({"type": "websocket.send", "text": batch.text}):
                    return
                self._after = batch.last
        if self._commands:
            await asyncio.wait(self._commands)
        await self._put({"type": "websocket.close", "code": 1000, "reason": "the sandbox has ended"})

    async def _put(self, message: Message) -> bool:
        """Send one message; False: the client has left. It waits while the client does not read."""
        if self._sending == 0:
            self._progress_at = self._loop.time()
        self._sending += 1
        try:
            await self._send(message)
        except OSError:  # what ASGI servers raise for a client that has left
            return False
        finally:
            self._sending -= 1
            self._progress_at = self._loop.time()
        return True

    async def _watch(self) -> None:
        """Return once the client has taken nothing for too long; it is told where to go on."""
        stuck = False
        while not stuck:
            await asyncio.sleep(self._limit / 4)
            stuck = self._sending > 0 and self._loop.time() - self._progress_at > self._limit
        reason = f"resume after={self._after}"
        if self._abort is not None:
            self._abort(1013, reason)
        else:
            await self._put({"type": "websocket.close", "code": 1013, "reason": reason})

    # Up

    async def _read(self, group: asyncio.TaskGroup) -> None:
        while True:
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            document: bytes = message.get("bytes") or b"" if text is None else text.encode()
            await self._slots.acquire()
            # Submitted here and not in the task: commands go down in the order in which they came.
            task = group.create_task(self._answer(*self._submit(document)))
            self._commands.add(task)
            task.add_done_callback(self._commands.discard)

    def _submit(self, document: bytes) -> tuple[Ref, asyncio.Future[Result] | SocketlabError]:
        """Send one command down: its ``ref``, and its future result or why it was refused."""
        ref: Ref = None
        try:
            ref, command = _split(document)
            return ref, self._door.submit(self._sandbox, decode_command(command))
        except SocketlabError as error:
            return ref, error

    async def _answer(self, ref: Ref, outcome: asyncio.Future[Result] | SocketlabError) -> None:
        try:
            if isinstance(outcome, SocketlabError):
                raise outcome
            reply: _Done | _Refused = _Done(ref=ref, result=await outcome)
        except SocketlabError as error:
            reply = _Refused(ref=ref, problem=error.problem())
        try:
            await self._put({"type": "websocket.send", "text": _encode(reply).decode()})
        finally:
            self._slots.release()


def _split(document: bytes) -> tuple[Ref, bytes]:
    """The ``ref`` of a message, and the command without it.

    Raises:
        BadRequestError: The message is no JSON object, or its ``ref`` cannot be told back.
    """
    hint = 'Send one JSON object, such as {"ref": 1, "command": "pace.set", "pace": "step"}.'
    try:
        members = _decode_object(document)
        ref = _decode_ref(members.pop("ref", b"null"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequestError(f"The message is not understood: {error}", hint) from None
    if isinstance(ref, str) and len(ref) > _MAX_REF:
        raise BadRequestError(f"The ref is longer than {_MAX_REF} characters.", hint)
    return ref, _encode(members)
