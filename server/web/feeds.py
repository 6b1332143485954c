"""A log as the stream sees it, whatever it is a log of: batches of events down, commands up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from server.commands import decode_command
from server.courses.courses import Courses, Right
from server.errors import ForbiddenError, SocketlabError
from server.lab_acts import decode_act
from server.sessions.door import Door, Visitor

Done = Mapping[str, object]
"""The result of a command, as JSON has it; empty for an act."""

Ends = Callable[[], Awaitable[SocketlabError]]
"""Returns once the right to follow a log is taken back, with what to tell."""


class Batch(Protocol):
    """One message: ``text`` is a JSON array of the events up to and including ``last``."""

    @property
    def text(self) -> str:
        """The array."""
        ...

    @property
    def last(self) -> int:
        """The ``seq`` of the last event in it."""
        ...


class Feed(Protocol):
    """One log."""

    @property
    def id(self) -> str:
        """The log's id."""
        ...

    @property
    def ends(self) -> Ends | None:
        """For who watches by a link: tells when it is taken back."""
        ...

    async def end_seq(self) -> int:
        """The ``seq`` of its last event."""
        ...

    async def batch(self, after: int) -> Batch | None:
        """The next message for who has everything up to ``after``; None at the end."""
        ...

    async def wait(self, after: int) -> bool:
        """Return as soon as something follows ``after`` (True), or nothing ever will (False)."""
        ...

    def watch(self) -> AbstractContextManager[None]:
        """Count as a viewer: within, the log is not forgotten."""
        ...

    def submit(self, document: bytes) -> Awaitable[Done]:
        """Send a command up, in the order of the calls; what is awaited is its result.

        Raises:
            SocketlabError: It is not understood, or not allowed.
        """
        ...


@dataclass(frozen=True, slots=True)
class SandboxFeed:
    """A sandbox's log."""

    door: Door
    id: str
    right: Right = "steer"
    ends: Ends | None = None

    async def end_seq(self) -> int:
        """The ``seq`` of its last event."""
        return (await self.door.status(self.id)).end_seq

    async def batch(self, after: int) -> Batch | None:
        """The next message."""
        return await self.door.batch(self.id, after)

    async def wait(self, after: int) -> bool:
        """Wait for more."""
        return await self.door.wait(self.id, after)

    def watch(self) -> AbstractContextManager[None]:
        """Count as a viewer."""
        return self.door.watch(self.id)

    def submit(self, document: bytes) -> Awaitable[Done]:
        """Send a command down to the sandbox."""
        if self.right != "steer":
            raise _only_watches()
        return self.door.submit(self.id, decode_command(document))


@dataclass(frozen=True, slots=True)
class RunFeed:
    """A lab run's log."""

    courses: Courses
    id: str
    right: Right
    visitor: Visitor
    ends: Ends | None = None

    async def end_seq(self) -> int:
        """The ``seq`` of its last event."""
        return await self.courses.end_seq(self.id)

    async def batch(self, after: int) -> Batch | None:
        """The next message."""
        return await self.courses.batch(self.id, after)

    async def wait(self, after: int) -> bool:
        """Wait for more."""
        return await self.courses.wait(self.id, after)

    def watch(self) -> AbstractContextManager[None]:
        """Count as a follower."""
        return self.courses.watch(self.id)

    def submit(self, document: bytes) -> Awaitable[Done]:
        """Hand an act to the run."""
        if self.right != "steer":
            raise _only_watches()
        return self._act(document)

    async def _act(self, document: bytes) -> Done:
        await self.courses.act(self.id, self.visitor, decode_act(document))
        return {}


def _only_watches() -> ForbiddenError:
    return ForbiddenError("You watch. Only whoever has shared this can do something in it.", "Start one of your own.")
