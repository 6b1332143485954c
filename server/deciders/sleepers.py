"""When a thread is looked at, to see whether the kernel has put it to sleep inside the call that it is in.

No stop tells of that, so the thread is looked at: first when its call has taken ``FIRST_NS``, then at growing
distances, until it sleeps or comes back. A call that comes back before that was no wait that anybody could see.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from server import events as ev
from server.deciders.tracee import LookWhetherAsleep, Steps, Thread

FIRST_NS: Final = 1_000_000
MOST_NS: Final = 64_000_000
"""A thread that runs on and on in its call is looked at so seldom in the end."""


@dataclass(slots=True)
class _Look:
    thread: Thread
    due: int
    pause: int = FIRST_NS


class Sleepers:
    """The threads of one sandbox that are in a call in which they may be put to sleep."""

    def __init__(self) -> None:
        self._looks: dict[int, _Look] = {}

    def enters(self, thread: Thread, t: int) -> None:
        """A thread goes into its call now (ns)."""
        self._looks[thread.call] = _Look(thread, t + FIRST_NS)

    def leaves(self, call: int) -> None:
        """A call is over, or its thread is gone."""
        self._looks.pop(call, None)

    def due(self, t: int) -> Steps:
        """Whom to look at now (ns)."""
        steps: Steps = []
        for call, look in self._looks.items():
            if look.due <= t:
                look.due, look.pause = t + look.pause, min(MOST_NS, 2 * look.pause)
                steps.append(LookWhetherAsleep(look.thread, call))
        return steps

    def looked(self, thread: Thread, call: int, *, asleep: bool) -> Steps:
        """Whether a thread sleeps in a call."""
        if not asleep or call not in self._looks:
            return []
        del self._looks[call]
        return [ev.SyscallBlocked(call=call, pid=thread.process.pid, tid=thread.tid)]

    def next_due(self) -> int | None:
        """When ``due`` has something to do (ns), or None."""
        return min((look.due for look in self._looks.values()), default=None)
