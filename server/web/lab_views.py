"""What the templates of the labs are given: a lab, somebody's run of it and their notes, as values. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from server.lessons.checks import Row
from server.lessons.model import (
    Action,
    Block,
    Do,
    Expect,
    Explain,
    Hints,
    Lab,
    Predict,
    Prose,
    Run,
    Step,
    Table,
    Task,
    Type,
    Wait,
)
from server.lessons.reference import Misconception, Reference
from server.lessons.source import Problem
from server.lessons.words import action_words, row_key, row_words
from server.progress.notes import UNKNOWN, Answered, Notes, Visit
from server.web.contexts import HostChoice, PageContext
from server.web.lab_runs import CheckState, StepState
from server.web.lab_runs import Run as LabRun
from server.web.lab_words import linked
from server.web.reference import BeliefView, belief_views

Place = Literal["read", "ahead", "now", "behind"]
"""Where a step is: nothing runs; not yet; the one that the learner is at; done in this run."""

MOST_ROWS = 4


# --- values -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionView:
    """An answer to choose.

    Attributes:
        said: Whether the kernel said so.
    """

    label: str
    html: Markup
    why: Markup
    right: bool
    chosen: bool
    said: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionView:
    """A question, before or after its answer.

    Attributes:
        number: What is counted, if a number is asked for.
        choice: What was answered; None: nothing yet; empty: "I don't know".
        open: Whether it can still be answered, or answered differently.
        told: Whether the answer is shown.
        measured: What the kernel said; empty if it has not, or does not answer this question.
        asks_run: Whether a run answers it.
        fits: Whether the choice is what the kernel or the lab says.
        settles: The misconceptions behind it.
    """

    id: str
    step: int
    kind: Literal["predict", "explain"]
    index: int
    html: Markup
    options: tuple[OptionView, ...]
    number: str
    choice: str | None
    open: bool
    told: bool
    measured: str
    asks_run: bool
    fits: bool | None
    settles: tuple[BeliefView, ...]

    @property
    def chosen(self) -> OptionView | None:
        """The option that was chosen."""
        return next((option for option in self.options if option.chosen), None)

    @property
    def said(self) -> OptionView | None:
        """The option that the kernel confirms."""
        return next((option for option in self.options if option.said), None)

    @property
    def answer(self) -> OptionView | None:
        """The option to be explained: the one that the kernel confirms, or else the lab's own."""
        return self.said or next((option for option in self.options if option.right), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionView:
    """An action of a step.

    Attributes:
        kind: ``run`` and ``type`` can be rewritten; a ``wait`` needs nobody; the others are as they are.
        where: The host of a command, the program for a line of text.
        text: The command or the line.
        own: Whether the text is the learner's.
    """

    index: int
    kind: Literal["run", "type", "wait", "other"]
    words: str
    where: str
    text: str
    own: bool
    mood: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DoView:
    """The actions of a step, and what can be done about them.

    Attributes:
        can: What the main button does: ``start`` a sandbox and run, ``run``, ``stop`` waiting; empty: nothing.
        label: What is on the button.
        waits: Why it cannot be pressed yet; empty if it can.
        trouble: What the last action was refused with.
    """

    actions: tuple[ActionView, ...]
    can: Literal["", "start", "run", "stop"]
    label: str
    waits: str
    trouble: str
    done: bool


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
    live: bool
    shown: bool
    trouble: str
    example: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RowView:
    """A row that proves something."""

    key: str
    words: str
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckView:
    """A check."""

    that: str
    mood: str
    words: str
    seq: int
    rows: tuple[RowView, ...]
    more: int
    hints: tuple[Markup, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolView:
    """What to type at home to see the same.

    Attributes:
        rows: The rows that it is about, as they are now.
        printed: What the command printed here; None if it was not run.
    """

    index: int
    on: str
    commands: Mapping[str, str]
    printed: str | None
    live: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockView:
    """A piece of a step, in the order of the lab.

    Attributes:
        after: Whether it stands below the actions: it is shown when these are done.
    """

    kind: Literal["prose", "question", "do", "task", "checks", "tool"]
    after: bool
    html: Markup = Markup("")  # noqa: RUF009 (immutable)
    question: QuestionView | None = None
    do: DoView | None = None
    task: TaskView | None = None
    tool: ToolView | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepView:
    """A step.

    Attributes:
        place: Where it is.
        settled: Whether its checks are all true, in this run or an earlier one.
        reveal: Whether what stands below the actions is shown.
        checks: Its checks.
        hints: The hints that were asked for; ``more_hints`` that could be.
        next: The title of the next step; empty if there is none.
    """

    number: int
    of: int
    anchor: str
    title: str
    place: Place
    phase: str
    settled: bool
    reveal: bool
    shown: bool
    blocks: tuple[BlockView, ...]
    checks: tuple[CheckView, ...]
    hints: tuple[Markup, ...]
    more_hints: int
    is_task: bool
    live: bool
    next: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusView:
    """How the run is.

    Attributes:
        mood: ``none`` nothing runs; ``building`` the steps before are played; ``live``; ``ended``.
        words: What is said about it.
        step: The step to go on at.
    """

    mood: Literal["none", "building", "live", "ended"]
    words: str
    step: int
    begun: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LineView:
    """A prediction in the summary."""

    step: int
    title: str
    html: Markup
    choice: Markup
    measured: str
    answer: Markup
    fits: bool | None


# --- contexts -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class LabContext(PageContext):
    """The page of a lab, and the parts of it that change.

    Attributes:
        name: The lab's folder.
        edition: What its files are now.
        version: What the page knows of the run.
        sandbox: The id of the sandbox that the stage shows; empty: none.
        hosts: What the stage shows before it has a sandbox.
        parts: The parts that have changed, for an answer that brings only these.
        said: What a screen reader is told.
        refusal: Why the last act was not done.
        restless: Whether there is soon something new, so that the page should ask again.
        trouble: Why progress cannot be kept; empty if it is.
    """

    name: str
    lab: Lab
    edition: str
    version: int
    intro: tuple[Markup, ...]
    steps: tuple[StepView, ...]
    status: StatusView
    sandbox: str
    hosts: tuple[HostChoice, ...]
    lines: tuple[LineView, ...]
    remember: tuple[Markup, ...]
    finished: bool
    following: Lab | None
    misconceptions: tuple[BeliefView, ...]
    languages: tuple[str, ...]
    language: str
    trouble: str
    said: str = ""
    refusal: str = ""
    restless: bool = False
    parts: frozenset[str] = frozenset()
    source: str = "lab"


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenLabContext(PageContext):
    """A lab that cannot be read: what is wrong with it, where, and what to write instead."""

    name: str
    edition: str
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CardView:
    """A lab in the catalogue."""

    name: str
    number: str
    title: str
    question: str
    minutes: int
    steps: int
    mood: Literal["new", "begun", "done"]
    words: str
    link: str
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackView:
    """A track of the catalogue."""

    title: str
    cards: tuple[CardView, ...]
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LabsContext(PageContext):
    """The catalogue."""

    title: str = "Labs"
    query: str
    tracks: tuple[TrackView, ...]
    count: int
    broken: tuple[CardView, ...]
    known: bool
    trouble: str


# --- from a lab, a run and notes to values --------------------------------------------------------


def step_view(
    lab: Lab,
    step: Step,
    run: LabRun | None,
    notes: Notes,
    reference: Reference,
    seen: set[str],
    past: LabRun | None = None,
    *,
    reading: bool = False,
) -> StepView:
    """A step as somebody sees it.

    Args:
        lab: The lab, in the language that is shown.
        step: One of its steps.
        run: What they play, if it is alive.
        notes: What they have done.
        reference: The glossary and the misconceptions.
        seen: The words of the glossary that are links already.
        past: A run that has ended; what was done in it stays as it was.
        reading: Whether the lab is only read, so that nothing waits for a run.
    """
    place = place_of(step.number, run)
    state = run.steps.get(step.number) if run is not None else None
    before = past.steps.get(step.number) if past is not None else None
    if before is not None and before.phase == "settled":
        state = before
    settled = state.phase == "settled" if state is not None else notes.has_finished(lab.name, step.number)
    following = lab.steps[step.number] if step.number < len(lab.steps) else None
    return StepView(
        number=step.number,
        of=len(lab.steps),
        anchor=step.anchor,
        title=step.title,
        place=place,
        phase=state.phase if state is not None else "",
        settled=settled,
        reveal=reading or settled or not step.actions,
        shown=state is not None and state.shown,
        blocks=tuple(_blocks(lab, step, run, state, notes, reference, seen)),
        checks=check_views(step, state),
        hints=tuple(Markup(html) for html in step.hints[: state.hints if state is not None else 0]),
        more_hints=len(step.hints) - (state.hints if state is not None else 0),
        is_task=step.task is not None,
        live=run is not None,
        next=following.title if following is not None else "",
    )


def place_of(number: int, run: LabRun | None) -> Place:
    """Where a step is in a run."""
    if run is None:
        return "read"
    return "now" if number == run.at else "behind" if number < run.at else "ahead"


def _blocks(
    lab: Lab,
    step: Step,
    run: LabRun | None,
    state: StepState | None,
    notes: Notes,
    reference: Reference,
    seen: set[str],
) -> Iterator[BlockView]:
    after = False
    predicts = explains = tables = 0
    for block in step.blocks:
        match block:
            case Prose():
                yield BlockView(kind="prose", after=after, html=linked(block.html, reference.glossary, seen))
            case Predict():
                question = predict_view(lab, step, block, predicts, state, notes, reference.misconceptions)
                yield BlockView(kind="question", after=after, question=question)
                predicts += 1
            case Explain():
                question = explain_view(lab, step, block, explains, notes, reference.misconceptions)
                yield BlockView(kind="question", after=after, question=question)
                explains += 1
            case Do():
                yield BlockView(kind="do", after=False, do=do_view(lab, step, run, state, notes))
                after = True
            case Task():
                yield BlockView(kind="task", after=False, task=task_view(lab, block, run, state))
                after = True
            case Expect():
                yield BlockView(kind="checks", after=False)
            case Table():
                printed = run.printed(step.number, tables) if run is not None else None
                tool = ToolView(
                    index=tables, on=block.on, commands=block.commands, printed=printed, live=run is not None
                )
                yield BlockView(kind="tool", after=after, tool=tool)
                tables += 1
            case Hints():
                pass  # they stand at the end of the step
            case _:
                pass  # notes are for the speaker


def predict_view(
    lab: Lab,
    step: Step,
    predict: Predict,
    index: int,
    state: StepState | None,
    notes: Notes,
    misconceptions: Mapping[int, Misconception],
) -> QuestionView:
    """A question before the run. It is open until the run begins, and told once the run has answered it."""
    given = notes.answer(lab.name, step.number, "predict", index)
    measured = state.measured[index] if state is not None and state.phase == "settled" else None
    label = measured.label if measured is not None else None
    value = label or ""
    if measured is not None and not value and not isinstance(measured.value, bool | None):
        value = str(measured.value)  # none of the answers
    if measured is None and given is not None and given.measured is not None:
        value = label = given.measured
    told = given is not None and (measured is not None or given.fits is not None or given.measured is not None)
    told = told or (given is not None and not step.actions)
    fits = given.fits if given is not None else None
    if given is not None and not step.actions and given.choice != UNKNOWN:
        fits = any(option.right and option.label == given.choice for option in predict.options)
    return QuestionView(
        id=f"predict-{step.number}-{index}",
        step=step.number,
        kind="predict",
        index=index,
        html=Markup(predict.question_html),
        options=_options(predict, given, label),
        number=predict.number,
        choice=given.choice if given is not None else None,
        open=(state is None and not told) or (state is not None and state.phase == "entered"),
        told=told and (state is None or state.phase == "settled"),
        measured=value if predict.measure is not None else "",
        asks_run=predict.measure is not None,
        fits=fits,
        settles=belief_views(predict.settles, misconceptions),
    )


def explain_view(
    lab: Lab, step: Step, explain: Explain, index: int, notes: Notes, misconceptions: Mapping[int, Misconception]
) -> QuestionView:
    """A question after the run. It is told as soon as it is answered."""
    given = notes.answer(lab.name, step.number, "explain", index)
    return QuestionView(
        id=f"explain-{step.number}-{index}",
        step=step.number,
        kind="explain",
        index=index,
        html=Markup(explain.question_html),
        options=_options(explain, given, None),
        number="",
        choice=given.choice if given is not None else None,
        open=True,
        told=given is not None,
        measured="",
        asks_run=False,
        fits=given.fits if given is not None else None,
        settles=belief_views(explain.settles, misconceptions),
    )


def _options(question: Predict | Explain, given: Answered | None, said: str | None) -> tuple[OptionView, ...]:
    return tuple(
        OptionView(
            label=option.label,
            html=Markup(option.label_html),
            why=Markup(option.html),
            right=option.right,
            chosen=given is not None and given.choice == option.label,
            said=said == option.label,
        )
        for option in question.options
    )


def do_view(lab: Lab, step: Step, run: LabRun | None, state: StepState | None, notes: Notes) -> DoView:
    """The actions of a step, with what the main button can do now."""
    unanswered = any(
        notes.answer(lab.name, step.number, "predict", index) is None for index in range(len(step.predictions))
    )
    place = place_of(step.number, run)
    can: Literal["", "start", "run", "stop"] = "start"
    label = "Run" if step.number == 1 else "Play the steps before, then run"
    if place == "now" and state is not None and run is not None:
        left = [mood for mood in state.moods if mood != "done"]
        can = "stop" if run.busy else "run" if left else ""
        begun = len(left) < len(state.moods) or "failed" in left
        label = "Stop waiting" if run.busy else "Run what is left" if begun else "Run"
    elif place == "behind":
        can, label = "", ""
    return DoView(
        actions=action_views(step.actions, state),
        can=can,
        label=label,
        waits="Predict first, or say that you do not know." if unanswered and can in ("run", "start") else "",
        trouble=state.trouble if state is not None else "",
        done=place == "behind" or (state is not None and all(mood == "done" for mood in state.moods)),
    )


def action_views(actions: Sequence[Action], state: StepState | None) -> tuple[ActionView, ...]:
    """Actions, each with how far it is."""
    views = []
    for index, action in enumerate(actions):
        own = state.texts.get(index) if state is not None else None
        match action:
            case Run():
                kind, where, text = "run", action.on, action.command
            case Type():
                kind, where, text = "type", action.to, action.text
            case Wait():
                kind, where, text = "wait", "", ""
            case _:
                kind, where, text = "other", "", ""
        views.append(
            ActionView(
                index=index,
                kind=kind,  # type: ignore[arg-type]  # mypy widens the literals of a tuple
                words=action_words(action),
                where=where,
                text=own if own is not None else text,
                own=own is not None and own != text,
                mood=state.moods[index] if state is not None and index < len(state.moods) else "waiting",
            )
        )
    return tuple(views)


def task_view(lab: Lab, task: Task, run: LabRun | None, state: StepState | None) -> TaskView:
    """An open task."""
    example = next((action.command for action in (*task.start, *task.actions) if isinstance(action, Run)), "")
    if not example:
        commands = (one.command for step in lab.steps for one in step.actions if isinstance(one, Run))
        example = next(commands, "")
    return TaskView(
        kind=task.kind,
        html=Markup(task.task_html),
        starts=action_views(task.start, None),
        hosts=tuple(lab.hosts),
        live=run is not None,
        shown=state is not None and state.shown,
        trouble=state.trouble if state is not None else "",
        example=example if not task.start else "",
    )


def check_views(step: Step, state: StepState | None) -> tuple[CheckView, ...]:
    """The checks of a step."""
    states = state.checks if state is not None else [CheckState() for _ in step.checks]
    return tuple(_check(check.that, known) for check, known in zip(step.checks, states, strict=True))


def _check(that: str, known: CheckState) -> CheckView:
    match known.mood:
        case "true":
            words = "true since"
        case "lost":
            words = f"was true until seq {known.lost}, since"
        case "partly":
            words = f"{known.count} of {known.wanted}"
        case _:
            words = "not yet"
    rows = list({(row.subject, row.key): row for row in known.rows}.values())  # a condition may need a row twice
    if known.mood not in ("true", "partly"):
        rows = []
    return CheckView(
        that=that,
        mood=known.mood,
        words=words,
        seq=known.since if known.mood in ("true", "lost") else 0,
        rows=tuple(_row(row) for row in rows[:MOST_ROWS]),
        more=max(0, max(len(rows), known.count or 0) - MOST_ROWS) if rows else 0,
        hints=tuple(Markup(html) for html in known.hints),
    )


def _row(row: Row) -> RowView:
    return RowView(key=row_key(row), words=row_words(row), seq=row.seq)


def status_view(lab: Lab, run: LabRun | None, notes: Notes) -> StatusView:
    """How the run is, and where to go on."""
    visit = notes.visits.get(lab.name)
    if run is None:
        step = resumed(lab, notes)
        words = f"You were at step {step} of {len(lab.steps)}." if visit is not None and not visit.finished else ""
        return StatusView(mood="none", words=words, step=step, begun=visit is not None and step > 1)
    if not run.alive:
        why = run.trouble or f"The sandbox has ended: {run.status.why}."
        return StatusView(mood="ended", words=why, step=resumed(lab, notes, run), begun=True)
    if not run.built:
        again = f"Playing step {run.building} again at full speed …"
        words = again if run.building else "Making the hosts …"
        return StatusView(mood="building", words=words, step=run.goal, begun=True)
    return StatusView(mood="live", words="", step=run.at, begun=True)


def resumed(lab: Lab, notes: Notes, run: LabRun | None = None) -> int:
    """The step to go on at: where the learner was, or the one after it if that is done."""
    visit = notes.visits.get(lab.name)
    if run is not None and run.at < run.goal:  # it ended while it was being built
        return run.goal
    if run is not None:
        step = run.at
        done = run.steps.get(step) is not None and run.steps[step].phase == "settled" and run.built
    elif visit is not None and not visit.finished:
        step, done = visit.step, notes.has_finished(lab.name, visit.step)
    else:
        return 1
    return max(1, min(step + (1 if done else 0), len(lab.steps)))


def summary_lines(lab: Lab, notes: Notes) -> Iterator[LineView]:
    """What was predicted, and what the kernel did."""
    for step in lab.steps:
        for index, predict in enumerate(step.predictions):
            given = notes.answer(lab.name, step.number, "predict", index)
            labels = {option.label: Markup(option.label_html) for option in predict.options}
            right = next((Markup(option.label_html) for option in predict.options if option.right), Markup(""))
            choice = "" if given is None else given.choice
            yield LineView(
                step=step.number,
                title=step.title,
                html=Markup(predict.question_html),
                choice=Markup("")
                if given is None
                else Markup("I don't know")
                if choice == UNKNOWN
                else labels.get(choice, Markup("{}").format(choice)),
                measured=(given.measured or "") if given is not None else "",
                answer=right if given is None or not given.measured else labels.get(given.measured, Markup("")),
                fits=given.fits if given is not None else None,
            )


def card(lab: Lab, visit: Visit | None) -> CardView:
    """A lab in the catalogue."""
    mood: Literal["new", "begun", "done"] = "new" if visit is None else "done" if visit.finished else "begun"
    words = {"new": "new", "done": "done", "begun": f"step {visit.step} of {visit.of}" if visit is not None else ""}
    anchor = f"#step-{visit.step}" if visit is not None and not visit.finished else ""
    return CardView(
        name=lab.name,
        number=lab.name.partition("-")[0],
        title=lab.title,
        question=lab.question,
        minutes=lab.minutes,
        steps=len(lab.steps),
        mood=mood,
        words=words[mood],
        link=f"/labs/{lab.name}{anchor}",
    )


def broken(name: str, problems: tuple[Problem, ...]) -> CardView:
    """A lab in the catalogue that cannot be read."""
    return CardView(
        name=name,
        number=name.partition("-")[0],
        title=name,
        question="This lab cannot be read",
        minutes=0,
        steps=0,
        mood="new",
        words="broken",
        link=f"/labs/{name}",
        problems=problems,
    )


def found(lab: Lab, query: str, misconceptions: Mapping[int, Misconception]) -> bool:
    """Whether a lab has every word of a search, in what a person would look for."""
    text = " ".join(
        [
            lab.name,
            lab.title,
            lab.question,
            lab.track,
            *lab.remember,
            *(step.title for step in lab.steps),
            *(belief.belief for belief in belief_views(lab.misconceptions, misconceptions)),
            *(block.html for step in lab.steps for block in step.blocks if isinstance(block, Prose)),
            *(text for step in lab.steps for block in step.blocks for text in _asked(block)),
        ]
    ).lower()
    return all(word in text for word in query.lower().split())


def _asked(block: Block) -> Iterator[str]:
    """The texts of a question."""
    if isinstance(block, Predict | Explain):
        yield block.question_html
        for option in block.options:
            yield from (option.label_html, option.html)
