"""The pages of the labs: catalogue and lab; and a learner's own data.

Who learns is a random name in a cookie. It is given with the first thing that somebody does, not for reading.
"""

from __future__ import annotations

import re
import secrets
from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import HTMLResponse

from server.errors import NotFoundError
from server.lessons.keywords import TRACKS
from server.lessons.model import Lab, Prose
from server.progress.notes import Notes
from server.web import api, security
from server.web import lab_views as views
from server.web.contexts import HostChoice
from server.web.lab_library import LabLibrary
from server.web.lab_room import Room
from server.web.lab_runs import Run
from server.web.lab_words import linked
from server.web.reference import belief_views
from server.web.rendering import chosen_theme, render

LEARNER_COOKIE = "socketlab-learner"
LEARNER_SECONDS = 400 * 24 * 3600
"""As long as browsers keep a cookie."""
LANGUAGE_COOKIE = "language"
TRACKLESS = "More labs"

_LEARNER = re.compile(r"[A-Za-z0-9_-]{22}")
LabName = Annotated[str, Path(max_length=80, pattern=r"^[A-Za-z0-9_-]+$")]


def library_of(request: Request) -> LabLibrary:
    """The labs of the server that got a request."""
    library: LabLibrary = request.app.state.library
    return library


def room_of(request: Request) -> Room:
    """The runs of the server that got a request."""
    room: Room = request.app.state.room
    return room


def learner_of(request: Request) -> str:
    """Who learns; empty if they have not done anything yet."""
    name = request.cookies.get(LEARNER_COOKIE, "")
    return name if _LEARNER.fullmatch(name) else ""


def new_learner() -> str:
    """A name for somebody who does something for the first time."""
    return secrets.token_urlsafe(16)


def set_learner(request: Request, response: Response, learner: str) -> None:
    """Let the browser keep the name."""
    options = security.cookie_options(request.scope)
    response.set_cookie(LEARNER_COOKIE, learner, max_age=LEARNER_SECONDS, **options)


def let_steer(request: Request, response: Response, run: Run) -> None:
    """Let the browser of whose run it is see and steer its sandbox, as ``POST /api/sandboxes`` does."""
    options = security.cookie_options(request.scope)
    sandbox = run.sandbox
    if run.alive and request.cookies.get(security.token_cookie(sandbox.id)) != sandbox.token:
        response.set_cookie(security.token_cookie(sandbox.id), sandbox.token, max_age=security.TOKEN_SECONDS, **options)
    api.know_visitor(request, response)


def spoken(request: Request, lab: Lab) -> Lab:
    """A lab in the language that the visitor chose for labs, if there is a translation."""
    return lab.translations.get(request.cookies.get(LANGUAGE_COOKIE, ""), lab)


def lab_context(
    request: Request,
    lab: Lab,
    run: Run | None,
    notes: Notes,
    *,
    said: str = "",
    refusal: str = "",
    parts: frozenset[str] = frozenset(),
) -> views.LabContext:
    """What the page of a lab is given, or the parts of it that have changed.

    Args:
        request: Who asks.
        lab: The lab.
        run: What they play; it may have ended.
        notes: What they have done.
        said: What a screen reader is told.
        refusal: Why the last act was not done.
        parts: The parts that are asked for; none: the whole page.
    """
    library = library_of(request)
    reference = library.reference
    texts = spoken(request, lab)
    # What is being built, or gone, cannot be acted on: its steps are shown as they are kept.
    shown = run if run is not None and run.alive and run.built else None
    past = run if run is not None and not run.alive else None
    status = views.status_view(lab, run, notes)
    seen: set[str] = set()
    intro = tuple(linked(block.html, reference.glossary, seen) for block in texts.intro if isinstance(block, Prose))
    steps = tuple(
        views.step_view(texts, step, shown, notes, reference, seen, past, reading=status.mood == "none")
        for step in texts.steps
    )
    visit = notes.visits.get(lab.name)
    in_summary: set[str] = set()
    return views.LabContext(
        title=texts.title,
        theme=chosen_theme(request),
        name=lab.name,
        lab=texts,
        edition=library.edition(lab.name),
        version=run.version if run is not None else 0,
        intro=intro,
        steps=steps,
        status=status,
        sandbox=run.sandbox.id if run is not None and run.alive else "",
        hosts=tuple(
            HostChoice(name=name, address=", ".join(address.partition("/")[0] for address in addresses))
            for name, addresses in lab.hosts.items()
        ),
        lines=tuple(views.summary_lines(texts, notes)),
        remember=tuple(linked(html, reference.glossary, in_summary) for html in texts.remember),
        finished=visit is not None and visit.finished,
        following=library.after(lab),
        misconceptions=belief_views(lab.misconceptions, reference.misconceptions),
        languages=("en", *lab.translations) if lab.translations else (),
        language=texts.language,
        trouble=room_of(request).notebook.trouble,
        said=said,
        refusal=refusal,
        restless=run is not None and run.restless,
        parts=parts,
    )


def routes() -> APIRouter:
    """``/labs`` and ``/progress``."""
    router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)

    @router.get("/labs")
    async def catalogue(request: Request, q: Annotated[str, Query(max_length=100)] = "") -> HTMLResponse:
        return render(request, "pages/labs.html", await _catalogue(request, q))

    @router.get("/panels/labs")
    async def cards(request: Request, q: Annotated[str, Query(max_length=100)] = "") -> HTMLResponse:
        return render(request, "panels/_lab_cards.html", await _catalogue(request, q))

    @router.get("/labs/{name}")
    async def lab(request: Request, name: LabName, lang: Annotated[str, Query(max_length=2)] = "") -> Response:
        library = library_of(request)
        await library.refresh()
        full = library.full_name(name)
        if full in library.problems:
            context = views.BrokenLabContext(
                title="A lab that cannot be read",
                theme=chosen_theme(request),
                name=full,
                edition=library.edition(full),
                problems=library.problems[full],
            )
            return render(request, "pages/broken_lab.html", context, 422)
        found = library.find(name)
        if full != name or lang:
            moved = Response(status_code=303, headers={"Location": f"/labs/{full}"})
            if lang == "en" or lang in found.translations:
                moved.set_cookie(LANGUAGE_COOKIE, lang, max_age=LEARNER_SECONDS, samesite="lax")
            return moved
        learner, room = learner_of(request), room_of(request)
        room.edited(learner, found)
        run = room.run_of(learner, found.name)
        if run is not None:
            await run.look()
        notes = await room.notebook.notes(learner)
        page = render(request, "pages/lab.html", lab_context(request, found, run, notes))
        if run is not None:
            let_steer(request, page, run)
        return page

    @router.get("/progress")
    async def export(request: Request) -> Response:
        """All that is known of a learner, for themselves."""
        learner = learner_of(request)
        if not learner:
            raise NotFoundError("Nothing is known of you here.", "Do a step of a lab first.")
        document = await room_of(request).notebook.export(learner)
        headers = {"Content-Disposition": 'attachment; filename="socketlab-progress.json"'}
        return Response(msgspec.json.format(msgspec.json.encode(document)), 200, headers, "application/json")

    @router.post("/progress/delete")
    async def forget(request: Request) -> Response:
        """Delete all that is known of a learner, the name in the cookie too."""
        learner = learner_of(request)
        if learner:
            room = room_of(request)
            room.forget(learner)
            await room.notebook.forget(learner)
        gone = Response(status_code=303, headers={"Location": "/labs"})
        gone.delete_cookie(LEARNER_COOKIE, path="/")
        return gone

    return router


async def _catalogue(request: Request, query: str) -> views.LabsContext:
    library, learner, notebook = library_of(request), learner_of(request), room_of(request).notebook
    await library.refresh()
    notes = await notebook.notes(learner)
    tracks: dict[str, list[views.CardView]] = {}
    minutes: dict[str, int] = {}
    for lab in library.labs.values():
        texts = spoken(request, lab)
        if views.found(texts, query, library.reference.misconceptions):
            track = lab.track or TRACKLESS
            tracks.setdefault(track, []).append(views.card(texts, notes.visits.get(lab.name)))
            minutes[track] = minutes.get(track, 0) + lab.minutes
    return views.LabsContext(
        theme=chosen_theme(request),
        query=query,
        tracks=tuple(
            views.TrackView(title=title, cards=tuple(tracks[title]), minutes=minutes[title])
            for title in (*TRACKS, TRACKLESS)
            if title in tracks
        ),
        count=sum(len(cards) for cards in tracks.values()),
        broken=tuple(views.broken(name, problems) for name, problems in library.problems.items()),
        known=bool(learner),
        trouble=notebook.trouble,
    )
