"""Recordings over HTTP: pages that show them, and a sandbox's or a recording's files for download.

Two routers, because a server that only shows recordings (``socketlab replay``) has no sandboxes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Annotated, Protocol

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import HTMLResponse, StreamingResponse

from server.errors import NotFoundError
from server.events import decode_entry
from server.folders import folder
from server.lessons.kept import kept_lab
from server.lessons.reference import load_reference
from server.sessions import capture, recording
from server.sessions.shelf import Shelf
from server.shapes import State
from server.web import api, openapi
from server.web.access import door_of
from server.web.contexts import RecordingContext
from server.web.lab_views import recorded_context
from server.web.rendering import chosen_theme, render
from server.web.standalone import Standalone, standalone

RECORDING_TYPE = "application/gzip"
_PIECE = 64 * 1024

Name = Annotated[str, Path(max_length=80, pattern=r"^[A-Za-z0-9_-]+$")]


class Writer(Protocol):
    """Makes a file of a log, some lines at a time."""

    def begin(self) -> bytes:
        """What stands before the first line."""
        ...

    def add(self, lines: Iterable[bytes]) -> bytes:
        """What the log's next lines come to; it may come later."""
        ...

    def end(self) -> bytes:
        """What stands behind the last line."""
        ...


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
        found = shelf.find(name)
        if found.lab is not None:
            lab, (reference, _) = kept_lab(found.lab.lab, found.lab.files), load_reference(folder("labs"))
            lesson = recorded_context(lab, reference, name, chosen_theme(request), playground=playground)
            return render(request, "pages/lab.html", lesson)
        context = RecordingContext(
            title=found.title,
            theme=chosen_theme(request),
            source=f"/r/{name}/recording.jsonl.gz",
            downloads=f"/r/{name}",
            playground=playground,
        )
        return render(request, "pages/recording.html", context)

    @router.get("/r/{name}/recording.jsonl.gz")
    def read_recording(name: Name) -> Response:
        return _download(in_pieces(shelf.find(name).compressed()), RECORDING_TYPE, f"{name}.jsonl.gz")

    @router.get("/r/{name}/replay.html")
    def read_standalone(name: Name) -> Response:
        found = shelf.find(name)
        page = standalone(found.lines(), found.header, found.title)
        return _download(in_pieces(page), "text/html; charset=utf-8", f"{name}.html")

    @router.get("/r/{name}/capture.pcapng")
    def read_capture(name: Name) -> Response:
        packets = capture.pcapng(map(decode_entry, shelf.find(name).lines()))
        return _download(in_pieces(packets), "application/x-pcapng", f"{name}.pcapng")

    return router


def sandbox_files() -> APIRouter:
    """The downloads of a sandbox's log: a recording, a page that needs no server, and a capture."""
    router = APIRouter()

    @router.get("/api/sandboxes/{sandbox_id}/recording.jsonl.gz", **openapi.RECORDING)
    async def read_recording(request: Request, sandbox: api.Viewing) -> Response:
        """The log so far as a recording, compressed, for ``socketlab replay`` and the page's "open a recording"."""
        door = door_of(request)
        writer = recording.Compressor(recording.heading(title_of(await door.state(sandbox))))
        return _download(_written(writer, door.lines(sandbox)), RECORDING_TYPE, f"socketlab-{sandbox}.jsonl.gz")

    @router.get("/api/sandboxes/{sandbox_id}/replay.html", **openapi.REPLAY)
    async def read_standalone(request: Request, sandbox: api.Viewing) -> Response:
        """The log so far as one HTML file that shows it without a server: for slides, courses and blogs."""
        door = door_of(request)
        title = title_of(await door.state(sandbox))
        page = Standalone(recording.heading(title), title or "A recording")
        return _download(_written(page, door.lines(sandbox)), "text/html; charset=utf-8", f"socketlab-{sandbox}.html")

    @router.get("/api/sandboxes/{sandbox_id}/capture.pcapng", **openapi.CAPTURE)
    async def read_capture(
        request: Request, sandbox: api.Viewing, host: Annotated[str | None, Query(max_length=32)] = None
    ) -> Response:
        """Every packet so far, one interface per host; with ``host``, as a capture on that host shows them."""
        door = door_of(request)
        if host is not None and host not in (await door.state(sandbox))["hosts"]:
            raise NotFoundError(f"There is no host {host!r}.", "Leave host out to get the packets of all hosts.")
        packets = _written(capture.Capture(host), door.lines(sandbox))
        return _download(packets, "application/x-pcapng", f"socketlab-{sandbox}.pcapng")

    return router


def title_of(state: State) -> str:
    """What ran: ``echo_server, 3 echo_client``."""
    programs = Counter(process["program"] for process in state["processes"].values() if process["parent"] is None)
    return ", ".join(name if count == 1 else f"{count} {name}" for name, count in programs.items())


def _download(body: Iterable[bytes] | AsyncIterator[bytes], media_type: str, name: str) -> Response:
    # What goes into the response as a plain iterator is read in a thread.
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(body, 200, headers, media_type)


def in_pieces(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in larger pieces."""
    piece = bytearray()
    for part in parts:
        piece += part
        if len(piece) >= _PIECE:
            yield bytes(piece)
            piece.clear()
    yield bytes(piece)


async def _written(writer: Writer, pieces: AsyncIterator[list[bytes]]) -> AsyncIterator[bytes]:
    """A log as the file that a writer makes of it."""
    yield writer.begin()
    async for lines in pieces:
        if piece := writer.add(lines):
            yield piece
    yield writer.end()
