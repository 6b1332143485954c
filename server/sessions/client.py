"""One sandbox for who holds only its id: everything goes through the door, so it works from another machine too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from server.commands import CommandOf
from server.errors import GoneError, NotFoundError
from server.sessions.door import Door, Status
from server.shapes import State

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class SandboxClient:
    """A sandbox by its id. To who uses it, a sandbox that is forgotten has ended.

    Attributes:
        door: Where it is reached.
        id: Which one.
    """

    door: Door
    id: str

    async def command(self, command: CommandOf[R]) -> R:
        """Carry out one command, and return its result.

        Raises:
            SocketlabError: The sandbox refused it, does not answer, or has ended.
        """
        try:
            reply = self.door.submit(self.id, command)
        except NotFoundError:
            raise _gone() from None
        return await reply

    async def read(self, after: int) -> list[bytes]:
        """Some of the lines that follow ``after``; none at the end.

        Raises:
            GoneError: The log is not kept any more.
        """
        try:
            return await self.door.read(self.id, after)
        except NotFoundError:
            raise _gone() from None

    async def wait(self, after: int) -> bool:
        """Return as soon as something follows ``after`` (True), or the log is closed and nothing will (False)."""
        try:
            return await self.door.wait(self.id, after)
        except NotFoundError:
            return False

    async def closed(self) -> bool:
        """Nothing more will come into its log."""
        return (await self.status()).closed

    async def status(self) -> Status:
        """How far it is."""
        try:
            return await self.door.status(self.id)
        except NotFoundError:
            return Status(end_seq=0, closed=True, why="it was deleted", ended=True)

    async def state(self) -> State:
        """The fold of its whole log; shared: read it before the next ``await``, and change nothing.

        Raises:
            GoneError: The log is not kept any more.
        """
        try:
            return await self.door.state(self.id)
        except NotFoundError:
            raise _gone() from None


def _gone() -> GoneError:
    return GoneError("The sandbox has ended, and its log is not kept any more.", "Start a new one.")
