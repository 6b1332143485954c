"""How a recording is looked at in Chromium: what its picture must show at each event, and one file on the disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Frame, Page, expect

from server.events import decode_entry
from server.sessions import recording
from server.state import fold, initial
from server.web.standalone import standalone
from tests.browsing import Watched
from tests.recordings.make import path_of

NAME = "three-clients-one-port"
SHAPES = """() => Object.fromEntries([...document.querySelectorAll('[data-stage] .shape[data-key]')].map(shape =>
  [shape.dataset.key, [shape.dataset.state ?? '', shape.getAttribute('aria-label')]]))"""
Thing = tuple[str, tuple[str, ...]]
"""A thing's state, and the hosts that it belongs to."""


def states(name: str) -> list[dict[str, Thing]]:
    """What the stage must show after each event, from seq 0 on."""
    state = initial()
    found: list[dict[str, Thing]] = [{}]
    for line in recording.read(path_of(name)):
        fold(state, decode_entry(line))
        found.append(expected(state))
    return found


def expected(state: dict[str, Any]) -> dict[str, Thing]:
    """Key of each thing that must have a shape → what is to be seen of it."""
    sockets = {f"socket:{cookie}": (row["state"], (row["host"],)) for cookie, row in state["sockets"].items()}
    running = {pid: process for pid, process in state["processes"].items() if process["status"] != "exited"}
    processes = {f"process:{pid}": (process["status"], (process["host"],)) for pid, process in running.items()}
    packets = {
        f"packet:{number}": ("", (packet["source_host"], packet["target_host"] or packet["source_host"]))
        for number, packet in state["packets"].items()
    }
    return sockets | processes | packets


def assert_shows(page: Page | Frame, wanted: dict[str, Thing]) -> None:
    """The picture has a shape for each thing of the hosts that have room in it, in its state, and no other."""
    shapes = {key: state for key, (state, _) in page.evaluate(SHAPES).items()}
    hosts = {key.partition(":")[2] for key in shapes if key.startswith("host:")}
    assert hosts or not wanted
    drawn = {
        key: "" if key.startswith("packet:") else state
        for key, state in shapes.items()
        if key.startswith(("socket:", "process:", "packet:")) and state != "exited"
    }
    assert drawn == {key: state for key, (state, where) in wanted.items() if hosts.issuperset(where)}


def seek(page: Page | Frame, seq: int) -> None:
    """Move the scrubber, and wait until the picture is of that moment."""
    page.evaluate(
        """async seq => {
          const scrub = document.querySelector('[data-scrub]');
          scrub.value = String(seq);
          scrub.dispatchEvent(new Event('input', { bubbles: true }));
          const shown = () => document.querySelector('[data-moment]').textContent.startsWith(`seq ${seq} of `);
          while (!shown()) await new Promise(requestAnimationFrame);
        }""",
        seq,
    )


def ready(page: Page | Frame) -> None:
    expect(page.locator("[data-link-words]")).to_contain_text("Recording, ")
    expect(page.locator("[data-stage] .shape[data-kind=host]")).not_to_have_count(0)


def held(tmp_path: Path, name: str = NAME) -> Path:
    """A recording as one file on the disk."""
    path = tmp_path / f"{name}.html"
    header = recording.read_header(path_of(name))
    path.write_bytes(b"".join(standalone(recording.read(path_of(name)), header, header.title)))
    return path


@contextmanager
def alone(browser: Browser, *files: Path, **options: Any) -> Iterator[Page]:
    """A page that may open these files of the disk, and nothing else anywhere."""
    options.setdefault("viewport", {"width": 1440, "height": 900})
    context = browser.new_context(reduced_motion="reduce", **options)
    watched = Watched(context, "file://")
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    try:
        yield watched.page
        known = {path.as_uri() for path in files}
        others = [url for url in asked if url.split("#")[0] not in known and not url.startswith(("data:", "blob:"))]
        assert others == []
        assert watched.complaints == []
    finally:
        context.close()
