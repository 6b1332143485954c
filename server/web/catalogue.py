"""The catalogue of the labs: cards in tracks, searched while one types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from server.lessons.keywords import TRACKS
from server.lessons.model import Block, Explain, Lab, Predict, Prose
from server.lessons.reference import Misconception
from server.lessons.source import Problem
from server.progress.notes import Visit
from server.web.access import courses_of, learner_of
from server.web.contexts import PageContext
from server.web.lab_views import spoken
from server.web.reference import belief_views
from server.web.rendering import chosen_theme, render

TRACKLESS = "More labs"


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


def routes() -> APIRouter:
    """``/labs`` and its cards."""
    router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)

    @router.get("/labs")
    async def catalogue(request: Request, q: Annotated[str, Query(max_length=100)] = "") -> HTMLResponse:
        return render(request, "pages/labs.html", await _catalogue(request, q))

    @router.get("/panels/labs")
    async def cards(request: Request, q: Annotated[str, Query(max_length=100)] = "") -> HTMLResponse:
        return render(request, "panels/_lab_cards.html", await _catalogue(request, q))

    return router


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


async def _catalogue(request: Request, query: str) -> LabsContext:
    library, learner, notebook = courses_of(request).library, learner_of(request), courses_of(request).notebook
    await library.refresh()
    notes = await notebook.notes(learner)
    tracks: dict[str, list[CardView]] = {}
    minutes: dict[str, int] = {}
    for lab in library.labs.values():
        texts = spoken(request, lab)
        if found(texts, query, library.reference.misconceptions):
            track = lab.track or TRACKLESS
            tracks.setdefault(track, []).append(card(texts, notes.visits.get(lab.name)))
            minutes[track] = minutes.get(track, 0) + lab.minutes
    return LabsContext(
        theme=chosen_theme(request),
        query=query,
        tracks=tuple(
            TrackView(title=title, cards=tuple(tracks[title]), minutes=minutes[title])
            for title in (*TRACKS, TRACKLESS)
            if title in tracks
        ),
        count=sum(len(cards) for cards in tracks.values()),
        broken=tuple(broken(name, problems) for name, problems in library.problems.items()),
        known=bool(learner),
        trouble=notebook.trouble,
    )
