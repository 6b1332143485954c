"""Who may go on, and when: moments in, holds and releases out.

A *moment* is something that is about to happen and can wait: a system call about to enter, a packet
about to be delivered. The observers ask ``arrive`` for each; the answer is either "go" or a moment
that waits. Later ``release``, ``due`` and ``set_pace`` give moments back, and whoever asked lets them
happen. Nothing here knows a process, a clock or a packet: time comes in as nanoseconds, work goes out
as values.

Three paces:

* *live*: a moment waits only if somebody asked for that one (a hold).
* *slow*: each moment waits ``pause_ms``. Moments of one thread or of one direction of the wire follow
  each other anyway, so the pause is counted from the arrival of each.
* *step*: each moment waits for a person, who may choose any of the waiting ones.

When the pace changes to live, all that waited for the pace goes on; what was held by hand stays held.
When it changes to slow, what waited for a person gets a time; when it changes to step, what had a time
waits for a person.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from server.events import MomentKind, Pace

DEFAULT_PAUSE_MS = 800


@dataclass(slots=True)
class Moment:
    """Something that waits.

    Attributes:
        id: Counts from 1.
        kind: What waits.
        subject: The id of the call or of the packet.
        cause: ``"pace"``: waits because of the pace; ``"hold"``: because somebody holds it.
        due_t: When it goes on by itself (ns on the log's clock); None: when a person says so.
    """

    id: int
    kind: MomentKind
    subject: int
    cause: Literal["pace", "hold"]
    due_t: int | None


class Conductor:
    """The waiting moments of one sandbox, in order of arrival."""

    def __init__(self, pace: Pace = "live", pause_ms: int = DEFAULT_PAUSE_MS) -> None:
        self.pace: Pace = pace
        self.pause_ms = pause_ms
        self._waiting: dict[int, Moment] = {}
        self._by_subject: dict[tuple[MomentKind, int], Moment] = {}
        self._last = 0

    def arrive(self, kind: MomentKind, subject: int, t: int, *, hold: bool = False) -> Moment | None:
        """Ask whether something may happen now.

        Args:
            kind: What is about to happen.
            subject: The id of its call or packet.
            t: Now (ns).
            hold: Somebody asked to hold this very one, whatever the pace.

        Returns:
            None: it may. Otherwise the moment that waits from now on.
        """
        if self.pace == "live" and not hold:
            return None
        self._last += 1
        due = t + self.pause_ms * 1_000_000 if self.pace == "slow" and not hold else None
        moment = Moment(self._last, kind, subject, "hold" if hold else "pace", due)
        self._waiting[moment.id] = moment
        self._by_subject[kind, subject] = moment
        return moment

    @property
    def holds(self) -> bool:
        """Whether something waits, or would: in step and slow pace each moment does, one after the other."""
        return self.pace != "live" or bool(self._waiting)

    def find(self, kind: MomentKind, subject: int) -> Moment | None:
        """The waiting moment of a call or packet, if it waits."""
        return self._by_subject.get((kind, subject))

    def hold(self, moment: Moment) -> None:
        """Keep a moment that waits for the pace until somebody releases it by hand."""
        moment.cause = "hold"
        moment.due_t = None

    def release(self, moment_id: int | None = None) -> Moment | None:
        """Take one moment out: the named one, or the one that has waited longest. None: no such moment."""
        if moment_id is None:
            moment_id = next(iter(self._waiting), 0)
        moment = self._waiting.pop(moment_id, None)
        if moment is not None:
            del self._by_subject[moment.kind, moment.subject]
        return moment

    def due(self, t: int) -> list[Moment]:
        """Take out all moments whose pause is over, in order of arrival."""
        return self._take(m for m in self._waiting.values() if m.due_t is not None and m.due_t <= t)

    def next_due(self) -> int | None:
        """When the next pause is over (ns), or None."""
        return min((m.due_t for m in self._waiting.values() if m.due_t is not None), default=None)

    def set_pace(self, pace: Pace, pause_ms: int | None, t: int) -> list[Moment]:
        """Follow another pace.

        Returns:
            The moments that go on because of it, in order of arrival.
        """
        self.pace = pace
        if pause_ms is not None:
            self.pause_ms = pause_ms
        mine = [m for m in self._waiting.values() if m.cause == "pace"]
        if pace == "live":
            return self._take(mine)
        for moment in mine:
            moment.due_t = t + self.pause_ms * 1_000_000 if pace == "slow" else None
        return []

    def _take(self, moments: Iterable[Moment]) -> list[Moment]:
        taken = list(moments)
        for moment in taken:
            del self._waiting[moment.id]
            del self._by_subject[moment.kind, moment.subject]
        return taken
