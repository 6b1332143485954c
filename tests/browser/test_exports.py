"""What is taken along from Chromium: a sandbox as a recording and as one file, and the stage as a picture."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Browser, Page, expect

from server.events import decode_entry
from server.sessions import recording
from server.state import fold, initial
from tests.browser.replaying import NAME, alone, assert_shows, expected, held, ready, seek
from tests.browsing import directed, rows, visit
from tests.web.conftest import Server


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
