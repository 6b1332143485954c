"""Recordings of several logs: each log byte for byte what it was, in an order that can be shown, and nothing else."""

from __future__ import annotations

import zlib
from pathlib import Path

import msgspec
import pytest

from server import events as ev
from server import lab_events as le
from server.errors import BadRequestError
from server.sessions import recorded_logs as logs
from server.sessions import recording
from tests.unit.sessions.test_log import entries

OF_A_LAB = logs.LogHeader(kind="lab", lab="01-x", edition="e", files={"lab.md": "# X\n"})
HEADER = logs.heading({"run-1": OF_A_LAB, "s1": logs.LogHeader(kind="sandbox")})


def lab_entries(*places: tuple[str, int]) -> list[bytes]:
    """Events of a run that stand on these events of these sandboxes."""
    return [
        le.encode_lab_entry(seq, seq, le.LabStepEntered(step=1, sandbox=sandbox, at=at))
        for seq, (sandbox, at) in enumerate(places, 1)
    ]


def order(lines: dict[str, list[bytes]], header: logs.Header = HEADER) -> list[tuple[str, int]]:
    """The file's lines as pairs of a log and a ``seq``."""
    decoded = [msgspec.json.decode(line) for line in logs.ordered(lines, header)]
    return [(line["log"], line["seq"]) for line in decoded]


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_what_is_written_is_read(tmp_path: Path, name: str) -> None:
    lines = {"run-1": lab_entries(("", 0), ("s1", 3), ("s1", 9)), "s1": entries(1, 20)}
    assert logs.write(tmp_path / name, lines, HEADER) == 23
    found = logs.read(tmp_path / name)
    assert (found.header, found.lines) == (HEADER, lines)
    assert (found.of("lab"), found.of("sandbox"), found.of("room")) == ("run-1", "s1", "")


def test_a_stream_is_the_same_file(tmp_path: Path) -> None:
    lines = {"run-1": lab_entries(("s1", 2)), "s1": entries(1, 5)}
    (tmp_path / "a.jsonl.gz").write_bytes(b"".join(logs.compressed(lines, HEADER)))
    logs.write(tmp_path / "b.jsonl", lines, HEADER)
    plain = zlib.decompress((tmp_path / "a.jsonl.gz").read_bytes(), 31)
    assert plain == (tmp_path / "b.jsonl").read_bytes()


def test_a_runs_event_comes_behind_what_it_stands_on() -> None:
    lines = {"run-1": lab_entries(("", 0), ("s1", 2), ("s1", 2), ("s1", 3)), "s1": entries(1, 4)}
    assert order(lines) == [
        ("run-1", 1), ("s1", 1), ("s1", 2), ("run-1", 2), ("run-1", 3), ("s1", 3), ("run-1", 4), ("s1", 4),
    ]  # fmt: skip


def test_what_stands_on_a_sandbox_that_is_not_in_the_file_waits_for_nothing() -> None:
    lines = {"run-1": lab_entries(("gone", 50), ("s1", 1)), "s1": entries(1, 2)}
    assert order(lines) == [("run-1", 1), ("s1", 1), ("run-1", 2), ("s1", 2)]


def test_a_sandbox_whose_log_is_shorter_than_a_place_in_it_holds_up_nothing() -> None:
    assert order({"run-1": lab_entries(("s1", 9)), "s1": entries(1, 2)}) == [("s1", 1), ("s1", 2), ("run-1", 1)]


def test_two_sandboxes_of_one_run_stand_where_it_used_them() -> None:
    kinds = {"s1": logs.LogHeader(kind="sandbox"), "s2": logs.LogHeader(kind="sandbox")}
    header = logs.heading({"run-1": logs.LogHeader(kind="lab"), **kinds})
    lines = {"run-1": lab_entries(("s1", 1), ("s2", 1)), "s1": entries(1, 1), "s2": entries(1, 1)}
    assert order(lines, header) == [("s1", 1), ("run-1", 1), ("s2", 1), ("run-1", 2)]


def test_a_heading_says_what_and_when() -> None:
    header = logs.heading({}, "A run")
    assert (header.format, header.title, len(header.made)) == (2, "A run", len("2026-11-12T09:30:00Z"))


def test_format_1_is_read_as_one_log(tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl.gz"
    recording.write(path, entries(1, 5), "three clients")
    assert logs.read_header(path) is None
    found = logs.read(path)
    assert (found.header.format, found.header.title) == (1, "three clients")
    assert found.lines == {found.of("sandbox"): entries(1, 5)}
    bare = tmp_path / "bare.jsonl"
    bare.write_bytes(b"\n".join(entries(1, 2)))
    assert logs.read(bare).lines == {logs.ONLY: entries(1, 2)}


# --- what is damaged

HEAD = msgspec.json.encode(HEADER) + b"\n"
SANDBOX = [b'{"log":"s1",' + line[1:] + b"\n" for line in entries(1, 3)]
LAB = [b'{"log":"run-1",' + line[1:] + b"\n" for line in lab_entries(("s1", 1), ("s1", 2))]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"format": 2, "logs": ', "first line that is no heading"),
        (b'{"format": 2, "logs": {"s1": {"kind": "dog"}}}\n', "first line that is no heading"),
        (b'{"format": 2, "logs": 3}\n', "first line that is no heading"),
        (b'{"format": "2", "logs": {}}\n', "first line that is no heading"),
        (HEAD.replace(b'"format":2', b'"format":3') + SANDBOX[0], "format 3; this Socketlab reads up to 2"),
        (HEAD, "holds no event"),
        (HEAD + b"hello\n", "line 2 is no event"),
        (HEAD + SANDBOX[0] + b"\xff\xfe\n", "line 3 is no event"),
        (HEAD + SANDBOX[0] + SANDBOX[1][:-9], "line 3 is no event"),
        (HEAD + entries(1, 1)[0], "line 2 is no event"),
        (HEAD + b'{"log":"s1"}\n', "line 2 names a log that the first line does not"),
        (HEAD + SANDBOX[0].replace(b'"s1"', b'"s2"'), "line 2 names a log that the first line does not"),
        (HEAD + SANDBOX[0].replace(b'{"log":"s1",', b'{"seq":1,"log":"s1",'), "line 2 names a log"),
        (HEAD + LAB[0].replace(b'"run-1"', b'"s1"'), "line 2 is no event"),
        (HEAD + SANDBOX[0].replace(b'"s1"', b'"run-1"'), "line 2 is no event"),
        (HEAD + SANDBOX[1], "line 2 has seq 2 in log s1, but 1 is due"),
        (HEAD + SANDBOX[0] + LAB[0] + SANDBOX[0], "line 4 has seq 1 in log s1, but 2 is due"),
        (HEAD + SANDBOX[0] + LAB[1], "line 3 has seq 2 in log run-1, but 1 is due"),
        (HEAD + SANDBOX[0] + SANDBOX[2], "line 3 has seq 3 in log s1, but 2 is due"),
    ],
)
def test_a_damaged_line_is_refused_with_its_number(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_bytes(content)
    with pytest.raises(BadRequestError, match=message):
        logs.read(path)


def test_a_cut_gzip_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "cut.jsonl.gz"
    logs.write(path, {"s1": entries(1, 2000)}, HEADER)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(BadRequestError, match=r"cut\.jsonl\.gz cannot be read"):
        logs.read(path)
    with pytest.raises(BadRequestError, match="cannot be read"):
        logs.read(tmp_path / "none.jsonl")


def test_an_empty_line_is_passed_over_and_still_counts(tmp_path: Path) -> None:
    path = tmp_path / "gap.jsonl"
    path.write_bytes(HEAD + SANDBOX[0] + b"\n" + SANDBOX[1])
    assert logs.read(path).lines["s1"] == entries(1, 2)
    path.write_bytes(HEAD + SANDBOX[0] + b"\n" + SANDBOX[2])
    with pytest.raises(BadRequestError, match="line 4 has seq 3"):
        logs.read(path)


def test_a_log_whose_name_needs_escapes(tmp_path: Path) -> None:
    name = 'a"\\b'
    header = logs.heading({name: logs.LogHeader(kind="sandbox")})
    logs.write(tmp_path / "a.jsonl", {name: [ev.encode_entry(1, 0, ev.SandboxClosed(why="x"))]}, header)
    assert list(logs.read(tmp_path / "a.jsonl").lines) == [name]
