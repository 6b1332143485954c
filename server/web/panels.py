"""The panels: fragments of HTML that htmx puts into a page. Each can be asked for and rendered alone."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, PlainTextResponse

from server.catalogue import PROGRAMS
from server.sandbox.sysctls import ALLOWED_SYSCTLS
from server.web import api
from server.web.contexts import DEFAULT_HOSTS, CatalogueContext, HostChoice, HostsContext, MachineContext
from server.web.rendering import render
from server.web.sources import source

HostName = Annotated[str, Query(max_length=32, pattern=r"^[a-z][a-z0-9-]*$")]
HostNames = Annotated[list[HostName], Query(max_length=64, default_factory=lambda: [one.name for one in DEFAULT_HOSTS])]


def routes() -> APIRouter:
    """``/panels/…``: each a fragment, asked for when its place is opened."""
    router = APIRouter(prefix="/panels", default_response_class=HTMLResponse, include_in_schema=False)

    @router.get("/catalogue")
    def catalogue(
        request: Request,
        hosts: HostNames,
        host: Annotated[str, Query(max_length=32)] = "",
        program: Annotated[str, Query(max_length=64)] = "echo_client",
    ) -> HTMLResponse:
        at = host if host in hosts else hosts[-1]
        chosen = program if program in PROGRAMS else ""
        context = CatalogueContext(hosts=tuple(hosts), at=at, chosen=chosen, programs=PROGRAMS)
        return render(request, "panels/_catalogue.html", context)

    @router.get("/hosts")
    def hosts(request: Request, hosts: HostNames) -> HTMLResponse:
        number = len(hosts)
        name = next(name for letter in "abcdefghijklmnopqrstuvwxyz" if (name := f"client-{letter}") not in hosts)
        following = HostChoice(name=name, address=f"10.0.0.{4 + number}/24")
        context = HostsContext(hosts=tuple(hosts), parameters=ALLOWED_SYSCTLS, following=following)
        return render(request, "panels/_hosts.html", context)

    @router.get("/machine")
    async def machine(request: Request) -> HTMLResponse:
        tried: api.Tried = request.app.state.tried
        found = await tried.capabilities()
        missing = tuple(check for check in found.checks if not check.ok)
        return render(request, "panels/_machine.html", MachineContext(ready=found.ok, missing=missing))

    @router.get("/source")
    def read_source(request: Request, file: Annotated[str, Query(max_length=200)]) -> PlainTextResponse:
        return PlainTextResponse(source(request.app.state.labs, file))

    return router
