"""The pages beside the labs: misconceptions, glossary, analogies. Their content is in the folder of the labs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from server.courses.library import LabLibrary
from server.lessons.reference import ANALOGIES, GLOSSARY, MISCONCEPTIONS, Analogy, Misconception, Term
from server.lessons.source import Problem
from server.web.contexts import PageContext
from server.web.rendering import chosen_theme, render


@dataclass(frozen=True, slots=True, kw_only=True)
class BeliefView:
    """A misconception."""

    number: int
    belief: str
    so: Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledView:
    """A misconception, and the step that settles it; without a link if no lab does."""

    belief: BeliefView
    lab: str
    question: str
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TermView:
    """A term, with the words and anchors of related ones."""

    word: str
    anchor: str
    means: Markup
    source: str
    see: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalogyView:
    """An analogy, with the misconceptions that it feeds."""

    title: str
    anchor: str
    shows: Markup
    breaks: Markup
    feeds: tuple[BeliefView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MisconceptionsContext(PageContext):
    """The index of misconceptions."""

    title: str = "What people believe"
    rows: tuple[SettledView, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GlossaryContext(PageContext):
    """The glossary."""

    title: str = "Glossary"
    terms: tuple[TermView, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalogiesContext(PageContext):
    """The analogies."""

    title: str = "Analogies, and where they break"
    analogies: tuple[AnalogyView, ...]
    problems: tuple[Problem, ...]


def belief_views(numbers: Iterable[int], misconceptions: Mapping[int, Misconception]) -> tuple[BeliefView, ...]:
    """The misconceptions of some numbers; a number that is no longer in the file is left out."""
    known = ((number, misconceptions[number]) for number in numbers if number in misconceptions)
    return tuple(BeliefView(number=number, belief=one.belief, so=Markup(one.so)) for number, one in known)


def term_view(term: Term, anchors: Mapping[str, str]) -> TermView:
    """A term.

    Args:
        term: The term.
        anchors: Word → anchor of every term.
    """
    return TermView(
        word=term.word,
        anchor=term.anchor,
        means=Markup(term.means),
        source=term.source,
        see=tuple((word, anchors[word]) for word in term.see),
    )


def analogy_view(analogy: Analogy, misconceptions: Mapping[int, Misconception]) -> AnalogyView:
    """An analogy."""
    return AnalogyView(
        title=analogy.title,
        anchor=analogy.anchor,
        shows=Markup(analogy.shows),
        breaks=Markup(analogy.breaks),
        feeds=belief_views(analogy.feeds, misconceptions),
    )


def routes() -> APIRouter:
    """``/misconceptions``, ``/glossary`` and ``/analogies``."""
    router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)

    @router.get("/misconceptions")
    async def misconceptions(request: Request) -> HTMLResponse:
        library = await _library_of(request)
        settling = library.settling()
        rows = []
        for belief in belief_views(library.reference.misconceptions, library.reference.misconceptions):
            lab, step = settling.get(belief.number, (None, 0))
            rows.append(
                SettledView(
                    belief=belief,
                    lab=lab.name.partition("-")[0] if lab is not None else "",
                    question=lab.question if lab is not None else "",
                    link=f"/labs/{lab.name}#step-{step}" if lab is not None else "",
                )
            )
        context = MisconceptionsContext(
            theme=chosen_theme(request), rows=tuple(rows), problems=_problems(library, MISCONCEPTIONS)
        )
        return render(request, "pages/misconceptions.html", context)

    @router.get("/glossary")
    async def glossary(request: Request) -> HTMLResponse:
        library = await _library_of(request)
        terms = library.reference.glossary.terms
        anchors = {term.word: term.anchor for term in terms}
        context = GlossaryContext(
            theme=chosen_theme(request),
            terms=tuple(term_view(term, anchors) for term in terms),
            problems=_problems(library, GLOSSARY),
        )
        return render(request, "pages/glossary.html", context)

    @router.get("/analogies")
    async def analogies(request: Request) -> HTMLResponse:
        library = await _library_of(request)
        reference = library.reference
        context = AnalogiesContext(
            theme=chosen_theme(request),
            analogies=tuple(analogy_view(analogy, reference.misconceptions) for analogy in reference.analogies),
            problems=_problems(library, ANALOGIES),
        )
        return render(request, "pages/analogies.html", context)

    return router


async def _library_of(request: Request) -> LabLibrary:
    """The labs of the server that got a request, as they are now."""
    library: LabLibrary = request.app.state.courses.library
    await library.refresh()
    return library


def _problems(library: LabLibrary, file: str) -> tuple[Problem, ...]:
    return tuple(problem for problem in library.reference_problems if problem.file == file)
