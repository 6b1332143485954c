"""What an act of a learner brings about: events and orders, or a refusal. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, assert_never

from server import lab_events as le
from server.courses.looking import look, measured
from server.courses.reports import OpenSandbox, Order, Perform, Sight, Stop, UseTool
from server.courses.shapes import AskedAction, EnteredStep, RunState
from server.courses.state import answer_key
from server.errors import BadRequestError, ConflictError, GoneError, NotFoundError, SocketlabError
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
from server.lab_acts import (
    UseTool as UseToolAct,
)
from server.lessons.commandline import typed
from server.lessons.model import Action, Lab, Run, Step, Table, Type

Why = Literal["start", "restart"]
UNKNOWN = ""
"""The choice of who says "I don't know", or skips an explanation."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is to be logged, and what is to be done once it is."""

    events: tuple[le.LabEvent, ...] = ()
    orders: tuple[Order, ...] = ()


def outcome(lab: Lab, state: RunState, sight: Sight, act: Act) -> Outcome:
    """What an act brings about.

    Raises:
        SocketlabError: It cannot be done, and why.
    """
    if act.step > len(lab.steps):
        raise NotFoundError(f"This lab has no step {act.step}.")
    step = lab.steps[act.step - 1]
    match act:
        case StartLab():
            return _start(state, act)
        case AnswerQuestion():
            return _answer(state, step, act)
        case PerformActions():
            return _perform(lab, state, step, act)
        case TryOwn():
            return _try(lab, state, step, act)
        case StopActions():
            current(state, step.number)
            return Outcome(orders=(Stop(),))
        case ShowStep():
            return _show(lab, state, step)
        case TakeHint():
            return _hint(state, step)
        case UseToolAct():
            return _use(state, step, act)
        case EnterStep():
            return _enter(state, sight, lab, step)
        case _:
            assert_never(act)


# --- what must be so ------------------------------------------------------------------------------


def alive(state: RunState) -> None:
    """Refuse where nothing runs, or not yet.

    Raises:
        GoneError: Nothing runs.
        ConflictError: The hosts are still being made.
    """
    if state["mood"] == "none":
        raise GoneError("Nothing runs.", "Start the lab first.")
    if state["mood"] == "ended":
        raise GoneError(state["why"], "Go on with new hosts.")
    if state["mood"] == "building":
        raise ConflictError("The hosts are not ready yet.", "It takes a moment.")


def current(state: RunState, number: int) -> EnteredStep:
    """A step that must be the one that the learner is at.

    Raises:
        SocketlabError: It is another one, or nothing runs.
    """
    alive(state)
    if number != state["step"]:
        raise ConflictError(
            f"You are at step {state['step']}.", f"Go to step {state['step']}, or start again at this one."
        )
    return state["entered"][str(number)]


def _idle(entered: EnteredStep) -> None:
    if entered["queue"]:
        raise ConflictError("The actions before are still at work.", "Wait for them, or stop them.")


def _predicted(state: RunState, step: Step) -> None:
    """Predict before run."""
    if _unanswered(state, step):
        raise ConflictError("A prediction is missing.", "Answer it first, or say that you do not know.")


def _explained(state: RunState, step: Step) -> None:
    """Say why before going on."""
    for index, _ in enumerate(step.explanations):
        if answer_key(step.number, "explain", index) not in state["answers"]:
            raise ConflictError("You have not said why yet.", "Choose a sentence, or skip the question.")


def _unanswered(state: RunState, step: Step) -> list[int]:
    return [
        index
        for index in range(len(step.predictions))
        if answer_key(step.number, "predict", index) not in state["answers"]
    ]


# --- acts -----------------------------------------------------------------------------------------


def _start(state: RunState, act: StartLab) -> Outcome:
    if state["mood"] in ("live", "building") and not act.again:
        return Outcome()
    if state["mood"] in ("none", "ended") and act.step == state["step"]:
        return resume(state, act.step, "start")
    return rebuild(act.step, "start")


def rebuild(step: int, why: Why, redo: Iterable[le.Asked] = (), *, through: bool = False) -> Outcome:
    """Make new hosts and play what comes before a step."""
    event = le.LabRebuildBegun(step=step, why=why, through=through, redo=list(redo))
    return Outcome((event,), (OpenSandbox(step, through),))


def resume(state: RunState, step: int, why: Why, *, waiting: bool = False) -> Outcome:
    """Make new hosts, and do again in the present step what was done in it.

    Args:
        state: The run.
        step: The present step.
        why: What for.
        waiting: Also what was asked for and has not ended: it did not end the sandbox.
    """
    entered = state["entered"].get(str(step))
    if entered is None:
        redo, shown, hints = state["redo"], state["redo_shown"], state["redo_hints"]
    elif entered["phase"] == "settled":
        redo, shown, hints = [], False, entered["hints"]
    else:
        redo = [*entered["did"], *(entered["queue"] if waiting else ())]
        shown, hints = entered["shown"], entered["hints"]
    event = le.LabRebuildBegun(step=step, why=why, redo=[asked(one) for one in redo], shown=shown, hints=hints)
    return Outcome((event,), (OpenSandbox(step),))


def asked(one: AskedAction) -> le.Asked:
    """An asked action of the state as it stands in an event."""
    return le.Asked(action=one["action"], start=one["start"], host=one["host"], text=one["text"])


def _answer(state: RunState, step: Step, act: AnswerQuestion) -> Outcome:
    fits: bool | None = None
    number = False
    if act.kind == "predict":
        questions = list(step.predictions)
        if act.question >= len(questions):
            raise BadRequestError("There is no such question.")
        number = questions[act.question].number != ""
        if number and act.choice and not (act.choice.isascii() and act.choice.isdecimal()):
            raise BadRequestError("The answer is a number.", "Write it in digits.")
        entered = state["entered"].get(str(step.number)) if state["mood"] == "live" else None
        if entered is not None and entered["phase"] != "entered":
            raise ConflictError("The run has begun: the answer stands.", "Start the step again to predict again.")
        options = () if number else questions[act.question].options
    else:
        explains = step.explanations
        if act.question >= len(explains):
            raise BadRequestError("There is no such question.")
        options = explains[act.question].options
        if act.choice is not None:
            fits = any(option.right and option.label == act.choice for option in options)
    if act.choice == "":
        other = "say that you do not know" if act.kind == "predict" else "skip the question"
        raise BadRequestError("No answer is chosen.", f"Choose one, or {other}.")
    if act.choice is not None and options and act.choice not in {option.label for option in options}:
        raise BadRequestError("That is none of the answers.", "Reload the page: the lab may have changed.")
    choice = UNKNOWN if act.choice is None else str(int(act.choice)) if number else act.choice
    event = le.LabQuestionAnswered(step=step.number, kind=act.kind, question=act.question, choice=choice, fits=fits)
    return Outcome((event,))


def _perform(lab: Lab, state: RunState, step: Step, act: PerformActions) -> Outcome:
    fresh = state["mood"] in ("none", "ended") and step.number == 1
    entered = None if fresh else current(state, step.number)
    if step.task is not None:
        raise BadRequestError("This step is yours to do.", "Write a command, or ask for a hint.")
    _predicted(state, step)
    if act.only is not None and act.only >= len(step.actions):
        raise BadRequestError("There is no such action.")
    moods = entered["moods"] if entered is not None else {}
    chosen = [
        index
        for index in range(len(step.actions))
        if (index == act.only if act.only is not None else act.again or moods.get(str(index)) != "done")
    ]
    wanted = tuple(_written(step.actions[index], index, act.texts.get(str(index), "")) for index in chosen)
    actions = resolved(lab, step, wanted)
    if entered is None:
        return rebuild(1, "start", wanted)
    _idle(entered)
    event = le.LabActionsRequested(step=step.number, actions=list(wanted))
    return Outcome((event,), (Perform(step.number, actions),))


def _written(action: Action, index: int, text: str) -> le.Asked:
    """An action, with what the learner wrote in place of the lab's own text."""
    text = text.strip()
    own = {Run: getattr(action, "command", ""), Type: getattr(action, "text", "")}.get(type(action))
    return le.Asked(action=index, text=text if own is not None and text and text != own else None)


def _try(lab: Lab, state: RunState, step: Step, act: TryOwn) -> Outcome:
    entered = current(state, step.number)
    if act.start is not None:
        if step.task is None or act.start >= len(step.task.start):
            raise BadRequestError("There is no such action.")
        wanted = le.Asked(start=act.start, text=act.text.strip())
    else:
        wanted = le.Asked(host=act.host, text=act.text.strip())
    actions = resolved(lab, step, (wanted,))
    _idle(entered)
    return Outcome((le.LabActionsRequested(step=step.number, actions=[wanted]),), (Perform(step.number, actions),))


def _show(lab: Lab, state: RunState, step: Step) -> Outcome:
    """Questions that are open count as "I don't know"."""
    entered = current(state, step.number)
    _idle(entered)
    unknown = [
        le.LabQuestionAnswered(step=step.number, kind="predict", question=index, choice=UNKNOWN)
        for index in _unanswered(state, step)
    ]
    left = tuple(
        le.Asked(action=index) for index in range(len(step.actions)) if entered["moods"].get(str(index)) != "done"
    )
    event = le.LabActionsRequested(step=step.number, actions=list(left), shown=True)
    return Outcome((*unknown, event), (Perform(step.number, resolved(lab, step, left), shown=True),))


def _hint(state: RunState, step: Step) -> Outcome:
    entered = current(state, step.number)
    if entered["hints"] >= len(step.hints):
        raise ConflictError("There are no more hints.", "Let the lab do the step: Do it for me.")
    return Outcome((le.LabHintOffered(step=step.number, hint=entered["hints"]),))


def _use(state: RunState, step: Step, act: UseToolAct) -> Outcome:
    tables = [block for block in step.blocks if isinstance(block, Table)]
    if act.tool >= len(tables):
        raise BadRequestError("There is no such command.")
    alive(state)
    table = tables[act.tool]
    return Outcome(orders=(UseTool(step.number, act.tool, table.on, table.commands["linux"]),))


def _enter(state: RunState, sight: Sight, lab: Lab, step: Step) -> Outcome:
    alive(state)
    if step.number == state["step"]:
        return Outcome()
    here = state["entered"][str(state["step"])]
    if step.number != state["step"] + 1 or here["phase"] != "settled":
        raise ConflictError("The steps before this one have not been done.", "Do them, or start at this step.")
    _explained(state, lab.steps[step.number - 2])
    return Outcome(tuple(entering(lab, step, state, sight)))


# --- shared with the reports ----------------------------------------------------------------------


def entering(lab: Lab, step: Step, state: RunState, sight: Sight) -> Iterator[le.LabEvent]:
    """A step begins: what its checks say already; one without checks settles at once."""
    yield le.LabStepEntered(step=step.number)
    fresh: EnteredStep = {
        "phase": "entered",
        "sandbox": sight.sandbox,
        "after": sight.seq,
        "moods": {},
        "texts": {},
        "queue": [],
        "did": [],
        "trouble": "",
        "checks": {},
        "hints": 0,
        "measured": [],
        "decided": 0,
        "shown": False,
        "replayed": False,
    }
    if step.checks:
        yield from look(step, fresh, sight, sight.seq).events
    else:
        yield from settling(lab, step, state, fresh, sight)


def settling(
    lab: Lab, step: Step, state: RunState, entered: EnteredStep, sight: Sight, *, since: int | None = None
) -> Iterator[le.LabEvent]:
    """A step settles, and with the last one the lab is finished.

    Args:
        lab: The lab.
        step: One of its steps.
        state: The run.
        entered: What is known of the step.
        sight: What can be seen.
        since: The event since which all its checks are true; the last one if it has none.
    """
    yield le.LabStepSettled(
        step=step.number,
        decided=sight.seq if since is None else since,
        measured=told(step, state, entered, sight),
        shown=entered["shown"],
    )
    if step.number == len(lab.steps):
        yield le.LabFinished()


def told(step: Step, state: RunState, entered: EnteredStep, sight: Sight) -> list[le.Measured]:
    """What the run says to the predictions of a step, beside what the learner has predicted."""
    answers = [state["answers"].get(answer_key(step.number, "predict", i)) for i in range(len(step.predictions))]
    return measured(step, entered, sight, answers)


def resolved(lab: Lab, step: Step, wanted: tuple[le.Asked, ...]) -> tuple[tuple[int, Action], ...]:
    """The actions that are meant, each with its index among the step's (-1: none of them).

    Raises:
        BadRequestError: The learner's text is no command line, or the lab has no such action or host.
    """
    return tuple((one.action, _action(lab, step, one)) for one in wanted)


def _action(lab: Lab, step: Step, one: le.Asked) -> Action:
    if one.action >= 0:
        own = step.actions[one.action] if one.action < len(step.actions) else None
    elif one.start >= 0:
        own = step.task.start[one.start] if step.task is not None and one.start < len(step.task.start) else None
    else:
        if one.host not in lab.hosts:
            raise BadRequestError(f"There is no host {one.host[:40]!r} in this lab.")
        return typed(lab, one.host, one.text or "")
    match own:
        case None:
            raise BadRequestError("There is no such action.", "Reload the page: the lab may have changed.")
        case Run() if one.text is not None:
            return typed(lab, own.on, one.text, instead_of=own)
        case Type() if one.text is not None:
            return Type(text=one.text, to=own.to)
        case _:
            return own


def still_possible(lab: Lab, step: Step, wanted: tuple[le.Asked, ...]) -> tuple[le.Asked, ...]:
    """Those of some asked actions that the lab, as it is now, still knows."""
    return tuple(one for one in wanted if _possible(lab, step, one))


def _possible(lab: Lab, step: Step, one: le.Asked) -> bool:
    try:
        _action(lab, step, one)
    except SocketlabError:
        return False
    return True
