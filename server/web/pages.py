"""The pages: what a person opens. Rendered here once; the stage is drawn from the log by the page's modules."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse

from server.catalogue import PROGRAMS
from server.web import panels
from server.web.access import let_visit
from server.web.contexts import HomeContext, PlayContext
from server.web.rendering import chosen_theme, render

SandboxId = Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]


def routes() -> APIRouter:
    """``/``, ``/play``, ``/s/ID`` and the panels."""
    router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)

    @router.get("/")
    def home(request: Request) -> HTMLResponse:
        return _known(request, render(request, "pages/home.html", HomeContext(theme=chosen_theme(request))))

    @router.get("/play")
    def play(request: Request, start: Annotated[str, Query(max_length=64)] = "") -> HTMLResponse:
        known = start if start in PROGRAMS else ""
        context = PlayContext(theme=chosen_theme(request), start=known)
        return _known(request, render(request, "pages/play.html", context))

    @router.get("/s/{sandbox}")
    def play_on(request: Request, sandbox: SandboxId) -> HTMLResponse:
        return render(request, "pages/play.html", PlayContext(theme=chosen_theme(request), sandbox=sandbox))

    router.include_router(panels.routes())
    return router


def _known(request: Request, page: HTMLResponse) -> HTMLResponse:
    """A page from which a sandbox is made next: its browser is one visitor among those behind its address by then."""
    let_visit(request, page)
    return page
