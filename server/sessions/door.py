"""The door: the one entry point for people and programs, over HTTP, WebSocket or the command line.

It knows who may do what (a token opens one sandbox and nothing else, a watch key lets somebody look), who has how many
sandboxes, and when nobody needs one any more. Everything is asked by a sandbox's id and answered with values, so that
a sandbox and its log may live on another machine; a command is sent down, and the sandbox's loop decides and logs it.

A wrong token reveals nothing: the answer to an id that is not there and to a token that does not
fit is the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import secrets
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from server.commands import CommandOf, HostResult
from server.errors import LimitError, NotFoundError
from server.events import Pace
from server.sandbox.messages import HostSpec
from server.sessions.hosts import DEFAULT_HOSTS, checked_hosts
from server.sessions.limits import Limits, duration
from server.sessions.sandbox import Sandbox
from server.sessions.viewers import Batch
from server.sessions.watch_keys import TakenBackError, WatchKey
from server.sessions.zygote import Zygote
from server.shapes import State

R = TypeVar("R")

_SWEEP_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks.

    Attributes:
        address: The network address.
        name: What tells apart those who share an address; empty: they are taken for one.
    """

    address: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    """A sandbox that was made.

    Attributes:
        id: Its name in every message and URL. Not a secret.
        token: Who knows it may do everything with this sandbox.
        hosts: The hosts that it began with, as it says itself.
    """

    id: str
    token: str
    hosts: list[HostResult]


@dataclass(frozen=True, slots=True)
class Status:
    """How far a sandbox is.

    Attributes:
        end_seq: The ``seq`` of the last event in its log; 0 if there is none.
        closed: Nothing more will come into its log.
        why: Why it ended or is ending; empty while it runs.
        ended: It is gone: no process, namespace or mount of it is left.
        age_seconds: So long ago it was made.
        kept_seconds: So long its log is still kept, at most; 0 while it runs.
        viewers: How many watch its log now.
    """

    end_seq: int
    closed: bool
    why: str
    ended: bool
    age_seconds: int = 0
    kept_seconds: int = 0
    viewers: int = 0


@dataclass(slots=True)
class _Entry:
    sandbox: Sandbox
    visitor: Visitor
    watch: WatchKey = field(default_factory=WatchKey)
    made_at: float = field(default_factory=time.monotonic)
    ended_at: float = 0.0
    deleted: bool = False


class Door:
    """All sandboxes of one server. Use as an async context: at its end nothing of any sandbox is left.

    Args:
        limits: What may be used; the defaults if None.
        labs: The folder that sandboxes see as ``/labs``; the one that came along if None.
    """

    def __init__(self, limits: Limits | None = None, labs: Path | None = None) -> None:
        self.limits = limits or Limits()
        self._zygote = Zygote(labs)
        self._entries: dict[str, _Entry] = {}
        self._coming: list[Visitor] = []
        self._sweeper: asyncio.TaskGroup | None = None
        self._open = False

    async def __aenter__(self) -> Self:
        self._open = True
        self._zygote.start()
        self._sweeper = asyncio.TaskGroup()
        await self._sweeper.__aenter__()
        self._sweeper_task = self._sweeper.create_task(self._sweep())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open = False
        self._sweeper_task.cancel()
        assert self._sweeper is not None
        await self._sweeper.__aexit__(None, None, None)
        await self._zygote.close()

    # Sandboxes

    async def create(
        self,
        visitor: Visitor,
        hosts: Sequence[HostSpec] = DEFAULT_HOSTS,
        pace: Pace = "live",
        open_files: int | None = None,
    ) -> Opened:
        """Make a sandbox for a visitor.

        Args:
            visitor: Who asks.
            hosts: The hosts that it shall have.
            pace: The pace that it begins in.
            open_files: Open files of one process, where a lab needs more than the server's limit.

        Raises:
            BadRequestError: The hosts cannot be built.
            LimitError: The server, the visitor or the address has as many as it may have.
            SocketlabError: The machine did not do it.
        """
        if not self._open:
            raise LimitError("The server is ending.", "Try again in a moment.")
        hosts = checked_hosts(hosts, self.limits.hosts)
        self._check_room(visitor)
        self._coming.append(visitor)
        try:
            limits = self.limits.for_sandbox()
            if open_files is not None:
                limits["open_files"] = open_files
            sandbox = await self._zygote.create(self._new_id(), hosts, pace, limits)
        finally:
            self._coming.remove(visitor)
        self._entries[sandbox.id] = _Entry(sandbox, visitor)
        return Opened(sandbox.id, sandbox.token, sandbox.hosts)

    def admits(self, sandbox_id: str, token: str) -> None:
        """Let through who knows a sandbox's token; it may have ended already.

        Raises:
            NotFoundError: There is none with this id, or the token is not its.
        """
        entry = self._entries.get(sandbox_id)
        expected = entry.sandbox.token if entry is not None and not entry.deleted else ""
        fits = hmac.compare_digest(expected.encode(), token.encode())
        if entry is None or not expected or not fits:
            raise NotFoundError(
                f"There is no sandbox {sandbox_id[:40]!r} that you may steer.",
                "It may have ended a while ago; start a new one.",
            )

    # Who may look

    def admits_viewer(self, sandbox_id: str, key: str) -> None:
        """Let through who has a sandbox's watch key; it may have ended already.

        Raises:
            TakenBackError: Its owner has taken the key back.
            NotFoundError: There is none with this id, or the key is not its.
        """
        entry = self._entries.get(sandbox_id)
        watch = entry.watch if entry is not None and not entry.deleted else WatchKey()
        if not watch.opens(key):
            raise NotFoundError(
                "This link opens nothing.",
                f"Either it is not complete, or the sandbox has ended: a recording of it is kept for "
                f"{duration(self.limits.remembered_seconds)} at most, and until the server restarts.",
            )

    def watch_key(self, sandbox_id: str) -> str:
        """What a link to watch a sandbox carries.

        Raises:
            NotFoundError: There is none with this id.
        """
        return self._entry(sandbox_id).watch.key

    def take_back(self, sandbox_id: str) -> None:
        """From here on the links to watch a sandbox that were given out open nothing.

        Raises:
            NotFoundError: There is none with this id.
        """
        self._entry(sandbox_id).watch.take_back()

    async def until_taken_back(self, sandbox_id: str, key: str) -> TakenBackError:
        """Return once a key that has let somebody in is taken back.

        Raises:
            NotFoundError: There is none with this id.
        """
        return await self._entry(sandbox_id).watch.until_taken_back(key)

    def of(self, name: str) -> list[str]:
        """The sandboxes of the visitors of a name, those that are still kept too; the newest first."""
        own = [entry for entry in self._entries.values() if name and entry.visitor.name == name and not entry.deleted]
        return [entry.sandbox.id for entry in reversed(own)]

    # How it ends

    async def close(self, sandbox_id: str, why: str) -> None:
        """End a sandbox; return when nothing of it is left. Its log can still be read.

        Args:
            sandbox_id: Which one.
            why: What ``sandbox.closed`` says.

        Raises:
            NotFoundError: There is none with this id.
        """
        await self._sandbox(sandbox_id).close(why)

    async def delete(self, sandbox_id: str) -> None:
        """End a sandbox and forget it; return when nothing of it is left. One that is not there is forgotten already.

        Who watches it may read its log to the end.
        """
        entry = self._entries.get(sandbox_id)
        if entry is None:
            return
        await entry.sandbox.close("it was deleted")
        entry.deleted = True
        self._forget_unless_watched(sandbox_id)

    # What one does with a sandbox

    async def status(self, sandbox_id: str) -> Status:
        """How far a sandbox is.

        Raises:
            NotFoundError: There is none with this id.
        """
        entry = self._entry(sandbox_id)
        sandbox, log = entry.sandbox, entry.sandbox.log
        now, kept = time.monotonic(), 0
        if sandbox.ended.is_set():
            entry.ended_at = entry.ended_at or now
            kept = max(0, int(entry.ended_at + self.limits.remembered_seconds - now))
        return Status(
            end_seq=log.end_seq,
            closed=log.closed,
            why=sandbox.why,
            ended=sandbox.ended.is_set(),
            age_seconds=int(now - entry.made_at),
            kept_seconds=kept,
            viewers=sandbox.viewers.count,
        )

    def submit(self, sandbox_id: str, command: CommandOf[R]) -> asyncio.Future[R]:
        """Send a command down at once, in the order of the calls; the future is its result.

        The future fails with a ``SocketlabError``: the sandbox refused it, does not answer, or has ended.

        Raises:
            NotFoundError: There is none with this id.
            GoneError: The sandbox has ended.
        """
        return self._sandbox(sandbox_id).submit(command)

    async def command(self, sandbox_id: str, command: CommandOf[R]) -> R:
        """Carry out one command, and return its result.

        Raises:
            SocketlabError: There is no such sandbox, it refused the command, does not answer, or has ended.
        """
        return await self.submit(sandbox_id, command)

    # What one reads of a log

    async def read(self, sandbox_id: str, after: int) -> list[bytes]:
        """Some of the lines that follow ``after``; none at the end.

        Raises:
            NotFoundError: There is none with this id.
        """
        return self._sandbox(sandbox_id).log.read(after)

    async def batch(self, sandbox_id: str, after: int) -> Batch | None:
        """The next message for a viewer that has everything up to ``after``; None at the end.

        Raises:
            NotFoundError: There is none with this id.
        """
        return self._sandbox(sandbox_id).viewers.batch(after)

    async def wait(self, sandbox_id: str, after: int) -> bool:
        """Return as soon as something follows ``after`` (True), or the log is closed and nothing will (False).

        Raises:
            NotFoundError: There is none with this id.
        """
        log = self._sandbox(sandbox_id).log
        await log.wait(after)
        return log.end_seq > after

    def lines(self, sandbox_id: str, after: int = 0) -> AsyncIterator[list[bytes]]:
        """The lines that follow ``after``, up to the end at the time of the call, some at a time.

        Other work has its turn between them. They come to the end even if the sandbox is forgotten meanwhile.

        Raises:
            NotFoundError: There is none with this id.
        """
        return self._sandbox(sandbox_id).log.pieces(after)

    async def state(self, sandbox_id: str) -> State:
        """The fold of a whole log. It is shared: read it before the next ``await``, and change nothing.

        Raises:
            NotFoundError: There is none with this id.
        """
        return await self._sandbox(sandbox_id).log.state()

    @contextlib.contextmanager
    def watch(self, sandbox_id: str) -> Iterator[None]:
        """Count as a viewer: within, the sandbox is not idle, and its log is not forgotten.

        Raises:
            NotFoundError: There is none with this id.
        """
        sandbox = self._sandbox(sandbox_id)
        sandbox.viewers.count += 1
        try:
            yield
        finally:
            sandbox.viewers.count -= 1
            sandbox.used_at = time.monotonic()
            self._forget_unless_watched(sandbox_id)

    @property
    def running(self) -> int:
        """How many sandboxes run now."""
        return sum(not entry.sandbox.ended.is_set() for entry in self._entries.values())

    def _entry(self, sandbox_id: str) -> _Entry:
        entry = self._entries.get(sandbox_id)
        if entry is None:
            raise NotFoundError(f"There is no sandbox {sandbox_id[:40]!r}.", "It may have ended a while ago.")
        return entry

    def _sandbox(self, sandbox_id: str) -> Sandbox:
        return self._entry(sandbox_id).sandbox

    def _forget_unless_watched(self, sandbox_id: str) -> None:
        entry = self._entries.get(sandbox_id)
        if entry is not None and entry.deleted and not entry.sandbox.viewers.count:
            del self._entries[sandbox_id]

    def _new_id(self) -> str:
        while (sandbox_id := secrets.token_hex(5)) in self._entries:
            pass
        return sandbox_id

    def _check_room(self, visitor: Visitor) -> None:
        limits = self.limits
        visitors = [*self._coming]
        visitors += [entry.visitor for entry in self._entries.values() if not entry.sandbox.ended.is_set()]
        if len(visitors) >= limits.sandboxes:
            raise LimitError(
                f"This server runs {limits.sandboxes} sandboxes, as many as it may.",
                "Wait until one ends: a sandbox that nobody uses ends by itself.",
            )
        if sum(other == visitor for other in visitors) >= limits.sandboxes_per_visitor:
            raise LimitError(
                f"You have {limits.sandboxes_per_visitor} sandboxes running, as many as one visitor may have.",
                "End one of them first: the page “Yours” lists them.",
            )
        if sum(other.address == visitor.address for other in visitors) >= limits.sandboxes_per_address:
            raise LimitError(
                f"Your network address has {limits.sandboxes_per_address} sandboxes, as many as one may have.",
                "End one of them first, or ask who runs this server for a higher limit.",
            )

    # Time

    async def _sweep(self) -> None:
        pause = min(_SWEEP_SECONDS, self.limits.idle_seconds / 4)
        while True:
            await asyncio.sleep(pause)
            assert self._sweeper is not None
            for sandbox, why in self._due(time.monotonic()):
                self._sweeper.create_task(sandbox.close(why))

    def _due(self, now: float) -> list[tuple[Sandbox, str]]:
        """Forget what ended long ago; return what should end now, and why."""
        limits = self.limits
        due: list[tuple[Sandbox, str]] = []
        ended: list[_Entry] = []
        for entry in list(self._entries.values()):
            sandbox = entry.sandbox
            if sandbox.ended.is_set():
                entry.ended_at = entry.ended_at or now
                if sandbox.viewers.count == 0 and now - entry.ended_at > limits.remembered_seconds:
                    del self._entries[sandbox.id]
                else:
                    ended.append(entry)
            elif sandbox.viewers.count:
                sandbox.used_at = now
            elif now - sandbox.used_at > limits.idle_seconds:
                due.append((sandbox, f"nobody used it for {limits.idle_seconds} seconds"))
            if sandbox.log.end_seq > limits.log_events and not sandbox.ended.is_set():
                due.append((sandbox, f"its log reached {limits.log_events} events"))
        ended.sort(key=lambda entry: entry.ended_at, reverse=True)
        size = 0
        for count, entry in enumerate(ended, 1):
            size += entry.sandbox.log.kept_bytes
            if count > limits.remembered or size > limits.remembered_bytes:
                entry.deleted = True
                self._forget_unless_watched(entry.sandbox.id)
        return due
