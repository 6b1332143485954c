"""``socketlab serve``: how it starts, what it says when it cannot, and how it ends."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from server.cli.serve import AddressError, listen
from tests.web.conftest import Sandbox, Server, assert_problem
from tests.web.test_stream import chatter, has_exited, raw_stream


def family(pid: int) -> dict[int, str]:
    """All processes below one, by pid: when each began, so that a pid that is used again is no match."""
    found: dict[int, str] = {}
    for thread in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (thread / "children").read_text().split()):
            with contextlib.suppress(FileNotFoundError):
                found[child] = began(child)
                found |= family(child)
    return found


def began(pid: int) -> str:
    state, *_, start = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:20]
    return "" if state == "Z" else start


def still_there(processes: dict[int, str]) -> list[int]:
    def is_there(pid: int) -> bool:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            return began(pid) == processes[pid] != ""
        return False

    return [pid for pid in processes if is_there(pid)]


def wait_until_gone(processes: dict[int, str]) -> None:
    wait = threading.Event()
    for _ in range(500):
        if not still_there(processes):
            return
        wait.wait(0.02)
    pytest.fail(f"still there: {still_there(processes)}")


def read_to_the_close(stream: ClientConnection) -> tuple[int, str]:
    """Read all messages: the close code, and the last message before it."""
    last = ""
    try:
        while True:
            last = str(stream.recv(20))
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else 1006, last


def busy(server: Server) -> list[Sandbox]:
    sandboxes = [server.sandbox() for _ in range(3)]
    for sandbox in sandboxes:
        sandbox.command("process.start", host="server", program="echo_server", args=["7"], credentials="admin")
        sandbox.command("process.start", host="client-a", argv=["sleep", "1000"])
    return sandboxes


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_everything_in_order(number: signal.Signals) -> None:
    with Server() as server:
        first = busy(server)[0]
        processes = family(server.process.pid)
        assert len(processes) >= 10
        with first.stream() as stream:
            server.process.send_signal(number)
            assert server.process.wait(60) == 0
            code, _ = read_to_the_close(stream)
        assert code == 1012
        assert not still_there(processes)
        server.end()


def test_a_client_that_does_not_read_cannot_keep_the_server_from_ending() -> None:
    with Server() as server:
        sandbox = server.sandbox()
        with raw_stream(sandbox), sandbox.stream() as stream:
            pid = chatter(sandbox, 30_000)
            while not has_exited(json.loads(stream.recv(20)), pid):
                pass
            assert server.end() == 0


def test_nothing_outlives_a_killed_server() -> None:
    with Server() as server:
        busy(server)
        processes = family(server.process.pid)
        assert len(processes) >= 10
        server.process.kill()
        server.process.wait(60)
        wait_until_gone(processes)
        server.end()


def test_a_killed_zygote_takes_the_sandboxes_along_and_another_one_comes() -> None:
    with Server() as server:
        sandboxes = busy(server)
        processes = family(server.process.pid)
        zygote = next(pid for pid in processes if "zygote" in Path(f"/proc/{pid}/cmdline").read_text())
        with sandboxes[0].stream() as stream:
            os.kill(zygote, signal.SIGKILL)
            code, last = read_to_the_close(stream)
        assert code == 1000
        assert "sandbox.closed" in last
        wait_until_gone(processes)
        for sandbox in sandboxes:
            assert sandbox.events()[-1]["why"] == "the process that starts the sandboxes ended"
            assert_problem(sandbox.ask("POST", "/commands", {"command": "pace.set", "pace": "live"}), 410)
        with server.sandbox() as sandbox:
            assert sandbox.command("pace.set", pace="step")["pace"] == "step"


def test_an_idle_sandbox_ends_by_itself() -> None:
    with Server(SOCKETLAB_IDLE_SECONDS="5") as server:
        watched, idle = server.sandbox(), server.sandbox()
        with watched.stream() as stream:
            with idle.stream() as other:
                other.recv(5)
            wait = threading.Event()
            while (events := idle.events())[-1]["type"] != "sandbox.closed":
                wait.wait(0.1)
            assert events[-1]["why"] == "nobody used it for 5 seconds"
            assert stream.recv(5)
            assert watched.events()[-1]["type"] != "sandbox.closed"


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "server.cli", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=os.environ | environment)


def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("serve", "--port", str(port))
    assert done.returncode == 1
    assert done.stdout == ""
    assert f"Another program already listens on port {port} of 127.0.0.1" in done.stderr
    assert f"--port {port + 1}" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["serve", "--host", "192.0.2.1"], 1, "no address of this machine"),
        (["serve", "--host", "no.such.host.invalid"], 1, "no address of any machine"),
        (["serve", "--port", "70000"], 2, "no port 70000"),
        (["serve", "--port", "x"], 2, "invalid int value"),
        (["serve", "--labs", "/no/such/folder"], 2, "no folder"),
        (["serve", "--unknown"], 2, "unrecognized arguments"),
        (["unknown"], 2, "invalid choice"),
        ([], 2, "required"),
    ],
)
def test_wrong_words(words: list[str], code: int, message: str) -> None:
    done = run(*words)
    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_limit_that_makes_no_sense() -> None:
    done = run("serve", SOCKETLAB_SANDBOXES="lots")
    assert done.returncode == 2
    assert "SOCKETLAB_SANDBOXES is 'lots'" in done.stderr


def test_labs_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("here")
    command = [sys.executable, "-m", "server.cli", "serve", "--port", "0", "--labs", str(tmp_path)]
    server = Server.__new__(Server)
    server.start(command)
    with server, server.sandbox() as sandbox:
        pid = sandbox.command("process.start", host="server", argv=["cat", "/labs/mine.txt"])["pid"]
        with sandbox.stream() as stream:
            text = ""
            while f'"process.exited","pid":{pid}' not in text:
                text += str(stream.recv(10))
        assert '"text":"here"' in text


def test_listening_on_ipv6() -> None:
    with listen("::1", 0) as listener:
        assert listener.getsockname()[0] == "::1"


def test_a_privileged_port_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> socket.socket:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket, "create_server", refuse)
    with pytest.raises(AddressError, match="EACCES") as refusal:
        listen("127.0.0.1", 80)
    assert "--port" in refusal.value.hint


def test_the_doctor() -> None:
    done = run("doctor", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["ok"] is True
    assert "Socketlab can run here" in run("doctor").stdout
