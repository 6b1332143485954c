"""One lab run, carried out: reports come in, ``decide`` says what follows, orders go out.

One task, the *actor*, takes what is told to the run in order: it decides, keeps the events, shows them, and begins what
is ordered. Everything that takes time (making a sandbox, playing steps, carrying out actions, waiting) is a task of its
own that only reports. So no decision can be half done, whoever is cancelled, and what is kept is what is shown.

A report belongs to the sandbox that it is about. Once the run has another one, what its old tasks still say is dropped.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, Protocol

import msgspec

from server import lab_events as le
from server.commands import PaceSet, ProcessStart
from server.courses import reports as up
from server.courses.acts import Outcome
from server.courses.decide import decide
from server.courses.reports import (
    CloseSandbox,
    OpenSandbox,
    Order,
    Perform,
    Report,
    SettleWhenQuiet,
    Sight,
    Stop,
    UseTool,
)
from server.courses.shapes import RunState
from server.courses.state import fold, initial
from server.errors import SocketlabError
from server.events import Pace
from server.lab_acts import Act
from server.lessons.model import Action, Lab, SetPace
from server.lessons.play import PATIENCE, QUIET_MOST, Player, Stage
from server.sessions.log import Log

LOOK_SECONDS = 0.05
"""The shortest pause between two looks at the checks; a look that took long is followed by a longer one."""
_REST = 3
_OURS = "The server made a mistake; its log tells which."
_log = logging.getLogger("socketlab")


class Hosts(Protocol):
    """Where a run's sandboxes come from and go to."""

    async def open(self, lab: Lab) -> str:
        """Make a sandbox with a lab's hosts; returns its id."""
        ...

    async def close(self, sandbox: str, why: str) -> None:
        """End a sandbox and forget it."""
        ...

    def stage(self, sandbox: str) -> Stage:
        """A sandbox as the player sees it."""
        ...

    async def ended(self, sandbox: str) -> str:
        """Why a sandbox has ended."""
        ...


Keep = Callable[[list[tuple[le.LabEvent, bytes]]], Coroutine[Any, Any, None]]
"""Keeps events with their lines, before anybody sees them."""


class Runner:
    """One lab run.

    Args:
        lab: The lab as it is now.
        hosts: Makes the sandboxes.
        keep: Keeps the events.
        spawn: Starts a task whose failure is heard.
        past: The events that are kept already, with their lines.

    Attributes:
        log: The run's log.
        state: The fold of it.
        sandbox: The id of the present sandbox; empty if there is none.
        last_sandbox: That of the present or last one; its log may still be kept.
        used_at: When somebody last acted or followed (monotonic seconds).
        followers: How many follow it now.
    """

    def __init__(
        self,
        lab: Lab,
        hosts: Hosts,
        keep: Keep,
        spawn: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
        past: list[tuple[le.LabEvent, bytes]],
    ) -> None:
        self.lab = lab
        self.log = Log()
        self.state: RunState = initial()
        self.sandbox = ""
        self.last_sandbox = ""
        self.used_at = time.monotonic()
        self.followers = 0
        self._hosts = hosts
        self._keep = keep
        self._spawn = spawn
        self._player: Player | None = None
        self._session = 0
        self._looked = 0
        self._news: asyncio.Queue[tuple[Act | Report, int | None, asyncio.Future[Outcome]]] = asyncio.Queue()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._began_ns = time.time_ns()
        for event, line in past:
            self._show(event, line)
        self._actor = spawn(self._act())

    # -- from above

    async def tell(self, news: Act | Report) -> Outcome:
        """Say what somebody did, or what has happened; returns what followed, once it is kept."""
        self.used_at = time.monotonic()
        return await asyncio.shield(self._put(news, None))

    async def stop(self) -> None:
        """Stop everything that is at work; sandbox and log stay as they are."""
        self._end_session()
        self._actor.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._actor

    @property
    def awake(self) -> bool:
        """Whether it has a sandbox, or is about to get one."""
        return bool(self.sandbox) or self._working("life")

    # -- the actor

    async def _act(self) -> None:
        while True:
            news, session, told = await self._news.get()
            if session is not None and session != self._session:
                told.cancel()
                continue
            try:
                outcome = await self._decide(news)
            except Exception:
                # One bad decision ends nothing but itself.
                _log.exception("A run of %s could not decide on %s", self.lab.name, type(news).__name__)
                if not told.done():
                    told.set_exception(SocketlabError(_OURS))
                    told.exception()  # whoever asked may have left
                continue
            if not told.done():
                told.set_result(outcome)

    async def _decide(self, news: Act | Report) -> Outcome:
        if self._player is not None and not isinstance(news, up.Grown):
            with contextlib.suppress(SocketlabError):  # a log that is forgotten says no more than it has said
                await self._player.catch_up()
        sight = self._sight()
        outcome = decide(self.lab, self.state, sight, news)
        self._looked = sight.seq
        if isinstance(news, up.LabChanged):
            self.lab = news.lab
        entries = self._entries(outcome.events, sight)
        if entries:
            await self._keep(entries)
            for event, line in entries:
                self._show(event, line)
        for order in outcome.orders:
            self._carry_out(order)
        if self.state["closed"] is not None:
            self.log.close()
        return outcome

    def _sight(self) -> Sight:
        if self._player is None:
            return Sight()
        return Sight(sandbox=self.sandbox, record=self._player.record, names=self._player.names)

    def _entries(self, events: tuple[le.LabEvent, ...], sight: Sight) -> list[tuple[le.LabEvent, bytes]]:
        """Events as entries of the log: with their place in it, their time, and where they stand."""
        entries = []
        t = max(self.state["t"], time.time_ns() - self._began_ns)
        for seq, event in enumerate(events, self.log.end_seq + 1):
            if isinstance(event, le.LabBegun):
                self._began_ns, t = event.began * 10**9, 0
            line = le.encode_lab_entry(seq, t, msgspec.structs.replace(event, sandbox=sight.sandbox, at=sight.seq))
            entries.append((le.decode_lab_entry(line), line))
        return entries

    def _show(self, event: le.LabEvent, line: bytes) -> None:
        if isinstance(event, le.LabBegun):
            self._began_ns = event.began * 10**9
        fold(self.state, event)
        if isinstance(event, le.LabStepEntered) and self._player is not None:
            self._player.begun[event.step] = event.at
        self.log.append([line])

    def begin(self, event: le.LabBegun) -> list[tuple[le.LabEvent, bytes]]:
        """The first entry of a new run's log."""
        entries = self._entries((event,), Sight())
        for one, line in entries:
            self._show(one, line)
        return entries

    # -- orders

    def _carry_out(self, order: Order) -> None:
        match order:
            case OpenSandbox(step, through):
                old = self._end_session()
                self._start("life", self._live(old, step, through))
            case CloseSandbox(why):
                old = self._end_session()
                if old:
                    self._start("closing", self._hosts.close(old, why))
            case Perform(step, actions, shown):
                self._start("doing", self._perform(step, actions, shown=shown))
            case Stop():
                self._cancel("doing")
            case SettleWhenQuiet(step):
                if not self._working("settling"):
                    self._start("settling", self._settle_when_quiet(step))
            case UseTool(step, tool, host, command):
                self._start(f"tool {step} {tool}", self._use_tool(step, tool, host, command))

    def _start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        self._tasks[name] = self._spawn(work)

    def _working(self, name: str) -> bool:
        task = self._tasks.get(name)
        return task is not None and not task.done()

    def _cancel(self, name: str) -> None:
        if self._working(name):
            self._tasks[name].cancel()

    def _end_session(self) -> str:
        """From here on nothing is heard of the present sandbox; returns its id."""
        self._session += 1
        for name in list(self._tasks):
            if name != "closing":
                self._cancel(name)
        old, self.sandbox, self._player, self._looked = self.sandbox, "", None, 0
        return old

    def _put(self, news: Act | Report, session: int | None) -> asyncio.Future[Outcome]:
        told: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._news.put_nowait((news, session, told))
        return told

    async def _report(self, report: Report) -> None:
        """Say what came of an order; returns once it is decided."""
        await asyncio.shield(self._put(report, self._session))

    # -- a sandbox's life

    async def _live(self, old: str, step: int, through: bool) -> None:
        if old:
            await self._hosts.close(old, "its lab run has new hosts")
        try:
            self.sandbox = self.last_sandbox = await self._hosts.open(self.lab)
        except SocketlabError as error:
            await self._report(up.SandboxRefused(error.title, error.detail, error.hint))
            return
        try:
            player = self._player = Player(self.lab, self._hosts.stage(self.sandbox))
            await self._report(up.SandboxOpened())
            await self._play_before(player, step, through)
            await self._report(up.Replayed())
            await self._watch(player)
            why = f"The sandbox has ended: {await self._hosts.ended(self.sandbox)}."
        except SocketlabError as error:
            why = f"{error.detail} {error.hint}".strip()
        except Exception:
            _log.exception("A run of %s failed", self.lab.name)
            why = _OURS
        await self._report(up.SandboxLost(why))
        self.sandbox = ""

    async def _play_before(self, player: Player, goal: int, through: bool) -> None:
        """Play the steps before one at full speed; nothing is asked and nothing waits for a person."""
        player.drive, player.patience = "live", PATIENCE
        await player.open()
        for step in self.lab.steps[: goal if through else goal - 1]:
            await player.begin(step)
            await self._report(up.StepReplaying(step.number))
            for action in step.actions:
                await player.perform(action, step)
            await player.until(lambda: player.holds(step), "the checks of the step")  # noqa: B023 (awaited here)
            await player.settle()
            await self._report(up.StepReplayed(step.number))
        player.drive = player.patience = None
        pace, pause = own_pace(self.lab, goal + 1 if through else goal)
        await player.stage.command(PaceSet(pace=pace, pause_ms=pause))
        await player.catch_up()

    async def _watch(self, player: Player) -> None:
        """Look at the checks whenever the log has grown, until the sandbox has ended."""
        while True:
            await player.catch_up()
            seen, asked = player.record.seq, time.monotonic()
            await self._report(up.Grown(self._looked))
            await asyncio.sleep(max(LOOK_SECONDS, (time.monotonic() - asked) * _REST))
            if not await player.stage.wait(seen):
                return

    async def _settle_when_quiet(self, step: int) -> None:
        player = self._player
        if player is None:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(QUIET_MOST):
                await player.until_quiet()
        await self._report(up.Quiet(step, self._looked))

    # -- actions

    async def _perform(self, number: int, actions: tuple[tuple[int, Action], ...], *, shown: bool) -> None:
        player, step = self._player, self.lab.steps[number - 1]
        assert player is not None
        waiting = [index for index, _ in actions]
        try:
            async with _driven(player, actions) if shown else contextlib.nullcontext():
                for index, action in actions:
                    await self._report(up.ActionBegun(number, index))
                    detail = await _refused(player.perform(action, step), self.lab.name)
                    waiting.pop(0)
                    await self._report(up.ActionEnded(number, index, self._looked, detail=detail))
                    if detail:
                        return
        except asyncio.CancelledError:
            if waiting:
                self._put(up.ActionEnded(number, waiting[0], self._looked, stopped=True), self._session)
            raise
        except SocketlabError as error:  # the pace could not be set: the sandbox has ended
            detail = f"{error.detail} {error.hint}".strip()
            if waiting:
                await self._report(up.ActionEnded(number, waiting[0], self._looked, detail=detail))

    async def _use_tool(self, step: int, tool: int, host: str, command: str) -> None:
        player = self._player
        if player is None:
            return
        start = ProcessStart(host=host, argv=["sh", "-c", command])
        try:
            started = await player.stage.command(start)
        except SocketlabError as error:
            await self._report(up.ToolStarted(step, tool, detail=f"{error.detail} {error.hint}".strip()))
        else:
            await self._report(up.ToolStarted(step, tool, pid=started["pid"]))


async def _refused(work: Coroutine[Any, Any, None], lab: str) -> str:
    """Why something could not be carried out; empty if it was."""
    try:
        await work
    except SocketlabError as error:
        return f"{error.detail} {error.hint}".strip()
    except Exception:
        _log.exception("An action of %s failed", lab)
        return _OURS
    return ""


@contextlib.asynccontextmanager
async def _driven(player: Player, actions: tuple[tuple[int, Action], ...]) -> AsyncIterator[None]:
    """At full speed, without a person; afterwards at the pace of before, unless an action has set another."""
    before = player.record.state["pace"]
    player.drive, player.patience = "live", PATIENCE
    try:
        await player.stage.command(PaceSet(pace="live"))
        yield
    finally:
        player.drive = player.patience = None
        with contextlib.suppress(SocketlabError):
            if not any(isinstance(action, SetPace) for _, action in actions):
                await player.stage.command(PaceSet(pace=before))


def own_pace(lab: Lab, step: int) -> tuple[Pace, int | None]:
    """The pace that a lab has at a step when a person plays it, and its pause (ms)."""
    pace: Pace = lab.pace
    pause: int | None = None
    for earlier in lab.steps[: step - 1]:
        for action in earlier.actions:
            if isinstance(action, SetPace):
                pace, pause = action.pace, action.pause_ms
    return pace, pause
