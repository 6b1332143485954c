"""The vocabulary of what happens in a lab run: one Struct per event, one closed union, encode and decode.

A lab run is one person's way through a lab. Its log stands beside the logs of its sandboxes and points into them:
``sandbox`` names the sandbox, and ``at`` is the ``seq`` of that sandbox's log on which the event stands (the run had
seen everything up to it). A run that is rebuilt goes on with another sandbox, in the same log.

Events are in the past tense, like those of ``server/events.py``; what is asked for is in ``server/lab_acts.py``. Steps
count from 1; actions, checks, questions, hints and tools count from 0 within their step, in the order of the lab file.
Texts of the lab are never copied into the log: an index says which one, so that a run reads in any language.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Mood = Literal["waiting", "partly", "true", "lost"]
"""What a check says. ``lost``: it was true and is not any more; it stays passed."""
Question = Literal["predict", "explain"]


class _LabEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type"):
    """What every event of a lab run has.

    ``seq`` counts from 1 without gaps; ``t`` is nanoseconds since the run began, by the server's wall clock, never
    going back; ``sandbox`` and ``at`` say where in which sandbox's log the event stands.
    """

    seq: int = 0
    t: int = 0
    sandbox: str = ""
    at: int = 0


class Answer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An answer that is known from before the run. ``choice`` is empty for "I don't know" and for what was skipped."""

    step: int
    kind: Question
    question: int
    choice: str
    measured: str | None = None
    fits: bool | None = None


class Asked(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One action that somebody asked for.

    ``action`` is its index among the step's actions, ``start`` among those that a task begins with; both -1: a
    command of the learner's own on ``host``. ``text`` is what the learner wrote; None: as the lab has it.
    """

    action: int = -1
    start: int = -1
    host: str = ""
    text: str | None = None


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """A row that shows something: ``key`` opens its evidence on the page, ``seq`` is since when it is so."""

    key: str
    seq: int
    words: str


class Measured(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the run says to a prediction.

    ``value`` is what the kernel's tables gave, as text; ``label`` the option that it confirms; ``fits`` whether the
    learner's choice is that. None where there is no such thing.
    """

    value: str | None = None
    label: str | None = None
    fits: bool | None = None


class LabBegun(_LabEvent, frozen=True, tag="lab.begun"):
    """A run of a lab begins, with what is known of the learner from before.

    ``steps`` is the number of the lab's steps, ``step`` the one to begin with, ``began`` seconds since 1970 (UTC).
    The order in which the options of each question are shown is drawn from ``order``; 0: as the lab has them.
    """

    lab: str
    edition: str
    steps: int
    step: int
    began: int
    order: int = 0
    answers: list[Answer] = []
    settled: list[int] = []
    finished: bool = False


class LabActAccepted(_LabEvent, frozen=True, tag="lab.act.accepted"):
    """An act of the learner was accepted; what it brings about follows. ``act`` is the id that the page gave it."""

    act: str
    name: str


class LabActRefused(_LabEvent, frozen=True, tag="lab.act.refused"):
    """An act of the learner was refused; nothing else came of it."""

    act: str
    name: str
    title: str
    detail: str
    hint: str = ""
    status: int = 409


class LabRebuildBegun(_LabEvent, frozen=True, tag="lab.rebuild.begun"):
    """New hosts are being made; the steps before ``step`` will be played as the lab has them (``through``: it too).

    ``redo`` are the actions to be carried out once ``step`` is reached: the learner's own, or (``shown``) the lab's for
    them; ``hints`` of the step have been offered. ``why`` says what it is
    for: the learner has asked (``"start"``), or the sandbox is gone with the server (``"restart"``).
    """

    step: int
    why: Literal["start", "restart"]
    through: bool = False
    redo: list[Asked] = []
    shown: bool = False
    hints: int = 0


class LabSandboxOpened(_LabEvent, frozen=True, tag="lab.sandbox.opened"):
    """The run has a new sandbox: the one in ``sandbox``."""


class LabSandboxRefused(_LabEvent, frozen=True, tag="lab.sandbox.refused"):
    """No sandbox could be made."""

    title: str
    detail: str
    hint: str = ""


class LabStepReplayed(_LabEvent, frozen=True, tag="lab.step.replayed"):
    """A step before the one to begin with is being played by the lab itself."""

    step: int


class LabRebuilt(_LabEvent, frozen=True, tag="lab.rebuilt"):
    """The steps before ``step`` have been played; the learner can act."""

    step: int


class LabSandboxLost(_LabEvent, frozen=True, tag="lab.sandbox.lost"):
    """The run's sandbox has ended, or cannot be used any more. Nothing of the run is lost by it."""

    why: str


class LabStepEntered(_LabEvent, frozen=True, tag="lab.step.entered"):
    """A step begins: what happens in the sandbox after ``at`` is "since the step began"."""

    step: int


class LabQuestionAnswered(_LabEvent, frozen=True, tag="lab.question.answered"):
    """A question was answered: a prediction before its run, or an explanation after it.

    ``choice`` is the option's label or a number; empty: "I don't know", or, for an explanation, skipped. ``fits`` is
    known at once only for an explanation.
    """

    step: int
    kind: Question
    question: int
    choice: str
    fits: bool | None = None


class LabActionsRequested(_LabEvent, frozen=True, tag="lab.actions.requested"):
    """Actions will be carried out, one after the other. ``shown``: by the lab for the learner, at full speed."""

    step: int
    actions: list[Asked]
    shown: bool = False


class LabActionBegun(_LabEvent, frozen=True, tag="lab.action.begun"):
    """The next of the requested actions is being carried out."""

    step: int
    action: int


class LabActionEnded(_LabEvent, frozen=True, tag="lab.action.ended"):
    """An action has ended: done, stopped by the learner, or refused (``detail`` says why)."""

    step: int
    action: int
    outcome: Literal["done", "stopped", "refused"]
    detail: str = ""


class LabCheckChanged(_LabEvent, frozen=True, tag="lab.check.changed"):
    """A check says something else than before.

    ``since`` is the event of the sandbox that made it true, ``lost`` the one since which it is not any more.
    ``count`` rows fit of ``wanted``; ``rows`` are the first of those that show it, ``more`` says how many others.
    ``hints`` are the check's hints that are in place now.
    """

    step: int
    check: int
    mood: Mood
    since: int = 0
    lost: int = 0
    count: int | None = None
    wanted: int | None = None
    rows: list[Proof] = []
    more: int = 0
    hints: list[int] = []


class LabHintOffered(_LabEvent, frozen=True, tag="lab.hint.offered"):
    """The learner has asked for a hint of the step, and got the one with this index."""

    step: int
    hint: int


class LabToolUsed(_LabEvent, frozen=True, tag="lab.tool.used"):
    """The command of a tool view runs on its host as process ``pid``; its output is in the sandbox's log."""

    step: int
    tool: int
    pid: int = 0
    detail: str = ""


class LabStepSettled(_LabEvent, frozen=True, tag="lab.step.settled"):
    """All checks of a step have been true and nothing more happens: what was measured is the result.

    ``decided`` is the event of the sandbox since which all checks were true; ``measured`` has one entry for each
    prediction. ``shown``: the lab did it. ``rebuilt``: it was settled before, and played again by the lab.
    """

    step: int
    decided: int
    measured: list[Measured] = []
    shown: bool = False
    rebuilt: bool = False


class LabFinished(_LabEvent, frozen=True, tag="lab.finished"):
    """The last step has settled: the learner has been at the end of the lab."""


class LabEdited(_LabEvent, frozen=True, tag="lab.edited"):
    """The lab's file has changed. ``same``: only in its words, so that the run goes on."""

    edition: str
    steps: int
    same: bool


class LabGivenUp(_LabEvent, frozen=True, tag="lab.given_up"):
    """The run is over: its learner has deleted it. This is its last event."""

    why: str


LabEvent = (
    LabBegun
    | LabActAccepted
    | LabActRefused
    | LabRebuildBegun
    | LabSandboxOpened
    | LabSandboxRefused
    | LabStepReplayed
    | LabRebuilt
    | LabSandboxLost
    | LabStepEntered
    | LabQuestionAnswered
    | LabActionsRequested
    | LabActionBegun
    | LabActionEnded
    | LabCheckChanged
    | LabHintOffered
    | LabToolUsed
    | LabStepSettled
    | LabFinished
    | LabEdited
    | LabGivenUp
)

_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(LabEvent)


def encode_lab_entry(seq: int, t: int, event: LabEvent) -> bytes:
    """One line of a run's log: the event as a JSON object with ``seq`` and ``t`` (ns) in front."""
    return b'{"seq":%d,"t":%d,%b' % (seq, t, _encode(event)[1:])


def decode_lab_entry(line: bytes) -> LabEvent:
    """The event of one line of a run's log.

    Raises:
        msgspec.ValidationError: The line is no event of this vocabulary; the message names the path.
        msgspec.DecodeError: The line is not JSON.
    """
    event: LabEvent = _decoder.decode(line)
    return event
