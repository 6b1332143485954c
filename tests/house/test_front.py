"""The front end keeps house: one import direction, generated types, known origins, and no script or style in markup."""

from __future__ import annotations

import hashlib
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "static" / "js"
VENDOR = ROOT / "static" / "vendor"

FLOORS = [
    {"svg", "protocol", "headers", "places", "shapes", "kept", "view", "zoom", "address", "fields", "axis"},
    {"fold", "relations", "cells", "kernel", "site", "density", "listings", "pieces"},
    {"log", "cutaway", "rungs"},
    {"layout", "narration"},
    {"stage", "ladder", "events", "evidence", "programs", "source", "tables", "transcript"},
    {"motion", "clock", "exports"},
    {"stream", "replay", "commands", "picture"},
    {"keys", "controls", "recorded"},
    {"screen"},
    {"app", "lab", "home"},
]
"""A module imports from its own floor or from below; nothing below knows who draws or sends."""

SENDERS = {"commands"}
"""The only module that may call ``stream.request``."""


def floor_of(name: str) -> int:
    return next(number for number, floor in enumerate(FLOORS) if name in floor)


def imports(path: Path) -> set[str]:
    return set(re.findall(r'(?:from|^import) "\./(\w+)\.js"', path.read_text(), re.MULTILINE))


def test_every_module_has_its_floor() -> None:
    assert {path.stem for path in SCRIPTS.glob("*.js")} == set().union(*FLOORS)


@pytest.mark.parametrize("path", sorted(SCRIPTS.glob("*.js")), ids=lambda path: path.stem)
def test_a_module_imports_only_from_below(path: Path) -> None:
    for name in imports(path):
        assert floor_of(name) <= floor_of(path.stem), f"{path.stem} imports {name}, which stands above it"


@pytest.mark.parametrize("path", sorted(SCRIPTS.glob("*.js")), ids=lambda path: path.stem)
def test_words_of_programs_and_packets_never_become_markup(path: Path) -> None:
    assert not re.search(r"\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval)\b", path.read_text())


@pytest.mark.parametrize("path", sorted(SCRIPTS.glob("*.js")), ids=lambda path: path.stem)
def test_only_commands_send(path: Path) -> None:
    if path.stem not in SENDERS:
        assert not re.search(r"\.request\(", path.read_text())


def test_the_pure_modules_do_not_know_the_screen() -> None:
    for name in (
        "axis",
        "fold",
        "places",
        "log",
        "headers",
        "shapes",
        "cells",
        "kernel",
        "cutaway",
        "layout",
        "listings",
        "narration",
        "relations",
        "rungs",
    ):
        text = (SCRIPTS / f"{name}.js").read_text()
        assert not re.search(r"\b(document|window|requestAnimationFrame|fetch|WebSocket|localStorage)\b[.(]", text), (
            name
        )


def test_the_types_are_those_of_the_vocabulary() -> None:
    text = tool("protocol_js").render()
    assert (SCRIPTS / "protocol.js").read_text() == text, "run: make docs"


def test_vendored_files_are_what_their_origins_say() -> None:
    rows = re.findall(
        r"^\| (\S+) \| \S+ \| \S+ \| \S+ \| `([0-9a-f]{64})` \|$", (VENDOR / "ORIGINS.md").read_text(), re.M
    )
    assert {name for name, _ in rows} | {"ORIGINS.md"} == {path.name for path in VENDOR.iterdir()}
    for name, digest in rows:
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest, name


def test_every_icon_that_is_asked_for_is_in_the_sheet() -> None:
    known = set(re.findall(r'<symbol id="([\w-]+)"', (VENDOR / "icons.svg").read_text()))
    templates = "".join(path.read_text() for path in (ROOT / "templates").rglob("*.html"))
    scripts = "".join(path.read_text() for path in SCRIPTS.glob("*.js"))
    asked = set(re.findall(r'icon\("([\w-]+)"\)', templates + scripts))
    assert asked
    assert asked <= known


@pytest.mark.parametrize("path", sorted((ROOT / "templates").rglob("*.html")), ids=lambda path: path.name)
def test_markup_carries_no_script_style_or_handler(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"\s(style|on\w+|hx-on[:\w-]*)\s*=", text)
    assert not re.search(r"<style\b|javascript:|\|\s*safe\b", text)
    for attributes, body in re.findall(r"<script\b([^>]*)>(.*?)</script>", text, re.DOTALL):
        assert "src=" in attributes or 'type="application/' in attributes
        assert not body.strip() or 'type="application/' in attributes


def tool(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
