"""Recordings in Chromium: on a server, from a visitor's disk, and as one file that needs nothing else."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Browser, Frame, Page, expect

from server.events import decode_entry
from server.sessions import recording
from server.state import fold, initial
from server.web.standalone import standalone
from tests.browsing import Watched, directed, rows, visit
from tests.recordings.make import path_of
from tests.web.conftest import Server

NAME = "three-clients-one-port"
REASON = "This is a recording. Nothing runs, so nothing can be started, held or dropped."
SHAPES = """() => Object.fromEntries([...document.querySelectorAll('[data-stage] .shape[data-key]')].map(shape =>
  [shape.dataset.key, [shape.dataset.state ?? '', shape.getAttribute('aria-label')]]))"""


# What is on the screen, and what should be


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


# One file


def test_one_file_from_disk_shows_every_moment_as_the_log_has_it(browser: Browser, tmp_path: Path) -> None:
    path = held(tmp_path)
    with alone(browser, path) as page:
        page.goto(path.as_uri())
        ready(page)
        wanted = states(NAME)
        for seq in [*range(1, len(wanted), 9), len(wanted) - 1]:
            seek(page, seq)
            assert_shows(page, wanted[seq])
        expect(page.locator("[data-ladder] .rung")).not_to_have_count(0)


def test_one_file_is_stepped_and_played_by_keys(browser: Browser, tmp_path: Path) -> None:
    path = held(tmp_path, "handshake-by-steps")
    with alone(browser, path) as page:
        page.goto(path.as_uri())
        ready(page)
        said = page.locator("[data-narration]")
        expect(said).to_have_text("The recording begins.")
        page.keyboard.press("End")
        expect(page.get_by_role("button", name="Next beat", exact=True)).to_be_disabled()
        expect(page.get_by_role("button", name="End", exact=True)).to_be_disabled()
        page.keyboard.press("Home")
        for _ in range(2):
            page.keyboard.press("Shift+ArrowRight")
        expect(page.locator(".shape[data-kind=socket][data-state=LISTEN]")).to_have_count(1)
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("v")
        expect(page.locator("html")).to_have_attribute("data-view", "projector")
        page.keyboard.press("v")
        for tab in ("Events", "Sockets as a table", "Ladder"):
            page.get_by_role("button", name=tab).click()
        page.keyboard.press("t")


@pytest.mark.parametrize("way", ["src", "sandboxed", "srcdoc"])
def test_one_file_works_inside_an_iframe(browser: Browser, tmp_path: Path, way: str) -> None:
    path = held(tmp_path)
    outer = tmp_path / "slide.html"
    if way == "srcdoc":
        frame = '<iframe width="1440" height="900" id="run" sandbox="allow-scripts"></iframe>'
    else:
        sandbox = 'sandbox="allow-scripts"' if way == "sandboxed" else ""
        frame = f'<iframe width="1440" height="900" src="{path.name}#seq=150" {sandbox}></iframe>'
    outer.write_text(f"<!doctype html><meta charset=utf-8><title>A slide</title><h1>A slide</h1>{frame}")
    with alone(browser, outer, path) as page:
        page.goto(outer.as_uri())
        if way == "srcdoc":
            page.evaluate("text => { document.querySelector('#run').srcdoc = text }", path.read_text())
        inner = page.wait_for_selector("iframe").content_frame()
        assert inner is not None
        ready(inner)
        wanted = states(NAME)
        if way != "srcdoc":
            assert_shows(inner, wanted[150])
        seek(inner, 100)
        assert_shows(inner, wanted[100])
        inner.get_by_role("button", name="Next beat", exact=True).click()
        inner.locator("[data-action=theme]").click()
        inner.locator("[data-action=keys]").click()
        inner.get_by_role("checkbox", name="single-letter keys").uncheck()


class Bait(BaseHTTPRequestHandler):
    """Gives anybody whatever they ask for, and remembers that they asked."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200)
        self.send_header("Access-Control-Allow-Origin", "*")
        kind, body = KINDS[self.path]
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        pass


PIXEL = b"GIF89a\1\0\1\0\x80\0\0\0\0\0\0\0\0!\xf9\4\1\0\0\0\0,\0\0\0\0\1\0\1\0\0\2\2D\1\0;"
KINDS = {
    "/fetch": ("text/plain", b"text"),
    "/picture": ("image/gif", PIXEL),
    "/script": ("text/javascript", b"1;"),
    "/style": ("text/css", b"p{}"),
    "/frame": ("text/html", b"<p>"),
    "/socket": ("text/plain", b"no"),
}
TRIES = """async home => {
  const made = (name, fields) => new Promise(end => {
    document.body.append(Object.assign(document.createElement(name), fields, { onload: end, onerror: end }));
  });
  await fetch(`${home}/fetch`).catch(() => 0);
  await made('img', { src: `${home}/picture` });
  await made('script', { src: `${home}/script` });
  await made('link', { rel: 'stylesheet', href: `${home}/style` });
  await made('iframe', { src: `${home}/frame` });
  await new Promise(end => {
    try { new WebSocket(`${home.replace('http', 'ws')}/socket`).onerror = end; } catch { end(); }
  });
}"""


@pytest.fixture
def bait() -> Iterator[str]:
    """The address of a server that nobody should ask."""
    Bait.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Bait) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_one_file_may_connect_to_nothing(browser: Browser, bait: str, tmp_path: Path) -> None:
    plain = tmp_path / "plain.html"
    plain.write_text("<!doctype html><title>A page without a policy</title><body>")
    context = browser.new_context()
    try:
        page = context.new_page()
        page.goto(plain.as_uri())
        page.evaluate(TRIES, bait)
        assert set(Bait.asked) == {"/fetch", "/picture", "/script", "/style", "/frame", "/socket"}, "the bait works"
        Bait.asked.clear()
        path = held(tmp_path)
        page.goto(path.as_uri())
        ready(page)
        page.evaluate(TRIES, bait)
        assert Bait.asked == []
    finally:
        context.close()


@pytest.mark.parametrize("size", [(1440, 900), (960, 540), (800, 450), (390, 844)])
def test_one_file_fits_where_it_is_put(browser: Browser, tmp_path: Path, size: tuple[int, int]) -> None:
    path = held(tmp_path)
    with alone(browser, path, viewport={"width": size[0], "height": size[1]}) as page:
        page.goto(f"{path.as_uri()}#seq=150")
        ready(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        expect(page.locator("[data-narration]")).to_be_visible()
        expect(page.get_by_role("slider")).to_be_visible()
        expect(page.locator("[data-stage] svg")).to_be_visible()


# A server that shows it


def test_a_served_recording_and_the_one_file_show_the_same(page: Page, browser: Browser, tmp_path: Path) -> None:
    page.goto(f"/r/{NAME}")
    ready(page)
    expect(page.locator("h2", has_text="Three clients, one port")).to_be_visible()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Export").click()
        page.get_by_role("link", name="Stand-alone page").click()
    assert saved.value.suggested_filename == f"{NAME}.html"
    path = tmp_path / "saved.html"
    saved.value.save_as(path)
    with alone(browser, path) as other:
        other.goto(path.as_uri())
        ready(other)
        wanted = states(NAME)
        for seq in (10, 90, 160, 230):
            seek(page, seq)
            seek(other, seq)
            assert_shows(page, wanted[seq])
            assert_shows(other, wanted[seq])
            assert page.locator("[data-narration]").inner_text() == other.locator("[data-narration]").inner_text()


def test_nothing_can_be_done_to_a_recording_and_it_says_why(page: Page) -> None:
    sent: list[str] = []
    page.on("request", lambda request: request.method != "GET" and sent.append(request.url))
    page.on("websocket", lambda socket: sent.append(socket.url))
    page.goto("/r/handshake-by-steps")
    ready(page)
    expect(page.locator("[data-reason]")).to_have_text(REASON)
    for missing in ("Start server", "Runs", "Slow", "Hold"):
        expect(page.get_by_text(missing, exact=True)).to_have_count(0)
    moments = list(states("handshake-by-steps"))
    seq = next(number for number, state in enumerate(moments) if any(key.startswith("packet:") for key in state))
    seek(page, seq)
    page.locator(".shape[data-kind=packet]").first.click()
    expect(page.locator("[data-evidence] .reason")).to_have_text(REASON)
    expect(page.locator("[data-evidence] [data-ask^=packet]")).to_have_count(0)
    page.keyboard.press("h")
    expect(page.locator("[data-refusal]")).to_contain_text(REASON)
    expect(page.locator("[data-moment]")).to_contain_text(f"seq {seq} of")
    assert sent == []


def test_the_badge_says_when_it_was_recorded(page: Page) -> None:
    page.goto(f"/r/{NAME}")
    made = recording.read_header(path_of(NAME)).made
    expect(page.locator("[data-link-words]")).to_have_text(re.compile(rf"^Recording, \d+ \w+ {made[:4]}$"))


# A visitor's own file


def choose(page: Page, path: Path) -> None:
    page.goto("/replay")
    page.set_input_files("input[data-open]", path)


def test_a_file_of_the_visitor_is_shown_without_leaving_the_browser(page: Page, tmp_path: Path) -> None:
    sent: list[str] = []
    choose(page, path_of("fork"))
    page.on("request", lambda request: sent.append(request.url))
    ready(page)
    expect(page.locator("#controls-title")).to_have_text("Fork: two processes hold one listening socket")
    wanted = states("fork")
    for seq in range(5, len(wanted), 40):
        seek(page, seq)
        assert_shows(page, wanted[seq])
    plain = tmp_path / "plain.jsonl"
    plain.write_bytes(gzip.decompress(path_of("fork").read_bytes()))
    choose(page, plain)
    ready(page)
    assert [url for url in sent if "fork" in url] == []


def cut(data: bytes) -> bytes:
    return data[:-200]


def without_line(data: bytes) -> bytes:
    lines = gzip.decompress(data).splitlines(keepends=True)
    return b"".join(lines[:40] + lines[41:])


def broken_line(data: bytes) -> bytes:
    lines = gzip.decompress(data).splitlines(keepends=True)
    return b"".join([*lines[:40], lines[40][:20], b"\n", *lines[41:]])


def half_an_event(data: bytes) -> bytes:
    lines = gzip.decompress(data).splitlines(keepends=True)
    return b"".join([*lines[:10], b'{"seq":10,"t":1,"type":"packet.sent"}\n', *lines[11:]])


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (cut, "bad.jsonl.gz is cut or damaged"),
        (without_line, "line 41 has seq 41, but 40 is due"),
        (broken_line, "line 41 is no event"),
        (half_an_event, "line 11 is no event: its packet is undefined"),
        (lambda data: b"\x89PNG\r\n\x1a\n\x00\x00", "bad.jsonl.gz is no recording"),
        (lambda data: b"hello\n", "bad.jsonl.gz is no recording"),
        (lambda data: b'{"recording":9}\n', "has format 9"),
        (lambda data: b"", "holds no event"),
        (lambda data: b'{"recording":1}\n', "holds no event"),
    ],
)
def test_a_bad_file_is_refused_with_what_is_wrong(
    page: Page, tmp_path: Path, spoil: Callable[[bytes], bytes], message: str
) -> None:
    path = tmp_path / "bad.jsonl.gz"
    path.write_bytes(spoil(path_of(NAME).read_bytes()))
    choose(page, path)
    expect(page.locator("[data-overlay]")).to_contain_text(message)
    expect(page.get_by_role("link", name="Open another recording")).to_be_visible()


# Links


def test_a_link_leads_to_a_moment_a_thing_and_a_view(page: Page) -> None:
    page.goto(f"/r/{NAME}")
    ready(page)
    seek(page, 150)
    page.locator(".shape[data-kind=socket][data-state=LISTEN]").first.click()
    page.get_by_role("button", name="Sockets as a table").click()
    cookie = page.locator(".shape[data-kind=socket][data-state=LISTEN]").first.get_attribute("data-key")
    expect(page).to_have_url(re.compile(rf"/r/{NAME}\?seq=150&at={cookie}&view=tables$"))
    picture = page.evaluate(SHAPES)
    page.reload()
    expect(page.locator("[data-moment]")).to_have_text(f"seq 150 of {len(states(NAME)) - 1}")
    assert page.evaluate(SHAPES) == picture
    expect(page.locator("#evidence-title")).to_have_text("tcp socket on server")
    expect(page.locator("[data-tables] table")).to_be_visible()


@pytest.mark.parametrize("wrong", ["seq=-5", "seq=abc", "seq=999999", "at=socket:__proto__", "at=x:y:z", "view=<b>"])
def test_a_link_that_names_nothing_does_no_harm(page: Page, wrong: str) -> None:
    page.goto(f"/r/{NAME}?{wrong}")
    ready(page)
    seek(page, 100)
    assert_shows(page, states(NAME)[100])


def test_a_link_into_a_sandbox_looks_back_and_leads_on_to_now(page: Page, served: Server) -> None:
    with directed(served) as director:
        director.listen()
        director.connect("client-a")
        director.until("accepted", lambda state: rows(state, host="server", state="ESTABLISHED"))
        visit(page, director)
        expect(page).to_have_url(re.compile(r"/s/\w+$"))
        page.goto(f"/s/{director.sandbox.id}?seq=12")
        expect(page.locator("[data-moment]")).to_contain_text("seq 12 of")
        expect(page.locator("main")).to_have_attribute("data-past", "")
        page.keyboard.press("End")
        expect(page).to_have_url(re.compile(r"/s/\w+$"))


# Taking along


def test_a_sandbox_is_taken_along_as_a_recording_and_as_one_file(
    page: Page, browser: Browser, served: Server, tmp_path: Path
) -> None:
    with directed(served) as director:
        director.listen()
        director.connect("client-a")
        director.until("accepted", lambda state: rows(state, host="server", state="ESTABLISHED"))
        visit(page, director)
        saved = {}
        page.get_by_role("button", name="Export").click()
        for name in ("Recording", "Stand-alone page", "pcapng"):
            with page.expect_download() as download:
                page.locator("#exports").get_by_role("link", name=name, exact=True).click()
            saved[name] = tmp_path / download.value.suggested_filename
            download.value.save_as(saved[name])
        events = director.sandbox.events()
    lines = list(recording.read(saved["Recording"]))
    assert [json.loads(line) for line in lines] == events[: len(lines)]
    assert recording.read_header(saved["Recording"]).title == "echo_server, echo_client"
    assert saved["pcapng"].read_bytes()[:4] == b"\x0a\x0d\x0d\x0a"
    state = initial()
    for line in lines:
        fold(state, decode_entry(line))
    with alone(browser, saved["Stand-alone page"]) as other:
        other.goto(saved["Stand-alone page"].as_uri())
        ready(other)
        seek(other, state["seq"])
        assert_shows(other, expected(state))


def exported(page: Page, kind: str, path: Path) -> Path:
    if not page.locator("#exports").is_visible():
        page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.locator(f"[data-export={kind}]").click()
    expect(page.locator("[data-exported]")).to_contain_text(f"Saved as {download.value.suggested_filename}")
    download.value.save_as(path)
    return path


@pytest.mark.parametrize("where", ["served", "alone"])
@pytest.mark.parametrize("theme", ["light", "dark", "projector"])
def test_the_stage_as_a_picture_stands_alone(
    page: Page, browser: Browser, tmp_path: Path, where: str, theme: str
) -> None:
    svg, png = tmp_path / "stage.svg", tmp_path / "stage.png"
    path = held(tmp_path)

    def save(source: Page) -> tuple[list[str], dict[str, float]]:
        ready(source)
        source.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        seek(source, 150)
        exported(source, "svg", svg)
        exported(source, "png", png)
        texts = source.locator("[data-stage] svg text").all_text_contents()
        return texts, source.locator("[data-stage] svg").bounding_box() or {}

    if where == "served":
        page.goto(f"/r/{NAME}")
        texts, box = save(page)
    else:
        with alone(browser, path) as source:
            source.goto(path.as_uri())
            texts, box = save(source)
    root = ElementTree.parse(svg).getroot()
    assert [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")] == texts
    markup = svg.read_text()
    assert re.findall(r"(?:href|src|url)\W+(https?:|/|\.\.)", markup) == []
    assert "var(" not in markup
    assert "class=" not in markup
    assert markup.count("@font-face") == 2
    with alone(browser, svg, png) as other:
        other.goto(svg.as_uri())
        looks = """() => [...document.querySelectorAll('text')].map(text => {
          const style = getComputedStyle(text);
          const { width, height } = text.getBoundingClientRect();
          return [style.fontFamily, style.fontSize, Math.round(width), Math.round(height)];
        })"""
        other.evaluate("document.fonts.ready")
        copied = other.evaluate(looks)
        other.goto(png.as_uri())
        size = other.evaluate("(({naturalWidth, naturalHeight}) => [naturalWidth, naturalHeight])(document.images[0])")
    assert size == [round(box["width"] * 2), round(box["height"] * 2)]
    assert all(width > 0 for _, _, width, _ in copied)
    assert len(png.read_bytes()) > 20_000, "an empty picture is smaller"


def test_the_picture_has_the_colours_of_the_page(page: Page, tmp_path: Path) -> None:
    page.goto(f"/r/{NAME}?seq=150")
    ready(page)
    listening = ".shape[data-kind=socket][data-state=LISTEN] .edge"
    stroke = page.locator(listening).first.evaluate("edge => getComputedStyle(edge).stroke")
    svg = exported(page, "svg", tmp_path / "stage.svg")
    red, green, blue = (int(part) for part in re.findall(r"\d+", stroke)[:3])
    key = page.locator(".shape[data-kind=socket][data-state=LISTEN]").first.get_attribute("data-key")
    root = ElementTree.parse(svg).getroot()
    card = next(element for element in root.iter() if element.get("data-key") == key)
    strokes = {element.get("stroke") for element in card.iter()}
    assert f"#{red:02x}{green:02x}{blue:02x}" in strokes


# socketlab replay


def test_a_server_of_one_recording_has_nothing_but_that(browser: Browser) -> None:
    command = [sys.executable, "-m", "server.cli", "replay", str(path_of("ipv6")), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            line = server.stdout.readline()
            found = re.search(r"http://[\d.]+:\d+", line)
            assert found, line
            context = browser.new_context(
                base_url=found[0], reduced_motion="reduce", viewport={"width": 1440, "height": 900}
            )
            watched = Watched(context, found[0])
            page = watched.page
            page.goto("/")
            ready(page)
            expect(page).to_have_url(re.compile(r"/r/ipv6\?seq="))
            expect(page.get_by_role("link", name="Playground")).to_have_count(0)
            wanted = states("ipv6")
            for seq in (40, 120, len(wanted) - 1):
                seek(page, seq)
                assert_shows(page, wanted[seq])
            assert watched.complaints == []
            context.close()
        finally:
            server.terminate()
            assert server.wait(60) == 0
