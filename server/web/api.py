"""The JSON API: ``/healthz`` and ``/api``. Thin: it names routes and words, the door does the work."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Request, Response, Security
from fastapi.responses import StreamingResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from server.commands import decode_command
from server.errors import BadRequestError
from server.events import Pace
from server.sandbox.messages import HostSpec
from server.sessions.capabilities import Capabilities, capabilities
from server.sessions.hosts import DEFAULT_HOSTS
from server.web import openapi, security
from server.web.access import admit, admit_viewer, door_of, visitor_of, watch_address
from server.web.cookies import cookie_options, let_visit

router = APIRouter()
_TRIED_SECONDS = 60
_encode = msgspec.json.Encoder().encode


class NewSandbox(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a new sandbox shall be; everything may be left out."""

    hosts: list[HostSpec] | None = None
    pace: Pace = "live"


_decode_new = msgspec.json.Decoder(NewSandbox).decode


class Tried:
    """What this machine allows, tried once for all who ask within a minute: it takes real work."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._found: Capabilities | None = None
        self._at = 0.0

    async def capabilities(self) -> Capabilities:
        """What was found, no more than a minute ago."""
        async with self._lock:
            if self._found is None or time.monotonic() - self._at > _TRIED_SECONDS:
                self._found = await asyncio.to_thread(capabilities)
                self._at = time.monotonic()
            return self._found


_bearer = HTTPBearer(auto_error=False, description="The token that POST /api/sandboxes gave.")


async def admitted(
    request: Request,
    sandbox_id: Annotated[str, Path(description="The id that POST /api/sandboxes gave.")],
    _: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
) -> str:
    """The id of the path's sandbox, which its token opens, or which is that of a run of the learner's."""
    admit(request, sandbox_id)
    return sandbox_id


async def viewing(
    request: Request,
    sandbox_id: Annotated[str, Path(description="The id that POST /api/sandboxes gave.")],
    _: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    key: Annotated[str, Query(max_length=64, description="The watch key of a shared link, in place of a token.")] = "",
) -> str:
    """The id of the path's sandbox, at which the sender may look: with its token, or with its watch key."""
    admit_viewer(request, sandbox_id)
    return sandbox_id


Admitted = Annotated[str, Depends(admitted)]
Viewing = Annotated[str, Depends(viewing)]


@router.get("/healthz", **openapi.HEALTH)
async def health() -> Response:
    """Say that the server answers."""
    return _json({"status": "ok"})


@router.get("/api/capabilities", **openapi.CAPABILITIES)
async def get_capabilities(request: Request) -> Response:
    """What this machine allows, as ``socketlab doctor --json`` says it."""
    tried: Tried = request.app.state.tried
    return _json(await tried.capabilities())


@router.post("/api/sandboxes", **openapi.CREATE)
async def create_sandbox(request: Request) -> Response:
    """Make a sandbox; its token comes in the answer and as a cookie."""
    new = _new_sandbox(await request.body())
    hosts = DEFAULT_HOSTS if new.hosts is None else new.hosts
    sandbox = await door_of(request).create(visitor_of(request), hosts, new.pace)
    address = f"/api/sandboxes/{sandbox.id}"
    response = _json(
        {"id": sandbox.id, "hosts": sandbox.hosts, "stream": f"{address}/stream", "token": sandbox.token}, 201
    )
    response.headers["Location"] = address
    options = cookie_options(request.scope)
    response.set_cookie(security.token_cookie(sandbox.id), sandbox.token, max_age=security.TOKEN_SECONDS, **options)
    let_visit(request, response)
    return response


@router.get("/api/sandboxes/{sandbox_id}", **openapi.READ)
async def read_sandbox(request: Request, sandbox: Viewing) -> Response:
    """What is there now: the fold of the log so far."""
    state = await door_of(request).state(sandbox)
    return _json({"id": sandbox, "seq": state["seq"], "state": state})


@router.delete("/api/sandboxes/{sandbox_id}", **openapi.DELETE)
async def delete_sandbox(request: Request, sandbox: Admitted) -> Response:
    """End a sandbox. When the answer comes, no process, namespace or mount of it is left."""
    await door_of(request).delete(sandbox)
    response = Response(status_code=204)
    response.delete_cookie(security.token_cookie(sandbox), **cookie_options(request.scope))
    return response


@router.get("/api/sandboxes/{sandbox_id}/events", **openapi.EVENTS)
async def read_events(request: Request, sandbox: Viewing, after: Annotated[int, Query(ge=0, le=2**53)] = 0) -> Response:
    """Every event after ``after`` up to now, one JSON object a line."""
    return StreamingResponse(_joined(door_of(request).lines(sandbox, after)), media_type="application/x-ndjson")


@router.post("/api/sandboxes/{sandbox_id}/commands", **openapi.COMMAND)
async def post_command(request: Request, sandbox: Admitted) -> Response:
    """Carry out one command."""
    command = decode_command(await request.body())
    return _json({"ok": True, "result": await door_of(request).command(sandbox, command)})


@router.post("/api/sandboxes/{sandbox_id}/share", **openapi.SHARE)
async def share_sandbox(request: Request, sandbox: Admitted) -> Response:
    """The address where whoever has it may look at the sandbox, until it is taken back."""
    return _json({"watch": watch_address(request, sandbox)})


@router.delete("/api/sandboxes/{sandbox_id}/share", **openapi.TAKE_BACK)
async def take_back_sandbox(request: Request, sandbox: Admitted) -> Response:
    """Take the address back: it opens nothing any more, and the streams that came by it end."""
    door_of(request).take_back(sandbox)
    return Response(status_code=204)


def _new_sandbox(body: bytes) -> NewSandbox:
    if not body.strip():
        return NewSandbox()
    hint = 'Send {"hosts": [{"name": "server", "addresses": ["10.0.0.4/24"]}], "pace": "live"}, or nothing.'
    try:
        return _decode_new(body)
    except msgspec.ValidationError as error:
        raise BadRequestError(f"{error}", hint) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequestError(f"The body is not valid JSON: {error}", hint) from None


def _json(value: Any, status: int = 200) -> Response:  # noqa: ANN401 (any JSON value)
    return Response(_encode(value), status, media_type="application/json")


async def _joined(pieces: AsyncIterator[list[bytes]]) -> AsyncIterator[bytes]:
    async for lines in pieces:
        yield b"\n".join(lines) + b"\n"
