"""Viewers: cursors into a shared log, and the messages they get.

A message is one JSON array of events. It is built once for all viewers that stand at the same place,
as one ``str`` object that all of them send. There is no queue per viewer: a slow one keeps nothing but
its cursor, and its next message starts there.
"""

from __future__ import annotations

from dataclasses import dataclass

from server.sessions.log import Log

_KEPT = 4


@dataclass(frozen=True, slots=True)
class Batch:
    """One message: ``text`` is a JSON array of the events up to and including ``last``."""

    text: str
    last: int


class Viewers:
    """Everybody who watches one log.

    Attributes:
        count: How many watch now.
    """

    def __init__(self, log: Log) -> None:
        self.log = log
        self.count = 0
        self._recent: dict[int, Batch] = {}

    def batch(self, after: int) -> Batch | None:
        """The next message for a viewer that has everything up to ``after``; None if that is the end."""
        batch = self._recent.get(after)
        if batch is None:
            lines = self.log.read(after)
            if not lines:
                return None
            batch = Batch((b"[" + b",".join(lines) + b"]").decode(), after + len(lines))
            if len(self._recent) >= _KEPT:
                del self._recent[next(iter(self._recent))]
            self._recent[after] = batch
        return batch
