"""All lab runs of a server, by id: who may see and steer one, what is read of it, and what is done in it.

Whatever stands above reaches a run as it reaches a sandbox through the door: by its id, with values. A run lives here
while somebody uses it, and is read again from the archive when it is asked for later; nothing of it is lost by that.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import logging
import secrets
import time
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Literal, Self

from server import lab_events as le
from server.courses import notes
from server.courses import reports as up
from server.courses.decide import answer, problem_of
from server.courses.library import LabLibrary
from server.courses.runner import Runner
from server.courses.shapes import RunState
from server.errors import ConflictError, LimitError, NotFoundError, error_from
from server.lab_acts import Act, AnswerQuestion, StartLab
from server.lessons.model import Lab
from server.progress.archive import Archive
from server.progress.notebook import Notebook
from server.progress.notes import KeptRun, Note
from server.sandbox.messages import HostSpec
from server.sessions.client import SandboxClient
from server.sessions.door import Door, Visitor
from server.sessions.viewers import Batch, Viewers
from server.sessions.watch_keys import TakenBackError, WatchKey, new_key

KEPT_SECONDS = 3600.0
"""So long a run that nobody uses stays in memory."""
EDIT_SECONDS = 1.0
"""So often the labs' folder is looked at while somebody follows a run."""
PREFIX = "run-"
"""How the id of a lab run begins; no sandbox's does."""

Right = Literal["steer", "watch"]
_log = logging.getLogger("socketlab")


@dataclass(slots=True)
class _Run:
    kept: KeptRun
    runner: Runner
    viewers: Viewers
    watch: WatchKey
    visitor: Visitor | None = None
    waking: asyncio.Lock = field(default_factory=asyncio.Lock)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Courses:
    """All runs of a server. Use as an async context, inside the door's.

    Args:
        door: Makes the sandboxes.
        library: The labs.
        archive: Keeps the runs' logs.
    """

    def __init__(self, door: Door, library: LabLibrary, archive: Archive) -> None:
        self.library = library
        self._door = door
        self._archive = archive
        self._runs: dict[str, _Run] = {}
        self._reading = asyncio.Lock()
        self._group: asyncio.TaskGroup | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._edits: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.notebook.open()
        self._group = asyncio.TaskGroup()
        await self._group.__aenter__()
        self._edits = self._spawn(self._follow_edits())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Before the door ends the sandboxes: a run whose server ends is not one whose sandbox was lost.
        for task in list(self._tasks):
            task.cancel()
        assert self._group is not None
        await self._group.__aexit__(None, None, None)
        await self._archive.close()
        await self.notebook.close()

    @property
    def notebook(self) -> Notebook:
        """What is known of the learners."""
        return self._archive.notebook

    # -- which runs there are

    async def begin(self, learner: str, lab: Lab, order: int = 0) -> str:
        """The id of a learner's run of a lab; a new one begins if there is none.

        Args:
            learner: Who learns.
            lab: The lab.
            order: What the order of the options of a new run is drawn from; 0: from its id.
        """
        async with self._reading:
            found = await self._archive.find(learner=learner, lab=lab.name)
            if found:
                return found[0].id
            known = await self.notebook.notes(learner)
            kept = KeptRun(id=f"{PREFIX}{secrets.token_hex(8)}", learner=learner, lab=lab.name, watch_key=new_key())
            run = self._open(kept, lab, [])
            order = order or _order(kept.id)
            event = notes.begun(lab.name, self.library.edition(lab.name), len(lab.steps), order, known, _now())
            entries = run.runner.begin(event)
            await self._archive.append(kept, 1, [line for _, line in entries], ())
            return kept.id

    async def find(self, learner: str, lab: str) -> str:
        """The id of a learner's run of a lab; empty if there is none."""
        found = await self._archive.find(learner=learner, lab=lab) if learner else []
        return found[0].id if found else ""

    async def runs(self, learner: str) -> list[dict[str, str]]:
        """The runs of a learner: ``id``, ``lab``, and ``sandbox`` (empty if it has none now)."""
        found = await self._archive.find(learner=learner) if learner else []
        here = {run_id: run.runner.sandbox for run_id, run in self._runs.items()}
        return [{"id": one.id, "lab": one.lab, "sandbox": here.get(one.id, "")} for one in found]

    async def right(self, run_id: str, learner: str = "", key: str = "") -> Right:
        """What somebody may do with a run: its learner may steer it, who has its key may watch.

        Raises:
            TakenBackError: Its learner has taken the key back.
            NotFoundError: There is none with this id, or it is neither theirs nor opened by the key.
        """
        run = await self._run(run_id)
        if learner and _same(run.kept.learner, learner):
            return "steer"
        if key and run.watch.opens(key):
            return "watch"
        raise _unknown(run_id)

    async def watch_key(self, run_id: str) -> str:
        """What a link to watch a run carries."""
        return (await self._run(run_id)).watch.key

    async def take_back(self, run_id: str) -> None:
        """From here on the links to watch a run that were given out open nothing.

        Raises:
            StoreError: The store does not answer: the links would open the run again after a restart of the server.
        """
        run = await self._run(run_id)
        run.kept = replace(run.kept, watch_key=run.watch.take_back())
        await self._archive.rekey(run.kept)

    async def until_taken_back(self, run_id: str, key: str) -> TakenBackError:
        """Return once a key that has let somebody in is taken back."""
        return await (await self._run(run_id)).watch.until_taken_back(key)

    def sandboxes(self, learner: str) -> dict[str, str]:
        """The sandboxes of a learner's runs, those that ended last too → the run's id."""
        own = [(id_, run) for id_, run in self._runs.items() if _same(run.kept.learner, learner)] if learner else []
        return {run.runner.last_sandbox: run_id for run_id, run in own if run.runner.last_sandbox}

    def owns(self, learner: str, sandbox: str) -> bool:
        """Whether a sandbox is that of a learner's run."""
        return sandbox in self.sandboxes(learner)

    async def sandbox(self, run_id: str) -> str:
        """The id of a run's present sandbox; empty if it has none."""
        return (await self._run(run_id)).runner.sandbox

    async def last_sandbox(self, run_id: str) -> str:
        """The id of a run's present or last sandbox; empty if it had none since the server has begun."""
        return (await self._run(run_id)).runner.last_sandbox

    # -- what one does

    async def act(self, run_id: str, visitor: Visitor, act: Act) -> None:
        """Do an act once, however often it comes; return when it is kept and begun.

        What needs the hosts waits while they are made again: an act that the server's end has interrupted comes again
        as soon as the server is back. Only who starts again does not wait.

        Raises:
            SocketlabError: It was refused, now or when it came first.
        """
        run = await self._run(run_id)
        run.visitor = visitor
        if run.runner.log.end_seq >= self._door.limits.run_events:
            most = self._door.limits.run_events
            raise LimitError(f"This run has {most} events, as many as it may.", "Delete your progress to begin again.")
        await self.wake(run_id, visitor, here=True)
        if isinstance(act, StartLab):
            await run.runner.tell(act)
        else:
            async with run.turn:
                if not isinstance(act, AnswerQuestion):
                    await _built(run.runner)
                await run.runner.tell(act)
        decided, refusal = answer(run.runner.state, act.act)
        if not decided:
            raise ConflictError("The run did not decide on this.", "Try again.")
        if refusal is not None:
            raise error_from(problem_of(refusal))

    async def wake(self, run_id: str, visitor: Visitor, *, here: bool) -> None:
        """Let a run go on whose server has ended in the middle.

        Args:
            run_id: Which one.
            visitor: Who is back.
            here: Whether they were at it when the server ended; who was not is asked before anything is made again.
        """
        run = await self._run(run_id)
        run.visitor = visitor
        async with run.waking:  # of two pages that come back at the same time, one wakes it
            if not run.runner.awake and run.runner.state["mood"] in ("building", "live"):
                await run.runner.tell(up.ServerRestarted(here))

    async def forget(self, learner: str) -> None:
        """Delete a learner's runs, and all that is known of them.

        Raises:
            StoreError: The store does not answer, so that it may still have some of it.
        """
        for kept in await self._archive.find(learner=learner):
            run = self._runs.get(kept.id)
            if run is not None:
                await run.runner.tell(up.Deleted())
                await run.runner.stop()
                self._runs.pop(kept.id, None)
        self._archive.forget(learner)
        await self.notebook.forget(learner)

    # -- what one reads, as of a sandbox's log

    async def end_seq(self, run_id: str) -> int:
        """The ``seq`` of the last event of a run."""
        return (await self._run(run_id)).runner.log.end_seq

    async def batch(self, run_id: str, after: int) -> Batch | None:
        """The next message for a viewer that has everything up to ``after``; None at the end."""
        return (await self._run(run_id)).viewers.batch(after)

    async def wait(self, run_id: str, after: int) -> bool:
        """Return as soon as something follows ``after`` (True), or nothing ever will (False)."""
        log = (await self._run(run_id)).runner.log
        await log.wait(after)
        return log.end_seq > after

    async def read(self, run_id: str, after: int) -> list[bytes]:
        """Some of the lines that follow ``after``; none at the end."""
        return (await self._run(run_id)).runner.log.read(after)

    async def lines(self, run_id: str) -> AsyncIterator[bytes]:
        """The lines of a run's log, up to the end at the time of each look."""
        after = 0
        while lines := await self.read(run_id, after):
            after += len(lines)
            for line in lines:
                yield line

    async def state(self, run_id: str) -> RunState:
        """The fold of a run's log. It is shared: read it before the next ``await``, and change nothing."""
        return (await self._run(run_id)).runner.state

    @contextlib.contextmanager
    def watch(self, run_id: str) -> Iterator[None]:
        """Count as a follower: within, the run stays in memory."""
        run = self._runs.get(run_id)
        if run is None:
            raise _unknown(run_id)
        run.runner.followers += 1
        try:
            yield
        finally:
            run.runner.followers -= 1
            run.runner.used_at = time.monotonic()

    # -- parts

    async def _run(self, run_id: str) -> _Run:
        run = self._runs.get(run_id)
        if run is not None:
            return run
        if not run_id.startswith(PREFIX):
            raise _unknown(run_id)
        async with self._reading:
            run = self._runs.get(run_id)
            return run if run is not None else await self._read_again(run_id)

    async def _read_again(self, run_id: str) -> _Run:
        found = await self._archive.find(run_id=run_id)
        if not found:
            raise _unknown(run_id)
        await self.library.refresh()
        lab = self.library.find(found[0].lab)
        past = [(le.decode_lab_entry(line), line) for line in await self._archive.lines(run_id)]
        return self._open(found[0], lab, past)

    def _open(self, kept: KeptRun, lab: Lab, past: list[tuple[le.LabEvent, bytes]]) -> _Run:
        self._forget_unused()

        async def keep(entries: list[tuple[le.LabEvent, bytes]]) -> None:
            await self._keep(run.kept, runner.state, entries)

        runner = Runner(lab, _Hosts(self._door, kept, self._runs), keep, self._spawn, past)
        run = self._runs[kept.id] = _Run(kept, runner, Viewers(runner.log), WatchKey(kept.watch_key))
        return run

    async def _keep(self, kept: KeptRun, state: RunState, entries: list[tuple[le.LabEvent, bytes]]) -> None:
        at = _now()
        told: list[Note] = [note for event, _ in entries for note in notes.notes_of(state, event, at)]
        await self._archive.append(kept, entries[0][0].seq, [line for _, line in entries], told)

    def _forget_unused(self) -> None:
        now = time.monotonic()
        for run_id, run in list(self._runs.items()):
            runner = run.runner
            if not runner.awake and not runner.followers and now - runner.used_at > KEPT_SECONDS:
                del self._runs[run_id]
                self._spawn(runner.stop())

    async def _follow_edits(self) -> None:
        """While somebody follows a run, tell it when its lab's file has changed."""
        while True:
            await asyncio.sleep(EDIT_SECONDS)
            followed = [run for run in self._runs.values() if run.runner.followers]
            if not followed:
                continue
            await self.library.refresh()
            for run in followed:
                # A lab that cannot be read now ends no run: the run goes on with what it was, and its page says why.
                lab = self.library.labs.get(run.kept.lab, run.runner.lab)
                edition = self.library.edition(run.kept.lab)
                if edition != run.runner.state["edition"]:
                    await run.runner.tell(up.LabChanged(lab, edition))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        assert self._group is not None
        task = self._group.create_task(_heard(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


class _Hosts:
    """A run's sandboxes, through the door."""

    def __init__(self, door: Door, kept: KeptRun, runs: Mapping[str, _Run]) -> None:
        self._door = door
        self._kept = kept
        self._runs = runs

    async def open(self, lab: Lab) -> str:
        """Make a sandbox; the learner's run of another lab, used longest ago, makes room if it must."""
        visitor = self._runs[self._kept.id].visitor or Visitor(address="unknown")
        hosts = [HostSpec(name=name, addresses=list(addresses)) for name, addresses in lab.hosts.items()]
        try:
            opened = await self._door.create(visitor, hosts, "live", open_files=lab.open_files)
        except LimitError:
            learner = self._kept.learner
            others = [run.runner for run in self._runs.values() if run.kept.learner == learner and run.runner.sandbox]
            if not others:
                raise
            oldest = min(others, key=lambda runner: runner.used_at)
            await self._door.close(oldest.sandbox, "its hosts made room for another lab of yours")
            opened = await self._door.create(visitor, hosts, "live", open_files=lab.open_files)
        return opened.id

    async def close(self, sandbox: str, why: str) -> None:
        """End a sandbox and forget it."""
        with contextlib.suppress(NotFoundError):  # it is forgotten already
            await self._door.close(sandbox, why)
        await self._door.delete(sandbox)

    def stage(self, sandbox: str) -> SandboxClient:
        """A sandbox as the player sees it."""
        return SandboxClient(self._door, sandbox)

    async def ended(self, sandbox: str) -> str:
        """Why a sandbox has ended."""
        return (await SandboxClient(self._door, sandbox).status()).why


async def _built(runner: Runner) -> None:
    """Return when no hosts are being made."""
    while runner.state["mood"] == "building" and not runner.log.closed:
        await runner.log.wait(runner.log.end_seq)


async def _heard(work: Coroutine[Any, Any, None]) -> None:
    """Do some work of one run; a mistake in it ends nothing of anybody else."""
    try:
        await work
    except Exception:
        _log.exception("A lab run failed")


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _unknown(run_id: str) -> NotFoundError:
    return NotFoundError(f"There is no lab run {run_id[:40]!r} of yours.", "Open the lab's page, and begin there.")


def _order(run_id: str) -> int:
    """A number from 1 to 2³² - 1 that follows from a run's id."""
    return int(run_id.removeprefix(PREFIX)[:8], 16) or 1


def _now() -> int:
    """Now, in whole seconds since 1970."""
    return int(time.time())
