"""The stream: everything in order, nothing lost or doubled, and nobody slowed down by anybody."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import random
import socket
import struct
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

from tests.web.conftest import Answer, Sandbox, Server, assert_problem

CHATTER = "import socket; s = socket.socket()\nfor _ in range({}): s.getsockname()"


class Reader:
    """A stream's messages, sorted into events and replies."""

    def __init__(self, stream: ClientConnection) -> None:
        self.stream = stream
        self.events: list[dict[str, Any]] = []
        self.replies: list[dict[str, Any]] = []

    def read(self) -> None:
        message = json.loads(self.stream.recv(20))
        if isinstance(message, list):
            assert message
            self.events += message
        else:
            self.replies.append(message)

    def until(self, true: Callable[[], Any]) -> Any:
        while not (found := true()):
            self.read()
        return found

    def ask(self, message: object) -> dict[str, Any]:
        """Send a message and wait for the next reply."""
        text = message if isinstance(message, str | bytes) else json.dumps(message)
        count = len(self.replies)
        self.stream.send(text)
        self.until(lambda: len(self.replies) > count)
        return self.replies[count]

    def seqs(self) -> list[int]:
        return [event["seq"] for event in self.events]


@pytest.fixture
def reader(sandbox: Sandbox) -> Iterator[Reader]:
    with sandbox.stream() as stream:
        yield Reader(stream)


def chatter(sandbox: Sandbox, times: int) -> int:
    """Start a program that makes many events; returns its pid."""
    argv = ["python3", "-c", CHATTER.format(times)]
    pid: int = sandbox.command("process.start", host="server", argv=argv)["pid"]
    return pid


def has_exited(events: list[dict[str, Any]], pid: int) -> bool:
    return any(event["type"] == "process.exited" and event["pid"] == pid for event in events)


# Down


def test_all_events_come_in_order(sandbox: Sandbox, reader: Reader) -> None:
    pid = chatter(sandbox, 300)
    reader.until(lambda: has_exited(reader.events, pid))
    assert reader.seqs() == list(range(1, len(reader.events) + 1))
    assert sandbox.events()[: len(reader.events)] == reader.events


def test_a_stream_goes_on_where_another_stopped_with_nothing_lost_or_doubled(sandbox: Sandbox) -> None:
    pid = chatter(sandbox, 1500)
    events: list[dict[str, Any]] = []
    connections = 0
    while not has_exited(events, pid):
        connections += 1
        with sandbox.stream(after=len(events)) as stream:
            for _ in range(random.Random(connections).randint(1, 3)):
                if not has_exited(events, pid):
                    events += json.loads(stream.recv(20))
    assert connections > 3
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert sandbox.events()[: len(events)] == events


def test_many_viewers_get_the_same(sandbox: Sandbox) -> None:
    with contextlib.ExitStack() as stack:
        readers = [Reader(stack.enter_context(sandbox.stream())) for _ in range(20)]
        pid = chatter(sandbox, 200)
        for reader in readers:
            reader.until(lambda reader=reader: has_exited(reader.events, pid))  # type: ignore[misc]
        end = min(len(reader.events) for reader in readers)
        assert all(reader.events[:end] == readers[0].events[:end] for reader in readers)


def test_a_stream_ends_with_the_sandbox_after_its_last_event(server: Server) -> None:
    sandbox = server.sandbox()
    with sandbox.stream() as stream:
        reader = Reader(stream)
        sandbox.ask("DELETE")
        with pytest.raises(ConnectionClosed) as closed:
            reader.until(lambda: False)
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1000, "the sandbox has ended")
    assert reader.events[-1]["type"] == "sandbox.closed"
    assert reader.seqs() == list(range(1, len(reader.events) + 1))


@pytest.mark.parametrize("after", ["-1", "x", "1e3", "99999999999999999999", "100000"])
def test_an_after_that_cannot_be(sandbox: Sandbox, after: str) -> None:
    with pytest.raises(InvalidStatus) as refusal, sandbox.stream(after=after):  # type: ignore[arg-type]
        pass
    response = refusal.value.response
    assert_problem(Answer(response.status_code, response.headers, response.body or b""), 422)


# Up


def test_commands_are_answered_with_their_ref(reader: Reader) -> None:
    for ref in (1, 0, -5, "a", "", None):
        reply = reader.ask({"ref": ref, "command": "pace.set", "pace": "live"})
        assert reply == {"ref": ref, "ok": True, "result": reply["result"]}
    assert reader.ask({"command": "pace.set", "pace": "live"})["ref"] is None
    refused = reader.ask({"ref": 9, "command": "process.signal", "pid": 999, "signal": "TERM"})
    assert (refused["ref"], refused["ok"], refused["problem"]["status"]) == (9, False, 404)


def test_a_binary_message_is_a_message(reader: Reader) -> None:
    assert reader.ask(b'{"ref": 1, "command": "pace.set", "pace": "step"}')["ok"]


BAD = [
    "",
    "{",
    "[]",
    "null",
    "7",
    '"pace.set"',
    "[" * 60_000,
    '{"a":' * 10_000,
    b"\xff\xfe\x00",
    '{"ref": {}, "command": "pace.set", "pace": "live"}',
    '{"ref": 1.5, "command": "pace.set", "pace": "live"}',
    '{"ref": [1], "command": "pace.set", "pace": "live"}',
    '{"ref": "' + "x" * 65 + '", "command": "pace.set", "pace": "live"}',
]


def test_what_is_no_message_is_refused_and_the_stream_goes_on(reader: Reader) -> None:
    for message in BAD:
        reply = reader.ask(message)
        assert (reply["ref"], reply["ok"]) == (None, False), message[:50]
        assert reply["problem"]["status"] == 422
        assert reply["problem"]["title"]
        assert reply["problem"]["detail"]
    assert reader.ask({"ref": 1, "command": "pace.set", "pace": "live"})["ok"]


def test_a_wrong_command_keeps_its_ref(reader: Reader) -> None:
    for command in ({}, {"command": "x"}, {"command": "pace.set", "pace": 7}, {"command": "sandbox.close"}):
        reply = reader.ask({"ref": "mine", **command})
        assert (reply["ref"], reply["ok"], reply["problem"]["status"]) == ("mine", False, 422)


def test_a_message_that_is_too_large_closes_the_stream(reader: Reader) -> None:
    reader.stream.send("x" * 65_537)
    with pytest.raises(ConnectionClosed) as closed:
        reader.until(lambda: False)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


def test_commands_that_are_sent_at_once_are_carried_out_in_their_order(reader: Reader) -> None:
    for number in range(1, 301):
        reader.stream.send(json.dumps({"ref": number, "command": "pace.set", "pace": "slow", "pause_ms": number}))
    reader.until(lambda: len(reader.replies) == 300)
    assert sorted(reply["ref"] for reply in reader.replies) == list(range(1, 301))
    reader.until(lambda: [event for event in reader.events if event.get("pause_ms") == 300])
    pauses = [event["pause_ms"] for event in reader.events if event["type"] == "pace.changed"]
    assert pauses[1:] == list(range(1, 301))


def test_a_held_call_does_not_hold_the_commands_behind_it(sandbox: Sandbox, reader: Reader) -> None:
    assert reader.ask({"ref": 1, "command": "pace.set", "pace": "step"})["ok"]
    reader.stream.send(json.dumps({"ref": 2, "command": "process.start", "host": "server", "program": "echo_server"}))
    moment = reader.until(lambda: next((e for e in reader.events if e["type"] == "moment.pending"), None))
    assert reader.ask({"ref": 3, "command": "moment.release", "moment": moment["moment"]})["ok"]


# Those who do not play by the rules


@pytest.mark.alone
def test_a_viewer_that_does_not_read_is_told_to_resume_and_costs_nothing() -> None:
    with Server(SOCKETLAB_VIEWER_SECONDS="1") as server, server.sandbox() as sandbox:
        lazy = raw_stream(sandbox)
        with lazy, sandbox.stream() as stream, ThreadPoolExecutor(1) as beside:
            busy = Reader(stream)
            before = memory(server)
            pid = chatter(sandbox, 45_000)
            told = beside.submit(read_once_stuck, lazy)
            busy.until(lambda: has_exited(busy.events[-1000:], pid))
            assert busy.seqs() == list(range(1, len(busy.events) + 1))
            size = sum(len(json.dumps(event)) for event in busy.events)
            assert size > 10_000_000
            assert memory(server) - before < size
            code, reason, last = told.result(60)
        assert code == 1013
        assert reason == f"resume after={last}"
        assert last < len(busy.events)
        with sandbox.stream(after=last) as stream:
            assert json.loads(stream.recv(10))[0]["seq"] == last + 1


def test_two_hundred_viewers_that_come_and_go_leave_nothing(server: Server, sandbox: Sandbox) -> None:
    def visit(number: int) -> None:
        if number % 2:
            with sandbox.stream() as stream:
                stream.recv(10)
        else:
            with raw_stream(sandbox) as connection:
                # SO_LINGER 0: the connection is reset instead of closed, as when a machine vanishes.
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    for number in range(20):
        visit(number)
    fds, size = open_files(server), memory(server)
    for number in range(200):
        visit(number)
    with sandbox.stream() as stream:
        stream.recv(10)
    settle(lambda: open_files(server) <= fds)
    assert memory(server) - size < 8_000_000


def test_a_viewer_that_vanishes_in_the_middle_disturbs_nobody(sandbox: Sandbox, reader: Reader) -> None:
    pid = chatter(sandbox, 2000)
    for _ in range(10):
        with raw_stream(sandbox) as connection:
            connection.recv(1000)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    reader.until(lambda: has_exited(reader.events, pid))
    assert reader.seqs() == list(range(1, len(reader.events) + 1))


def test_ten_thousand_random_messages_get_an_answer_each(sandbox: Sandbox, reader: Reader) -> None:
    shape = random.Random(20261121)
    sent = [random_message(shape, number) for number in range(10_000)]

    def send() -> None:
        for message in sent:
            reader.stream.send(message)

    sender = threading.Thread(target=send)
    sender.start()
    reader.until(lambda: len(reader.replies) == len(sent))
    sender.join()
    for reply in reader.replies:
        assert reply["ok"] or 400 <= reply["problem"]["status"] < 500, reply
    refs = [reply["ref"] for reply in reader.replies if reply["ref"] is not None]
    assert len(refs) == len(set(refs)) > 5000
    reader.ask({"ref": 1, "command": "pace.set", "pace": "live"})
    assert reader.seqs() == list(range(1, len(reader.events) + 1))


COMMANDS = [
    "pace.set",
    "moment.release",
    "packet.hold",
    "packet.deliver",
    "packet.drop",
    "packet.duplicate",
    "wire.set",
]
COMMANDS += [
    "process.input",
    "process.signal",
    "sysctl.set",
    "host.add",
    "process.start",
    "nothing",
    "sandbox.close",
    "",
]
FIELDS = ["pace", "pause_ms", "moment", "packet", "match", "count", "off", "delay_ms", "loss", "pid", "text", "signal"]
FIELDS += ["host", "name", "value", "addresses", "program", "args", "argv", "credentials", "unknown"]
VALUES: list[Any] = [0, 1, 7, -1, 2**60, 0.5, "", "live", "TERM", "server", "x" * 500, None, True, [], {}, ["a"]]
VALUES += [{"flags": "SYN"}, "net.ipv4.tcp_syn_retries", "5", "\x00", "ä", ["10.0.0.9/24"], "echo_client"]


def random_message(shape: random.Random, number: int) -> str | bytes:
    """A message that is right, nearly right, or nothing at all."""
    if shape.random() < 0.1:
        return shape.randbytes(shape.randint(0, 50))
    message: dict[str, Any] = {"ref": number, "command": shape.choice(COMMANDS)}
    for name in shape.sample(FIELDS, shape.randint(0, 3)):
        message[name] = shape.choice(VALUES)
    text = json.dumps(message)
    return text[: shape.randint(0, len(text))] if shape.random() < 0.1 else text


# Helpers that see more than a client does


def raw_stream(sandbox: Sandbox) -> socket.socket:
    """A stream whose client has accepted nothing but the handshake, with a small receive buffer."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 18)
    connection.settimeout(20)
    connection.connect((sandbox.server.host, sandbox.server.port))
    key = base64.b64encode(os.urandom(16)).decode()
    connection.sendall(
        f"GET {sandbox.path}/stream HTTP/1.1\r\nHost: {sandbox.server.host}:{sandbox.server.port}\r\n"
        f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
        f"Authorization: Bearer {sandbox.token}\r\n\r\n".encode()
    )
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += connection.recv(1)
    assert head.startswith(b"HTTP/1.1 101")
    return connection


def read_once_stuck(connection: socket.socket) -> tuple[int, str, int]:
    """Read nothing until nothing more has come for longer than a viewer may be lazy; then all that has come.

    The server cuts the connection some seconds later, so this cannot wait for the end of what it tells.
    """
    waiting = -1
    while waiting != (waiting := unread(connection)) or waiting == 0:
        threading.Event().wait(1.6)  # what is tested is a time
    return read_to_the_close(connection)


def unread(connection: socket.socket) -> int:
    """The bytes that a socket has received and nobody has read: ioctl(FIONREAD)."""
    return int.from_bytes(fcntl.ioctl(connection, termios.FIONREAD, bytes(4)), sys.byteorder)


def read_to_the_close(connection: socket.socket) -> tuple[int, str, int]:
    """Read all frames up to the close frame: its code and reason, and the last event's seq before it."""
    file = connection.makefile("rb")
    last = 0
    while True:
        first, second = file.read(2)
        length = second & 127
        if length == 126:
            (length,) = struct.unpack("!H", file.read(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", file.read(8))
        payload = file.read(length)
        if first & 15 == 8:
            return struct.unpack("!H", payload[:2])[0], payload[2:].decode(), last
        if first & 15 == 1:
            last = json.loads(payload)[-1]["seq"]


def memory(server: Server) -> int:
    """The server's own memory in bytes."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


def open_files(server: Server) -> int:
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


def settle(true: Callable[[], bool]) -> None:
    """Wait for what no event tells."""
    wait = threading.Event()
    for _ in range(500):
        if true():
            return
        wait.wait(0.02)
    pytest.fail("it never happened")
