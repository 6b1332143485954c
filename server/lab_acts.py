"""The vocabulary of what a learner does in a lab run: one Struct per act, one closed union.

An act goes up the stream as a command to the run's log: ``{"ref": 1, "log": RUN, "command": "lab.answer", "act": ID,
…}``. The page makes the ``act`` id and sends the act again until it is answered; the run does each id once. What came
of it is in the run's log (``server/lab_events.py``).
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from server.errors import BadRequestError

ActId = Annotated[str, msgspec.Meta(min_length=8, max_length=64, pattern=r"^[A-Za-z][A-Za-z0-9_-]*\Z")]
StepNumber = Annotated[int, msgspec.Meta(ge=1, le=99)]
Index = Annotated[int, msgspec.Meta(ge=0, le=999)]
Text = Annotated[str, msgspec.Meta(max_length=500, pattern=r"^[^\x00]*\Z")]


class _Act(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="command", omit_defaults=True
):
    """An act: ``act`` is its id, made by the page."""

    act: ActId
    step: StepNumber


class StartLab(_Act, frozen=True, tag="lab.start"):
    """Begin at a step, on new hosts; the steps before it are played by the lab.

    A run that is alive goes on as it is, unless ``again``.
    """

    again: bool = False


class AnswerQuestion(_Act, frozen=True, tag="lab.answer"):
    """Answer a question of a step; ``choice`` None: "I don't know" (a prediction), or "skip it" (an explanation)."""

    kind: Literal["predict", "explain"]
    question: Index
    choice: Text | None = None


class PerformActions(_Act, frozen=True, tag="lab.perform"):
    """Carry out the actions of a step that are left, each as it is or as the learner wrote it.

    ``only`` one of them, or, with ``again``, all of them. ``texts``: index of an action (as text) → what is written.
    """

    only: Index | None = None
    again: bool = False
    texts: Annotated[dict[str, Text], msgspec.Meta(max_length=40)] = {}


class TryOwn(_Act, frozen=True, tag="lab.try"):
    """Do something of one's own: an action that the task begins with, rewritten, or any command on any host."""

    text: Text = ""
    start: Index | None = None
    host: Annotated[str, msgspec.Meta(max_length=32)] = ""


class StopActions(_Act, frozen=True, tag="lab.stop"):
    """Stop waiting for what an action waits for; what runs goes on running."""


class ShowStep(_Act, frozen=True, tag="lab.show"):
    """Let the lab do the step. Predictions without an answer count as "I don't know"."""


class TakeHint(_Act, frozen=True, tag="lab.hint"):
    """Get the next hint of a step."""


class UseTool(_Act, frozen=True, tag="lab.tool"):
    """Run the command of a tool view on its host."""

    tool: Index


class EnterStep(_Act, frozen=True, tag="lab.enter"):
    """Go on to the next step, once the explanations of the present one are answered or skipped."""


Act = StartLab | AnswerQuestion | PerformActions | TryOwn | StopActions | ShowStep | TakeHint | UseTool | EnterStep

_decoder = msgspec.json.Decoder(Act)


def decode_act(document: bytes) -> Act:
    """The act that a JSON object asks for.

    Raises:
        BadRequestError: It is not JSON, names no known act, or a field is missing, unknown or of the wrong type.
    """
    try:
        act: Act = _decoder.decode(document)
    except msgspec.ValidationError as error:
        raise BadRequestError(f"{error}", "docs/lab_acts.md lists each act with its fields.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequestError(f"The act is not valid JSON: {error}", "Send one JSON object.") from None
    return act
