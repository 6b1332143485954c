"""``socketlab replay`` as it is run: what it serves, what it writes, and what it says of a bad file."""

from __future__ import annotations

import gzip
import os
import re
import signal
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from server.sessions import recording
from tests.recordings.make import path_of

REPLAY = [sys.executable, "-m", "server.cli", "replay"]
GOOD = path_of("refused")


def replay(*words: object, **options: object) -> subprocess.CompletedProcess[str]:
    command = [*REPLAY, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, **options)  # type: ignore[call-overload]


def assert_refused(done: subprocess.CompletedProcess[str], code: int, *parts: str) -> None:
    """What is wrong, then what to do; nothing else."""
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("socketlab: ")
    assert len(done.stderr.splitlines()) == 2, done.stderr
    for part in parts:
        assert part in done.stderr
    assert "Traceback" not in done.stderr


def test_one_file_is_written_whole(tmp_path: Path) -> None:
    out = tmp_path / "run.html"
    done = replay(GOOD, "--html", out)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(rf"{out} shows \d+ events by itself \(\d+ KiB\)\. .*\n", done.stdout)
    text = out.read_text()
    assert text.rstrip().endswith("</html>")
    assert "<title>Nobody listens: connection refused" in text
    assert list(tmp_path.iterdir()) == [out]
    assert stat.S_IMODE(out.stat().st_mode) == 0o666 & ~umask()


def umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def test_a_page_that_is_there_is_replaced(tmp_path: Path) -> None:
    out = tmp_path / "run.html"
    out.write_text("old")
    assert replay(GOOD, "--html", out).returncode == 0
    assert out.read_text() != "old"


def test_nothing_is_written_of_a_broken_recording(tmp_path: Path) -> None:
    bad, out = tmp_path / "bad.jsonl.gz", tmp_path / "run.html"
    bad.write_bytes(GOOD.read_bytes()[:-30])
    out.write_text("old")
    assert_refused(replay(bad, "--html", out), 2, "bad.jsonl.gz cannot be read to its end", "Record again")
    assert out.read_text() == "old"


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    assert_refused(replay(GOOD, "--html", tmp_path / "none" / "run.html"), 2, "There is no folder", "Make it first")
    assert_refused(replay(GOOD, "--html", tmp_path), 2, "is a folder", "such as run.html")
    assert_refused(replay(GOOD, "--html", "/proc/run.html"), 1, "cannot be written", "Name another file")


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        (b"", ("holds no event",)),
        (b"hello\n", ("is no recording", "socketlab trace --record FILE")),
        (b"\x7fELF\x02\x01\x01\x00", ("is no recording",)),
        (b'{"recording":7}\n', ("has format 7", "Update Socketlab")),
        (b'{"recording":1}\n{"seq":1,"t":0,"type":"host.added"}\n', ("line 2 is no event", "host")),
        (b'{"recording":1}\n{"seq":2,"t":0,"type":"sandbox.closed","why":"x"}\n', ("line 2 has seq 2, but 1 is due",)),
    ],
)
def test_a_bad_file_is_told_with_its_line(tmp_path: Path, content: bytes, parts: tuple[str, ...]) -> None:
    (tmp_path / "bad.jsonl").write_bytes(content)
    assert_refused(replay(tmp_path / "bad.jsonl"), 2, "bad.jsonl", *parts)


def test_a_line_in_the_middle_is_found(tmp_path: Path) -> None:
    lines = gzip.decompress(GOOD.read_bytes()).splitlines(keepends=True)
    (tmp_path / "bad.jsonl").write_bytes(b"".join([*lines[:20], lines[20].replace(b'"type"', b'"kind"'), *lines[21:]]))
    assert_refused(replay(tmp_path / "bad.jsonl"), 2, "bad.jsonl, line 21", "head -n 20 > part.jsonl")


def test_wrong_words_are_told(tmp_path: Path) -> None:
    assert_refused(replay(tmp_path / "none.jsonl"), 2, "none.jsonl cannot be read: No such file", "Name another file")
    assert_refused(replay(tmp_path), 2, "is a folder", "serve --recordings")
    assert_refused(replay(GOOD, "--port", "70000"), 2, "no port 70000")
    assert replay().returncode == 2
    assert replay(GOOD, "--nonsense").returncode == 2


def test_it_serves_the_recording_and_nothing_to_run(tmp_path: Path) -> None:
    odd = tmp_path / "my {run}.jsonl.gz"
    odd.write_bytes(GOOD.read_bytes())
    with subprocess.Popen([*REPLAY, str(odd), "--port", "0"], stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            line = server.stdout.readline()
            found = re.match(
                r"Socketlab shows my \{run\}\.jsonl\.gz \(\d+ events\) at (http://\S+)/r/my-run  \(Ctrl", line
            )
            assert found, line
            address = found[1]
            with urllib.request.urlopen(f"{address}/") as answer:
                assert answer.url == f"{address}/r/my-run"
                assert b"Nobody listens: connection refused" in answer.read()
            with urllib.request.urlopen(f"{address}/r/my-run/recording.jsonl.gz") as answer:
                (tmp_path / "again.gz").write_bytes(answer.read())
            assert list(recording.read(tmp_path / "again.gz")) == list(recording.read(GOOD))
            with urllib.request.urlopen(f"{address}/healthz") as answer:
                assert answer.read() == b'{"status":"ok"}'
            for path in ("/play", "/s/x", "/api/capabilities", "/openapi.json", "/r/other"):
                with pytest.raises(urllib.error.HTTPError, match="404"):
                    urllib.request.urlopen(f"{address}{path}")
            with pytest.raises(urllib.error.HTTPError, match="404"):
                urllib.request.urlopen(urllib.request.Request(f"{address}/api/sandboxes", b"{}"))
            children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text()
            assert children == "", "it has no sandbox, so it needs no other process"
        finally:
            server.send_signal(signal.SIGINT)
            assert server.wait(60) == 0


def test_a_port_in_use_is_told() -> None:
    with subprocess.Popen([*REPLAY, str(GOOD), "--port", "0"], stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            port = re.search(r":(\d+)/r/", server.stdout.readline())
            assert port
            assert_refused(replay(GOOD, "--port", port[1]), 1, "EADDRINUSE", "--port")
        finally:
            server.terminate()
            server.wait(60)
