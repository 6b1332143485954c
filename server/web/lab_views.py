"""A lab as its page's templates are given it: text and forms, without anything that a run says. Pure.

What a run says is drawn by the page from the run's log (``static/js/views/lesson.js``); it finds what it draws on by
the ``data-`` attributes that the templates write, and by the lab's outline (``lab_outline.py``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec
from fastapi import Request
from markupsafe import Markup

from server.lessons.model import (
    Action,
    Do,
    Expect,
    Explain,
    Lab,
    Note,
    Predict,
    Prose,
    Run,
    Step,
    Table,
    Task,
    Type,
)
from server.lessons.reference import Reference
from server.lessons.source import Problem
from server.lessons.words import action_words
from server.web.contexts import HostChoice, PageContext, Theme
from server.web.lab_outline import ActionKind, action_kind, outline
from server.web.lab_words import linked
from server.web.reference import BeliefView, belief_views

LANGUAGE_COOKIE = "language"


# --- values ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionView:
    """An answer to choose, and what is said to who chose it."""

    label: str
    html: Markup
    why: Markup
    right: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionView:
    """A question.

    Attributes:
        number: What is counted, if a number is asked for.
        settles: The misconceptions behind it.
    """

    id: str
    step: int
    kind: Literal["predict", "explain"]
    index: int
    html: Markup
    options: tuple[OptionView, ...]
    number: str
    settles: tuple[BeliefView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionView:
    """An action of a step.

    Attributes:
        kind: ``run`` and ``type`` can be rewritten; a ``wait`` needs nobody; the others are as they are.
        where: The host of a command, the program for a line of text.
        text: The command or the line.
    """

    index: int
    kind: ActionKind
    words: str
    where: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskView:
    """An open task.

    Attributes:
        starts: What the learner gets to change.
        hosts: Where a command can be started.
    """

    kind: Literal["modify", "make"]
    html: Markup
    starts: tuple[ActionView, ...]
    hosts: tuple[str, ...]
    example: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckView:
    """A check, and the hints that may react to it."""

    html: Markup
    hints: tuple[Markup, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolView:
    """What to type at home to see the same: system → command."""

    index: int
    on: str
    commands: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockView:
    """A piece of a step, in the order of the lab.

    Attributes:
        after: Whether it stands below the actions: it is shown when these are done.
    """

    kind: Literal["prose", "question", "do", "task", "checks", "tool"]
    after: bool = False
    html: Markup = Markup("")  # noqa: RUF009 (immutable)
    question: QuestionView | None = None
    actions: tuple[ActionView, ...] = ()
    task: TaskView | None = None
    tool: ToolView | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepView:
    """A step.

    Attributes:
        notes: What the lab's author says to who presents it.
        asked: The questions with the answer that is right, for who presents it.
    """

    number: int
    of: int
    anchor: str
    title: str
    blocks: tuple[BlockView, ...]
    checks: tuple[CheckView, ...]
    hints: tuple[Markup, ...]
    task: bool
    next: str
    notes: tuple[Markup, ...]
    asked: tuple[QuestionView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonView:
    """A lab as text.

    Attributes:
        outline: What the page's modules know of it, as JSON.
        remember: What to keep in mind, three sentences.
        misconceptions: Those that it settles.
    """

    name: str
    title: str
    question: str
    minutes: int
    language: str
    intro: tuple[Markup, ...]
    steps: tuple[StepView, ...]
    remember: tuple[Markup, ...]
    misconceptions: tuple[BeliefView, ...]
    outline: str


# --- contexts -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class LabContext(PageContext):
    """The page of a lab.

    Attributes:
        lesson: The text.
        run: The id of the learner's run; empty: none yet.
        key: What opens the run to somebody who only watches; empty on the learner's own page.
        watching: Whether the page may only look.
        recording: The address of a recorded run that the page shows; empty: it follows a run.
        downloads: What the addresses of the recording's files begin with.
        about: What is said of the recording besides, such as how long it is kept.
        kept_for: So long the recording of a run is kept once it has ended, in words.
        playground: Whether the server has labs and a playground to lead to.
        edition: What the lab's files are now.
        hosts: What the stage shows before there is a sandbox.
        following: The lab that comes next: its name and question.
        languages: The languages to choose from.
        trouble: Why progress cannot be kept; empty if it is.
    """

    lesson: LessonView
    run: str
    key: str = ""
    watching: bool = False
    recording: str = ""
    downloads: str = ""
    about: str = ""
    kept_for: str = ""
    playground: bool = True
    edition: str = ""
    hosts: tuple[HostChoice, ...]
    following: tuple[str, str] | None = None
    languages: tuple[str, ...] = ()
    trouble: str = ""
    source: str = "lab"


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenterContext(PageContext):
    """The presenter's own window beside a lab on the projector.

    Attributes:
        lesson: The lab's text.
        window: Which window shows the lab.
    """

    lesson: LessonView
    window: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenLabContext(PageContext):
    """A lab that cannot be read: what is wrong with it, where, and what to write instead."""

    name: str
    edition: str
    problems: tuple[Problem, ...]


# --- from a lab to values -------------------------------------------------------------------------


def spoken(request: Request, lab: Lab) -> Lab:
    """A lab in the language that the visitor chose for labs, if there is a translation."""
    return lab.translations.get(request.cookies.get(LANGUAGE_COOKIE, ""), lab)


def lesson_view(lab: Lab, reference: Reference) -> LessonView:
    """A lab as text; each word of the glossary is a link where it stands for the first time."""
    seen: set[str] = set()
    in_summary: set[str] = set()
    return LessonView(
        name=lab.name,
        title=lab.title,
        question=lab.question,
        minutes=lab.minutes,
        language=lab.language,
        intro=tuple(linked(block.html, reference.glossary, seen) for block in lab.intro if isinstance(block, Prose)),
        steps=tuple(_step(lab, step, reference, seen) for step in lab.steps),
        remember=tuple(linked(html, reference.glossary, in_summary) for html in lab.remember),
        misconceptions=belief_views(lab.misconceptions, reference.misconceptions),
        outline=msgspec.json.encode(outline(lab)).decode(),
    )


def recorded_context(lab: Lab, reference: Reference, name: str, theme: Theme, *, playground: bool) -> LabContext:
    """The page of a recorded run.

    Args:
        lab: The lab, as the recording has kept it.
        reference: The words of the glossary, and the misconceptions.
        name: What addresses call the recording.
        theme: What the visitor chose.
        playground: Whether the server has labs and a playground to lead to.
    """
    return LabContext(
        title=lab.title,
        theme=theme,
        lesson=lesson_view(lab, reference),
        run="",
        watching=True,
        recording=f"/r/{name}/recording.jsonl.gz",
        downloads=f"/r/{name}",
        playground=playground,
        hosts=host_choices(lab),
    )


def host_choices(lab: Lab) -> tuple[HostChoice, ...]:
    """The hosts of a lab, as they are drawn before they are there."""
    return tuple(
        HostChoice(name=name, address=", ".join(address.partition("/")[0] for address in addresses))
        for name, addresses in lab.hosts.items()
    )


def _step(lab: Lab, step: Step, reference: Reference, seen: set[str]) -> StepView:
    following = lab.steps[step.number] if step.number < len(lab.steps) else None
    blocks = tuple(_blocks(lab, step, reference, seen))
    return StepView(
        number=step.number,
        of=len(lab.steps),
        anchor=step.anchor,
        title=step.title,
        blocks=blocks,
        checks=tuple(
            CheckView(html=Markup(check.html), hints=tuple(Markup(hint.html) for hint in check.hints))
            for check in step.checks
        ),
        hints=tuple(Markup(html) for html in step.hints),
        task=step.task is not None,
        next=following.title if following is not None else "",
        notes=tuple(Markup(block.html) for block in step.blocks if isinstance(block, Note)),
        asked=tuple(block.question for block in blocks if block.question is not None),
    )


def _blocks(lab: Lab, step: Step, reference: Reference, seen: set[str]) -> Iterator[BlockView]:
    """The pieces of a step; hints stand at its end, and notes are for the speaker."""
    after = False
    predicts = explains = tables = 0
    for block in step.blocks:
        match block:
            case Prose():
                yield BlockView(kind="prose", after=after, html=linked(block.html, reference.glossary, seen))
            case Predict():
                yield BlockView(kind="question", after=after, question=_question(step, block, predicts, reference))
                predicts += 1
            case Explain():
                yield BlockView(kind="question", after=after, question=_question(step, block, explains, reference))
                explains += 1
            case Do():
                yield BlockView(kind="do", actions=_actions(step.actions))
                after = True
            case Task():
                yield BlockView(kind="task", task=_task(lab, block))
                after = True
            case Expect():
                yield BlockView(kind="checks")
            case Table():
                tool = ToolView(index=tables, on=block.on, commands=block.commands)
                yield BlockView(kind="tool", after=after, tool=tool)
                tables += 1
            case _:
                pass


def _question(step: Step, question: Predict | Explain, index: int, reference: Reference) -> QuestionView:
    kind: Literal["predict", "explain"] = "predict" if isinstance(question, Predict) else "explain"
    return QuestionView(
        id=f"{kind}-{step.number}-{index}",
        step=step.number,
        kind=kind,
        index=index,
        html=Markup(question.question_html),
        options=tuple(
            OptionView(label=option.label, html=Markup(option.label_html), why=Markup(option.html), right=option.right)
            for option in question.options
        ),
        number=question.number if isinstance(question, Predict) else "",
        settles=belief_views(question.settles, reference.misconceptions),
    )


def _actions(actions: Sequence[Action]) -> tuple[ActionView, ...]:
    return tuple(_action(index, action) for index, action in enumerate(actions))


def _action(index: int, action: Action) -> ActionView:
    where = action.on if isinstance(action, Run) else action.to if isinstance(action, Type) else ""
    kind, text = action_kind(action)
    return ActionView(index=index, kind=kind, words=action_words(action), where=where, text=text)


def _task(lab: Lab, task: Task) -> TaskView:
    example = next((action.command for action in (*task.start, *task.actions) if isinstance(action, Run)), "")
    if not example:
        commands = (one.command for step in lab.steps for one in step.actions if isinstance(one, Run))
        example = next(commands, "")
    return TaskView(
        kind=task.kind,
        html=Markup(task.task_html),
        starts=_actions(task.start),
        hosts=tuple(lab.hosts),
        example=example if not task.start else "",
    )
