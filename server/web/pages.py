"""The pages: what a person opens. Rendered here once; the stage is drawn from the log by the page's modules."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse

from server.catalogue import PROGRAMS
from server.sessions.limits import duration
from server.web import panels
from server.web.access import admit_to_page, admit_viewer, door_of
from server.web.catalogue import catalogue
from server.web.contexts import PlayContext, RecordingContext
from server.web.own import ended_words
from server.web.recordings import title_of
from server.web.rendering import chosen_theme, render

SandboxId = Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]


def routes() -> APIRouter:
    """``/``, ``/play``, ``/s/ID``, the page to watch a sandbox, and the panels."""
    router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)

    @router.get("/")
    async def home(request: Request) -> HTMLResponse:
        context = await catalogue(request, title="See what really happens between socket() and close()")
        return render(request, "pages/home.html", context)

    @router.get("/play")
    def play(request: Request, start: Annotated[str, Query(max_length=64)] = "") -> HTMLResponse:
        known = start if start in PROGRAMS else ""
        kept_for = duration(door_of(request).limits.remembered_seconds)
        context = PlayContext(theme=chosen_theme(request), start=known, kept_for=kept_for)
        return render(request, "pages/play.html", context)

    @router.get("/s/{sandbox}")
    async def play_on(request: Request, sandbox: SandboxId) -> HTMLResponse:
        admit_to_page(request, sandbox)
        return await _sandbox(request, sandbox)

    @router.get("/s/{sandbox}/watch")
    async def watch(
        request: Request, sandbox: SandboxId, key: Annotated[str, Query(min_length=1, max_length=64)]
    ) -> HTMLResponse:
        """A sandbox of somebody else's, to be looked at."""
        admit_viewer(request, sandbox)
        return await _sandbox(request, sandbox, key)

    router.include_router(panels.routes())
    return router


async def _sandbox(request: Request, sandbox: str, key: str = "") -> HTMLResponse:
    """A sandbox while it runs, and afterwards its recording."""
    door, theme = door_of(request), chosen_theme(request)
    status = await door.status(sandbox)
    if not status.ended:
        kept_for = duration(door.limits.remembered_seconds)
        live = PlayContext(theme=theme, sandbox=sandbox, key=key, watching=key != "", kept_for=kept_for)
        return render(request, "pages/play.html", live)
    files, with_key = f"/api/sandboxes/{sandbox}", f"?key={key}" if key else ""
    recorded = RecordingContext(
        title=title_of(await door.state(sandbox)) or "A sandbox in which nothing ran",
        theme=theme,
        source=f"{files}/recording.jsonl.gz{with_key}",
        downloads=f"{files}{with_key}",
        about=ended_words(status),
    )
    return render(request, "pages/recording.html", recorded)
