"""The lab that a recording holds: its files, and the lab again; and files that no lab has."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.errors import BadRequestError
from server.lessons.kept import MOST_CHARACTERS, kept_files, kept_lab
from tests.ours import NAMES, OURS, lab_of


@pytest.mark.parametrize("name", ["03-one-port-many-sockets", "20-real-software"])
def test_a_kept_lab_is_the_lab(name: str) -> None:
    assert name in NAMES
    files = kept_files(OURS / name)
    assert "lab.md" in files
    assert kept_lab(name, files).steps == lab_of(name).steps


def test_only_texts_are_kept(tmp_path: Path) -> None:
    (tmp_path / "lab.md").write_text("text")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\xff\xfe")
    (tmp_path / "long.txt").write_text("x" * (MOST_CHARACTERS + 1))
    (tmp_path / ".hidden").write_text("text")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "call.py").write_text("print()")
    assert set(kept_files(tmp_path)) == {"lab.md", "more/call.py"}


@pytest.mark.parametrize("file", ["../outside.py", "/etc/passwd", "a/../../b.py", ".profile", "a//b.py", ""])
def test_a_file_outside_the_labs_folder_is_refused(file: str) -> None:
    files = {**kept_files(OURS / "03-one-port-many-sockets"), file: "text"}
    with pytest.raises(BadRequestError, match="which no lab has"):
        kept_lab("03-one-port-many-sockets", files)


@pytest.mark.parametrize(
    ("name", "files", "words"),
    [
        ("03-x", {}, "does not hold the text"),
        ("../03-x", {"lab.md": "text"}, "does not hold the text"),
        ("03-x", {"lab.md": "no front matter"}, "cannot be read: 03-x/lab.md"),
        ("03-x", {f"{number}.py": "" for number in range(99)} | {"lab.md": ""}, "does not hold the text"),
    ],
)
def test_what_is_no_lab_is_refused_in_words(name: str, files: dict[str, str], words: str) -> None:
    with pytest.raises(BadRequestError, match=words):
        kept_lab(name, files)
