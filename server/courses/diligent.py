"""What a diligent learner does next: predicts right, runs, reads, goes on. Pure; for recordings and for tests.

Each act has an id made of what it does, so that who asks twice gets the same act and the run does it once.
"""

from __future__ import annotations

from server.courses.shapes import RunState
from server.courses.state import answer_key
from server.lab_acts import Act, AnswerQuestion, EnterStep, PerformActions, ShowStep, StartLab, UseTool
from server.lessons.model import Explain, Lab, Predict, Step, Table


def next_act(lab: Lab, state: RunState) -> Act | None:
    """What to do now; None: wait, or (``is_done``) nothing is left to do."""
    if state["mood"] == "none":
        return StartLab(act="diligent-start", step=1)
    if state["mood"] != "live":
        return None
    step = lab.steps[state["step"] - 1]
    entered = state["entered"].get(str(step.number))
    if entered is None:
        return None
    if entered["phase"] == "entered" and step.actions:
        return _predict(step, state) or _do(step)
    if entered["phase"] != "settled":
        return None
    return _look_back(step, state) or _go_on(lab, step)


def is_done(lab: Lab, state: RunState) -> bool:
    """Whether nothing is left to do: the last step has settled and its questions are answered, or nothing can go on."""
    if state["mood"] == "ended" or state["closed"] is not None:
        return True
    return state["finished"] and state["step"] == len(lab.steps) and next_act(lab, state) is None


def _predict(step: Step, state: RunState) -> Act | None:
    for index, question in enumerate(step.predictions):
        if answer_key(step.number, "predict", index) not in state["answers"]:
            return AnswerQuestion(
                act=f"diligent-{step.number}-predict-{index}",
                step=step.number,
                kind="predict",
                question=index,
                choice=_right(question),
            )
    return None


def _do(step: Step) -> Act:
    if step.task is not None:
        return ShowStep(act=f"diligent-{step.number}-show", step=step.number)
    return PerformActions(act=f"diligent-{step.number}-run", step=step.number)


def _look_back(step: Step, state: RunState) -> Act | None:
    """Run the tools and answer the questions behind the run."""
    for index, _ in enumerate(block for block in step.blocks if isinstance(block, Table)):
        if f"{step.number} {index}" not in state["tools"]:
            return UseTool(act=f"diligent-{step.number}-tool-{index}", step=step.number, tool=index)
    for index, question in enumerate(step.explanations):
        if answer_key(step.number, "explain", index) not in state["answers"]:
            return AnswerQuestion(
                act=f"diligent-{step.number}-explain-{index}",
                step=step.number,
                kind="explain",
                question=index,
                choice=_right(question),
            )
    if not step.actions:
        return _predict(step, state)
    return None


def _go_on(lab: Lab, step: Step) -> Act | None:
    if step.number == len(lab.steps):
        return None
    return EnterStep(act=f"diligent-{step.number + 1}-enter", step=step.number + 1)


def _right(question: Predict | Explain) -> str | None:
    """The right option's label; None ("I don't know") where the lab names no number."""
    return next((option.label for option in question.options if option.right), None)
