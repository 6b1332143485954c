"""The runs' logs as a lab needs them: kept before they are shown, found again after a restart, and never in the way.

While the database does not answer, new lines wait here, in memory, in their order, and go there as soon as it is back
(``notebook`` says when). A run therefore goes on in any case; what is lost, if the server ends before that, is what
waited. Without a database everything stays here until the server ends.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from server.progress.notebook import Notebook
from server.progress.notes import KeptRun, Note
from server.progress.store import Store, StoreError

MOST_RUNS = 2_000
"""So many runs are remembered here, those used last; with a database, only what it does not have yet."""


@dataclass(slots=True)
class _Waiting:
    run: KeptRun
    first: int
    lines: list[bytes] = field(default_factory=list)


class Archive:
    """Everybody's runs.

    Args:
        notebook: Keeps the notes, and knows whether the store answers.
        store: Where they are kept; None: only here, until the server ends.
    """

    def __init__(self, notebook: Notebook, store: Store | None = None) -> None:
        self.notebook = notebook
        self._store = store
        self._here: OrderedDict[str, _Waiting] = OrderedDict()
        self._flushing = asyncio.Lock()

    async def find(self, *, run_id: str = "", learner: str = "", lab: str = "") -> list[KeptRun]:
        """The runs with an id, or of a learner (in a lab)."""
        found = {
            one.run.id: one.run
            for one in self._here.values()
            if run_id in ("", one.run.id) and learner in ("", one.run.learner) and lab in ("", one.run.lab)
        }
        if self._store is not None and await self.notebook.ready():
            try:
                found |= {run.id: run for run in await self._store.runs(run_id=run_id, learner=learner, lab=lab)}
            except StoreError as error:
                self.notebook.fail(error)
        return list(found.values())

    async def lines(self, run_id: str) -> list[bytes]:
        """The log of a run, in order."""
        kept: list[bytes] = []
        if self._store is not None and await self.notebook.ready():
            await self._flush()
            try:
                kept = await self._store.lines(run_id)
            except StoreError as error:
                self.notebook.fail(error)
        waiting = self._here.get(run_id)
        return kept + waiting.lines if waiting is not None and waiting.first == len(kept) + 1 else kept

    async def append(self, run: KeptRun, first: int, lines: Sequence[bytes], notes: Sequence[Note]) -> None:
        """Keep lines of a run's log, the first of which has the ``seq`` ``first``, and what they say of the learner."""
        if self._store is not None and await self.notebook.ready() and await self._flush():
            try:
                await self._store.append(run, first, lines, notes)
                return
            except StoreError as error:
                self.notebook.fail(error)
        waiting = self._here.setdefault(run.id, _Waiting(run, first))
        waiting.lines.extend(lines)
        self._here.move_to_end(run.id)
        while len(self._here) > MOST_RUNS:
            self._here.popitem(last=False)
        await self.notebook.add(run.learner, *notes)

    async def rekey(self, run: KeptRun) -> None:
        """Keep another watch key of a run.

        Raises:
            StoreError: The store does not answer, so it still has the last one.
        """
        if waiting := self._here.get(run.id):
            waiting.run = run
        if self._store is None:
            return
        if await self.notebook.ready() and await self._flush():
            try:
                await self._store.rekey(run)
                return
            except StoreError as error:
                self.notebook.fail(error)
        raise StoreError(
            "The link opens nothing now, but that could not be stored: after a restart of the server it opens again.",
            "Take it back once more in a minute.",
        )

    def forget(self, learner: str) -> None:
        """Drop what is here of a learner; what the store has goes with the learner (``Notebook.forget``)."""
        for run_id in [run_id for run_id, one in self._here.items() if one.run.learner == learner]:
            del self._here[run_id]

    async def close(self) -> None:
        """Write what still waits, if the store answers."""
        if self._store is not None and self._here and await self.notebook.ready():
            await self._flush()

    async def _flush(self) -> bool:
        """Write what waits, each line once; False: it still waits."""
        async with self._flushing:
            while self._here:
                run_id, one = next(iter(self._here.items()))
                if not await self._write(one):
                    return False
                if not one.lines:
                    self._here.pop(run_id, None)
        return True

    async def _write(self, one: _Waiting) -> bool:
        assert self._store is not None
        count = len(one.lines)
        try:
            await self._store.append(one.run, one.first, one.lines[:count], ())
        except StoreError as error:
            self.notebook.fail(error)
            return False
        one.first += count
        del one.lines[:count]
        return True
