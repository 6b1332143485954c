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

FOLDERS = ("log", "words", "story", "dom", "stage", "views", "page")
"""A module imports from its own folder or from one before it. Types count too: who names a shape knows of shapes."""

PURE = {
    "log": {
        "protocol",
        "lab_protocol",
        "state",
        "fields",
        "addresses",
        "fold",
        "run_fold",
        "run_seen",
        "places",
        "log",
    },
    "stage": {"shapes", "cells", "kernel", "doors", "cutaway", "layout"},
    "views": {"axis", "rungs"},
}
"""Modules that may not know the browser; of ``words`` all, of ``story`` all but the clock."""

MOST_LINES = 450

GENERATED = {"log/protocol.js", "log/lab_protocol.js", "story/table.js"}
"""Nobody reads these from top to bottom."""

SENDERS = {"commands", "acts", "stream"}
"""The only modules that may send: commands to a sandbox, acts to a lab run, and the connection that both go up."""


MODULES = sorted(SCRIPTS.rglob("*.js"))


def named(path: Path) -> str:
    return path.relative_to(SCRIPTS).as_posix()


def imports(path: Path) -> set[Path]:
    """The modules that a module imports, those included that it names in a type only."""
    found = re.findall(r'(?:\bfrom |^import |\bimport\()"([^"]+)"', path.read_text(), re.MULTILINE)
    return {(path.parent / target).resolve() for target in found}


def test_every_module_has_its_folder() -> None:
    assert {path.parent for path in MODULES} == {SCRIPTS / folder for folder in FOLDERS}


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_a_module_imports_only_from_below(path: Path) -> None:
    for target in imports(path):
        own, other = FOLDERS.index(path.parent.name), FOLDERS.index(target.parent.name)
        assert other <= own, f"{named(path)} imports {named(target)}, which stands above it"


@pytest.mark.parametrize("path", sorted((SCRIPTS / "words").glob("*.js")), ids=named)
def test_words_know_no_places(path: Path) -> None:
    """Which slot a thing holds is folded beside the state; but a sentence may not depend on where something stands."""
    assert SCRIPTS / "log" / "places.js" not in imports(path), f"{named(path)} imports log/places.js"


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_a_module_can_be_read_in_one_sitting(path: Path) -> None:
    lines = path.read_text().count("\n")
    assert lines <= MOST_LINES or named(path) in GENERATED, f"{named(path)} is too long: divide it by what it knows"


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_words_of_programs_and_packets_never_become_markup(path: Path) -> None:
    assert not re.search(r"\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval)\b", path.read_text())


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_only_commands_send(path: Path) -> None:
    if path.stem not in SENDERS:
        assert not re.search(r"\.request\(", path.read_text())


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_the_pure_modules_do_not_know_the_browser(path: Path) -> None:
    folder = path.parent.name
    if folder == "words" or (folder == "story" and path.stem != "clock") or path.stem in PURE.get(folder, set()):
        found = re.findall(
            r"\b(?:document|window|requestAnimationFrame|fetch|WebSocket|localStorage)\b[.(]", path.read_text()
        )
        assert not found, f"{named(path)} says {found}"


def test_the_types_are_those_of_the_vocabulary_and_the_state() -> None:
    for name in ("protocol", "state", "lab_protocol"):
        assert (SCRIPTS / "log" / f"{name}.js").read_text() == tool(f"{name}_js").render(), "run: make docs"


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
    scripts = "".join(path.read_text() for path in MODULES)
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
