"""The key of a link to watch: whoever has it may look at one log, and no more, until its owner takes it back.

A sandbox and a lab run each have one. An id alone opens nothing, and a key of one log nothing of another.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections import deque

from server.errors import SocketlabError

KEY_BYTES = 18
"""144 random bits."""
_REMEMBERED = 32
"""So many keys that were taken back are told apart from keys that never were."""


class TakenBackError(SocketlabError):
    """A link to watch that its owner has taken back."""

    title = "This link was taken back"
    status = 410


def new_key() -> str:
    """A key that nobody can guess."""
    return secrets.token_urlsafe(KEY_BYTES)


def taken_back() -> TakenBackError:
    """What somebody reads whose link does not open anything any more."""
    return TakenBackError(
        "Whoever shared this has taken the link back, so it shows nothing any more.", "Ask them for a new link."
    )


class WatchKey:
    """The present key of one log, and those that were taken back.

    Args:
        key: The one that was given out before; a new one if None.

    Attributes:
        key: Who knows it may look.
    """

    def __init__(self, key: str | None = None) -> None:
        self.key = new_key() if key is None else key
        self._old: deque[str] = deque(maxlen=_REMEMBERED)
        self._change = asyncio.Event()

    def opens(self, key: str) -> bool:
        """Whether a key is the present one.

        Raises:
            TakenBackError: It was.
        """
        if _same(self.key, key):
            return True
        if sum(_same(old, key) for old in self._old):
            raise taken_back()
        return False

    def take_back(self) -> str:
        """From here on the present key opens nothing, and whoever came in by it is told; returns the next one."""
        self._old.append(self.key)
        self.key = new_key()
        change, self._change = self._change, asyncio.Event()
        change.set()
        return self.key

    async def until_taken_back(self, key: str) -> TakenBackError:
        """Return once a key that has opened the log is not the present one any more."""
        while _same(self.key, key):
            await self._change.wait()
        return taken_back()


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
