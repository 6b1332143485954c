"""``create_app()``: the parts of the web tied together, and the life of the sandboxes around them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from server.courses.courses import Courses
from server.courses.library import LabLibrary
from server.folders import folder
from server.progress.archive import Archive
from server.progress.notebook import Notebook
from server.progress.store import Store
from server.sessions.door import Door
from server.sessions.limits import Limits
from server.sessions.shelf import Shelf
from server.web import api, assets, catalogue, openapi, own, pages, problems, reference, security
from server.web import labs as lab_pages
from server.web import recordings as recording_pages
from server.web.cookies import VisitorCookies
from server.web.rendering import compile_all
from server.web.stream import stream, streams

EXAMPLES = folder("static") / "recordings"
"""Recordings that came along, for machines that allow nothing more."""


class Application(FastAPI):
    """FastAPI inside the guard, so that even an answer to a fault carries the headers."""

    def __init__(self, *, allowed_hosts: Iterable[str] | None, **settings: Any) -> None:  # noqa: ANN401 (FastAPI's)
        super().__init__(**settings)
        self._allowed_hosts = allowed_hosts

    def build_middleware_stack(self) -> ASGIApp:
        """FastAPI's own stack, its answers compressed, and all of it guarded."""
        compressed = GZipMiddleware(super().build_middleware_stack(), minimum_size=1024)
        return security.Guard(compressed, self._allowed_hosts)

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document, with the schemas of the vocabulary."""
        return openapi.document(self, api.NewSandbox)


class _Endpoint:
    """A plain ASGI function as a route's endpoint: Starlette calls only objects without wrapping them."""

    def __init__(self, function: Callable[[Scope, Receive, Send], Any]) -> None:
        self._function = function

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._function(scope, receive, send)


def make_ready() -> None:
    """Make what every page needs, before there is a page."""
    assets.make_all()
    compile_all()


def create_app(
    *,
    limits: Limits | None = None,
    allowed_hosts: Iterable[str] | None = None,
    labs: Path | None = None,
    recordings: Iterable[Path] = (),
    database: str | None = None,
    lazy: bool = True,
) -> FastAPI:
    """The whole web application. Its lifespan owns the sandboxes: when it ends, nothing of them is left.

    Args:
        limits: What may be used; the defaults if None.
        allowed_hosts: The names that it answers to (``security.allowed_hosts_for``); None: any.
        labs: The folder that sandboxes see as ``/labs``; the one that came along if None.
        recordings: Recordings to show besides those that came along: files and folders.
        database: The URL of the database that keeps what learners have done; None: it is kept until the end.
        lazy: Whether pages are made when they are asked for, and not at the start.
    """
    door = Door(limits, labs)
    store = None if database is None else Store(database)
    courses = Courses(door, LabLibrary(labs or folder("labs")), Archive(Notebook(store), store))

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with door, courses:
            if not lazy:
                # The first visitor waits no longer than the second. What fails here is told where it is asked for.
                made = (courses.library.refresh(), asyncio.to_thread(make_ready))
                await asyncio.gather(*made, return_exceptions=True)
            yield

    app = Application(
        allowed_hosts=allowed_hosts,
        title="Socketlab",
        version="1",
        description=openapi.DESCRIPTION,
        lifespan=lifespan,
        # Both pages load their scripts from another site.
        docs_url=None,
        redoc_url=None,
    )
    app.state.door = door
    app.state.visitor_cookies = VisitorCookies()
    app.state.tried = api.Tried()
    app.state.courses = courses
    app.state.labs = labs or folder("labs")
    problems.install(app)
    app.include_router(api.router)
    app.include_router(pages.routes())
    app.include_router(own.routes())
    app.include_router(catalogue.routes())
    app.include_router(lab_pages.pages())
    app.include_router(lab_pages.api())
    app.include_router(reference.routes())
    app.include_router(recording_pages.sandbox_files())
    app.include_router(recording_pages.pages(Shelf([*recordings, EXAMPLES]), playground=True))
    app.router.routes.append(WebSocketRoute("/api/sandboxes/{sandbox_id}/stream", _Endpoint(stream)))
    app.router.routes.append(WebSocketRoute("/api/stream", _Endpoint(streams)))
    app.include_router(assets.routes())
    app.mount("/static", StaticFiles(directory=folder("static")), name="static")
    return app


def create_replay_app(shelf: Shelf, first: str, *, allowed_hosts: Iterable[str] | None = None) -> FastAPI:
    """A web application that shows recordings and can do nothing else: it has no sandbox, and no API to make one.

    Args:
        shelf: The recordings.
        first: The name of the one that ``/`` leads to.
        allowed_hosts: The names that it answers to; None: any.
    """
    app = Application(allowed_hosts=allowed_hosts, title="Socketlab", openapi_url=None, docs_url=None, redoc_url=None)
    problems.install(app)
    app.include_router(recording_pages.pages(shelf, playground=False))
    app.add_api_route("/", lambda: RedirectResponse(f"/r/{first}"), include_in_schema=False)
    app.add_api_route("/healthz", api.health, include_in_schema=False)
    app.include_router(assets.routes())
    app.mount("/static", StaticFiles(directory=folder("static")), name="static")
    return app
