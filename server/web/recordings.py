"""Recordings over HTTP: pages that show them, and a sandbox's or a recording's files to take along.

Two routers, because a server that only shows recordings (``socketlab replay``) has no sandboxes.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import HTMLResponse, StreamingResponse

from server.events import decode_entry
from server.sessions import capture, recording
from server.sessions.log import Log
from server.sessions.shelf import Shelf
from server.state import State
from server.web import api, openapi
from server.web.contexts import RecordingContext
from server.web.rendering import chosen_theme, render
from server.web.standalone import standalone

RECORDING_TYPE = "application/gzip"
_PIECE = 64 * 1024

Name = Annotated[str, Path(max_length=80, pattern=r"^[A-Za-z0-9_-]+$")]


def pages(shelf: Shelf, *, playground: bool) -> APIRouter:
    """``/replay`` for a visitor's own file, and ``/r/NAME`` for each recording on the shelf.

    Args:
        shelf: What is shown by name.
        playground: Whether the server has a playground, which the pages then lead to.
    """
    router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)

    @router.get("/replay")
    def choose(request: Request) -> HTMLResponse:
        theme, others = chosen_theme(request), tuple(shelf.titles().items())
        return render(
            request, "pages/recording.html", RecordingContext(theme=theme, playground=playground, others=others)
        )

    @router.get("/r/{name}")
    def show(request: Request, name: Name) -> HTMLResponse:
        context = RecordingContext(
            title=shelf.find(name).title,
            theme=chosen_theme(request),
            source=f"/r/{name}/recording.jsonl.gz",
            downloads=f"/r/{name}",
            playground=playground,
        )
        return render(request, "pages/recording.html", context)

    @router.get("/r/{name}/recording.jsonl.gz")
    def read_recording(name: Name) -> Response:
        return _download(_in_pieces(shelf.find(name).compressed()), RECORDING_TYPE, f"{name}.jsonl.gz")

    @router.get("/r/{name}/replay.html")
    def read_standalone(name: Name) -> Response:
        found = shelf.find(name)
        page = standalone(found.lines(), found.header, found.title)
        return _download(_in_pieces(page), "text/html; charset=utf-8", f"{name}.html")

    @router.get("/r/{name}/capture.pcapng")
    def read_capture(name: Name) -> Response:
        packets = capture.pcapng(map(decode_entry, shelf.find(name).lines()))
        return _download(_in_pieces(packets), "application/x-pcapng", f"{name}.pcapng")

    return router


def sandbox_files() -> APIRouter:
    """What a sandbox's log can be taken along as: a recording, and a page that needs no server."""
    router = APIRouter()

    @router.get("/api/sandboxes/{sandbox_id}/recording.jsonl.gz", **openapi.RECORDING)
    async def read_recording(sandbox: api.Opened) -> Response:
        """The log so far as a recording, compressed, for ``socketlab replay`` and the page's "open a recording"."""
        heading = recording.heading(_title(await sandbox.log.state()))
        pieces = recording.compressed(_lines(sandbox.log), heading)
        return _download(_steadily(pieces), RECORDING_TYPE, f"socketlab-{sandbox.id}.jsonl.gz")

    @router.get("/api/sandboxes/{sandbox_id}/replay.html", **openapi.REPLAY)
    async def read_standalone(sandbox: api.Opened) -> Response:
        """The log so far as one HTML file that shows it without a server: for slides, courses and blogs."""
        title = _title(await sandbox.log.state())
        page = standalone(_lines(sandbox.log), recording.heading(title), title or "A recording")
        return _download(_steadily(page), "text/html; charset=utf-8", f"socketlab-{sandbox.id}.html")

    return router


def _title(state: State) -> str:
    """What ran: ``echo_server, 3 echo_client``."""
    programs = Counter(process["program"] for process in state["processes"].values() if process["parent"] is None)
    return ", ".join(name if count == 1 else f"{count} {name}" for name, count in programs.items())


def _download(body: Iterable[bytes] | AsyncIterator[bytes], media_type: str, name: str) -> Response:
    # What goes into the response as a plain iterator is read in a thread.
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(body, 200, headers, media_type)


def _lines(log: Log) -> Iterator[bytes]:
    """A log's lines up to its end at the time of the call."""
    after, end = 0, log.end_seq
    while after < end and (lines := log.read(after, end - after)):
        after += len(lines)
        yield from lines


def _in_pieces(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in larger pieces."""
    piece = bytearray()
    for part in parts:
        piece += part
        if len(piece) >= _PIECE:
            yield bytes(piece)
            piece.clear()
    yield bytes(piece)


async def _steadily(parts: Iterable[bytes]) -> AsyncIterator[bytes]:
    """The same in the server's loop, where a log is at home; other work has its turn between the pieces."""
    for piece in _in_pieces(parts):
        yield piece
        await asyncio.sleep(0)
