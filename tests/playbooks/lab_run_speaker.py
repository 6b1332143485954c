"""The words of the playbook of lab runs: what arrives, from text to acts and reports; what comes out, to text.

The lab is ``lab_runs_lab.md``. There is no sandbox: whoever speaks is the learner, the runner and the kernel. What the
kernel's table has is said like this: ``server listens on 7``, ``a client connects``, ``server stops listening``.
"""

from __future__ import annotations

import functools
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec

from server import events as ev
from server import lab_events as le
from server.courses import reports as up
from server.courses.acts import Outcome
from server.courses.decide import decide
from server.courses.reports import CloseSandbox, OpenSandbox, Order, Perform, SettleWhenQuiet, Sight, Stop, UseTool
from server.courses.state import RunState, fold, initial
from server.lab_acts import (
    Act,
    AnswerQuestion,
    EnterStep,
    PerformActions,
    ShowStep,
    StartLab,
    StopActions,
    TakeHint,
    TryOwn,
)
from server.lab_acts import UseTool as UseToolAct
from server.lessons.loader import load_lab
from server.lessons.model import Action, Lab, Run, Type
from server.lessons.record import Record
from tests.unit.lessons.logs import LISTENING, connected, recorded

TEXT = Path(__file__).with_name("lab_runs_lab.md").read_text()
EDITION = "first"


@functools.cache
def lab(text: str = TEXT) -> Lab:
    """The lab of the playbook, or an edited one."""
    with tempfile.TemporaryDirectory() as root:
        place = Path(root) / "01-ports"
        place.mkdir()
        (place / "lab.md").write_text(text)
        found, problems = load_lab(place)
    assert problems == ()
    assert found is not None
    return found


Handler = Callable[..., list[str]]
_HANDLERS: list[tuple[re.Pattern[str], str]] = []


def hears(pattern: str) -> Callable[[Handler], Handler]:
    """A method that answers the lines that look like this."""

    def mark(method: Handler) -> Handler:
        _HANDLERS.append((re.compile(pattern), method.__name__))
        return method

    return mark


class LabRun:
    """One run: its folded state, and what its sandbox's log has said."""

    def __init__(self) -> None:
        self.lab = lab()
        self.state: RunState = initial()
        self.log: list[le.LabEvent] = []
        self.sandbox = ""
        self.record = Record()
        self.looked = 0
        self.acts = 0
        self.last: Act | None = None
        self._take((le.LabBegun(lab=self.lab.name, edition=EDITION, steps=len(self.lab.steps), step=1, began=0),))

    def __call__(self, line: str) -> list[str]:
        """What comes out when this arrives."""
        for pattern, method in _HANDLERS:
            match = pattern.fullmatch(line)
            if match is not None:
                answer: list[str] = getattr(self, method)(*match.groups())
                return answer
        raise ValueError(f"nobody understands: {line}")

    def tell(self, news: Act | up.Report) -> list[str]:
        """Decide, fold what is decided, and say it."""
        before = msgspec.json.encode(self.state)
        outcome: Outcome = decide(self.lab, self.state, self.sight, news)
        assert msgspec.json.encode(self.state) == before, "a decision changes nothing itself"
        self.looked = self.sight.seq
        if isinstance(news, up.LabChanged):
            self.lab = news.lab
        self._take(outcome.events)
        for order in outcome.orders:
            if isinstance(order, OpenSandbox | CloseSandbox):
                self.sandbox, self.record, self.looked = "", Record(), 0
        return [event_in_words(one) for one in outcome.events] + [order_in_words(one) for one in outcome.orders]

    @property
    def sight(self) -> Sight:
        """What can be seen of the sandbox."""
        return Sight(sandbox=self.sandbox, record=self.record) if self.sandbox else Sight()

    def _take(self, events: tuple[le.LabEvent, ...]) -> None:
        for event in events:
            place = {"seq": len(self.log) + 1, "sandbox": self.sandbox, "at": self.sight.seq}
            self.log.append(msgspec.structs.replace(event, **place))
            fold(self.state, self.log[-1])

    # -- acts

    def act(self, what: type[Act], step: str, **fields: object) -> list[str]:
        """Do something, with an id of its own."""
        self.acts += 1
        self.last = what(act=f"act-{self.acts:05}", step=int(step), **fields)
        return self.tell(self.last)

    @hears(r"start( again)?(?: at step (\d+))?")
    def start(self, again: str | None, step: str | None) -> list[str]:
        """Begin."""
        return self.act(StartLab, step or "1", again=bool(again))

    @hears(r"answer (predict|explain) (\d+) of step (\d+)(?: with (.*))?")
    def answer(self, kind: str, question: str, step: str, choice: str | None) -> list[str]:
        """Answer a question; without a choice: "I don't know", or skip it."""
        choice = "" if choice == "nothing at all" else choice
        return self.act(AnswerQuestion, step, kind=kind, question=int(question), choice=choice)

    @hears(r"run(?: action (\d+) of)? step (\d+)( again)?(?: with (\d+) as (.*))?")
    def run(self, only: str | None, step: str, again: str | None, index: str | None, text: str | None) -> list[str]:
        """Carry out actions, one of them perhaps rewritten."""
        texts = {} if index is None else {index: text}
        return self.act(PerformActions, step, only=int(only) if only else None, again=bool(again), texts=texts)

    @hears(r"try (.*) on (\S+) in step (\d+)")
    def try_own(self, text: str, host: str, step: str) -> list[str]:
        """A command of the learner's own."""
        return self.act(TryOwn, step, text=text, host=host)

    @hears(r"try (.*) as start (\d+) of step (\d+)")
    def try_start(self, text: str, start: str, step: str) -> list[str]:
        """An action that a task begins with, rewritten."""
        return self.act(TryOwn, step, text=text, start=int(start))

    @hears(r"(stop|show|hint for|enter) step (\d+)")
    def simple(self, what: str, step: str) -> list[str]:
        """An act without more to say."""
        kinds: dict[str, type[Act]] = {
            "stop": StopActions, "show": ShowStep, "hint for": TakeHint, "enter": EnterStep
        }  # fmt: skip
        return self.act(kinds[what], step)

    @hears(r"use tool (\d+) of step (\d+)")
    def use_tool(self, tool: str, step: str) -> list[str]:
        """Run a tool."""
        return self.act(UseToolAct, step, tool=int(tool))

    @hears("the same act again")
    def repeat(self) -> list[str]:
        """The page sends its last act a second time."""
        assert self.last is not None
        return self.tell(self.last)

    # -- reports

    @hears(r"sandbox (\w+) is there")
    def opened(self, name: str) -> list[str]:
        """There is a sandbox; the lab's hosts stand in its log."""
        self.sandbox, self.record = name, recorded(ev.HostAdded(host="server", addresses=[]))
        return self.tell(up.SandboxOpened())

    @hears(r"no sandbox can be made: (.*)")
    def refused(self, detail: str) -> list[str]:
        """None could be made."""
        return self.tell(up.SandboxRefused("A limit is reached", detail, ""))

    @hears(r"the lab plays step (\d+)")
    def replaying(self, step: str) -> list[str]:
        """A step before the goal begins."""
        return self.tell(up.StepReplaying(int(step)))

    @hears(r"step (\d+) was played")
    def replayed(self, step: str) -> list[str]:
        """It is over."""
        return self.tell(up.StepReplayed(int(step)))

    @hears(r"all was played")
    def all_replayed(self) -> list[str]:
        """A person's turn."""
        return self.tell(up.Replayed())

    @hears(r"the sandbox is lost: (.*)")
    def lost(self, why: str) -> list[str]:
        """It has ended."""
        said = self.tell(up.SandboxLost(why))
        self.sandbox = ""
        return said

    @hears(r"the server was restarted( while nobody was there)?")
    def restarted(self, nobody: str | None) -> list[str]:
        """The run was read from where it is kept."""
        self.sandbox = ""
        return self.tell(up.ServerRestarted(here=not nobody))

    @hears(r"(server listens on \d+|a client connects|server stops listening)( unseen)?")
    def grow(self, what: str, unseen: str | None) -> list[str]:
        """The kernel's table changes; ``unseen``: the next report is the first to look at it."""
        port = what.split()[-1]
        row = LISTENING | {"socket": port, "local": f"*:{port}"}
        match what.split()[:2]:
            case ["server", "listens"]:
                event: ev.Event = ev.SocketAppeared(**row)
            case ["a", "client"]:
                event = ev.SocketAppeared(**connected("100", "10.0.0.5:40000"))
            case _:
                event = ev.SocketVanished(**LISTENING | {"socket": "7", "local": "*:7"})
        recorded(event, record=self.record)
        return [] if unseen else self.tell(up.Grown(self.looked))

    @hears(r"nothing more happens in step (\d+)")
    def quiet(self, step: str) -> list[str]:
        """It is quiet."""
        return self.tell(up.Quiet(int(step), self.looked))

    @hears(r"action (-?\d+) of step (\d+) (begins|is done|is stopped|is refused: .*)")
    def action(self, index: str, step: str, how: str) -> list[str]:
        """How far an action is."""
        if how == "begins":
            return self.tell(up.ActionBegun(int(step), int(index)))
        detail = how.partition("is refused: ")[2]
        ended = up.ActionEnded(int(step), int(index), self.looked, stopped=how == "is stopped", detail=detail)
        return self.tell(ended)

    @hears(r"tool (\d+) of step (\d+) (?:runs as (\d+)|is refused: (.*))")
    def tool(self, tool: str, step: str, pid: str | None, detail: str | None) -> list[str]:
        """What became of a tool's command."""
        return self.tell(up.ToolStarted(int(step), int(tool), int(pid or 0), detail or ""))

    @hears(r"the lab is edited in (its words|what it does|nothing)")
    def edited(self, how: str) -> list[str]:
        """Somebody saves the lab's file."""
        edits = {"its words": ("It listens\n", "It waits\n"), "what it does": ("echo_server.py 7\n", "greeter.py 7\n")}
        text = TEXT.replace(*edits[how]) if how in edits else TEXT
        return self.tell(up.LabChanged(lab(text), EDITION if how == "nothing" else how.split()[-1]))

    @hears("the learner deletes it")
    def deleted(self) -> list[str]:
        """All of it."""
        return self.tell(up.Deleted())

    # -- what there is

    @hears(r"how is the run\?")
    def look(self) -> list[str]:
        """The run in one line: its mood, its steps, and what is left to do."""
        state = self.state
        steps = [f"{number} {step['phase']}" for number, step in state["entered"].items()]
        here = state["entered"].get(str(state["step"]))
        waits = (
            [one_asked(one["action"], one["start"], one["host"], one["text"]) for one in here["queue"]] if here else []
        )
        words = [f"{state['mood']}, at step {state['step']}", ", ".join(steps) or "no step entered"]
        words += [f"waiting: {', '.join(waits)}"] if waits else []
        return ["; ".join(words)]


# --- what comes out, in words -------------------------------------------------------------------


def event_in_words(event: le.LabEvent) -> str:
    """An event in one line."""
    match event:
        case le.LabBegun():
            return f"begun at step {event.step}"
        case le.LabActAccepted():
            return f"accepted {event.name}"
        case le.LabActRefused():
            return f"refused {event.name}, {event.status}: {event.detail} {event.hint}".strip()
        case le.LabRebuildBegun():
            redo = "".join(f", then {_asked(one)}" for one in event.redo)
            return f"rebuild for step {event.step} ({event.why}){', step included' if event.through else ''}{redo}"
        case le.LabSandboxOpened():
            return "sandbox opened"
        case le.LabSandboxRefused():
            return f"sandbox refused: {event.detail}"
        case le.LabStepReplayed():
            return f"step {event.step} replayed"
        case le.LabRebuilt():
            return f"rebuilt for step {event.step}"
        case le.LabSandboxLost():
            return f"sandbox lost: {event.why}"
        case le.LabStepEntered():
            return f"step {event.step} entered"
        case le.LabQuestionAnswered():
            if event.kind == "explain" and not event.choice:
                return f"explain {event.question} of step {event.step} skipped"
            fits = {None: "", True: ", which fits", False: ", which does not fit"}[event.fits]
            return f"{event.kind} {event.question} of step {event.step} answered: {event.choice or 'not known'}{fits}"
        case le.LabActionsRequested():
            shown = "shown: " if event.shown else ""
            return f"requested in step {event.step}: {shown}{', '.join(map(_asked, event.actions)) or 'nothing'}"
        case le.LabActionBegun():
            return f"action {event.action} of step {event.step} begun"
        case le.LabActionEnded():
            detail = f": {event.detail}" if event.detail else ""
            return f"action {event.action} of step {event.step} {event.outcome}{detail}"
        case le.LabCheckChanged():
            count = "" if event.count is None else f", {event.count} of {event.wanted}"
            since = f" since {event.since}" if event.mood == "true" else ""
            hints = "".join(f", hint {hint}" for hint in event.hints)
            return f"check {event.check} of step {event.step} {event.mood}{since}{count}{hints}"
        case le.LabHintOffered():
            return f"hint {event.hint} of step {event.step} offered"
        case le.LabToolUsed():
            return f"tool {event.tool} of step {event.step} used: {event.detail or event.pid}"
        case le.LabStepSettled():
            said = [f"{one.value or 'nothing measured'}{_fits(one.fits)}" for one in event.measured]
            ways = [way for way in ("shown", "rebuilt") if getattr(event, way)]
            told = "".join(f", {one}" for one in (*ways, *said))
            return f"step {event.step} settled since {event.decided}{told}"
        case le.LabFinished():
            return "finished"
        case le.LabEdited():
            return f"edited, {'the same' if event.same else 'not the same'}"
        case le.LabGivenUp():
            return f"given up: {event.why}"


def order_in_words(order: Order) -> str:
    """An order in one line."""
    match order:
        case OpenSandbox(step, through):
            return f"order: a sandbox for step {step}{', played too' if through else ''}"
        case Perform(step, actions, shown):
            words = ", ".join(_action(action) for _, action in actions) or "nothing"
            return f"order: perform in step {step}{', at full speed' if shown else ''}: {words}"
        case Stop():
            return "order: stop"
        case SettleWhenQuiet(step):
            return f"order: say when nothing more happens in step {step}"
        case UseTool(_, _, host, command):
            return f"order: use {command} on {host}"
        case CloseSandbox(why):
            return f"order: close the sandbox, {why}"


def one_asked(action: int, start: int, host: str, text: str | None) -> str:
    """An action that was asked for, in words."""
    which = f"action {action}" if action >= 0 else f"start {start}" if start >= 0 else f"on {host}"
    return f"{which} as {text}" if text is not None else which


def _asked(one: le.Asked) -> str:
    return one_asked(one.action, one.start, one.host, one.text)


def _action(action: Action) -> str:
    match action:
        case Run():
            return action.command
        case Type():
            return f"type {action.text}"
        case _:
            return type(action).__name__.lower()


def _fits(fits: bool | None) -> str:
    return {None: "", True: " (as predicted)", False: " (not as predicted)"}[fits]
