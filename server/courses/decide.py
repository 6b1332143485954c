"""What a lab run does next: ``decide(lab, state, sight, news) -> Outcome``, and nothing else.

In comes what the run is (``state``), what can be seen of its sandbox (``sight``), and what somebody did or something
reported (``news``). Out go the events to be logged, in order, and the orders to be carried out once they are: to make
a sandbox, to carry out actions, to wait until nothing more happens. Whoever carries an order out reports what came of
it, and that is decided here again. Nothing here waits, and nothing here knows a sandbox, a clock or a database.

The order of a step: it is entered (from then on its checks are looked at whenever the sandbox's log grows), its actions
are carried out, its checks pass, and once nothing more happens it settles: its checks stay as they are, and
the run answers its predictions. What happens later in the lab does not change a settled step.

An act whose id was decided before brings about nothing more; its answer is the one that it had (``answer``).
"""

from __future__ import annotations

from typing import Literal, assert_never

from server import lab_events as le
from server.courses import reports as up
from server.courses.acts import (
    Outcome,
    asked,
    entering,
    outcome,
    rebuild,
    resolved,
    resume,
    settling,
    still_possible,
    told,
)
from server.courses.looking import decided, is_over, look
from server.courses.reports import CloseSandbox, Perform, Report, SettleWhenQuiet, Sight
from server.courses.shapes import EnteredStep, Refusal, RunState
from server.errors import Problem, SocketlabError
from server.lab_acts import Act
from server.lessons.model import Lab, Step
from server.lessons.translation import differences


def decide(lab: Lab, state: RunState, sight: Sight, news: Act | Report) -> Outcome:
    """What follows from an act or a report.

    Args:
        lab: The lab as it is now.
        state: The run; it is not changed.
        sight: What can be seen of its sandbox.
        news: What somebody did, or what was reported.
    """
    if state["closed"] is not None:
        return Outcome()
    if isinstance(news, Act):
        return _act(lab, state, sight, news)
    return _report(lab, state, sight, news)


def answer(state: RunState, act: str) -> tuple[bool, Refusal | None]:
    """Whether an act was decided before, and what it was refused with (None: it was accepted)."""
    return act in state["acts"], state["acts"].get(act)


def problem_of(refusal: Refusal) -> Problem:
    """A refusal as the problem document that it was."""
    return {
        "title": refusal["title"],
        "status": refusal["status"],
        "detail": refusal["detail"],
        "hint": refusal["hint"],
    }


def _act(lab: Lab, state: RunState, sight: Sight, act: Act) -> Outcome:
    if act.act in state["acts"]:
        return Outcome()
    name = type(act).__struct_config__.tag
    assert isinstance(name, str)
    try:
        found = outcome(lab, state, sight, act)
    except SocketlabError as error:
        refused = le.LabActRefused(
            act=act.act, name=name, title=error.title, detail=error.detail, hint=error.hint, status=error.status
        )
        return Outcome((refused,))
    return Outcome((le.LabActAccepted(act=act.act, name=name), *found.events), found.orders)


def _report(lab: Lab, state: RunState, sight: Sight, report: Report) -> Outcome:
    match report:
        case up.SandboxOpened():
            return Outcome((le.LabSandboxOpened(),))
        case up.SandboxRefused(title, detail, hint):
            return Outcome((le.LabSandboxRefused(title=title, detail=detail, hint=hint),))
        case up.StepReplaying(number):
            return Outcome((le.LabStepReplayed(step=number), le.LabStepEntered(step=number)))
        case up.StepReplayed(number):
            return _replayed(lab.steps[number - 1], state, sight)
        case up.Replayed():
            return _rebuilt(lab, state, sight)
        case up.SandboxLost(why):
            return Outcome((le.LabSandboxLost(why=why),)) if state["mood"] in ("building", "live") else Outcome()
        case up.ServerRestarted(here):
            return _restarted(lab, state) if here else _left(state)
        case up.Grown(after):
            return _looked(lab, state, sight, after)
        case up.Quiet(number, after):
            return _settled(lab, state, sight, number, after)
        case up.ActionBegun(number, action):
            return Outcome((le.LabActionBegun(step=number, action=action),))
        case up.ActionEnded():
            return _action_ended(lab, state, sight, report)
        case up.ToolStarted(number, tool, pid, detail):
            return Outcome((le.LabToolUsed(step=number, tool=tool, pid=pid, detail=detail),))
        case up.LabChanged(changed, edition):
            return _changed(lab, state, changed, edition)
        case up.Deleted():
            return Outcome(
                (le.LabGivenUp(why="Its learner has deleted it."),), (CloseSandbox("its lab run was deleted"),)
            )
        case _:
            assert_never(report)


# --- rebuilding -----------------------------------------------------------------------------------


def _replayed(step: Step, state: RunState, sight: Sight) -> Outcome:
    """A step that the lab has played itself settles as it is."""
    entered = state["entered"][str(step.number)]
    found = look(step, entered, sight, entered["after"])
    settled = le.LabStepSettled(
        step=step.number,
        decided=decided(entered, sight.seq, found.events),
        measured=told(step, state, entered, sight),
        shown=step.number not in state["settled"],
        rebuilt=True,
    )
    return Outcome((*found.events, settled))


def _rebuilt(lab: Lab, state: RunState, sight: Sight) -> Outcome:
    """The learner's turn: in a step that begins, with what they had done in it; or behind one that is done."""
    step = lab.steps[state["goal"] - 1]
    done = le.LabRebuilt(step=step.number)
    if str(step.number) in state["entered"]:
        return Outcome((done,))
    wanted = still_possible(lab, step, tuple(asked(one) for one in state["redo"]))
    events = (done, *entering(lab, step, state, sight))
    if not wanted:
        return Outcome(events)
    shown = state["redo_shown"]
    requested = le.LabActionsRequested(step=step.number, actions=list(wanted), shown=shown)
    return Outcome((*events, requested), (Perform(step.number, resolved(lab, step, wanted), shown),))


def _left(state: RunState) -> Outcome:
    """The server has ended while nobody was at the run."""
    if state["mood"] not in ("building", "live"):
        return Outcome()
    return Outcome((le.LabSandboxLost(why="The server was started again since you were here."),))


def _restarted(lab: Lab, state: RunState) -> Outcome:
    """The server has ended in the middle: everything is made again, and nothing that was asked for is left out."""
    if state["mood"] not in ("building", "live"):
        return Outcome()
    number = min(state["goal"] if state["mood"] == "building" else state["step"], len(lab.steps))
    entered = state["entered"].get(str(number))
    # While hosts are made, the goal is among the entered steps only if it is to be played too.
    done = entered is not None and (state["mood"] == "building" or entered["phase"] == "settled")
    if done and lab.steps[number - 1].actions:
        return rebuild(number, "restart", through=True)
    return resume(state, number, "restart", waiting=True)


# --- a step ---------------------------------------------------------------------------------------


def _looked(lab: Lab, state: RunState, sight: Sight, after: int) -> Outcome:
    """The checks of the current step, once its sandbox's log has grown."""
    step, entered = _here(lab, state)
    if entered is None or entered["phase"] == "settled":
        return Outcome()
    found = look(step, entered, sight, after)
    over = is_over(step, entered, passed=found.passed)
    return Outcome(found.events, (SettleWhenQuiet(step.number),) if over else ())


def _settled(lab: Lab, state: RunState, sight: Sight, number: int, after: int) -> Outcome:
    """Nothing more happens: what is true now stays so."""
    step, entered = _here(lab, state)
    if entered is None or entered["phase"] == "settled" or step.number != number:
        return Outcome()
    found = look(step, entered, sight, after)
    if not is_over(step, entered, passed=found.passed):
        return Outcome(found.events)
    since = decided(entered, sight.seq, found.events)
    return Outcome((*found.events, *settling(lab, step, state, entered, sight, since=since)))


def _action_ended(lab: Lab, state: RunState, sight: Sight, report: up.ActionEnded) -> Outcome:
    how: Literal["done", "stopped", "refused"] = "stopped" if report.stopped else "refused" if report.detail else "done"
    ended = le.LabActionEnded(step=report.step, action=report.action, outcome=how, detail=report.detail)
    step, entered = _here(lab, state)
    if entered is None or step.number != report.step or entered["phase"] == "settled":
        return Outcome((ended,))
    left = entered["queue"][1:] if how == "done" else []
    now: EnteredStep = {**entered, "queue": left}
    found = look(step, now, sight, report.after)
    over = is_over(step, now, passed=found.passed)
    return Outcome((ended, *found.events), (SettleWhenQuiet(step.number),) if over else ())


def _here(lab: Lab, state: RunState) -> tuple[Step, EnteredStep | None]:
    """The step that the learner is at, and what is known of it; None where nothing runs."""
    step = lab.steps[min(state["step"], len(lab.steps)) - 1]
    return step, state["entered"].get(str(step.number)) if state["mood"] == "live" else None


# --- the lab's file -------------------------------------------------------------------------------


def _changed(lab: Lab, state: RunState, changed: Lab, edition: str) -> Outcome:
    """A run goes on if only words have changed; otherwise it stands on something that is not there any more."""
    if edition == state["edition"]:
        return Outcome()
    same = not differences(lab, changed, "")
    event = le.LabEdited(edition=edition, steps=len(changed.steps), same=same or state["mood"] == "none")
    runs = state["mood"] in ("building", "live")
    close = (CloseSandbox("its lab was edited"),) if runs and not same else ()
    return Outcome((event,), close)
