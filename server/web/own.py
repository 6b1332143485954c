"""What a visitor runs, and what is kept of what they ran: a page and a panel that list it, and the way to end each.

A visitor is known by the visitor cookie, which comes with any page, and a learner by the learner's: what either has
made is listed. An address alone is nobody's, since many may share it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import HTMLResponse

from server.errors import NotFoundError
from server.sessions.door import Status
from server.sessions.limits import duration
from server.web import lab_views, security
from server.web.access import admit, courses_of, door_of, learner_of, visitor_of, watch_run_address
from server.web.contexts import Context, PageContext
from server.web.cookies import cookie_options
from server.web.recordings import title_of
from server.web.rendering import chosen_theme, render

SandboxId = Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
ENDED = "sandbox-ended"
"""The event that a page hears when its visitor has ended something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnView:
    """A sandbox of the visitor's.

    Attributes:
        title: What runs or ran there.
        link: The page that shows it.
        running: Whether it runs; if not, only its recording is kept.
        words: Since when, who watches, how long it is kept.
    """

    id: str
    title: str
    link: str
    running: bool
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnContext(Context):
    """The panel that lists a visitor's sandboxes.

    Attributes:
        most: So many one visitor may run at the same time.
        kept_for: So long a recording is kept, in words.
    """

    running: tuple[OwnView, ...]
    kept: tuple[OwnView, ...]
    most: int
    kept_for: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPageContext(PageContext):
    """The page that lists them."""

    title: str = "Yours"
    running: tuple[OwnView, ...]
    kept: tuple[OwnView, ...]
    most: int
    kept_for: str


def routes() -> APIRouter:
    """``/yours``, its panel, and what ends or forgets a sandbox."""
    router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)

    @router.get("/yours")
    async def page(request: Request) -> HTMLResponse:
        own = await _own(request)
        context = OwnPageContext(theme=chosen_theme(request), **own.variables())
        return render(request, "pages/yours.html", context)

    @router.get("/panels/yours")
    async def panel(request: Request) -> HTMLResponse:
        return render(request, "panels/_yours.html", await _own(request))

    @router.post("/yours/{sandbox}/end")
    async def end(request: Request, sandbox: SandboxId) -> Response:
        """End a sandbox; its recording is kept."""
        _admit(request, sandbox)
        await door_of(request).close(sandbox, "its owner ended it")
        return await _listed(request, ENDED)

    @router.post("/yours/{sandbox}/forget")
    async def forget(request: Request, sandbox: SandboxId) -> Response:
        """End a sandbox if it runs, and keep nothing of it."""
        _admit(request, sandbox)
        await door_of(request).delete(sandbox)
        answer = await _listed(request, ENDED)
        answer.delete_cookie(security.token_cookie(sandbox), **cookie_options(request.scope))
        return answer

    return router


def ended_words(status: Status) -> str:
    """What is said of a sandbox that has ended: why, and how long its recording is kept."""
    left = duration(status.kept_seconds)
    return f"It has ended: {status.why}. Its recording is kept for another {left}, or until newer ones need the room."


def _admit(request: Request, sandbox: str) -> None:
    """Let through the visitor who made a sandbox, and whoever may steer it.

    Raises:
        UnauthorizedError: The request says nothing about who sends it.
        NotFoundError: There is no such sandbox, or it is not theirs.
    """
    if sandbox not in door_of(request).of(visitor_of(request).name):
        admit(request, sandbox)


async def _listed(request: Request, event: str) -> Response:
    """The panel again, for htmx; the page, for a plain form."""
    if "hx-request" not in request.headers:
        return Response(status_code=303, headers={"Location": "/yours"})
    answer = render(request, "panels/_yours.html", await _own(request))
    answer.headers["HX-Trigger"] = event
    return answer


async def _own(request: Request) -> OwnContext:
    door, runs = door_of(request), courses_of(request).sandboxes(learner_of(request))
    ids = dict.fromkeys([*door.of(visitor_of(request).name), *runs])
    views = [view for sandbox in ids if (view := await _view(request, sandbox, runs.get(sandbox, ""))) is not None]
    return OwnContext(
        running=tuple(view for view in views if view.running),
        kept=tuple(view for view in views if not view.running),
        most=door.limits.sandboxes_per_visitor,
        kept_for=duration(door.limits.remembered_seconds),
    )


async def _view(request: Request, sandbox: str, run: str) -> OwnView | None:
    """A sandbox as it is listed; None: it is forgotten."""
    door = door_of(request)
    try:
        status = await door.status(sandbox)
        title = title_of(await door.state(sandbox)) or "Nothing has run yet"
    except NotFoundError:
        return None
    link = f"/s/{sandbox}"
    if run:
        title, link = await _of_run(request, run, ended=status.ended)
    return OwnView(
        id=sandbox,
        title=title,
        link=link,
        running=not status.ended,
        words=ended_words(status) if status.ended else _running_words(status),
    )


async def _of_run(request: Request, run: str, *, ended: bool) -> tuple[str, str]:
    """A lab run as it is listed, and the page that shows it: the lab's, and afterwards what others see of it."""
    courses = courses_of(request)
    name = (await courses.state(run))["lab"]
    lab = courses.library.labs.get(name)
    title = f"Lab: {lab_views.spoken(request, lab).title}" if lab is not None else f"Lab: {name}"
    return title, watch_run_address(name, run, await courses.watch_key(run)) if ended else f"/labs/{name}"


def _running_words(status: Status) -> str:
    age = duration(status.age_seconds)
    pages = "no page shows it" if status.viewers == 0 else f"shown on {status.viewers} page"
    return f"Runs for {age}; {pages}{'s' if status.viewers > 1 else ''}."
