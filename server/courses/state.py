"""What a lab run is after an event: ``fold(state, event) -> state``, and nothing else.

The state is plain JSON, because ``static/js/log/run_fold.js`` must give an equal one for the same log; a test runs
recorded runs through both. ``fold`` changes the state it is given and returns it; who needs the old one copies it.

Rules that are not obvious:

* Keys are strings, as JSON has them: numbers of steps, indexes of actions, checks and tools.
* ``settled`` are the steps that were done at any time; ``entered`` are those of the present sandbox, and while it is
  being built, those of the last one. A step that the lab plays again keeps what was measured when it was done.
* ``queue`` of a step are the actions that were requested and have not ended, ``did`` those that were done, in order.
  Both together are what a rebuilt run carries out again in the step that its learner is at.
"""

from __future__ import annotations

from typing import assert_never

from server import lab_events as le
from server.courses.shapes import AskedAction, EnteredStep, GivenAnswer, Refusal, RunState

KEPT_ACTS = 256
"""So many acts are remembered; a page sends an act again within seconds, not after hundreds of others."""


def initial() -> RunState:
    """The state before the first event."""
    return {
        "seq": 0,
        "t": 0,
        "lab": "",
        "edition": "",
        "steps": 0,
        "order": 0,
        "sandbox": "",
        "at": 0,
        "mood": "none",
        "goal": 1,
        "replaying": 0,
        "why": "",
        "step": 1,
        "finished": False,
        "refusal": "",
        "refused": 0,
        "acts": {},
        "answers": {},
        "settled": [],
        "entered": {},
        "tools": {},
        "redo": [],
        "redo_shown": False,
        "redo_hints": 0,
        "closed": None,
    }


def answer_key(step: int, kind: le.Question, question: int) -> str:
    """The key of a question in ``answers``."""
    return f"{step} {kind} {question}"


def fold(state: RunState, event: le.LabEvent) -> RunState:
    """The state after one more event.

    Args:
        state: The state before it; it is changed.
        event: The next event of the run's log.
    """
    state["seq"], state["t"], state["at"] = event.seq, event.t, event.at
    match event:
        case le.LabBegun():
            _begin(state, event)
        case le.LabActAccepted():
            _remember(state, event.act, None)
            state["refusal"] = ""
        case le.LabActRefused():
            _refuse(state, event)
        case le.LabRebuildBegun():
            _rebuild(state, event)
        case le.LabSandboxOpened():
            state["sandbox"] = event.sandbox
        case le.LabSandboxRefused():
            state["mood"] = "ended" if state["entered"] else "none"
            state["replaying"], state["why"] = 0, event.detail
            state["refusal"], state["refused"] = _sentence(event.detail, event.hint), event.seq
        case le.LabStepReplayed():
            state["replaying"] = event.step
        case le.LabRebuilt():
            state["mood"], state["replaying"], state["redo"] = "live", 0, []
        case le.LabSandboxLost():
            _lose(state, event.why)
        case le.LabStepEntered():
            _enter(state, event)
        case le.LabQuestionAnswered():
            given: GivenAnswer = {"choice": event.choice, "measured": None, "fits": event.fits}
            state["answers"][answer_key(event.step, event.kind, event.question)] = given
        case le.LabEdited():
            state["edition"], state["steps"] = event.edition, event.steps
            if not event.same:
                _lose(state, "This lab was edited, and what it does is not the same any more.")
        case le.LabToolUsed():
            state["tools"][f"{event.step} {event.tool}"] = {"pid": event.pid, "detail": event.detail}
        case le.LabFinished():
            state["finished"] = True
        case le.LabGivenUp():
            state["closed"] = event.why
        case _:
            _in_step(state, event)
    return state


InStep = (
    le.LabActionsRequested
    | le.LabActionBegun
    | le.LabActionEnded
    | le.LabCheckChanged
    | le.LabHintOffered
    | le.LabStepSettled
)


def _in_step(state: RunState, event: InStep) -> None:
    """What happens within a step; one that is not entered has nothing to change."""
    step = state["entered"].get(str(event.step))
    if step is None:
        return
    match event:
        case le.LabActionsRequested():
            _request(step, event)
        case le.LabActionBegun():
            if event.action >= 0:
                step["moods"][str(event.action)] = "doing"
        case le.LabActionEnded():
            _end_action(step, event)
        case le.LabCheckChanged():
            step["checks"][str(event.check)] = {
                "mood": event.mood,
                "since": event.since,
                "lost": event.lost,
                "count": event.count,
                "wanted": event.wanted,
                "rows": [{"key": row.key, "seq": row.seq, "words": row.words} for row in event.rows],
                "more": event.more,
                "hints": event.hints,
            }
        case le.LabHintOffered():
            step["hints"] = event.hint + 1
        case le.LabStepSettled():
            _settle(state, step, event)
        case _:
            assert_never(event)


def _begin(state: RunState, event: le.LabBegun) -> None:
    state["lab"], state["edition"], state["steps"] = event.lab, event.edition, event.steps
    state["order"] = event.order
    state["step"] = state["goal"] = event.step
    state["settled"], state["finished"] = list(event.settled), event.finished
    for one in event.answers:
        given: GivenAnswer = {"choice": one.choice, "measured": one.measured, "fits": one.fits}
        state["answers"][answer_key(one.step, one.kind, one.question)] = given


def _remember(state: RunState, act: str, refusal: Refusal | None) -> None:
    state["acts"][act] = refusal
    while len(state["acts"]) > KEPT_ACTS:
        del state["acts"][next(iter(state["acts"]))]


def _refuse(state: RunState, event: le.LabActRefused) -> None:
    refusal: Refusal = {"title": event.title, "detail": event.detail, "hint": event.hint, "status": event.status}
    _remember(state, event.act, refusal)
    state["refusal"], state["refused"] = _sentence(event.detail, event.hint), event.seq


def _sentence(detail: str, hint: str) -> str:
    return f"{detail} {hint}" if hint else detail


def _rebuild(state: RunState, event: le.LabRebuildBegun) -> None:
    state["mood"], state["goal"], state["step"] = "building", event.step, event.step
    state["replaying"], state["why"], state["sandbox"] = 0, "", ""
    state["tools"], state["redo"] = {}, [_asked(one) for one in event.redo]
    state["redo_shown"], state["redo_hints"] = event.shown, event.hints
    last = event.step if event.through else event.step - 1
    state["entered"] = {key: step for key, step in state["entered"].items() if int(key) <= last}


def _lose(state: RunState, why: str) -> None:
    state["mood"], state["why"], state["replaying"] = "ended", why, 0


def _enter(state: RunState, event: le.LabStepEntered) -> None:
    if state["mood"] != "building":
        state["step"] = event.step
    before = state["entered"].get(str(event.step))
    state["entered"][str(event.step)] = {
        "phase": "entered",
        "sandbox": event.sandbox,
        "after": event.at,
        "moods": {},
        "texts": before["texts"] if before is not None else {},
        "queue": [],
        "did": [],
        "trouble": "",
        "checks": {},
        "hints": state["redo_hints"] if event.step == state["goal"] else 0,
        "measured": before["measured"] if before is not None else [],
        "decided": 0,
        "shown": before["shown"] if before is not None else False,
        "replayed": False,
    }


def _request(step: EnteredStep, event: le.LabActionsRequested) -> None:
    if step["phase"] == "entered":
        step["phase"] = "running"
    step["trouble"] = ""
    step["shown"] = step["shown"] or event.shown
    step["queue"] = [_asked(one) for one in event.actions]
    for one in event.actions:
        if one.action >= 0:
            step["moods"].pop(str(one.action), None)
            step["texts"].pop(str(one.action), None)
            if one.text is not None:
                step["texts"][str(one.action)] = one.text


def _asked(one: le.Asked) -> AskedAction:
    return {"action": one.action, "start": one.start, "host": one.host, "text": one.text}


def _end_action(step: EnteredStep, event: le.LabActionEnded) -> None:
    ended, step["queue"] = step["queue"][:1], step["queue"][1:]
    key = str(event.action)
    step["moods"].pop(key, None)
    match event.outcome:
        case "done":
            step["did"].extend(ended)
            if event.action >= 0:
                step["moods"][key] = "done"
        case "stopped":
            step["queue"] = []
        case "refused":
            step["queue"] = []
            step["trouble"] = event.detail
            if event.action >= 0:
                step["moods"][key] = "failed"


def _settle(state: RunState, step: EnteredStep, event: le.LabStepSettled) -> None:
    step["phase"], step["decided"] = "settled", event.decided
    step["shown"] = step["shown"] or event.shown
    if not (event.rebuilt and step["measured"]):
        step["measured"] = [{"value": one.value, "label": one.label, "fits": one.fits} for one in event.measured]
    if event.rebuilt:
        step["replayed"] = True
        return
    if event.step not in state["settled"]:
        state["settled"] = sorted([*state["settled"], event.step])
    for index, one in enumerate(event.measured):
        given = state["answers"].get(answer_key(event.step, "predict", index))
        if given is not None:
            given["measured"], given["fits"] = one.value, one.fits
