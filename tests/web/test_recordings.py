"""Recordings over HTTP: what a sandbox and a shelf give, and who gets it."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.sessions import recording
from tests.recordings.make import path_of
from tests.web.conftest import Answer, Sandbox, Server, assert_problem

NAME = "three-clients-one-port"


class Showing(Server):
    """A server that shows a folder of recordings."""

    def __init__(self, folder: Path) -> None:
        self.start([sys.executable, "-m", "server.cli", "serve", "--lazy", "--port", "0", "--recordings", str(folder)])


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that shows a folder of recordings, one of them broken."""
    folder = tmp_path_factory.mktemp("recordings")
    (folder / "my ipv6.jsonl.gz").write_bytes(path_of("ipv6").read_bytes())
    (folder / "broken.jsonl").write_bytes(gzip.decompress(path_of("fork").read_bytes())[:-100])
    (folder / "note.txt").write_text("no recording")
    with Showing(folder) as running:
        yield running


def assert_page(answer: Answer, status: int, *parts: str) -> str:
    assert answer.status == status
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    text = answer.body.decode()
    for part in parts:
        assert part in text
    return text


# A sandbox's log


def test_a_sandbox_s_recording_is_its_log(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.command("pace.set", pace="slow", pause_ms=5)
    answer = sandbox.ask("GET", "/recording.jsonl.gz")
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/gzip"
    assert answer.headers["content-disposition"] == f'attachment; filename="socketlab-{sandbox.id}.jsonl.gz"'
    assert "content-encoding" not in answer.headers
    path = tmp_path / "run.jsonl.gz"
    path.write_bytes(answer.body)
    lines = [json.loads(line) for line in recording.read(path)]
    assert lines == sandbox.events()[: len(lines)]
    assert {"host.added", "pace.changed"} <= {line["type"] for line in lines}


def test_a_sandbox_s_recording_says_what_ran_and_when(sandbox: Sandbox, tmp_path: Path) -> None:
    for _ in range(2):
        sandbox.command("process.start", host="client-a", program="echo_client", args=["10.0.0.4", "7"])
    sandbox.command("process.start", host="client-a", argv=["true"])
    path = tmp_path / "run.jsonl.gz"
    path.write_bytes(sandbox.ask("GET", "/recording.jsonl.gz").body)
    header = recording.read_header(path)
    assert header.title == "2 echo_client, true"
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", header.made)


def test_a_sandbox_s_page_holds_its_log(sandbox: Sandbox) -> None:
    answer = sandbox.ask("GET", "/replay.html")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-disposition"] == f'attachment; filename="socketlab-{sandbox.id}.html"'
    text = answer.body.decode()
    assert text.rstrip().endswith("</html>")
    assert "data-held" in text
    assert sandbox.token not in text


@pytest.mark.parametrize("tail", ["/recording.jsonl.gz", "/replay.html"])
def test_only_the_token_opens_them(server: Server, sandbox: Sandbox, tail: str) -> None:
    assert_problem(server.ask("GET", sandbox.path + tail), 401)
    wrong = {"Authorization": "Bearer nothing"}
    assert_problem(server.ask("GET", sandbox.path + tail, headers=wrong), 404)
    assert_problem(server.ask("GET", f"/api/sandboxes/none{tail}", headers=wrong), 404)


@pytest.mark.parametrize("tail", ["/recording.jsonl.gz", "/replay.html"])
def test_a_sandbox_that_has_ended_can_still_be_taken_along(server: Server, tail: str) -> None:
    made = server.sandbox()
    made.command("process.start", host="server", argv=["true"])
    with made.stream() as stream:
        made.command("process.start", host="server", argv=["sh", "-c", "kill -9 -1"])
        stream.recv(timeout=60)
    assert made.ask("GET", tail).status == 200
    made.ask("DELETE")
    assert_problem(made.ask("GET", tail), 404)


def test_the_api_s_document_has_them(server: Server) -> None:
    paths = server.ask("GET", "/openapi.json").json()["paths"]
    for tail, kind in (("recording.jsonl.gz", "application/gzip"), ("replay.html", "text/html")):
        answers = paths[f"/api/sandboxes/{{sandbox_id}}/{tail}"]["get"]["responses"]
        assert kind in answers["200"]["content"]
        assert {"401", "404"} <= set(answers)


# The shelf


def test_those_that_came_along_are_listed_and_shown(server: Server) -> None:
    text = assert_page(server.ask("GET", "/replay"), 200, "Open a recording")
    listed = dict(re.findall(r'<a href="/r/([\w-]+)">([^<]+)</a>', text))
    assert listed[NAME] == "Three clients, one port"
    for name, title in listed.items():
        assert_page(server.ask("GET", f"/r/{name}"), 200, title, f'data-recording="/r/{name}/recording.jsonl.gz"')


def test_a_folder_s_recordings_are_shown_beside_them(shelf: Server, tmp_path: Path) -> None:
    assert_page(shelf.ask("GET", "/replay"), 200, "/r/my-ipv6", "/r/broken", f"/r/{NAME}")
    assert_page(shelf.ask("GET", "/r/my-ipv6"), 200, "IPv6, and one socket for both families")
    path = tmp_path / "again.gz"
    path.write_bytes(shelf.ask("GET", "/r/my-ipv6/recording.jsonl.gz").body)
    assert list(recording.read(path)) == list(recording.read(path_of("ipv6")))
    capture = shelf.ask("GET", "/r/my-ipv6/capture.pcapng")
    assert capture.headers["content-type"] == "application/x-pcapng"
    assert capture.body[:4] == b"\x0a\x0d\x0d\x0a"
    page = shelf.ask("GET", "/r/my-ipv6/replay.html")
    assert page.headers["content-disposition"] == 'attachment; filename="my-ipv6.html"'
    assert page.body.rstrip().endswith(b"</html>")


@pytest.mark.parametrize("tail", ["", "/recording.jsonl.gz", "/replay.html", "/capture.pcapng"])
def test_a_broken_one_is_told_with_its_line(shelf: Server, tail: str) -> None:
    problem = assert_problem(shelf.ask("GET", f"/r/broken{tail}"), 422)
    assert re.search(r"broken\.jsonl, line \d+ is no event", problem["detail"])
    assert_page(shelf.ask("GET", f"/r/broken{tail}", headers={"Accept": "text/html"}), 422, "is no event")


@pytest.mark.parametrize("name", ["none", "note", "note-txt", "..%2f..%2fetc%2fpasswd", "%2e%2e", "a" * 500, "x.jsonl"])
def test_other_names_lead_nowhere(shelf: Server, name: str) -> None:
    answer = shelf.ask("GET", f"/r/{name}")
    assert answer.status in (404, 422)
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_title_from_a_file_is_text(tmp_path: Path) -> None:
    lines = list(recording.read(path_of("refused")))
    recording.write(tmp_path / "evil.jsonl", lines, '</script><img src=x onerror="alert(1)">')
    with Showing(tmp_path) as running:
        for path in ("/replay", "/r/evil", "/r/evil/replay.html"):
            text = running.ask("GET", path).body.decode()
            assert "<img src=x" not in text, path
        assert "&lt;img src=x" in running.ask("GET", "/r/evil").body.decode()


def test_a_folder_that_is_none_is_told() -> None:
    command = [sys.executable, "-m", "server.cli", "serve", "--recordings", "/nowhere"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "socketlab: /nowhere is no folder.",
        "           Give --recordings the folder that holds the recordings.",
    ]
