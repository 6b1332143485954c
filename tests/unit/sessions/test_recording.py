"""Recordings: byte for byte what the log was, and nothing else is taken for one."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from server.errors import BadRequestError
from server.sessions import recording
from tests.unit.sessions.test_log import entries


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_a_recording_replays_byte_for_byte(tmp_path: Path, name: str) -> None:
    lines = entries(1, 300)
    assert recording.write(tmp_path / name, lines, "three clients") == 300
    assert list(recording.read(tmp_path / name)) == lines


def test_bare_events_are_a_recording_too(tmp_path: Path) -> None:
    path = tmp_path / "bare.jsonl"
    path.write_bytes(b"\n".join(entries(1, 3)) + b"\n")
    assert list(recording.read(path)) == entries(1, 3)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"hello\n", "no recording"),
        (b'{"recording": 99}\n', "format 99"),
        (b'{"recording": 0}\n', "format 0"),
        (b'{"recording": 1}\n{"seq": 1}\n', "line 2 is no event"),
        (b'{"recording": 1}\n\xff\xfe\n', "line 2 is no event"),
        (b'{"recording": 1}\n' + entries(2, 1)[0], "seq 2, but 1 is due"),
        (b"\n".join([entries(1, 1)[0], entries(1, 1)[0]]), "line 2 has seq 1, but 2 is due"),
        (entries(1, 1)[0][:-5], "line 1 is no event"),
    ],
)
def test_what_is_no_recording_is_refused_with_its_line(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_bytes(content)
    with pytest.raises(BadRequestError, match=message):
        list(recording.read(path))


def test_a_cut_gzip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cut.jsonl.gz"
    recording.write(path, entries(1, 2000))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(BadRequestError, match=r"cut\.jsonl\.gz cannot be read"):
        list(recording.read(path))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequestError, match="cannot be read"):
        list(recording.read(tmp_path / "none.jsonl"))


def test_a_heading_says_what_and_when(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    recording.write(path, entries(1, 3), "three clients")
    header = recording.read_header(path)
    assert header.title == "three clients"
    assert header.made.endswith("Z")
    assert len(header.made) == len("2026-11-12T09:30:00Z")


def test_a_file_without_a_heading_has_none(tmp_path: Path) -> None:
    path = tmp_path / "bare.jsonl"
    path.write_bytes(entries(1, 1)[0])
    assert recording.read_header(path) == recording.Header(recording=recording.FORMAT)


def test_compression_is_told_by_the_bytes_and_not_by_the_name(tmp_path: Path) -> None:
    recording.write(tmp_path / "a.jsonl.gz", entries(1, 20))
    recording.write(tmp_path / "b.jsonl", entries(1, 20))
    (tmp_path / "a.jsonl.gz").rename(tmp_path / "a.jsonl")
    (tmp_path / "b.jsonl").rename(tmp_path / "b.jsonl.gz")
    assert list(recording.read(tmp_path / "a.jsonl")) == list(recording.read(tmp_path / "b.jsonl.gz")) == entries(1, 20)


@pytest.mark.parametrize("content", [b"", b'{"recording": 1}\n'])
def test_nothing_is_no_recording(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "empty.jsonl").write_bytes(content)
    with pytest.raises(BadRequestError, match="holds no event"):
        list(recording.read(tmp_path / "empty.jsonl"))


@pytest.mark.real
def test_what_a_hint_keeps_of_a_cut_file_is_a_recording(tmp_path: Path) -> None:
    path = tmp_path / "cut.jsonl.gz"
    recording.write(path, entries(1, 2000))
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(BadRequestError, match="to its end") as caught:
        list(recording.read(path))
    command = caught.value.hint.split("`")[1]
    subprocess.run(["bash", "-c", command], cwd=tmp_path, stderr=subprocess.DEVNULL, check=True)
    kept = list(recording.read(tmp_path / "part.jsonl"))
    assert kept == entries(1, len(kept))
    assert 0 < len(kept) < 2000


@pytest.mark.real
def test_what_a_hint_keeps_of_an_edited_file_is_a_recording(tmp_path: Path) -> None:
    path = tmp_path / "edited.jsonl"
    recording.write(path, entries(1, 20))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:10] + lines[11:]))
    with pytest.raises(BadRequestError, match="line 11 has seq 11, but 10 is due") as caught:
        list(recording.read(path))
    command = caught.value.hint.split("`")[1]
    subprocess.run(["bash", "-c", command], cwd=tmp_path, check=True)
    assert list(recording.read(tmp_path / "part.jsonl")) == entries(1, 9)
