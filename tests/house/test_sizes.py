"""No file grows beyond what one reads at a sitting, and no stylesheet is forgotten."""

from __future__ import annotations

from pathlib import Path

from server.web.assets import SHEETS

ROOT = Path(__file__).parents[2]
CSS = ROOT / "static" / "css"
MODULE_LINES = 450
SHEET_LINES = 400

GENERATED = {
    "server/inet/syscall_numbers.py",
    "static/js/log/lab_protocol.js",
    "static/js/log/protocol.js",
    "static/js/story/table.js",
}
"""Tables that a program writes; nobody reads them from top to bottom."""


def lines_of(path: Path) -> int:
    return len(path.read_text().splitlines())


def modules() -> dict[str, int]:
    """Every module that is ours → its lines."""
    places = [*(ROOT / "server").rglob("*.py"), *(ROOT / "static" / "js").rglob("*.js")]
    places += [*(ROOT / "docs").glob("*.py"), *(ROOT / "bench").rglob("*.py")]
    places += [*(ROOT / "tests").rglob("*.py"), *(ROOT / "tests").rglob("*.mjs")]
    return {str(path.relative_to(ROOT)): lines_of(path) for path in places}


def test_no_module_is_too_long() -> None:
    long = {name for name, lines in modules().items() if lines > MODULE_LINES}
    assert long - GENERATED == set(), f"more than {MODULE_LINES} lines: divide it"


def test_no_stylesheet_is_too_long() -> None:
    long = [str(path.relative_to(ROOT)) for path in CSS.rglob("*.css") if lines_of(path) > SHEET_LINES]
    assert long == [], f"more than {SHEET_LINES} lines: divide it by component"


def test_every_stylesheet_is_in_a_page() -> None:
    written = {str(path.relative_to(CSS).with_suffix("")) for path in CSS.rglob("*.css")}
    assert written == {sheet for sheets in SHEETS.values() for sheet in sheets}


def test_the_first_stylesheet_of_a_page_orders_the_layers() -> None:
    assert (CSS / "tokens.css").read_text().startswith("@layer reset, tokens, base, components, stage, utilities;")
    assert {sheets[0] for sheets in SHEETS.values()} == {"tokens"}
