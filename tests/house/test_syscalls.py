"""A system call is described once: its row. Every other place reads the row, and no place can be forgotten."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs import syscalls_js
from server.inet.syscalls import CALLS, TRACED
from tests.judges.strace_calls import FORMS, NOT_COMPARED

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "syscalls.md"
MOST = 2
"""So many calls may stand side by side in a literal; more of them are a list that states a fact."""

OWN_LISTS = {
    "server/inet/syscall_numbers.py": "the kernel's numbers",
    "server/sandbox/confinement.py": "what a sandbox refuses, by arguments",
    "server/story/predicates.py": "whose failure a story tells is no fact of the call",
    "static/js/story/table.js": "made from server/story",
    "static/js/words/syscalls.js": "made from the table",
    "tests/judges/strace_calls.py": "the other opinion: from strace's manual, not from our table",
}
"""Files that may name many calls in one literal, each with its reason."""


def test_every_call_that_is_shown_is_on_the_page() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", PAGE.read_text(), re.MULTILINE)
    assert rows == list(TRACED), f"{PAGE.relative_to(ROOT)}: run make docs"


def test_every_column_is_explained_and_shown_on_the_page() -> None:
    titles = re.findall(r"^- \*\*([\w ]+)\*\*: \S", PAGE.read_text(), re.MULTILINE)
    columns = {name for name in CALLS["read"].__slots__ if not name.startswith("decode_")}
    assert len(titles) == len(columns), (
        "docs/syscalls_reference.py: a column of call_row.py has no title or no docstring"
    )


@pytest.mark.parametrize("name", TRACED)
def test_every_call_is_compared_with_strace_or_says_why_not(name: str) -> None:
    told = (name in FORMS) + (name in NOT_COMPARED)
    assert told == 1, f"tests/judges/strace_calls.py: give {name} a form, or a reason in NOT_COMPARED"


@pytest.mark.parametrize("name", TRACED)
def test_every_call_has_its_decoders_tested(name: str) -> None:
    folder = ROOT / "tests" / "unit" / "inet"
    tests = [path.read_text() for path in folder.glob("test_*_calls.py")]
    assert any(f'"{name}"' in text for text in tests), f"{folder.relative_to(ROOT)}: no test decodes {name}"


def test_the_page_knows_every_other_name() -> None:
    text = syscalls_js.TARGET.read_text()
    for row in CALLS.values():
        assert row.said_as == row.name or f'{row.name}: "{row.said_as}"' in text, syscalls_js.TARGET.name


def literals(path: Path) -> Iterator[tuple[int, set[str]]]:
    """Line and calls of each literal collection of a file; of a test only its constants: scenarios are long."""
    names = set(CALLS)
    if path.suffix == ".py":
        tree = ast.parse(path.read_text())
        is_test = path.is_relative_to(ROOT / "tests")
        parts = [part for part in tree.body if isinstance(part, ast.Assign | ast.AnnAssign)] if is_test else [tree]
        for node in (node for part in parts for node in ast.walk(part)):
            if isinstance(node, ast.Dict | ast.Set | ast.List | ast.Tuple):
                members = [*node.keys, *node.values] if isinstance(node, ast.Dict) else node.elts
                yield node.lineno, {str(one.value) for one in members if isinstance(one, ast.Constant)} & names
    else:
        text = path.read_text()
        for found in re.finditer(r"[\[{]([^\[\]{}()]*)[\]}]", text):
            words = re.findall(r'"(\w+)"|(\w+):', found[1])
            yield text[: found.start()].count("\n") + 1, {quoted or key for quoted, key in words} & names


FILES = sorted(
    path for folder, kind in (("server", "py"), ("docs", "py"), ("bench", "py"), ("tests", "py"), ("static/js", "js"))
    for path in (ROOT / folder).rglob(f"*.{kind}")
)  # fmt: skip


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_second_list_of_calls(path: Path) -> None:
    name = path.relative_to(ROOT).as_posix()
    if name in OWN_LISTS:
        return
    for line, calls in literals(path):
        assert len(calls) <= MOST, f"{name}:{line} lists {sorted(calls)}: a fact of the call stands in its row"


@pytest.mark.parametrize("name", OWN_LISTS)
def test_a_list_with_a_reason_is_there(name: str) -> None:
    longest = max(len(calls) for _, calls in literals(ROOT / name))
    assert longest > MOST, f"{name} needs no line in OWN_LISTS"
