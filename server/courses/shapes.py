"""The shape of a lab run: what ``state`` folds its events into, as JSON has it.

Keys are strings, as JSON has them: numbers of steps, indexes of actions and checks.
"""

from __future__ import annotations

from typing import Literal, TypedDict

from server import lab_events as le


class Refusal(TypedDict):
    """Why an act was refused, as an RFC 9457 problem has it.

    Attributes:
        title: What kind of refusal it is.
        detail: What was wrong this time.
        hint: What the person can do; empty if nothing.
        status: The HTTP status.
    """

    title: str
    detail: str
    hint: str
    status: int


class GivenAnswer(TypedDict):
    """An answer to a question.

    Attributes:
        choice: The option's label, or a number; empty for "I don't know", or for an explanation that was skipped.
        measured: What the run says; None until it has, or if no run answers this question.
        fits: Whether the choice is what the run (or the lab) says; None until that is known.
    """

    choice: str
    measured: str | None
    fits: bool | None


class ShownRow(TypedDict):
    """A row that shows something.

    Attributes:
        key: What opens its evidence.
        seq: The event of the sandbox since which it is so.
        words: The row in one line.
    """

    key: str
    seq: int
    words: str


class CheckState(TypedDict):
    """What a check says.

    Attributes:
        mood: Whether it is true, or how far it is; "lost" if it was true and is not any more.
        since: The event that made it true; 0 until then.
        lost: The event since which it is not true any more; 0 if it is.
        count: How many rows fit; None where none are counted.
        wanted: How many must fit.
        rows: The first of the rows that show it.
        more: How many other rows do.
        hints: Which of its hints are in place, by index.
    """

    mood: le.Mood
    since: int
    lost: int
    count: int | None
    wanted: int | None
    rows: list[ShownRow]
    more: int
    hints: list[int]


class ToolState(TypedDict):
    """A tool's command.

    Attributes:
        pid: The process that runs it, or ran it; 0 if none does.
        detail: Why it does not run; empty if it does.
    """

    pid: int
    detail: str


class AskedAction(TypedDict):
    """One action that was asked for.

    Attributes:
        action: Its index among the step's actions; -1 if it is none of them.
        start: Its index among those that a task begins with; -1 if it is none of them.
        host: Where a command of the learner's own runs; empty for the lab's actions.
        text: What the learner wrote; None for the lab's own text.
    """

    action: int
    start: int
    host: str
    text: str | None


class MeasuredAnswer(TypedDict):
    """What a run says to a prediction.

    Attributes:
        value: What was measured, as text; None if there is no such thing.
        label: The option that it confirms; None if it is none of them.
        fits: Whether the learner's choice is that; None if they gave none.
    """

    value: str | None
    label: str | None
    fits: bool | None


class EnteredStep(TypedDict):
    """A step that was entered in a sandbox.

    Attributes:
        phase: Whether its actions were begun, and whether it has settled.
        sandbox: The sandbox.
        after: The event of the sandbox after which the step began.
        moods: How far its actions are, by index; an action that is not there waits.
        texts: What the learner wrote in place of an action's text, by index.
        queue: The actions that were requested and have not ended, in order.
        did: The actions that were done, in order.
        trouble: What the last action was refused with; empty if it was not.
        checks: What its checks say, by index; a check that is not there has not been true.
        hints: How many of its hints were offered.
        measured: What the run says to its predictions, once it has settled.
        decided: The event since which all its checks are true, once it has settled.
        shown: Whether the lab did it for the learner.
        replayed: Whether the lab has played it again in this sandbox.
    """

    phase: Literal["entered", "running", "settled"]
    sandbox: str
    after: int
    moods: dict[str, Literal["doing", "done", "failed"]]
    texts: dict[str, str]
    queue: list[AskedAction]
    did: list[AskedAction]
    trouble: str
    checks: dict[str, CheckState]
    hints: int
    measured: list[MeasuredAnswer]
    decided: int
    shown: bool
    replayed: bool


class RunState(TypedDict):
    """A lab run.

    Attributes:
        seq: The last event of the run.
        t: Its time, in nanoseconds since the run began.
        lab: The name of the lab.
        edition: What its files are.
        steps: How many steps it has.
        order: What the order of the options of each question is drawn from; 0: as the lab has them.
        sandbox: The present sandbox; empty if there is none.
        at: The last event of the sandbox that the run had seen.
        mood: Nothing runs; the steps before the goal are being played; the learner can act; the sandbox is gone.
        goal: The step that the present sandbox was made for.
        replaying: The step that the lab is playing; 0 if none.
        why: Why the sandbox is gone; empty while it is there.
        step: The step that the learner is at.
        finished: Whether the learner has been at the end of the lab.
        refusal: Why the last act was refused; empty if it was not.
        refused: The event of the run that says so.
        acts: The acts that were decided, by id; None if accepted, or the refusal.
        answers: The answers, by step, kind and index of the question.
        settled: The steps that were done at any time.
        entered: The steps of the present sandbox; while it is being made, those of the last one.
        tools: The commands of tool views that were run, by step and index.
        redo: What is carried out again once the run is rebuilt.
        redo_shown: Whether that is done by the lab for the learner.
        redo_hints: How many hints of the step had been offered.
        closed: Why the run is over; None while it is not.
    """

    seq: int
    t: int
    lab: str
    edition: str
    steps: int
    order: int
    sandbox: str
    at: int
    mood: Literal["none", "building", "live", "ended"]
    goal: int
    replaying: int
    why: str
    step: int
    finished: bool
    refusal: str
    refused: int
    acts: dict[str, Refusal | None]
    answers: dict[str, GivenAnswer]
    settled: list[int]
    entered: dict[str, EnteredStep]
    tools: dict[str, ToolState]
    redo: list[AskedAction]
    redo_shown: bool
    redo_hints: int
    closed: str | None
