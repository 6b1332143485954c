"""Recordings: byte for byte what the log was, and nothing else is taken for one."""

from __future__ import annotations

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
