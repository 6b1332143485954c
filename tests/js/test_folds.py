"""The two folds, server/state.py and static/js/log/fold.js, give equal states after every event of every log."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server import events as ev
from server.sessions import recording
from server.state import fold, initial
from tests.recordings.make import path_of
from tests.recordings.runs import RUNS


class Folder:
    """A fold of the browser, in a Node of its own.

    Args:
        name: The program beside this file that runs it.
    """

    def __init__(self, name: str = "folds.mjs") -> None:
        node = shutil.which("node")
        assert node is not None, "Node is needed: it runs the browser's fold"
        program = [node, str(Path(__file__).with_name(name))]
        self._node = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def fold(self, lines: list[dict[str, Any]]) -> dict[str, Any]:
        """What its states after each of some events are: ``digests``, and the ``last`` in full."""
        assert self._node.stdin is not None
        assert self._node.stdout is not None
        self._node.stdin.write(json.dumps(lines).encode() + b"\n")
        self._node.stdin.flush()
        answer: dict[str, Any] = json.loads(self._node.stdout.readline())
        return answer

    def close(self) -> None:
        """End it, and see that it ended well."""
        assert self._node.stdin is not None
        assert self._node.stdout is not None
        self._node.stdin.close()
        self._node.stdout.close()
        assert self._node.wait() == 0


@pytest.fixture(scope="module")
def browsers() -> Iterator[Folder]:
    """The browser's fold."""
    folder = Folder()
    yield folder
    folder.close()


def plain(value: Any) -> Any:
    """A state as both languages write it the same: members in order, whole numbers without a point."""
    if isinstance(value, dict):
        return {"pairs": [[name, plain(value[name])] for name in sorted(value)]}
    if isinstance(value, list):
        return [plain(member) for member in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def text_of(state: Any) -> str:
    """A state as the same text on both sides."""
    return json.dumps(plain(state), ensure_ascii=False, separators=(",", ":"))


def states(entries: list[bytes]) -> Iterator[Any]:
    """The state of a sandbox after each of these lines; it is always the same object."""
    state = initial()
    return (fold(state, ev.decode_entry(entry)) for entry in entries)


def assert_equal_at_every_seq(
    browsers: Folder, entries: list[bytes], folds: Callable[[list[bytes]], Iterator[Any]] | None = None
) -> None:
    """After each of a log's lines, both folds have the same state; ``folds`` are ours, those of a sandbox if None."""
    lines = [json.loads(entry) for entry in entries]
    texts = [text_of(state) for state in (folds or states)(entries)]
    digests = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
    found = browsers.fold(lines)["digests"]
    pairs = enumerate(zip(digests, found, strict=True), 1)
    seq = next((seq for seq, (ours, theirs) in pairs if ours != theirs), None)
    if seq is not None:
        theirs = json.loads(browsers.fold(lines[:seq])["last"])
        assert theirs == json.loads(texts[seq - 1]), f"the states differ after {lines[seq - 1]}"


@pytest.mark.parametrize("name", RUNS)
def test_both_folds_agree_after_every_event_of_a_run(browsers: Folder, name: str) -> None:
    assert_equal_at_every_seq(browsers, list(recording.read(path_of(name))))


names = st.sampled_from(["server", "client-a"])
numbers = st.integers(1, 3)
sockets = {
    "host": names,
    "socket": st.sampled_from(["5", "6"]),
    "family": st.just("inet"),
    "protocol": st.just("tcp"),
    "state": st.sampled_from(["LISTEN", "ESTABLISHED", "TIME-WAIT"]),
    "local": st.just("10.0.0.4:7"),
    "remote": st.just("10.0.0.5:4000"),
    "inode": st.integers(0, 2),
    "recv_queue": st.integers(0, 9),
    "send_queue": st.integers(0, 9),
    "owners": st.lists(st.builds(ev.Owner, pid=numbers, fd=numbers), max_size=2),
}
packets = {
    "packet": numbers,
    "source_host": names,
    "target_host": st.none() | names,
    "protocol": st.just("tcp"),
    "source": st.just("10.0.0.5:4000"),
    "destination": st.just("10.0.0.4:7"),
    "flags": st.just(["SYN"]),
    "sequence": st.none() | numbers,
    "acknowledgment": st.none(),
    "window": st.none(),
    "length": st.integers(0, 3),
    "raw": st.just(""),
    "repeats": st.none() | numbers,
}
any_event = st.one_of(
    st.builds(
        ev.ProcessStarted,
        host=names,
        pid=numbers,
        program=st.just("p"),
        argv=st.just(["p"]),
        parent=st.none() | numbers,
    ),
    st.builds(ev.ProcessExecuted, pid=numbers, program=st.just("q"), argv=st.just(["q"])),
    st.builds(ev.ProcessExited, pid=numbers, code=st.none() | numbers, signal=st.none() | st.just("SIGKILL")),
    st.builds(
        ev.SyscallEntered,
        call=numbers,
        pid=numbers,
        tid=numbers,
        host=names,
        name=st.just("read"),
        args=st.just({"fd": 3}),
    ),
    st.builds(ev.SyscallReturned, call=numbers, pid=numbers, tid=numbers, result=st.none() | numbers),
    st.builds(ev.FdOpened, pid=numbers, fd=numbers, kind=st.just("socket"), socket=st.none() | st.just("5")),
    st.builds(ev.FdClosed, pid=numbers, fd=numbers, kind=st.just("socket")),
    st.builds(ev.SocketAppeared, **sockets),
    st.builds(ev.SocketChanged, **sockets),
    st.builds(ev.SocketVanished, **sockets),
    st.builds(ev.PacketSent, **packets),
    st.builds(ev.PacketHeld, packet=numbers, why=st.just("asked for")),
    st.builds(ev.PacketDelivered, packet=numbers),
    st.builds(ev.PacketDropped, packet=numbers, why=st.just("loss")),
    st.builds(ev.MomentPending, moment=numbers, kind=st.just("packet"), packet=numbers, due_t=st.none() | numbers),
    st.builds(ev.MomentReleased, moment=numbers, kind=st.just("packet")),
    st.builds(ev.PaceChanged, pace=st.sampled_from(["live", "slow", "step"]), pause_ms=numbers),
    st.builds(
        ev.SysctlChanged,
        host=st.sampled_from(["server", "client-a"]),
        name=st.just("net.ipv4.tcp_syn_retries"),
        value=st.sampled_from(["1", "6", "20"]),
        default=st.none() | st.just("6"),
        why=st.none() | st.just("something is held"),
    ),
    st.builds(ev.SandboxClosed, why=st.just("idle")),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(any_event, min_size=8, max_size=40))
def test_both_folds_agree_on_any_order_of_events(browsers: Folder, list_: list[ev.Event]) -> None:
    hosts: list[ev.Event] = [
        ev.HostAdded(host="server", addresses=["10.0.0.4/24"]),
        ev.HostAdded(
            host="client-a",
            addresses=[],
            differs=[ev.Parameter(name="net.ipv4.tcp_rmem", value="1 2 3", default="1 2 4", why="small windows")],
        ),
    ]
    entries = [ev.encode_entry(seq, seq * 10, event) for seq, event in enumerate(hosts + list_, 1)]
    assert_equal_at_every_seq(browsers, entries)
