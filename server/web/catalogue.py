"""The catalogue of the labs: cards in tracks, searched while one types."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
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
    """A lab in the catalogue.

    Attributes:
        next: What marks the lab that its visitor should do next; empty for every other.
    """

    name: str
    number: str
    title: str
    question: str
    minutes: int
    steps: int
    mood: Literal["new", "begun", "done"]
    words: str
    link: str
    next: str = ""
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackView:
    """A track of the catalogue."""

    title: str
    cards: tuple[CardView, ...]
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LabsContext(PageContext):
    """The catalogue.

    Attributes:
        query: What the labs were searched for; empty: all of them are there.
        count: How many labs there are in it.
        first: The lab to do next; None if all are done, or a search has not found it.
        known: Whether something is stored about the visitor.
        trouble: Why progress cannot be kept; empty if it is.
    """

    query: str
    tracks: tuple[TrackView, ...]
    count: int
    first: CardView | None
    broken: tuple[CardView, ...]
    known: bool
    trouble: str


def routes() -> APIRouter:
    """``/labs`` and its cards."""
    router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)

    @router.get("/labs")
    async def labs(request: Request, q: Annotated[str, Query(max_length=100)] = "") -> HTMLResponse:
        return render(request, "pages/labs.html", await catalogue(request, q))

    @router.get("/panels/labs")
    async def cards(request: Request, q: Annotated[str, Query(max_length=100)] = "") -> HTMLResponse:
        return render(request, "panels/_lab_cards.html", await catalogue(request, q))

    return router


def card(lab: Lab, visit: Visit | None, following: str = "") -> CardView:
    """A lab in the catalogue; `following` is what marks it as the one to do next."""
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
        next=following,
    )


def to_do(labs: Iterable[str], visits: Mapping[str, Visit]) -> tuple[str, str]:
    """The lab to do next and what marks it; two empty words if all are done.

    That is the one that was visited last, if it was left before its end; else the first that was not finished.
    """
    names = list(labs)
    left = [visits[name] for name in names if name in visits and not visits[name].finished]
    if left:
        return max(left, key=lambda visit: visit.at).lab, "Go on here"
    undone = next((name for name in names if name not in visits), "")
    return undone, "" if not undone else "Next" if visits else "Start here"


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


async def catalogue(request: Request, query: str = "", title: str = "Labs") -> LabsContext:
    """The labs, as their cards on a page are given them."""
    library, learner, notebook = courses_of(request).library, learner_of(request), courses_of(request).notebook
    await library.refresh()
    notes = await notebook.notes(learner)
    following, mark = to_do(library.labs, notes.visits)
    tracks: dict[str, list[CardView]] = {}
    minutes: dict[str, int] = {}
    for lab in library.labs.values():
        texts = spoken(request, lab)
        if found(texts, query, library.reference.misconceptions):
            track = lab.track or TRACKLESS
            tracks.setdefault(track, []).append(
                card(texts, notes.visits.get(lab.name), mark if lab.name == following else "")
            )
            minutes[track] = minutes.get(track, 0) + lab.minutes
    cards = [card for found_in in tracks.values() for card in found_in]
    return LabsContext(
        title=title,
        theme=chosen_theme(request),
        query=query,
        tracks=tuple(
            TrackView(title=title, cards=tuple(tracks[title]), minutes=minutes[title])
            for title in (*TRACKS, TRACKLESS)
            if title in tracks
        ),
        count=len(cards),
        first=next((card for card in cards if card.next), None),
        broken=tuple(broken(name, problems) for name, problems in library.problems.items()),
        known=bool(learner),
        trouble=notebook.trouble,
    )
