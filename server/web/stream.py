"""The stream: a WebSocket that carries the events of logs down, and commands and acts up.

Two addresses. ``/api/sandboxes/ID/stream?after=SEQ`` is one sandbox's log; each message is an array of events.
``/api/stream?log=ID&after=SEQ[&log=…&after=…]`` is any number of logs, sandboxes' and lab runs'; each message is
``{"log": ID, "events": […]}``, in the order of each log. More logs are followed with the command ``stream.follow``; a
log that cannot be followed, or not any more, is told as ``{"log": ID, "problem": …}``, one that has ended as
``{"log": ID, "ended": …}``. Who has a link to watch comes with its key (``&key=``), on both addresses.

A lean ASGI endpoint without a framework's wrappers: with 1,000 viewers, what is done per viewer and
message is all that counts. A viewer is a cursor into a log (``sessions/viewers.py``). The server
below waits for a slow client's buffer to drain before it takes the next message, so a slow viewer
holds one message at most; one that takes too long is told to resume.

Close codes: 1000 every log has ended and every event was sent; 1008 the link to watch was taken back;
1009 a frame was too large; 1012 the server ends; 1013 too slow, with the reason ``resume after=SEQ``.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping

import msgspec
from starlette.requests import HTTPConnection
from starlette.types import Message, Receive, Scope, Send

from server.errors import BadRequestError, LimitError, NotFoundError, SocketlabError
from server.web.access import Access
from server.web.feeds import Done, Ends, Feed
from server.web.security import refuse_websocket, stream_token_of

Ref = int | str | None
"""What a client may name its command by; the answer carries it back."""
Abort = Callable[[int, str], None]
ABORT = "socketlab.abort"
"""ASGI extension of our server (``serving.py``): ends a connection whose client does not read."""

MOST_LOGS = 16
"""So many logs one connection may follow at the same time."""
_PENDING_COMMANDS = 32
_MAX_SEQ = 2**53
_MAX_REF = 64
_encode = msgspec.json.Encoder().encode
_decode_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_ref = msgspec.json.Decoder(Ref).decode


class _Follow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``stream.follow``: another log on the same connection."""

    command: str
    log: str
    after: int = 0


_FOLLOW = b'"stream.follow"'
_decode_follow = msgspec.json.Decoder(_Follow).decode


async def stream(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one WebSocket connection to one sandbox: ``/api/sandboxes/{sandbox_id}/stream``."""
    sandbox_id: str = scope["path_params"]["sandbox_id"]
    try:
        query = HTTPConnection(scope).query_params
        token, subprotocol = ("", None) if "key" in query else stream_token_of(scope, sandbox_id)
        access = Access(scope, token)
        feed, after = await _opened(access, sandbox_id, query.get("after", "0"))
    except SocketlabError as error:
        await refuse_websocket(error, scope, receive, send)
        return
    connection = await _accepted(scope, receive, send, subprotocol, access)
    await connection.serve([(feed, after)], alone=True)


async def streams(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one WebSocket connection to any number of logs: ``/api/stream``."""
    query = HTTPConnection(scope).query_params
    wanted, afters = query.getlist("log"), query.getlist("after")
    access = Access(scope, query.get("token", ""))
    feeds: list[tuple[Feed, int]] = []
    refused: list[tuple[str, SocketlabError]] = []
    try:
        if not 1 <= len(wanted) <= MOST_LOGS:
            raise BadRequestError(f"{len(wanted)} logs are asked for.", f"Ask for 1 to {MOST_LOGS}: ?log=ID&after=SEQ.")
        for index, log_id in enumerate(wanted):
            try:
                feeds.append(await _opened(access, log_id, afters[index] if index < len(afters) else "0"))
            except SocketlabError as error:
                refused.append((log_id, error))
        if not feeds:
            raise refused[0][1]
    except SocketlabError as error:
        await refuse_websocket(error, scope, receive, send)
        return
    offered: list[str] = scope.get("subprotocols", [])
    connection = await _accepted(scope, receive, send, "socketlab" if "socketlab" in offered else None, access)
    await connection.serve(feeds, refused)


async def _accepted(scope: Scope, receive: Receive, send: Send, subprotocol: str | None, access: Access) -> _Connection:
    await receive()  # websocket.connect
    await send({"type": "websocket.accept", "subprotocol": subprotocol})
    return _Connection(scope, receive, send, access)


async def _opened(access: Access, log_id: str, text: str) -> tuple[Feed, int]:
    """A log to follow, and after which ``seq``.

    Raises:
        BadRequestError: The number is none, or the log does not reach so far.
        SocketlabError: The connection may not follow this log.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= 16 and int(text) <= _MAX_SEQ):
        raise BadRequestError(f"after is {text[:40]!r}.", "Give the seq of the last event that you have, or 0.")
    after = int(text)
    feed = await access.feed(log_id, after)
    end = await feed.end_seq()
    if after > end:
        raise BadRequestError(f"after is {text}, but the log ends at {end}.", "Start again from 0: it is another log.")
    return feed, after


class _Connection:
    """One viewer: a writer for each log that it follows, and a reader that takes commands."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, access: Access) -> None:
        self._access = access
        self._receive = receive
        self._send = send
        self._abort: Abort | None = scope.get("extensions", {}).get(ABORT)
        self._loop = asyncio.get_running_loop()
        self._limit: float = scope["app"].state.door.limits.viewer_seconds
        self._feeds: dict[str, Feed] = {}
        self._afters: dict[str, int] = {}
        self._writers: set[asyncio.Task[None]] = set()
        self._leases: dict[str, asyncio.Task[None]] = {}
        self._commands: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(_PENDING_COMMANDS)
        self._sending = 0
        self._progress_at = 0.0
        self._only: Feed | None = None
        self._ended = asyncio.Event()
        self._farewell = (1000, "the sandbox has ended")

    async def serve(
        self,
        feeds: list[tuple[Feed, int]],
        refused: list[tuple[str, SocketlabError]] | None = None,
        *,
        alone: bool = False,
    ) -> None:
        """Return when the client has left, every log has ended, or the client was too slow.

        Args:
            feeds: The logs to begin with, each with the last ``seq`` that the client has.
            refused: Logs that were asked for in vain, and why.
            alone: There is one log and its messages need not say which.
        """
        self._only = feeds[0][0] if alone else None
        async with asyncio.TaskGroup() as group:
            for feed, after in feeds:
                self._follow(group, feed, after)
            parts = {
                group.create_task(self._read(group)),
                group.create_task(self._end()),
                group.create_task(self._watch()),
            }
            for log_id, error in refused or ():
                await self._tell({"log": log_id, "problem": error.problem()})
            await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            for task in parts | self._commands | self._writers | set(self._leases.values()):
                task.cancel()

    # Down

    def _follow(self, group: asyncio.TaskGroup, feed: Feed, after: int) -> None:
        self._feeds[feed.id], self._afters[feed.id] = feed, after
        writer = group.create_task(self._write(feed))
        self._writers.add(writer)
        writer.add_done_callback(self._writers.discard)
        if feed.ends is not None:
            self._leases[feed.id] = group.create_task(self._until_taken_back(feed.id, feed.ends, writer))

    async def _until_taken_back(self, log_id: str, ends: Ends, writer: asyncio.Task[None]) -> None:
        """Once the right to follow a log is taken back, send nothing more of it, and say why."""
        try:
            error = await ends()
        except NotFoundError:  # it is forgotten, as its writer sees too
            return
        del self._leases[log_id]
        writer.cancel()
        if self._only is None:
            await self._tell({"log": log_id, "problem": error.problem()})
        else:
            self._farewell = (1008, error.title)
        self._leave(log_id)

    def _leave(self, log_id: str) -> None:
        """Follow a log no longer; with the last one, the connection ends."""
        if lease := self._leases.pop(log_id, None):
            lease.cancel()
        del self._feeds[log_id]
        if not self._feeds:
            self._ended.set()

    async def _write(self, feed: Feed) -> None:
        """Send a log to its end."""
        begin = "" if self._only is not None else f'{{"log":{_encode(feed.id).decode()},"events":'
        end = "" if self._only is not None else "}"
        with contextlib.suppress(NotFoundError), feed.watch():  # a log that is forgotten has ended
            more = True
            while more:
                batch = await feed.batch(self._afters[feed.id])
                if batch is None:
                    more = await feed.wait(self._afters[feed.id])
                elif await self._put(
                    {"type": "websocket.send", "text": f"{begin}{batch.text}{end}" if begin else batch.text}
                ):
                    self._afters[feed.id] = batch.last
                else:
                    self._ended.set()
                    return
        if self._only is None:
            await self._tell({"log": feed.id, "ended": self._afters[feed.id]})
        self._leave(feed.id)

    async def _end(self) -> None:
        """Once every log has ended, and every command is answered, say so."""
        await self._ended.wait()
        if self._commands:
            await asyncio.wait(self._commands)
        code, reason = self._farewell
        await self._put({"type": "websocket.close", "code": code, "reason": reason})

    async def _tell(self, message: Mapping[str, object]) -> bool:
        return await self._put({"type": "websocket.send", "text": _encode(message).decode()})

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
        reason = f"resume after={next(iter(self._afters.values()), 0)}" if self._only is not None else "resume"
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
            task = group.create_task(self._answer(*self._submit(group, document)))
            self._commands.add(task)
            task.add_done_callback(self._commands.discard)

    def _submit(self, group: asyncio.TaskGroup, document: bytes) -> tuple[Ref, Awaitable[Done] | SocketlabError]:
        """Send one command down: its ``ref``, and its future result or why it was refused."""
        ref: Ref = None
        try:
            ref, members = _split(document)
            if self._only is None and bytes(members.get("command", b"")) == _FOLLOW:
                return ref, self._follow_more(group, _encode(members))
            return ref, self._meant(members).submit(_encode(members))
        except SocketlabError as error:
            return ref, error

    def _meant(self, members: dict[str, msgspec.Raw]) -> Feed:
        """The log that a command is for; it is taken out of the command."""
        if self._only is not None:
            return self._only
        log_id = members.pop("log", None)
        feed = None if log_id is None else self._feeds.get(bytes(log_id).decode(errors="replace").strip('"'))
        if feed is None:
            raise BadRequestError("The command names no log that this connection follows.", 'Send "log": ID with it.')
        return feed

    async def _follow_more(self, group: asyncio.TaskGroup, document: bytes) -> Done:
        try:
            wanted = _decode_follow(document)
        except msgspec.DecodeError as error:
            raise BadRequestError(f"{error}", 'Send {"command": "stream.follow", "log": ID, "after": SEQ}.') from None
        if wanted.log in self._feeds:
            return {}
        if len(self._feeds) >= MOST_LOGS:
            raise LimitError(f"This connection follows {MOST_LOGS} logs.", "Open another one.")
        feed, after = await _opened(self._access, wanted.log, str(wanted.after))
        self._follow(group, feed, after)
        return {}

    async def _answer(self, ref: Ref, outcome: Awaitable[Done] | SocketlabError) -> None:
        try:
            if isinstance(outcome, SocketlabError):
                raise outcome
            reply: dict[str, object] = {"ref": ref, "ok": True, "result": await outcome}
        except SocketlabError as error:
            reply = {"ref": ref, "ok": False, "problem": error.problem()}
        try:
            await self._put({"type": "websocket.send", "text": _encode(reply).decode()})
        finally:
            self._slots.release()


def _split(document: bytes) -> tuple[Ref, dict[str, msgspec.Raw]]:
    """The ``ref`` of a message, and the members of the command without it.

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
    return ref, members
