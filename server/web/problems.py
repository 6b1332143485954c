"""Problem documents (RFC 9457): the one shape of every refusal over HTTP.

The WebSocket and the command line tell the same members; they come from ``server.errors``.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from server.errors import BadRequestError, NotFoundError, Problem, SocketlabError
from server.web.rendering import problem_page

MEDIA_TYPE = "application/problem+json"

_log = logging.getLogger("socketlab")


class UnauthorizedError(SocketlabError):
    """A request about a sandbox carries neither its token nor a watch key."""

    title = "It is not known who asks"
    status = 401


class TooLargeError(SocketlabError):
    """A request's body is larger than any command can be."""

    title = "The request is too large"
    status = 413


def problem_response(problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """A problem document as a response with its status."""
    return Response(msgspec.json.encode(problem), problem["status"], headers, MEDIA_TYPE)


def error_response(error: SocketlabError) -> Response:
    """The response for an error."""
    headers = {"WWW-Authenticate": 'Bearer realm="socketlab"'} if isinstance(error, UnauthorizedError) else None
    return problem_response(error.problem(), headers)


def install(app: FastAPI) -> None:
    """Make every error of an app a problem document."""
    app.add_exception_handler(SocketlabError, _socketlab_error)
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(Exception, _unexpected)


def _told(request: Request, error: SocketlabError) -> Response:
    """An error as a problem document, or as a page for a browser that asked for one."""
    wants_page = "text/html" in request.headers.get("accept", "") and request.method == "GET"
    if wants_page and not _for_programs(request.url.path):
        return problem_page(request, status=error.status, title=error.title, detail=error.detail, hint=error.hint)
    return error_response(error)


def _for_programs(path: str) -> bool:
    """Whether what is at a path is read by programs, those of a page too."""
    return path.startswith(("/api/", "/static/", "/panels/"))


async def _socketlab_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, SocketlabError)
    return _told(request, error)


async def _http_exception(request: Request, error: Exception) -> Response:
    """What the framework refuses by itself: no such route, no such method."""
    assert isinstance(error, HTTPException)
    path = request.url.path[:200]
    match error.status_code:
        case 404:
            where = (
                "/openapi.json lists what there is." if _for_programs(path) else "The first page leads to all others."
            )
            return _told(request, NotFoundError(f"There is nothing at {path}.", where))
        case 405:
            allowed = (error.headers or {}).get("Allow", "")
            problem: Problem = {
                "title": "That method is not answered here",
                "status": 405,
                "detail": f"{path} does not answer {request.method[:20]}.",
                "hint": f"It answers {allowed}.",
            }
            return problem_response(problem, error.headers)
        case status:
            phrase = HTTPStatus(status).phrase
            return problem_response({"title": phrase, "status": status, "detail": str(error.detail)}, error.headers)


async def _validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:])
    hint = "The address is not complete, or was changed: open it again as you got it."
    if _for_programs(request.url.path):
        hint = "The API page, /openapi.json, lists each request with its fields."
    return _told(request, BadRequestError(f"{where}: {first['msg']}", hint))


async def _unexpected(request: Request, error: Exception) -> Response:
    """A fault of ours: it is logged, and its text stays here."""
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return _told(
        request,
        SocketlabError("The server made a mistake; its log tells which.", "Try again, or report it with the log."),
    )
