"""A log of this kernel with something of everything: both folds and the tests of the front end's modules hold on it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.browsing import directed, release_other, rows, served, sleeps
from tests.js.test_folds import Folder, assert_equal_at_every_seq, browsers
from tests.web.conftest import Server

__all__ = ["browsers", "served"]

HERE = Path(__file__).parent
TYPES = 18
"""A log with so many kinds of events has something of everything."""


@pytest.fixture(scope="module")
def lines(served: Server) -> list[dict[str, Any]]:
    """TCP and UDP, a held handshake, drops, refusals, kills, new hosts."""
    with directed(served, "step") as director:
        server = director.start("server", "echo_server", "7", admin=True)
        director.step_until("it listens", lambda state: rows(state, state="LISTEN"))
        client = director.connect("client-a")
        while not rows(director.state, host="server", state="ESTABLISHED", inode=0):
            release_other(director, server)
        director.step_until("accepted", lambda state: sleeps(state, client, "read"))
        director.do("process.input", pid=client, text="hello\n")
        director.step_until("data is on the wire", lambda state: has_data(state))
        packet = next(row for row in director.state["packets"].values() if row["length"])
        director.do("packet.duplicate", packet=packet["packet"])
        director.do("packet.drop", packet=packet["packet"])
        director.do("pace.set", pace="live")
        director.until("echoed", lambda _: "echo: hello" in output(director.lines))
        director.do("wire.set", delay_ms=5, jitter_ms=1)
        director.do("sysctl.set", host="server", name="net.ipv4.tcp_fin_timeout", value="20")
        director.do("host.add", name="client-c", addresses=["10.0.0.7/24", "fd00::7/64"])
        udp = director.start("server", "udp_echo_server", "9", admin=True)
        director.until("it waits for a datagram", lambda state: sleeps(state, udp, "recvfrom"))
        speaker = director.start("client-c", "udp_echo_client", "10.0.0.4", "9")
        director.do("process.input", pid=speaker, text="datagram\n", end=True)
        director.until("it has spoken", lambda state: exited(state, speaker))
        refused = director.start("client-b", "echo_client", "10.0.0.4", "99")
        director.until("refused", lambda state: exited(state, refused))
        with contextlib.suppress(AssertionError):
            director.do("packet.deliver", packet=999_999)
        director.do("process.input", pid=client, end=True)
        director.until("closed", lambda state: rows(state, state="TIME-WAIT"))
        director.do("process.signal", pid=server, signal="KILL")
        director.until("killed", lambda state: exited(state, server))
        return director.sandbox.events()


def exited(state: dict[str, Any], pid: int) -> bool:
    return state["processes"].get(str(pid), {}).get("status") == "exited"


def has_data(state: dict[str, Any]) -> bool:
    return any(packet["length"] for packet in state["packets"].values())


def output(lines: list[dict[str, Any]]) -> str:
    return "".join(line["text"] for line in lines if line["type"] == "process.output")


def test_both_folds_agree_after_every_event(browsers: Folder, lines: list[dict[str, Any]]) -> None:
    types = {line["type"] for line in lines}
    assert len(types) > TYPES, sorted(types)
    assert_equal_at_every_seq(browsers, [json.dumps(line).encode() for line in lines])


def test_what_holds_on_the_golden_recordings_holds_on_it(lines: list[dict[str, Any]], tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    node = shutil.which("node")
    assert node is not None
    tests = sorted(str(path) for path in HERE.glob("*.test.mjs"))
    ran = subprocess.run(
        [node, "--test", "--test-reporter=tap", *tests],
        env={**os.environ, "SOCKETLAB_LOG": str(log)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout
    assert "live: a look back" in ran.stdout
    assert "live: the story" in ran.stdout
