"""Carries out the actions of a lab on a stage, and says what the kernel answers.

A stage is any sandbox: what tells its log and takes commands (``sessions.client.SandboxClient`` reaches one by its
id). The player reads the log into a ``Record``, remembers what the lab calls its programs and where each step began,
and waits by asking again whenever the log has grown, never for time to pass.

Three ways to play. *For a person* (no ``drive``): actions run as they are written, waiting takes as long as the person
does. *Driven live* and *driven in step pace* (``labs check``): nobody is there, so waiting has an end, and in step
pace the player lets each moment go on that waits for a person, the one that has waited longest first. What a lab
holds itself, by a rule or because it has asked for step pace, stays held until the lab lets it go.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeVar, assert_never

from server.commands import (
    CommandOf,
    Match,
    MomentRelease,
    PaceSet,
    PacketDeliver,
    PacketDrop,
    PacketDuplicate,
    PacketHold,
    ProcessInput,
    ProcessSignal,
    ProcessStart,
    SysctlSet,
    WireSet,
)
from server.errors import ConflictError, GoneError, NotFoundError, SocketlabError
from server.events import decode_entry
from server.inet.addresses import split_endpoint
from server.lessons.checks import Scene, Verdict, evaluate, measure, select
from server.lessons.conditions import describe
from server.lessons.model import (
    Action,
    EndInput,
    Handle,
    Lab,
    Predict,
    Release,
    Rule,
    Run,
    SetPace,
    SetSysctl,
    SetWire,
    Signal,
    Step,
    Type,
    Wait,
)
from server.lessons.query import Condition, Quantity, Value
from server.lessons.record import Record
from server.shapes import Moment, Packet
from server.state import has_exited

PATIENCE = 20.0
"""Seconds that a driven player waits for anything while nothing happens …"""
BUSY = 5
"""… and so many times as long while something does: ten thousand connections take their time."""
QUIET = 0.15
"""Seconds without an event after which a driven player takes it that nothing more will happen …"""
QUIET_MOST = 3.0
"""… but it waits no longer than this."""
_SLICE = 2_000
_DEAR = 0.03
_REST = 3

T = TypeVar("T")
R = TypeVar("R")


class Stage(Protocol):
    """A sandbox, as ``sessions.client.SandboxClient`` reaches one: every question may go to another machine."""

    async def read(self, after: int) -> list[bytes]:
        """Some of the log's lines that follow ``after``; none at the end."""
        ...

    async def wait(self, after: int) -> bool:
        """Return as soon as something follows ``after`` (True), or the log is closed and nothing will (False)."""
        ...

    async def closed(self) -> bool:
        """Nothing more will come into the log."""
        ...

    async def command(self, command: CommandOf[R]) -> R:
        """Carry out a command, or raise what it is refused with."""
        ...


class WaitedInVainError(SocketlabError):
    """What an action waits for did not come."""

    title = "It did not happen"
    status = 409


@dataclass(frozen=True, slots=True)
class Measured:
    """What the run says to a prediction.

    Attributes:
        value: The number or text that was measured; for a condition, whether it holds; None: nothing to measure yet.
        label: The option that the run confirms; None: none of them.
    """

    value: Value | None
    label: str | None


@dataclass(slots=True)
class Player:
    """Plays one lab on one stage.

    Attributes:
        lab: What is played.
        stage: Where.
        drive: The pace to drive it in when nobody is there; None: for a person.
        patience: Seconds that waiting may take; None: as long as it takes.
        record: The log so far, as conditions see it.
        names: What the lab calls programs → the pids that were started under that name.
        begun: Number of a step → the ``seq`` after which it began.
    """

    lab: Lab
    stage: Stage
    drive: Literal["live", "step"] | None = None
    patience: float | None = None
    record: Record = field(default_factory=Record)
    names: dict[str, list[int]] = field(default_factory=dict)
    begun: dict[int, int] = field(default_factory=dict)
    _own_pace: bool = False

    # -- the state of the sandbox

    async def catch_up(self) -> None:
        """Read what the log has by now, giving others a turn now and then."""
        taken = 0
        while lines := await self.stage.read(after := self.record.seq):
            if self.record.seq != after:  # somebody else has read on while the answer came
                continue
            for line in lines:
                self.record.feed(decode_entry(line))
            taken += len(lines)
            if taken >= _SLICE:
                taken = 0
                await asyncio.sleep(0)

    def scene(self, step: Step | None = None) -> Scene:
        """What conditions of a step are evaluated in."""
        return Scene(self.record, self.names, self.begun.get(step.number, 0) if step is not None else 0)

    def verdicts(self, step: Step) -> list[Verdict]:
        """What the checks of a step say now, in their order."""
        scene = self.scene(step)
        return [evaluate(check.condition, scene) for check in step.checks]

    def holds(self, step: Step) -> bool:
        """Whether all checks of a step are true now."""
        return all(verdict.holds for verdict in self.verdicts(step))

    def measured(self, predict: Predict, step: Step) -> Measured:
        """What the run says to a prediction now."""
        scene = self.scene(step)
        if predict.measure is None:
            return Measured(None, None)
        if isinstance(predict.measure, Quantity):
            value = measure(predict.measure, scene)
            fits = (option.label for option in predict.options if value is not None and option.label == str(value))
            return Measured(value, next(fits, None))
        holds = evaluate(predict.measure, scene).holds
        right = next((option.label for option in predict.options if option.right), None)
        return Measured(holds, right if holds else None)

    # -- what is done

    async def open(self) -> None:
        """Begin the lab: its own pace, or the one that it is driven in."""
        self._own_pace = self.lab.pace == "step"
        await self._command(PaceSet(pace="step" if self._own_pace else self.drive or self.lab.pace))

    async def begin(self, step: Step) -> None:
        """Begin a step: what happens from now on is "since the step began"."""
        if self.drive == "step" and not self._own_pace and self.record.state["pace"] != "step":
            await self._command(PaceSet(pace="step"))
        await self.settle()
        self.begun[step.number] = self.record.seq

    async def play(self, step: Step) -> None:
        """Begin a step, carry out its actions, and wait until its checks are true."""
        await self.begin(step)
        for action in step.actions:
            await self.perform(action, step)
        await self.until(lambda: self.holds(step), "the checks of the step")

    async def perform(self, action: Action, step: Step | None = None) -> None:
        """Carry out one action.

        Raises:
            WaitedInVainError: What it waits for did not come in time.
            SocketlabError: The sandbox refuses it, or has ended.
        """
        match action:
            case Run():
                await self.start(action)
            case Type():
                text = action.text if action.text.endswith("\n") else f"{action.text}\n"
                for pid in self._running(action.to):
                    await self._command(ProcessInput(pid=pid, text=text))
            case EndInput():
                for pid in self._running(action.to):
                    await self._command(ProcessInput(pid=pid, end=True))
            case Signal():
                for pid in self._running(action.to):
                    await self._command(ProcessSignal(pid=pid, signal=action.signal))
            case SetPace():
                await self._set_pace(action)
            case Rule():
                await self._rule(action)
            case Handle():
                await self._handle(action)
            case Release():
                await self._release(action, step)
            case SetWire(delay_ms=delay, jitter_ms=jitter, loss=loss, neighbours=shown):
                await self._command(WireSet(delay_ms=delay, jitter_ms=jitter, loss=loss, neighbours=shown))
            case SetSysctl():
                for name, value in action.values:
                    await self._command(SysctlSet(host=action.on, name=name, value=value))
            case Wait():
                await self._until_holds(action.until, step)
            case _:
                assert_never(action)
        await self.catch_up()

    async def start(self, run: Run) -> list[int]:
        """Start a program under its name, as often as it says; also what a learner has typed instead.

        Returns:
            The pids.
        """
        argv = list(run.argv)
        start = ProcessStart(
            host=run.on,
            program=run.program or None,
            args=argv if run.program else [],
            argv=None if run.program else argv,
            folder=run.folder,
            credentials=run.credentials,
        )
        pids = [(await self._command(start))["pid"] for _ in range(run.times)]
        if run.name:
            self.names.setdefault(run.name, []).extend(pids)
        return pids

    async def rebuild(self, steps: int) -> None:
        """Carry out the first steps at full speed, for somebody who comes back; stage and player must be fresh."""
        kept = self.drive, self.patience
        self.drive, self.patience = "live", PATIENCE
        try:
            await self.open()
            for step in self.lab.steps[:steps]:
                await self.play(step)
        finally:
            self.drive, self.patience = kept

    async def until(self, true: Callable[[], T], what: str) -> T:
        """Wait until something is true; it is asked whenever the log has grown. Returns what it returned.

        Raises:
            WaitedInVainError: It did not hold in time.
            GoneError: The sandbox has ended.
        """
        patience, loop = self.patience, asyncio.get_running_loop()
        begun = loop.time()
        try:
            async with asyncio.timeout(patience) as limit:
                while True:
                    before = self.record.seq
                    await self.catch_up()
                    if patience is not None and self.record.seq > before:
                        limit.reschedule(min(loop.time() + patience, begun + patience * BUSY))
                    seen = self.record.seq  # somebody else may read on while this waits
                    asked = time.monotonic()
                    if value := true():
                        return value
                    rest = _REST * (time.monotonic() - asked)  # ten thousand sockets: leave most of the time to others
                    if rest > _DEAR:
                        await asyncio.sleep(rest)
                    if await self.stage.closed():
                        raise GoneError("The sandbox has ended.", "Start it again.")
                    if not await self._let_go():
                        await self.stage.wait(seen)
                        if rest <= _DEAR:
                            await asyncio.sleep(rest)  # one evaluation for all that comes meanwhile
        except TimeoutError:
            raise WaitedInVainError(f"Waited {patience:g} seconds for {what}.") from None

    async def settle(self) -> None:
        """When driven: wait until nothing more happens by itself."""
        await self.catch_up()
        if self.drive is None:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(QUIET_MOST):
                await self.until_quiet()

    # -- parts

    async def until_quiet(self) -> None:
        """Wait until nothing has happened for ``QUIET`` seconds, or nothing ever will."""
        while True:
            await self.catch_up()
            if await self._let_go():
                continue
            before = self.record.seq
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(QUIET):
                    await self.stage.wait(before)
            if await self.stage.closed() or not await self.stage.read(before):
                return

    async def _command(self, command: CommandOf[R]) -> R:
        result = await self.stage.command(command)
        await self.catch_up()
        return result

    async def _until_holds(self, condition: Condition, step: Step | None) -> None:
        await self.until(lambda: evaluate(condition, self.scene(step)).holds, describe(condition))

    def _running(self, name: str) -> list[int]:
        """The pids of a name that have not ended.

        Raises:
            ConflictError: There are none.
        """
        pids = [pid for pid in self.names.get(name, ()) if not has_exited(self.record.state, pid)]
        if not pids:
            raise ConflictError(f"The program {name!r} does not run.", "Start it first.")
        return pids

    async def _set_pace(self, action: SetPace) -> None:
        self._own_pace = action.pace == "step"
        pace = self.drive if self.drive is not None and action.pace == "slow" else action.pace
        await self._command(PaceSet(pace=pace, pause_ms=action.pause_ms))

    async def _rule(self, action: Rule) -> None:
        off = action.match is None
        kind = PacketHold if action.how == "hold" else PacketDrop
        await self._command(kind(match=action.match, count=action.count, off=off))

    async def _handle(self, action: Handle) -> None:
        """Take the packet that fits and has waited longest; one that slips away was not held, so look again."""
        kinds = {"deliver": PacketDeliver, "drop": PacketDrop, "duplicate": PacketDuplicate}
        while True:
            packet = await self.until(lambda: self._waiting(action.match), f"a packet to {action.how}")
            with contextlib.suppress(ConflictError):
                await self._command(kinds[action.how](packet=packet))
                return

    def _waiting(self, match: Match) -> int:
        packets = self.record.state["packets"].values()
        return min((packet["packet"] for packet in packets if _fits(match, packet)), default=0)

    async def _release(self, action: Release, step: Step | None) -> None:
        until = action.until

        def found() -> int:
            waiting = select(action.moments, self.scene(step))
            return min((int(seen.key) for seen in waiting), default=0)

        def done() -> bool:
            return until is not None and evaluate(until, self.scene(step)).holds

        while not done():
            moment = await self.until(lambda: -1 if done() else found(), "a moment to release")
            if moment < 0:
                return
            with contextlib.suppress(ConflictError, NotFoundError):
                await self._command(MomentRelease(moment=moment))
                if until is None:
                    return

    async def _let_go(self) -> bool:
        """Driven in step pace: let the moment go on that has waited longest for a person. False: there is none."""
        if self.drive != "step" or self._own_pace:
            return False
        moments = self.record.state["moments"].values()
        waiting = [moment["moment"] for moment in moments if self._waits_for_a_person(moment)]
        if not waiting:
            return False
        with contextlib.suppress(ConflictError, NotFoundError):
            await self._command(MomentRelease(moment=min(waiting)))
        return True

    def _waits_for_a_person(self, moment: Moment) -> bool:
        """Not for the lab: a packet that a rule of the lab holds is the lab's to release."""
        if moment["kind"] == "syscall":
            return True
        packet = self.record.state["packets"].get(str(moment.get("packet")))
        return packet is not None and packet.get("why") == "step pace"


def _fits(match: Match, packet: Packet) -> bool:
    """Whether a packet of the state has everything that a match asks for."""
    wanted = set(match.flags.split(",")) if match.flags is not None else None
    demands = (
        (wanted, set(packet["flags"])),
        (match.protocol, packet["protocol"]),
        (match.source_host, packet["source_host"]),
        (match.target_host, packet["target_host"]),
        (match.source_port, _port(packet["source"])),
        (match.destination_port, _port(packet["destination"])),
        (match.payload, packet["length"] > 0),
    )
    return all(demand is None or demand == fact for demand, fact in demands)


def _port(endpoint: str) -> int | None:
    try:
        return split_endpoint(endpoint)[1]
    except ValueError:
        return None
