"""What a learner does in a lab, and what the page gets back: only the parts that have changed.

Each answer carries the element ``#pulse`` with the version that the page then has, and htmx puts every other part in
its place by its id. The page asks for ``pulse`` whenever its stream of events has brought something, and now and
then, so that whatever changes is soon seen. An act that is refused is an answer too: it says why.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import HTMLResponse

from server.errors import BadRequestError, ConflictError, NotFoundError, SocketlabError
from server.lessons.commandline import typed
from server.lessons.model import Action, Explain, Lab, Run, Step, Table, Type
from server.progress.notes import UNKNOWN, Answered
from server.web import api
from server.web import lab_runs as runs
from server.web.lab_room import gone, now
from server.web.labs import (
    LabName,
    lab_context,
    learner_of,
    let_steer,
    library_of,
    new_learner,
    room_of,
    set_learner,
)
from server.web.rendering import render

MOST_TEXT = 500
"""The longest command or answer."""
NEWS_SECONDS = 1.0
"""So long an answer waits for what will change soon."""
_MOST_FIELDS = 60

Fields = Mapping[str, str]


class Act:
    """One thing that somebody does: who, in which lab, and what the answer will bring.

    Attributes:
        always: Parts of the page that the answer brings in any case.
        events: DOM events that the answer fires, with their details.
    """

    def __init__(self, request: Request, lab: Lab, learner: str, fields: Fields) -> None:
        self.request = request
        self.lab = lab
        self.learner = learner
        self.fields = fields
        self.room = room_of(request)
        self.always: set[str] = set()
        self.events: dict[str, Mapping[str, str | int]] = {}
        self.started: runs.Run | None = None

    @property
    def run(self) -> runs.Run | None:
        """The learner's run, if there is one."""
        return self.room.run_of(self.learner, self.lab.name)

    @property
    def live(self) -> runs.Run:
        """The learner's run, which can be acted on.

        Raises:
            GoneError: There is none, or it has ended.
        """
        run = self.run
        if run is None or not run.alive:
            raise gone(run)
        if not run.built:
            raise ConflictError("The hosts are not ready yet.", "It takes a moment.")
        return run

    def current(self, number: int) -> runs.StepState:
        """The state of a step that must be the current one."""
        run = self.live
        if number != run.at:
            raise ConflictError(f"You are at step {run.at}.", f"Go to step {run.at}, or start again at this one.")
        return run.state

    async def start(self, step: int) -> runs.Run:
        """Begin the lab at a step, on a new sandbox."""
        run = await self.room.start(api.visitor_of(self.request), self.learner, self.lab, step)
        self.started = run
        self.events["lab:sandbox"] = {"id": run.sandbox.id, "step": step}
        self.always |= {"status"}
        return run


# --- what can be done -----------------------------------------------------------------------------


async def _answer(act: Act, step: Step) -> None:
    """Answer a question; a prediction only before its run."""
    kind, index = act.fields.get("kind"), _number(act.fields, "question")
    choice = UNKNOWN if act.fields.get("unknown") else act.fields.get("choice", "").strip()
    if kind == "predict":
        questions = list(step.predictions)
        if index >= len(questions):
            raise BadRequestError("There is no such question.")
        question = questions[index]
        if choice != UNKNOWN and question.number and not choice.isdecimal():
            raise BadRequestError("The answer is a number.", "Write it in digits.")
        run = act.run
        state = run.steps.get(step.number) if run is not None and run.alive else None
        if state is not None and state.phase != "entered":
            raise ConflictError("The run has begun: the answer stands.", "Start the step again to predict again.")
        fits = None
        options = question.options
    elif kind == "explain":
        explains = [block for block in step.blocks if isinstance(block, Explain)]
        if index >= len(explains):
            raise BadRequestError("There is no such question.")
        options = explains[index].options
        fits = any(option.right and option.label == choice for option in options)
    else:
        raise BadRequestError("There is no such question.")
    if choice != UNKNOWN and options and choice not in {option.label for option in options}:
        raise BadRequestError("That is none of the answers.", "Reload the page: the lab may have changed.")
    if choice == UNKNOWN and not act.fields.get("unknown"):
        raise BadRequestError("No answer is chosen.", "Choose one, or say that you do not know.")
    await act.room.note(
        act.learner,
        Answered(
            lab=act.lab.name,
            step=step.number,
            kind="predict" if kind == "predict" else "explain",
            question=index,
            choice=choice,
            measured=None,
            fits=fits,
            at=now(),
        ),
    )
    act.always |= {step.anchor, "status"}


async def _run(act: Act, step: Step) -> None:
    """Carry out the actions of a step that are left, or one of them, each as it is or as the learner wrote it."""
    run = act.run
    if run is None or not run.alive:
        if step.number != 1:
            raise gone(run)
        run = await act.start(1)
        await run.ready()
    state = act.current(step.number)
    if step.task is not None:
        raise BadRequestError("This step is yours to do.", "Write a command, or ask for a hint.")
    await _predicted(act, step)
    only = _number(act.fields, "only") if "only" in act.fields else None
    again = "again" in act.fields
    chosen = [
        index
        for index in range(len(step.actions))
        if (index == only if only is not None else again or state.moods[index] != "done")
    ]
    actions = [(index, _written(act, step.actions[index], index, state)) for index in chosen]
    run.do(act.room.group, actions)


def _written(act: Act, action: Action, index: int, state: runs.StepState) -> Action:
    """An action as the learner wrote it; what they left alone is the lab's own."""
    text = act.fields.get(f"text-{index}", "").strip()
    match action:
        case Run() if text and text != action.command:
            state.texts[index] = text
            return typed(act.lab, action.on, text, instead_of=action)
        case Type() if text and text != action.text:
            state.texts[index] = text
            return Type(text=text, to=action.to)
        case _:
            state.texts.pop(index, None)
            return action


async def _predicted(act: Act, step: Step) -> None:
    """Predict before run.

    Raises:
        ConflictError: A question of the step has no answer yet.
    """
    notes = await act.room.notebook.notes(act.learner)
    for index in range(len(step.predictions)):
        if notes.answer(act.lab.name, step.number, "predict", index) is None:
            raise ConflictError("A prediction is missing.", "Answer it first, or say that you do not know.")


async def _try(act: Act, step: Step) -> None:
    """Do something of one's own: an action that the task begins with, rewritten, or any command on any host."""
    run, state = act.live, act.current(step.number)
    text = act.fields.get("command", "").strip()
    if "start" in act.fields and step.task is not None:
        index = _number(act.fields, "start")
        if index >= len(step.task.start):
            raise BadRequestError("There is no such action.")
        action: Action = step.task.start[index]
        match action:
            case Run():
                action = typed(act.lab, action.on, text, instead_of=action)
            case Type():
                action = Type(text=text, to=action.to)
            case _:
                pass
    else:
        host = act.fields.get("host", "")
        if host not in act.lab.hosts:
            raise BadRequestError(f"There is no host {host[:40]!r} in this lab.")
        action = typed(act.lab, host, text)
    state.trouble = ""
    run.do(act.room.group, [(-1, action)])


async def _stop(act: Act, step: Step) -> None:
    act.current(step.number)
    act.live.stop()
    act.always |= {step.anchor}


async def _show(act: Act, step: Step) -> None:
    """Do the step for the learner. Questions that are open count as "I don't know"."""
    act.current(step.number)
    notes = await act.room.notebook.notes(act.learner)
    unknown = [
        Answered(
            lab=act.lab.name,
            step=step.number,
            kind="predict",
            question=index,
            choice=UNKNOWN,
            measured=None,
            fits=None,
            at=now(),
        )
        for index in range(len(step.predictions))
        if notes.answer(act.lab.name, step.number, "predict", index) is None
    ]
    await act.room.note(act.learner, *unknown)
    act.live.show(act.room.group)


async def _hint(act: Act, step: Step) -> None:
    state = act.current(step.number)
    state.hints = min(state.hints + 1, len(step.hints))
    act.always |= {step.anchor}


async def _tool(act: Act, step: Step) -> None:
    """Run the command of a tool view."""
    tables = [block for block in step.blocks if isinstance(block, Table)]
    index = _number(act.fields, "index")
    if index >= len(tables):
        raise BadRequestError("There is no such command.")
    await act.live.use_tool(step.number, index, tables[index].on, tables[index].commands["linux"])


async def _enter(act: Act, step: Step) -> None:
    """Go on to a step."""
    run = act.live
    await run.enter(step.number)
    notes = await act.room.notebook.notes(act.learner)
    before = notes.visits.get(act.lab.name)
    visit = act.room.visit(act.lab, step.number, finished=before is not None and before.finished)
    await act.room.note(act.learner, visit)
    act.events["lab:go"] = {"step": step.number}


_ACTS: Mapping[str, Callable[[Act, Step], Awaitable[None]]] = {
    "answer": _answer,
    "run": _run,
    "try": _try,
    "stop": _stop,
    "show": _show,
    "hint": _hint,
    "tool": _tool,
    "enter": _enter,
}


# --- routes ---------------------------------------------------------------------------------------


def routes() -> APIRouter:
    """``/labs/NAME/…``: what a page of a lab sends and asks."""
    router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)

    @router.get("/labs/{name}/pulse")
    async def pulse(
        request: Request,
        name: LabName,
        version: Annotated[int, Query(ge=0, le=2**53)] = 0,
        edition: Annotated[str, Query(max_length=20)] = "",
    ) -> Response:
        library, learner, room = library_of(request), learner_of(request), room_of(request)
        await library.refresh()
        if library.edition(name) != edition:
            return Response(status_code=204, headers={"HX-Refresh": "true"})
        if name not in library.labs:  # its page shows what is wrong with it
            return Response(status_code=204)
        lab = library.find(name)
        run = room.run_of(learner, lab.name)
        if run is None:
            # The page may know a run that this server does not: it was started again.
            return Response(status_code=204, headers={"HX-Refresh": "true"} if version else None)
        await run.look()
        if run.alive:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(NEWS_SECONDS):
                    await run.news(version)
        if run.version == version:
            return Response(status_code=204)
        response = await _changes(Act(request, lab, learner, {"version": str(version)}))
        let_steer(request, response, run)
        return response

    @router.post("/labs/{name}/start")
    async def start(request: Request, name: LabName) -> Response:
        async def begin(act: Act) -> None:
            step = _number(act.fields, "step")
            if not 1 <= step <= len(act.lab.steps):
                raise NotFoundError(f"This lab has no step {step}.")
            run = act.run
            if run is not None and run.alive and not act.fields.get("again"):
                act.events["lab:sandbox"] = {"id": run.sandbox.id, "step": max(run.at, run.goal)}
                return
            await act.start(step)

        return await _perform(request, name, begin)

    @router.post("/labs/{name}/steps/{number}/{what}")
    async def act(request: Request, name: LabName, number: Annotated[int, Path(ge=1, le=99)], what: str) -> Response:
        if what not in _ACTS:
            raise NotFoundError(f"Nothing is called {what[:40]!r} here.")

        async def perform(act: Act) -> None:
            if number > len(act.lab.steps):
                raise NotFoundError(f"This lab has no step {number}.")
            await _ACTS[what](act, act.lab.steps[number - 1])

        return await _perform(request, name, perform)

    return router


async def _perform(request: Request, name: str, perform: Callable[[Act], Awaitable[None]]) -> Response:
    """Do something, and answer with what has changed; a refusal is shown, and nothing else is lost by it."""
    library = library_of(request)
    await library.refresh()
    learner = learner_of(request) or new_learner()
    act = Act(request, library.find(name), learner, await _fields(request))
    if act.run is not None:
        await act.run.refresh()
    refusal = ""
    try:
        await perform(act)
    except SocketlabError as error:
        refusal = f"{error.detail} {error.hint}".strip()
        act.always |= {"status"}
    response = await _changes(act, refusal)
    set_learner(request, response, learner)
    if act.started is not None:
        let_steer(request, response, act.started)
    return response


async def _changes(act: Act, refusal: str = "") -> Response:
    notes = await act.room.notebook.notes(act.learner)
    if act.run is not None:
        await act.run.refresh()
    # From here on nothing waits: the version that the answer carries is the one that its parts show.
    run = act.run
    parts = set(act.always)
    if run is not None:
        parts |= run.changed_since(_number(act.fields, "version", 0))
        if "tools" in {part.partition("-")[0] for part in parts}:
            parts |= {f"step-{part.partition('-')[2]}" for part in parts if part.startswith("tools-")}
        if act.started is not None or "status" in parts:
            parts |= {step.anchor for step in act.lab.steps if act.started is not None}
    context = lab_context(
        act.request, act.lab, run, notes, said=_said(run), refusal=refusal, parts=frozenset(parts or {"pulse"})
    )
    response = render(act.request, "panels/_lab_changes.html", context)
    if act.events:
        # At the body: the button that was pressed may have been replaced meanwhile.
        events = {name: {"target": "body", **detail} for name, detail in act.events.items()}
        response.headers["HX-Trigger"] = json.dumps(events)
    return response


def _said(run: runs.Run | None) -> str:
    """What a screen reader is told of the checks."""
    if run is None or not run.alive or not run.built or run.at not in run.steps:
        return ""
    state = run.state
    if state.phase == "settled":
        return f"Step {run.at} is done." if state.checks else ""
    met = sum(known.mood in ("true", "lost") for known in state.checks)
    return f"{met} of {len(state.checks)} checks have come true." if met else ""


async def _fields(request: Request) -> Fields:
    try:
        pairs = parse_qsl((await request.body()).decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise BadRequestError("The form cannot be read.", "Reload the page.") from None
    return {name: value[:MOST_TEXT] for name, value in pairs}


def _number(fields: Fields, name: str, default: int | None = None) -> int:
    text = fields.get(name, "")
    if text.isascii() and text.isdecimal() and len(text) < 16:
        return int(text)
    if default is not None:
        return default
    raise BadRequestError(f"{name} is no number.")
