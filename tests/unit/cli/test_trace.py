"""``socketlab trace`` as it is run: real sandboxes, real programs, a real terminal."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from server.events import decode_entry
from server.sessions import recording

TRACE = [sys.executable, "-m", "server.cli", "trace"]
ECHO = ("--on", "server", "echo_server", "--on", "client-a", "echo_client")


def trace(*words: str, text: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*TRACE, *words], input=text, capture_output=True, text=True, timeout=120, env=os.environ | environment
    )


def events(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_an_echo_as_a_timeline() -> None:
    done = trace(*ECHO, text="hello\n")
    assert (done.returncode, done.stderr) == (0, "")
    lines = [" ".join(line.split()[1:]) for line in done.stdout.splitlines()]
    expected = [
        "listen(3",
        "connect(3, 10.0.0.4:7)",
        "SYN 10.0.0.5:",
        "SYN,ACK 10.0.0.4:7",
        "'hello\\n'",
        "echo: hello",
        "FIN,ACK",
    ]
    places = [next(number for number, line in enumerate(lines) if part in line) for part in expected]
    assert places == sorted(places)
    assert "\x1b" not in done.stdout
    assert lines[-1] == "the sandbox ends: the trace is over"


def test_an_echo_as_a_story() -> None:
    done = trace("--story", *ECHO, text="hello\n")
    assert (done.returncode, done.stderr) == (0, "")
    expected = [
        "server listens on *:7 (* is the wildcard address).",
        "client-a connects to 10.0.0.4, port 7",
        "SYN to server port 7.",
        "goes into the accept queue",
        "hands 6 bytes to the kernel",
        "A connection ends",
    ]
    lines = done.stdout.splitlines()
    places = [next(number for number, line in enumerate(lines) if part in line) for part in expected]
    assert places == sorted(places)
    # The client need not wait for that: its bytes may come first.
    assert any("accept() takes the connection" in line for line in lines[places[3] :])
    assert any("echo_client on client-a prints: echo: hello" in line for line in lines[places[-2] :])  # by a pipe
    assert lines[-1].endswith("The sandbox has ended: the trace is over.")


def test_a_story_is_no_list_of_events() -> None:
    done = trace("--story", "--json", *ECHO)
    assert done.returncode == 2
    assert "not allowed with" in done.stderr


def test_an_echo_as_events() -> None:
    found = events(trace("--json", *ECHO, text="hello\n"))
    assert [event["seq"] for event in found] == list(range(1, len(found) + 1))
    assert all(decode_entry(json.dumps(event).encode()) for event in found)
    said = "".join(event["text"] for event in found if event["type"] == "process.output")
    assert "echo: hello" in said
    assert found[-1] == {"seq": len(found), "t": found[-1]["t"], "type": "sandbox.closed", "why": "the trace is over"}


def test_files_are_written(tmp_path: Path) -> None:
    capture, record = tmp_path / "a.pcapng", tmp_path / "a.jsonl"
    done = trace("--json", "--pcapng", str(capture), "--record", str(record), *ECHO, text="hello\n")
    found = events(done)
    assert list(recording.read(record)) == done.stdout.encode().splitlines()
    sent = sum(event["type"] == "packet.sent" for event in found)
    shown = subprocess.run(["tshark", "-r", capture], capture_output=True, text=True, check=True)
    assert len(shown.stdout.splitlines()) == sent > 5


def test_the_next_command_starts_when_the_one_before_listens() -> None:
    found = events(trace("--json", *ECHO))
    listens = next(e["seq"] for e in found if e["type"] == "socket.changed" and e["state"] == "LISTEN")
    started = [e for e in found if e["type"] == "process.started"]
    assert [e["host"] for e in started] == ["server", "client-a"]
    assert started[1]["seq"] > listens
    assert started[1]["t"] - started[0]["t"] < 900_000_000
    assert not any(e.get("error") == "ECONNREFUSED" for e in found)


def test_a_command_that_never_listens_is_waited_for_one_second() -> None:
    found = events(trace("--json", "--on", "server", "sleep 100", "--on", "client-a", "true"))
    first, second = (e["t"] for e in found if e["type"] == "process.started")
    assert 1_000_000_000 <= second - first < 4_000_000_000


def test_it_ends_after_the_given_seconds() -> None:
    found = events(trace("--json", "--seconds", "0.7", "--on", "server", "sleep 100"))
    assert 500_000_000 < found[-1]["t"] < 10_000_000_000


def test_at_slow_pace_the_client_still_meets_the_server() -> None:
    argv = ("--on", "server", "echo_server", "--on", "client-a", "echo_client")
    found = events(trace("--json", "--pace", "slow", "--seconds", "40", *argv))
    assert any(e["type"] == "moment.pending" for e in found)
    started = [e["t"] for e in found if e["type"] == "process.started"]
    assert len(started) == 2
    assert not any(e.get("error") == "ECONNREFUSED" for e in found)


def test_at_step_pace_each_line_lets_one_moment_go_and_the_end_all_of_them() -> None:
    found = events(trace("--json", "--pace", "step", "--on", "server", "echo_client 10.0.0.4 7", text="\n\n"))
    released = [e["why"] for e in found if e["type"] == "moment.released"]
    assert released[:2] == ["by hand", "by hand"]
    assert any(e["type"] == "pace.changed" and e["pace"] == "live" for e in found)
    assert any(e["type"] == "process.exited" for e in found)


def test_credentials_decide_about_low_ports() -> None:
    server = "python3 -c \"import socket; socket.create_server(('', 80))\""
    refused = events(trace("--json", "--on", "server", server))
    assert any(e.get("error") == "EACCES" for e in refused)
    allowed = events(trace("--json", "--credentials", "admin", "--on", "server", server))
    assert not any(e.get("error") == "EACCES" for e in allowed)


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ([], 2, "required: --on"),
        (["--on", "nowhere", "true"], 2, "no host 'nowhere'"),
        (["--on", "server", ""], 2, "is empty"),
        (["--on", "server", "'"], 2, "cannot be split"),
        (["--on", "server"], 2, "expected 2 arguments"),
        (["--on", "server", "true", "--seconds", "0"], 2, "above 0"),
        (["--on", "server", "true", "--pace", "fast"], 2, "invalid choice"),
        (["--on", "server", "true", "--record", "/no/such/folder/file"], 2, "no folder"),
        (["--on", "server", "/no/such/program"], 2, "/no/such/program"),
    ],
)
def test_wrong_words(words: list[str], code: int, message: str) -> None:
    done = trace(*words)
    assert done.returncode == code, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_nobody_reads_any_more() -> None:
    with subprocess.Popen(
        [*TRACE, "--json", "--on", "server", "sleep 100"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        process.send_signal(signal.SIGINT)
        assert process.wait(60) in (0, 130)
        assert process.stderr.read() == b""


def test_an_interrupt_ends_it_in_order() -> None:
    with subprocess.Popen(
        [*TRACE, "--json", "--on", "server", "sleep 100"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if '"process.started"' in line:
                process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        assert json.loads(line)["type"] == "sandbox.closed"


@pytest.mark.parametrize(("variable", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)])
def test_colours_on_a_terminal(variable: dict[str, str], coloured: bool) -> None:
    ours, theirs = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    command = [*TRACE, "--on", "server", "true"]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=theirs, env=environment | {"TERM": "xterm"} | variable
    ) as process:
        os.close(theirs)
        shown = b""
        try:
            while piece := os.read(ours, 65536):
                shown += piece
        except OSError:  # EIO: the terminal has no other end any more
            pass
        assert process.wait(60) == 0
    os.close(ours)
    assert b"true[2]" in shown
    assert (b"\x1b[" in shown) is coloured
