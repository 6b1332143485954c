"""A lab that somebody plays: their sandbox, the player on it, and what is known of each step.

A run lives in memory and is worth nothing: what a learner has done is in the notebook, and a sandbox that is gone is
built again by playing the earlier steps at full speed. So every fault of the machine ends as one honest sentence and
one click, and never as a check that failed.

The order of a step: it is entered (from then on its checks are looked at whenever the log grows), its actions are
carried out, its checks become true, and once nothing more happens it is settled: its checks are kept as they are, and
the run answers its predictions. What happens later in the lab does not change a settled step.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from server.commands import PaceSet, ProcessStart
from server.errors import ConflictError, GoneError, SocketlabError
from server.events import Pace
from server.lessons.checks import Row, Verdict, showing_hints
from server.lessons.fields import LineView
from server.lessons.model import Action, Lab, SetPace, Step
from server.lessons.play import PATIENCE, QUIET, QUIET_MOST, Measured, Player
from server.sessions.client import SandboxClient
from server.sessions.door import Door, Opened, Status

LOOK_SECONDS = 0.05
"""The shortest pause between two looks at the checks; a look that took long is followed by a longer one."""
_REST = 3
_log = logging.getLogger("socketlab")

CheckMood = Literal["waiting", "partly", "true", "lost"]
ActionMood = Literal["waiting", "doing", "done", "failed"]
Phase = Literal["entered", "running", "settled"]


@dataclass(slots=True)
class CheckState:
    """What a check says now.

    Attributes:
        mood: ``lost``: it was true and is not any more; it stays ticked.
        since: The event since which it is true (or was, if it is lost).
        lost: The event since which it is not any more.
        hints: The hints that are in place now, as HTML.
    """

    mood: CheckMood = "waiting"
    since: int = 0
    lost: int = 0
    count: int | None = None
    wanted: int | None = None
    rows: tuple[Row, ...] = ()
    hints: tuple[str, ...] = ()


@dataclass(slots=True)
class StepState:
    """A step of a run.

    Attributes:
        moods: How far each of its actions is.
        texts: What the learner wrote in place of an action's text, by its index.
        checks: What its checks say.
        measured: What the run says to its predictions, once it is settled.
        seq: The event since which all its checks are true, once it is settled.
        shown: Whether the lab did it for the learner.
        trouble: What the last action was refused with.
        hints: So many of its hints have been asked for.
    """

    step: Step
    phase: Phase = "entered"
    moods: list[ActionMood] = field(default_factory=list)
    texts: dict[int, str] = field(default_factory=dict)
    checks: list[CheckState] = field(default_factory=list)
    measured: list[Measured] = field(default_factory=list)
    seq: int = 0
    shown: bool = False
    trouble: str = ""
    hints: int = 0

    def __post_init__(self) -> None:
        self.moods = ["waiting"] * len(self.step.actions)
        self.checks = [CheckState() for _ in self.step.checks]

    @property
    def met(self) -> bool:
        """Whether each check has been true at some time: what was seen once counts, as the kernel passes on."""
        return all(check.mood in ("true", "lost") for check in self.checks)


Settled = Callable[["Run", StepState], Awaitable[None]]


class Run:
    """One learner's run of one lab.

    Args:
        lab: What is played.
        door: Where the sandbox is reached.
        sandbox: Where it is played; fresh, with the lab's hosts.
        on_settled: Called when a step has settled.

    Attributes:
        status: How far the sandbox was when it was last asked.
        at: The number of the step that the learner is at.
        steps: The steps that were entered, by their numbers.
        building: The step that is being played again for a learner who comes back; 0: none.
        goal: The step that it is all built for.
        trouble: Why the run cannot go on; empty if it can.
        version: Grows with every change; ``changes`` says what changed when.
        done: What is at work: actions that are carried out, in the order of clicks.
    """

    def __init__(self, lab: Lab, door: Door, sandbox: Opened, on_settled: Settled) -> None:
        self.lab = lab
        self.sandbox = sandbox
        self.status = Status(end_seq=0, closed=False, why="", ended=False)
        self._stage = SandboxClient(door, sandbox.id)
        self.player = Player(lab, self._stage)
        self.at = 1
        self.steps: dict[int, StepState] = {}
        self.building = 0
        self.goal = 1
        self.trouble = ""
        self.version = 1
        self.changes: dict[str, int] = {}
        self.tools: dict[tuple[int, int], int] = {}
        self._on_settled = on_settled
        self._looked = -1
        self._asked_at = 0.0
        self._doing: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._touched = asyncio.Event()

    # -- what a page asks

    @property
    def alive(self) -> bool:
        """Whether it can go on."""
        return not self.trouble and not self.status.closed and not self.status.why

    @property
    def state(self) -> StepState:
        """The step that the learner is at."""
        return self.steps[self.at]

    @property
    def built(self) -> bool:
        """Whether the step to begin with has been entered; before that, nobody can act."""
        return self._ready.is_set()

    @property
    def busy(self) -> bool:
        """Whether actions are being carried out."""
        return self._doing is not None and not self._doing.done()

    @property
    def restless(self) -> bool:
        """Whether something will soon change that no event of the log announces: it is built, acts, or settles."""
        state = self.steps.get(self.at)
        return self.alive and (not self.built or self.busy or (state is not None and self._is_over(state)))

    async def news(self, version: int) -> None:
        """Wait until there is something newer than a version, as long as it is restless."""
        while self.version == version and self.restless:
            await self._touched.wait()

    def touch(self, *parts: str) -> None:
        """Say that parts of the page have changed: ``status``, ``step-2``, ``checks-2``."""
        self.version += 1
        for part in parts:
            self.changes[part] = self.version
        touched, self._touched = self._touched, asyncio.Event()
        touched.set()

    def changed_since(self, version: int) -> set[str]:
        """The parts that have changed after a version."""
        return {part for part, at in self.changes.items() if at > version}

    async def refresh(self) -> None:
        """Ask how far the sandbox is."""
        self.status = await self._stage.status()

    async def look(self) -> None:
        """Bring what is known up to the log's end; a look that would take long is left to ``live``."""
        await self.refresh()
        if not self.alive:
            return
        with contextlib.suppress(SocketlabError):
            await self.player.catch_up()
        if self._asked_at < LOOK_SECONDS:
            self._look()

    # -- its life

    async def live(self, step: int) -> None:
        """Play what comes before a step, then look at the checks for as long as the sandbox lives.

        Args:
            step: The number of the step to begin with.
        """
        self.goal = step
        try:
            await self._build(step)
            self._ready.set()
            self.touch("status", *(f"step-{one.number}" for one in self.lab.steps))
            more = True
            while more:
                # A page that asks brings the record further too, but only here a step settles.
                seen = await self._look_again()
                more = await self._stage.wait(seen)
                await self.refresh()
        except SocketlabError as error:
            if not await self._stage.closed():
                self.trouble = f"{error.detail} {error.hint}".strip()
        except Exception:
            _log.exception("A run of %s failed", self.lab.name)
            self.trouble = "The server made a mistake; its log tells which."
        finally:
            self.building = 0
            self._ready.set()
            await self.refresh()
            if self._doing is not None:
                self._doing.cancel()
            self.touch("status", f"step-{self.at}")

    async def ready(self) -> None:
        """Wait until the steps before the one to begin with have been played.

        Raises:
            ConflictError: That did not succeed, or the sandbox is gone.
        """
        await self._ready.wait()
        await self.refresh()
        if not self.alive:
            raise GoneError(self.trouble or f"The sandbox has ended: {self.status.why}.", "Go on with a new one.")

    async def _build(self, step: int) -> None:
        """Play the steps before one at full speed; nothing is asked and nothing waits for a person."""
        self.player.drive, self.player.patience = "live", PATIENCE
        await self.player.open()
        for earlier in self.lab.steps[: step - 1]:
            self.building = earlier.number
            self.touch("status")
            await self._play(earlier)
        self.player.drive = self.player.patience = None
        self.building = 0
        await self._own_pace(step)
        await self._enter(step)

    async def _play(self, step: Step) -> None:
        """Play a step as the author does, and settle it."""
        state = self.steps[step.number] = StepState(step=step)
        self.at = step.number
        await self.player.play(step)
        await self.player.settle()
        self._look(force=True)
        await self._settle(state, shown=True, told=False)

    async def _own_pace(self, step: int) -> None:
        """The pace that the lab has at a step when a person plays it."""
        pace: Pace = self.lab.pace
        pause: int | None = None
        for earlier in self.lab.steps[: step - 1]:
            for action in earlier.actions:
                if isinstance(action, SetPace):
                    pace, pause = action.pace, action.pause_ms
        await self._stage.command(PaceSet(pace=pace, pause_ms=pause))

    # -- steps

    async def enter(self, number: int) -> None:
        """Go on to the next step.

        Raises:
            ConflictError: It is not the next one.
        """
        await self.ready()
        if number == self.at:
            return
        if number != self.at + 1 or self.state.phase != "settled":
            raise ConflictError("The steps before this one have not been done.", "Do them, or start at this step.")
        await self._enter(number)

    async def _enter(self, number: int) -> None:
        step = self.lab.steps[number - 1]
        await self.player.begin(step)
        before, self.at = self.at, number
        self.steps[number] = StepState(step=step)
        if step.checks:
            self._look(force=True)  # some may be partly true already
        else:
            await self._settle(self.steps[number])
        self.touch("status", f"step-{before}", f"step-{number}")

    def do(self, group: asyncio.TaskGroup, actions: Sequence[tuple[int, Action]]) -> None:
        """Carry out actions of the current step, one after the other, while the page goes on.

        Args:
            group: Who waits for the work.
            actions: Each with its index among the step's actions; -1: it is none of them.
        """
        if self.busy:
            raise ConflictError("The actions before are still at work.", "Wait for them, or stop them.")
        state = self.state
        state.trouble = ""
        if state.phase == "entered":
            state.phase = "running"
        for index, _ in actions:
            if index >= 0:
                state.moods[index] = "waiting"
        self._doing = group.create_task(self._do(state, actions))
        self.touch(f"step-{state.step.number}")

    def show(self, group: asyncio.TaskGroup) -> None:
        """Do the current step for the learner, at full speed."""
        if self.busy:
            raise ConflictError("The actions before are still at work.", "Wait for them, or stop them.")
        state = self.state
        state.trouble, state.phase, state.shown = "", "running", True
        left = [(index, one) for index, one in enumerate(state.step.actions) if state.moods[index] != "done"]
        self._doing = group.create_task(self._show(state, left))
        self.touch(f"step-{state.step.number}")

    def stop(self) -> None:
        """Stop waiting for what an action waits for; what runs goes on running."""
        if self._doing is not None:
            self._doing.cancel()

    async def _do(self, state: StepState, actions: Sequence[tuple[int, Action]]) -> None:
        part = f"step-{state.step.number}"
        index = -1
        try:
            for index, action in actions:
                self._mark(state, index, "doing")
                await self.player.perform(action, state.step)
                self._mark(state, index, "done")
        except asyncio.CancelledError:
            self._mark(state, index, "waiting")
            raise
        except SocketlabError as error:
            self._mark(state, index, "failed")
            state.trouble = f"{error.detail} {error.hint}".strip()
        except Exception:
            _log.exception("An action of %s failed", self.lab.name)
            self._mark(state, index, "failed")
            state.trouble = "The server made a mistake; its log tells which."
        finally:
            self._doing = None
            self._looked = -1
            self.touch(part)
        await self._look_again()

    def _mark(self, state: StepState, index: int, mood: ActionMood) -> None:
        if index >= 0:
            state.moods[index] = mood
            self.touch(f"step-{state.step.number}")

    async def _show(self, state: StepState, actions: Sequence[tuple[int, Action]]) -> None:
        before = self.player.record.state["pace"]
        self.player.drive, self.player.patience = "live", PATIENCE
        try:
            await self._stage.command(PaceSet(pace="live"))
            await self._do(state, actions)
        except SocketlabError as error:
            state.trouble = error.detail
        finally:
            self.player.drive = self.player.patience = None
            with contextlib.suppress(SocketlabError):
                if not any(isinstance(action, SetPace) for _, action in actions):
                    await self._stage.command(PaceSet(pace=before))
            self.touch(f"step-{state.step.number}")

    # -- tools

    async def use_tool(self, number: int, index: int, host: str, command: str) -> None:
        """Run the command of a tool view on its host."""
        await self.ready()
        started = await self._stage.command(ProcessStart(host=host, argv=["sh", "-c", command]))
        self.tools[number, index] = int(started["pid"])
        self.touch(f"tools-{number}")

    def printed(self, number: int, index: int) -> str | None:
        """What the command of a tool view has printed; None if it was not run."""
        pid = self.tools.get((number, index))
        if pid is None:
            return None
        lines = (seen.view for seen in self.player.record.now("output"))
        return "\n".join(line.text for line in lines if isinstance(line, LineView) and line.pid == pid)

    # -- checks

    async def _look_again(self) -> int:
        """Look at the checks, and let the step settle if it is over; returns the last event that was seen."""
        await self.player.catch_up()
        seen = self.player.record.seq
        asked = time.monotonic()
        self._look()
        self._asked_at = time.monotonic() - asked
        state = self.steps.get(self.at)
        if state is not None and self._is_over(state):
            await self._let_settle(state)
        await asyncio.sleep(max(LOOK_SECONDS, self._asked_at * _REST))
        return seen

    def _is_over(self, state: StepState) -> bool:
        return state.phase != "settled" and not self.busy and bool(state.checks) and state.met

    async def _let_settle(self, state: StepState) -> None:
        """All checks have been true: once nothing more happens, what is so is so."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(QUIET_MOST):
                more = True
                while more:
                    before = self.player.record.seq
                    try:
                        async with asyncio.timeout(QUIET):
                            more = await self._stage.wait(before)
                    except TimeoutError:
                        break
                    await self.player.catch_up()
        self._look()
        if self._is_over(state):
            await self._settle(state)

    async def _settle(self, state: StepState, *, shown: bool = False, told: bool = True) -> None:
        step = state.step
        state.measured = [self.player.measured(predict, step) for predict in step.predictions]
        state.seq = max((check.since for check in state.checks), default=self.player.record.seq)
        state.shown = state.shown or shown
        state.phase = "settled"
        if shown:
            state.moods = ["done"] * len(state.moods)
        try:
            if told:
                await self._on_settled(self, state)
        finally:
            self.touch("status", f"step-{step.number}")

    def _look(self, *, force: bool = False) -> None:
        """Evaluate the checks of the current step, if the log has grown."""
        record = self.player.record
        tools = [f"tools-{number}" for number, _ in self.tools]
        if record.seq == self._looked and not force:
            return
        after, self._looked = self._looked, record.seq
        state = self.steps.get(self.at)
        if state is None or state.phase == "settled" or self.at not in self.player.begun:
            if tools:
                self.touch(*tools)
            return
        scene = self.player.scene(state.step)
        changed = False
        for check, known, verdict in zip(
            state.step.checks, state.checks, self.player.verdicts(state.step), strict=True
        ):
            silent = verdict.holds or state.phase == "entered"  # before the run, nothing is amiss
            hints = () if silent else tuple(showing_hints(check, scene))
            changed |= take(known, verdict, hints, after, record.seq)
        if changed or tools:
            self.touch(f"checks-{self.at}", *tools)


def take(known: CheckState, verdict: Verdict, hints: tuple[str, ...], after: int, seq: int) -> bool:
    """Bring what is known of a check up to a new verdict; returns whether that changes what is shown.

    Args:
        known: What was known; it is changed.
        verdict: What is so now.
        hints: The hints that are in place now.
        after: The last event that was known before.
        seq: The last event that is known now.
    """
    before = (known.mood, known.count, known.hints, tuple(row.key for row in known.rows))
    if verdict.holds:
        if known.mood != "true":
            known.since = _since(verdict, after, seq)
        known.mood = "true"
    elif known.mood in ("true", "lost"):
        if known.mood == "true":
            known.lost = seq
        known.mood = "lost"
    else:
        known.mood = "partly" if verdict.wanted and 0 < (verdict.count or 0) < verdict.wanted else "waiting"
    known.count, known.wanted, known.rows, known.hints = verdict.count, verdict.wanted, verdict.rows, hints
    return before != (known.mood, known.count, known.hints, tuple(row.key for row in known.rows))


def _since(verdict: Verdict, after: int, seq: int) -> int:
    """The event that made a verdict hold: of the rows that prove it, the one that was the last to be needed."""
    seqs = sorted(row.seq for row in verdict.rows)
    if not seqs:
        return seq
    needed = seqs[verdict.wanted - 1] if verdict.wanted and verdict.wanted <= len(seqs) else seqs[-1]
    return needed if after < needed <= seq else seq
