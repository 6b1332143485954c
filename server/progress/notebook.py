"""The store as a lab needs it: it answers at once, it never fails, and it says when nothing can be kept.

While the database does not answer, notes wait here, in memory, and go there as soon as it is back. A lab therefore
goes on in any case; what is lost, if the server ends before that, is the progress and nothing else.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from server.progress.notes import Note, Notes, exported
from server.progress.store import Store, StoreError

PAUSE = 5.0
"""Seconds after a failure in which the database is left alone."""
MOST_LEARNERS = 5_000
"""So many learners are remembered here; those who came first are forgotten first."""

_log = logging.getLogger("socketlab")


class Notebook:
    """Everybody's notes.

    Args:
        store: Where they are kept; None: only here, until the server ends.
    """

    def __init__(self, store: Store | None = None) -> None:
        self._store = store
        self._known: OrderedDict[str, Notes] = OrderedDict()
        self._unsaved: OrderedDict[str, Notes] = OrderedDict()
        self._trouble = ""
        self._tried_at = -PAUSE
        self._trying = asyncio.Lock()

    @property
    def trouble(self) -> str:
        """Why notes cannot be kept now; empty if they are."""
        return self._trouble

    async def open(self) -> None:
        """Reach the store; if it cannot be reached, it is tried again when somebody needs it."""
        await self.ready()

    async def close(self) -> None:
        """Write what still waits, and let the store go."""
        if self._store is not None:
            if self._unsaved:
                self._tried_at = -PAUSE
                await self.ready()
            await self._store.close()

    async def notes(self, learner: str) -> Notes:
        """All notes about a learner, to be read."""
        found = Notes()
        if not learner:
            return found
        if await self.ready():
            assert self._store is not None
            try:
                found = await self._store.load(learner)
            except StoreError as error:
                self.fail(error)
        if self._trouble or self._store is None:
            found.add(self._known.get(learner, Notes()).all())
        found.add(self._unsaved.get(learner, Notes()).all())
        self._remember(self._known, learner, found)
        return found

    async def add(self, learner: str, *notes: Note) -> None:
        """Keep notes about a learner."""
        if not notes:
            return
        if self._store is not None and await self.ready():
            try:
                await self._store.write(learner, notes)
                return
            except StoreError as error:
                self.fail(error)
        home = self._known if self._store is None else self._unsaved
        waiting = home.get(learner, Notes())
        waiting.add(notes)
        self._remember(home, learner, waiting)

    async def export(self, learner: str) -> Mapping[str, Any]:
        """All that is known of a learner, as a document."""
        return exported(learner, await self.notes(learner))

    async def forget(self, learner: str) -> None:
        """Delete all that is known of a learner.

        Raises:
            StoreError: The store does not answer, so that it may still have notes.
        """
        self._known.pop(learner, None)
        self._unsaved.pop(learner, None)
        if self._store is None:
            return
        self._tried_at = -PAUSE
        if not await self.ready():
            raise StoreError(self._trouble, "Try again later; what this server still held itself is gone.")
        try:
            await self._store.delete(learner)
        except StoreError as error:
            self.fail(error)
            raise

    # -- parts

    async def ready(self) -> bool:
        """Whether the store can be used; after a failure it is tried again now and then, with what waits."""
        if self._store is None:
            return False
        async with self._trying:  # what waits is written once, and nobody reads while it is under way
            return await self._try(self._store)

    async def _try(self, store: Store) -> bool:
        if self._trouble and time.monotonic() - self._tried_at < PAUSE:
            return False
        try:
            await store.open()
            while self._unsaved:
                learner, waiting = next(iter(self._unsaved.items()))
                written = waiting.all()
                await store.write(learner, written)
                if waiting.all() == written:  # nothing has come in meanwhile
                    self._unsaved.pop(learner, None)
        except StoreError as error:
            self.fail(error)
            return False
        if self._trouble:
            _log.warning("The progress store answers again.")
        self._trouble = ""
        return True

    def fail(self, error: StoreError) -> None:
        """The store has failed: leave it alone for a while."""
        if not self._trouble:
            _log.warning("The progress store does not answer: %s", error.detail)
        self._trouble = error.detail
        self._tried_at = time.monotonic()

    def _remember(self, home: OrderedDict[str, Notes], learner: str, notes: Notes) -> None:
        home[learner] = notes
        home.move_to_end(learner)
        while len(home) > MOST_LEARNERS:
            home.popitem(last=False)
