"""Who has which socket: what the tables of descriptors write and the socket table reads."""

from __future__ import annotations

from collections import defaultdict

from server import events as ev


class Owners:
    """Which descriptors name a socket, for all processes of a sandbox.

    Attributes:
        changed: The sockets whose owners changed since somebody was told.
        pidfds: The pidfd of each traced process that has not ended.
    """

    def __init__(self) -> None:
        self._of: defaultdict[str, set[tuple[int, int]]] = defaultdict(set)
        self.changed: set[str] = set()
        self.pidfds: dict[int, int] = {}

    def of(self, cookie: str) -> list[ev.Owner]:
        """The owners of a socket, in order of pid and fd."""
        return [ev.Owner(pid=pid, fd=fd) for pid, fd in sorted(self._of.get(cookie, ()))]

    def any(self, cookie: str) -> tuple[int, int] | None:
        """One (pid, fd) that names the socket, or None."""
        return next(iter(self._of.get(cookie, ())), None)

    def add(self, cookie: str, pid: int, fd: int) -> None:
        """A descriptor names the socket."""
        self._of[cookie].add((pid, fd))
        self.changed.add(cookie)

    def remove(self, cookie: str, pid: int, fd: int) -> None:
        """A descriptor names the socket no longer."""
        owners = self._of[cookie]
        owners.discard((pid, fd))
        if not owners:
            del self._of[cookie]
        self.changed.add(cookie)
