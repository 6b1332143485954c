"""The beginning of the log: the one place of a sandbox that gives ``seq`` and ``t``.

Observers emit in the order in which they learn, and because one loop runs them all, that order is
causal. Lines collect here until the loop hands them to the server.
"""

from __future__ import annotations

import time

from server.events import Event, encode_entry


class Journal:
    """Numbers and encodes events; keeps the lines that the server has not been sent yet.

    Args:
        limit: How many events a sandbox may log.
    """

    def __init__(self, limit: int) -> None:
        self._start = time.monotonic_ns()
        self._limit = limit
        self.seq = 0
        self.lines: list[bytes] = []
        self.first_unsent_t = 0
        self.cause: Event | None = None

    def now(self) -> int:
        """Nanoseconds since the sandbox began, on the monotonic clock."""
        return time.monotonic_ns() - self._start

    def emit(self, event: Event) -> int:
        """Append one event; returns its ``t`` (ns).

        If a command is being carried out (``cause``), its own event comes first: cause before effect.
        """
        if self.cause is not None:
            self.announce_cause()
        t = time.monotonic_ns() - self._start
        self.seq += 1
        if not self.lines:
            self.first_unsent_t = t
        self.lines.append(encode_entry(self.seq, t, event))
        return t

    def announce_cause(self) -> None:
        """Log that the command being carried out was accepted, unless its effects have already said so."""
        cause, self.cause = self.cause, None
        if cause is not None:
            self.emit(cause)

    def take(self) -> list[bytes]:
        """The lines that have not been sent; they are the caller's now."""
        lines, self.lines = self.lines, []
        return lines

    @property
    def full(self) -> bool:
        """The log has reached its limit."""
        return self.seq >= self._limit
