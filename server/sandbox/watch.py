"""What the loop waits for: descriptors with the function to call when one is ready."""

from __future__ import annotations

import select
from collections.abc import Callable


class Watch:
    """An epoll(7) set in which every descriptor knows what to do."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._actions: dict[int, Callable[[], None]] = {}
        self._events: dict[int, int] = {}

    def add(self, fd: int, events: int, action: Callable[[], None]) -> None:
        """Call ``action`` whenever ``fd`` is ready for ``events`` (or has failed); replaces an earlier one."""
        if fd in self._actions:
            self._epoll.modify(fd, events)
        else:
            self._epoll.register(fd, events)
        self._actions[fd] = action
        self._events[fd] = events

    def wait_for(self, fd: int, events: int) -> None:
        """Wait for other events of a descriptor; what is to be done stays. Nothing happens if it was not waited for."""
        if self._events.get(fd, events) != events:
            self._epoll.modify(fd, events)
            self._events[fd] = events

    def remove(self, fd: int) -> None:
        """Wait for ``fd`` no longer; nothing happens if it was not waited for."""
        if self._actions.pop(fd, None) is not None:
            del self._events[fd]
            self._epoll.unregister(fd)

    def wait(self, seconds: float) -> list[tuple[int, int]]:
        """The descriptors that are ready, with their events, after ``seconds`` at the latest (below 0: no limit)."""
        return self._epoll.poll(seconds)

    def act(self, fd: int) -> None:
        """Do what is to be done for a ready descriptor; one that an earlier action removed is passed over."""
        action = self._actions.get(fd)
        if action is not None:
            action()
