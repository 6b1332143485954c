"""The outline of a lab: what its page's modules must know to draw what a run says on the lab's text. Pure."""

from __future__ import annotations

from typing import Literal

import msgspec

from server.lessons.model import Action, Explain, Lab, Predict, Run, Step, Type, Wait

ActionKind = Literal["run", "type", "wait", "other"]


class QuestionOutline(msgspec.Struct, frozen=True, kw_only=True):
    """A question: the labels of its options, the right one, whether a number is asked for and whether a run answers.

    ``last_stays``: the last option is the last one in every order.
    """

    labels: list[str]
    last_stays: bool
    right: str | None
    number: bool
    measured: bool


class StepOutline(msgspec.Struct, frozen=True, kw_only=True):
    """A step: what can be done in it, and how many of what it has."""

    title: str
    task: bool
    actions: list[ActionKind]
    texts: list[str]
    predicts: list[QuestionOutline]
    explains: list[QuestionOutline]
    checks: int
    hints: int


class Outline(msgspec.Struct, frozen=True, kw_only=True):
    """A lab: its steps."""

    steps: list[StepOutline]


def outline(lab: Lab) -> Outline:
    """What the page's modules know of a lab."""
    return Outline(steps=[_step_outline(step) for step in lab.steps])


def action_kind(action: Action) -> tuple[ActionKind, str]:
    """What an action is on the page, and the command or the line of text that it begins with."""
    match action:
        case Run():
            return "run", action.command
        case Type():
            return "type", action.text
        case Wait():
            return "wait", ""
        case _:
            return "other", ""


def _step_outline(step: Step) -> StepOutline:
    actions = [action_kind(action) for action in step.actions]
    return StepOutline(
        title=step.title,
        task=step.task is not None,
        actions=[kind for kind, _ in actions],
        texts=[text for _, text in actions],
        predicts=[_question_outline(one) for one in step.predictions],
        explains=[_question_outline(one) for one in step.explanations],
        checks=len(step.checks),
        hints=len(step.hints),
    )


def _question_outline(question: Predict | Explain) -> QuestionOutline:
    return QuestionOutline(
        labels=[option.label for option in question.options],
        last_stays=question.last_stays,
        right=next((option.label for option in question.options if option.right), None),
        number=isinstance(question, Predict) and question.number != "",
        measured=isinstance(question, Predict) and question.measure is not None,
    )
