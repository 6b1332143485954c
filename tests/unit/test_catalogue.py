"""The catalogue names programs that are there and that a beginner can read."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from server.catalogue import PROGRAMS, argv_for
from server.errors import BadRequestError

FOLDER = Path(__file__).parents[2] / "labs" / "programs"
NAMED = {program.file for program in PROGRAMS.values() if program.file}


def test_each_entry_has_its_file() -> None:
    assert {path.name for path in FOLDER.glob("*.py")} >= NAMED


@pytest.mark.parametrize("name", sorted({path.name for path in FOLDER.glob("*.py")} - NAMED))
def test_a_file_without_an_entry_serves_several_labs(name: str) -> None:
    labs = [lab for lab in FOLDER.parent.glob("*/lab.md") if not lab.with_name(name).exists()]
    assert sum(f"python3 {name}" in lab.read_text() for lab in labs) >= 2


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.name)
def test_a_program_is_short_and_stands_alone(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) < 40
    imported = {
        alias.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import) for alias in node.names
    }
    assert imported <= {"errno", "os", "selectors", "socket", "sys", "threading"}


def test_argv_is_the_command_the_file_and_the_arguments() -> None:
    assert argv_for("echo_server", ["7"]) == ["python3", "/labs/programs/echo_server.py", "7"]
    assert argv_for("http_server", ["8080"]) == ["python3", "-m", "http.server", "8080"]


def test_an_unknown_program_is_refused_with_the_list() -> None:
    with pytest.raises(BadRequestError, match="no program named 'nginx'") as refused:
        argv_for("nginx", [])
    assert "echo_server" in refused.value.hint
