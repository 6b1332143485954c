"""The source of lab programs can be read, and no other file."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.errors import NotFoundError
from server.folders import folder
from server.web.sources import LARGEST, source


@pytest.fixture
def labs(tmp_path: Path) -> Path:
    (tmp_path / "secret.py").write_text("the secret")
    labs = tmp_path / "labs"
    (labs / "programs").mkdir(parents=True)
    (labs / "programs" / "hello.py").write_text("print('hello')\n")
    (labs / "programs" / "notes.md").write_text("notes")
    (labs / "programs" / "large.py").write_text("#" * (LARGEST + 1))
    (labs / "programs" / "link.py").symlink_to(tmp_path / "secret.py")
    (labs / "out").symlink_to(tmp_path)
    return labs


def test_a_program_is_read_as_it_stands(labs: Path) -> None:
    assert source(labs, "/labs/programs/hello.py") == "print('hello')\n"
    file = "programs/echo_server.py"
    assert source(folder("labs"), f"/labs/{file}") == (folder("labs") / file).read_text()


@pytest.mark.parametrize(
    "file",
    [
        "",
        "/",
        "/labs",
        "/labs/.py",
        "/labs/programs",
        "/labs/programs/missing.py",
        "/labs/programs/notes.md",
        "/labs/programs/large.py",
        "/labs/programs/link.py",
        "/labs/out/secret.py",
        "/labs/../secret.py",
        "/labs/programs/../../secret.py",
        "/labs//secret.py/../../secret.py",
        "../secret.py",
        "secret.py",
        "/etc/passwd",
        "/labs/programs/hello.py\0.py",
        "/labs2/programs/hello.py",
    ],
)
def test_nothing_else_can_be_read(labs: Path, file: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        source(labs, file)
    assert "the secret" not in str(caught.value)
