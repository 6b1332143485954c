"""The stand-alone page: everything inside, nothing outside, and only what its policy names."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from html.parser import HTMLParser

import pytest

from server.sessions import recording
from server.sessions.recording import Header
from server.web import standalone as module
from server.web.bundle import BundleError
from server.web.standalone import standalone
from tests.recordings.make import path_of

LINES = list(recording.read(path_of("three-clients-one-port")))
HEADER = Header(recording=1, title="Three clients", made="2026-11-12T09:30:00Z")


def page(title: str = "Three clients") -> str:
    return b"".join(standalone(LINES, HEADER, title)).decode()


class Seen(HTMLParser):
    """Every element with its attributes and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None], list[str]]] = []
        self.within = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs), []))
        self.within = True

    def handle_endtag(self, tag: str) -> None:
        self.within = False

    def handle_data(self, data: str) -> None:
        if self.within:
            self.elements[-1][2].append(data)

    def all(self, tag: str) -> list[tuple[dict[str, str | None], str]]:
        return [(given, "".join(text)) for name, given, text in self.elements if name == tag]


def test_the_recording_inside_is_the_log_byte_for_byte() -> None:
    (held,) = (text for given, text in Seen(page()).all("script") if "data-held" in given)
    lines = gzip.decompress(base64.b64decode(held, validate=True)).split(b"\n")
    assert lines[0] == b'{"recording":1,"title":"Three clients","made":"2026-11-12T09:30:00Z"}'
    assert lines[1:-1] == LINES


@pytest.mark.parametrize("count", [1, 2, 3, 50, 267])
def test_base64_in_pieces_is_base64(count: int) -> None:
    text = b"".join(standalone(LINES[:count], HEADER, "x")).decode()
    (held,) = (text for given, text in Seen(text).all("script") if "data-held" in given)
    assert gzip.decompress(base64.b64decode(held, validate=True)).count(b"\n") == count + 1


def test_nothing_refers_to_anything_outside() -> None:
    seen = Seen(page())
    for tag, given, _ in seen.elements:
        for name in ("src", "href", "srcset", "action", "poster", "data"):
            value = given.get(name)
            assert value is None or value.startswith(("#", "data:")), (tag, name, value)
        assert not any(name.startswith(("hx-", "on")) for name in given), (tag, given)
    (style,) = (text for _, text in seen.all("style"))
    assert set(re.findall(r"url\(\"?(.{5})", style)) == {"data:"}
    assert "@import" not in style
    assert [given["rel"] for given, _ in seen.all("link")] == ["icon"]


def test_the_policy_names_the_one_script_and_the_one_style_and_no_place_to_connect_to() -> None:
    seen = Seen(page())
    (policy,) = (given["content"] for given, _ in seen.all("meta") if "http-equiv" in given)
    rules = dict(rule.split(" ", 1) for rule in (policy or "").split("; "))
    (script,) = (text for given, text in seen.all("script") if given.get("type") == "module")
    (style,) = (text for _, text in seen.all("style"))
    assert rules["default-src"] == "'none'"
    assert "connect-src" not in rules
    for rule, text in (("script-src", script), ("style-src", style)):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert rules[rule] == f"'sha256-{digest}'"


def test_the_policy_comes_before_everything_that_it_is_for() -> None:
    text = page()
    assert text.index("Content-Security-Policy") < min(text.index(word) for word in ("<style", "<script", "<link"))


def test_every_icon_is_there() -> None:
    seen = Seen(page())
    wanted = {given["href"] for given, _ in seen.all("use")}
    there = {f"#{given['id']}" for given, _ in seen.all("symbol")}
    assert wanted
    assert wanted <= there


def test_a_title_is_text() -> None:
    text = page('<script>alert("&")</script>')
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


@pytest.mark.parametrize(
    ("markup", "message"),
    [
        ('<img src="/static/img/favicon.svg">', "refers to '/static/img/favicon.svg'"),
        ('<img src="https://example.org/a.png">', "example.org"),
        ('<div hx-get="/panels/machine"></div>', "hx-get"),
        ('<button onclick="x()"></button>', "onclick"),
        ('<script src="/static/js/none.js" type="module"></script>', "no file of ours"),
        ('<script src="/assets/0/none.js" type="module"></script>', "no 'none.js'"),
        ('<script src="https://example.org/a.js"></script>', "no module"),
        ('<link rel="stylesheet" href="/static/../pyproject.toml">', "no file of ours"),
        ('<link rel="manifest" href="/m.json">', "manifest"),
    ],
)
def test_what_a_file_cannot_hold_is_refused(monkeypatch: pytest.MonkeyPatch, markup: str, message: str) -> None:
    whole = "<!doctype html><html><head><meta charset='utf-8'></head><body>{}</body></html>"
    monkeypatch.setattr(module, "rendered", lambda template, context: whole.format(markup))
    with pytest.raises(BundleError, match=message):
        standalone(LINES, HEADER, "x")
