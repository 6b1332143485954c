"""The shelf: names for files, and nothing that is no recording."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.errors import BadRequestError, NotFoundError
from server.sessions import recording
from server.sessions.shelf import Shelf, name_of
from tests.unit.sessions.test_log import entries


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("three clients.jsonl.gz", "three-clients"),
        ("a.jsonl", "a"),
        ("run.2.jsonl.gz", "run-2"),
        ("démo/../x", "x"),
        ("log.txt", "log-txt"),
        ("¿?.jsonl", "recording"),
    ],
)
def test_names_fit_into_addresses(file: str, name: str) -> None:
    assert name_of(Path(file)) == name


def test_a_folder_gives_its_recordings_and_nothing_else(tmp_path: Path) -> None:
    recording.write(tmp_path / "one.jsonl.gz", entries(1, 3), "One")
    recording.write(tmp_path / "two.jsonl", entries(1, 2))
    (tmp_path / "README.md").write_text("no recording")
    shelf = Shelf([tmp_path])
    (tmp_path / "broken.jsonl").write_text("no recording")
    assert shelf.titles() == {"broken": "broken", "one": "One", "two": "two"}
    one = shelf.find("one")
    assert (one.title, one.events) == ("One", 3)
    assert list(one.lines()) == entries(1, 3)
    assert shelf.find("two").title == "two"


def test_a_file_by_itself_may_have_any_name(tmp_path: Path) -> None:
    recording.write(tmp_path / "my run", entries(1, 3))
    shelf = Shelf([tmp_path / "my run"])
    assert shelf.titles() == {"my-run": "my-run"}
    assert shelf.find("my-run").events == 3


def test_what_comes_out_compressed_reads_the_same(tmp_path: Path) -> None:
    recording.write(tmp_path / "one.jsonl", entries(1, 500), "One")
    found = Shelf([tmp_path]).find("one")
    (tmp_path / "again.gz").write_bytes(b"".join(found.compressed()))
    assert list(recording.read(tmp_path / "again.gz")) == entries(1, 500)
    assert recording.read_header(tmp_path / "again.gz") == found.header


def test_a_changed_file_is_checked_again(tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    recording.write(path, entries(1, 3))
    shelf = Shelf([tmp_path])
    assert shelf.find("one").events == 3
    recording.write(path, entries(1, 4))
    assert shelf.find("one").events == 4
    path.write_bytes(b"no recording at all\n")
    with pytest.raises(BadRequestError, match="first line"):
        shelf.find("one")


@pytest.mark.parametrize("name", ["none", "../one", "one.jsonl", ""])
def test_other_names_are_not_found(tmp_path: Path, name: str) -> None:
    recording.write(tmp_path / "one.jsonl", entries(1, 3))
    with pytest.raises(NotFoundError):
        Shelf([tmp_path]).find(name)
