"""Everybody who plays a lab now: one run for each learner and lab, and the tasks that keep the runs going."""

from __future__ import annotations

import asyncio
import time
from types import TracebackType
from typing import Self

from server.errors import GoneError, LimitError
from server.lessons.model import Lab, Predict, Quantity
from server.lessons.play import Measured
from server.lessons.translation import differences
from server.progress.notebook import Notebook
from server.progress.notes import UNKNOWN, Answered, Finished, Note, Visit
from server.sandbox.messages import HostSpec
from server.sessions.door import Door, Visitor
from server.web.lab_runs import Run, StepState

KEPT_SECONDS = 3600.0
"""So long a run that has ended is still shown to who comes back."""

Key = tuple[str, str]


class Room:
    """All runs of a server. Use as an async context, inside the door's.

    Args:
        door: Makes the sandboxes.
        notebook: Keeps what learners have done.
    """

    def __init__(self, door: Door, notebook: Notebook) -> None:
        self.notebook = notebook
        self._door = door
        self._runs: dict[Key, Run] = {}
        self._used: dict[Key, float] = {}
        self._group: asyncio.TaskGroup | None = None
        self._lives: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self.notebook.open()
        self._group = asyncio.TaskGroup()
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in list(self._lives):
            task.cancel()
        for run in self._runs.values():
            run.stop()
        assert self._group is not None
        await self._group.__aexit__(None, None, None)
        await self.notebook.close()

    @property
    def group(self) -> asyncio.TaskGroup:
        """Who waits for what runs in the background."""
        assert self._group is not None
        return self._group

    def run_of(self, learner: str, lab: str) -> Run | None:
        """A learner's run of a lab, if there is one; it may have ended."""
        run = self._runs.get((learner, lab)) if learner else None
        if run is not None:
            self._used[learner, lab] = time.monotonic()
        return run

    async def start(self, visitor: Visitor, learner: str, lab: Lab, step: int) -> Run:
        """Begin a lab at a step, on a new sandbox; an earlier run of the learner's ends.

        Raises:
            LimitError: There are too many sandboxes.
            SocketlabError: The machine did not make one.
        """
        self._forget_old()
        key = (learner, lab.name)
        hosts = [HostSpec(name=name, addresses=list(addresses)) for name, addresses in lab.hosts.items()]
        try:
            opened = await self._door.create(visitor, hosts, "live", open_files=lab.open_files)
        except LimitError:
            # A run of another lab can be built again with one click: it makes room for what is wanted now.
            for run in self._runs.values():
                await run.refresh()
            ours = [one for one, run in self._runs.items() if one[0] == learner and run.alive]
            if not ours:
                raise
            await self._end(min(ours, key=lambda one: (one == key, self._used[one])))
            opened = await self._door.create(visitor, hosts, "live", open_files=lab.open_files)

        async def settled(run: Run, state: StepState) -> None:
            await self._settled(learner, run, state)

        run = Run(lab, self._door, opened, settled)
        run.goal = step
        # A page that asks meanwhile finds the one or the other, and can tell them apart.
        before = self._runs.get(key)
        run.version = before.version + 1 if before is not None else 1
        self._runs[key] = run
        self._used[key] = time.monotonic()
        task = self.group.create_task(run.live(step))
        self._lives.add(task)
        task.add_done_callback(self._lives.discard)
        if before is not None:
            before.stop()
            await self._door.delete(before.sandbox.id)
        known = (await self.notebook.notes(learner)).visits.get(lab.name)
        await self.note(learner, self.visit(lab, step, finished=known is not None and known.finished))
        return run

    async def note(self, learner: str, *notes: Note) -> None:
        """Keep notes about a learner."""
        await self.notebook.add(learner, *notes)

    def visit(self, lab: Lab, step: int, *, finished: bool = False) -> Visit:
        """The note that somebody is at a step."""
        return Visit(lab=lab.name, step=step, of=len(lab.steps), finished=finished, at=now())

    def edited(self, learner: str, lab: Lab) -> None:
        """A lab's file has changed: a run of it goes on if only words have changed, and ends otherwise."""
        run = self._runs.get((learner, lab.name))
        if run is None or run.lab is lab:
            return
        if differences(run.lab, lab, "") or run.lab.hosts != lab.hosts or run.lab.pace != lab.pace:
            run.trouble = run.trouble or "This lab was edited, and what it does is not the same any more."
        else:
            run.lab = run.player.lab = lab
            for state in run.steps.values():
                state.step = lab.steps[state.step.number - 1]

    def forget(self, learner: str) -> None:
        """Take a learner's runs out of their hands: they have deleted what was known of them."""
        for key in [key for key in self._runs if key[0] == learner]:
            run = self._runs.pop(key)
            self._used.pop(key, None)
            task = self.group.create_task(self._door.delete(run.sandbox.id))
            self._lives.add(task)
            task.add_done_callback(self._lives.discard)

    # -- parts

    async def _end(self, key: Key) -> None:
        run = self._runs.pop(key, None)
        self._used.pop(key, None)
        if run is not None:
            run.stop()
            await self._door.delete(run.sandbox.id)

    def _forget_old(self) -> None:
        for key, run in list(self._runs.items()):
            if not run.alive and time.monotonic() - self._used[key] > KEPT_SECONDS:
                del self._runs[key], self._used[key]

    async def _settled(self, learner: str, run: Run, state: StepState) -> None:
        """A step is done: keep that, and what the kernel said to the learner's predictions."""
        lab, step = run.lab, state.step
        known = await self.notebook.notes(learner)
        notes: list[Note] = [
            Finished(lab=lab.name, step=step.number, seq=state.seq, shown=state.shown, at=now()),
        ]
        for index, (predict, measured) in enumerate(zip(step.predictions, state.measured, strict=True)):
            given = known.answer(lab.name, step.number, "predict", index)
            if given is not None:
                notes.append(graded(given, predict, measured))
        if step.number == len(lab.steps):
            notes.append(self.visit(lab, step.number, finished=True))
        await self.notebook.add(learner, *notes)


def graded(given: Answered, predict: Predict, measured: Measured) -> Answered:
    """An answer, with what the run says to it; where no run answers, the lab's own answer decides."""
    right = next((option.label for option in predict.options if option.right), None)
    if predict.measure is None:
        said, so = None, right
    elif isinstance(predict.measure, Quantity):
        said = None if measured.value is None else str(measured.value)
        so = said if not predict.options else measured.label
    else:
        said, so = (right, right) if measured.value else (None, None)
    fits = None if so is None or given.choice == UNKNOWN else given.choice == so
    return Answered(
        lab=given.lab,
        step=given.step,
        kind=given.kind,
        question=given.question,
        choice=given.choice,
        measured=said,
        fits=fits,
        at=now(),
    )


def now() -> int:
    """Now, in whole seconds since 1970."""
    return int(time.time())


def gone(run: Run | None) -> GoneError:
    """The error of who wants to act where nothing runs."""
    why = "Nothing runs." if run is None else run.trouble or f"The sandbox has ended: {run.status.why}."
    return GoneError(why, "Start the lab first.")
