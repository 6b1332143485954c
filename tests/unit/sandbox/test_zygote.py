"""The zygote's answers, over its own socket; and which ids it may give away."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from server.sandbox.zygote import IDS_OF_ROOT, spare_ids


@pytest.mark.parametrize(
    ("map_lines", "ids"),
    [
        ("         0          0 4294967295\n", IDS_OF_ROOT),
        ("0 100000 65536\n", range(65536 - 8192, 65536 - 4096)),
        ("0 1000 1\n1 100000 65536\n", range(65537 - 8192, 65537 - 4096)),
        ("0 1000 1\n", None),
        ("", None),
    ],
)
def test_spare_ids(map_lines: str, ids: range | None) -> None:
    assert spare_ids(map_lines) == ids


class Control:
    """The server's end of a zygote."""

    def __init__(self, *prefix: str) -> None:
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(20)
        with theirs:
            command = [*prefix, sys.executable, "-P", "-m", "server.sandbox.zygote", str(theirs.fileno())]
            self.process = subprocess.Popen(command, pass_fds=[theirs.fileno()], start_new_session=True)

    def ask(self, request: object, channels: int = 1) -> tuple[dict[str, Any], socket.socket]:
        ours, theirs = socket.socketpair()
        ours.settimeout(20)
        document = request if isinstance(request, bytes) else json.dumps(request).encode()
        with theirs:
            socket.send_fds(self.socket, [document], [theirs.fileno()] * channels)
        return json.loads(self.socket.recv(65536)), ours

    def close(self) -> int:
        self.socket.close()
        return self.process.wait(60)


@pytest.fixture
def control() -> Iterator[Control]:
    control = Control()
    yield control
    assert control.close() == 0


HOSTS = [{"name": "server", "addresses": ["10.0.0.4/24"]}]


def test_a_sandbox_from_birth_to_end(control: Control) -> None:
    answer, channel = control.ask({"sandbox": "first", "hosts": HOSTS})
    with channel:
        assert answer["sandbox"] == "first"
        os.kill(answer["pid"], 0)
        with channel.makefile("rb") as lines:
            reply = next(json.loads(line) for line in lines if not line.startswith(b'{"seq"'))
        assert reply == {"type": "done", "ref": 0, "result": {"hosts": HOSTS}}
    # The end of its channel is its end.
    told = json.loads(control.socket.recv(65536))
    assert told["sandbox"] == "first"
    assert (told["type"], set(told)) == ("exited", {"type", "sandbox", "code", "signal"})
    with pytest.raises(ProcessLookupError):
        os.kill(answer["pid"], 0)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"sandbox": "x", "hosts": [{"name": "a", "addresses": ["nonsense"]}]}, 422),
        ({"sandbox": "x", "hosts": HOSTS + HOSTS}, 409),
        ({"sandbox": "x", "hosts": [*HOSTS, {"name": "b", "addresses": ["10.0.0.4"]}]}, 409),
        ({"sandbox": "x", "hosts": "all"}, 422),
        ({"sandbox": "x"}, 422),
        ({"sandbox": "x", "hosts": [], "pace": "fast"}, 422),
        ({"hosts": []}, 422),
        ([], 422),
        (b"{", 422),
        (b"\xff\xfe", 422),
    ],
)
def test_bad_requests(control: Control, request_: object, status: int) -> None:
    answer, channel = control.ask(request_)
    channel.close()
    assert answer["problem"]["status"] == status
    # It goes on.
    answer, channel = control.ask({"sandbox": "next", "hosts": HOSTS})
    channel.close()
    assert "pid" in answer


@pytest.mark.parametrize("channels", [0, 2])
def test_a_request_without_its_channel(control: Control, channels: int) -> None:
    answer, channel = control.ask({"sandbox": "x", "hosts": HOSTS}, channels)
    channel.close()
    assert answer["problem"]["status"] == 422


def test_where_user_namespaces_are_forbidden() -> None:
    """The kernel of a user namespace can be told to make no further one: as on a machine that forbids them."""
    forbid = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'
    control = Control("unshare", "-Ur", "sh", "-c", forbid, "sh")
    answer, channel = control.ask({"sandbox": "x", "hosts": HOSTS})
    channel.close()
    assert answer["problem"]["status"] == 503
    assert "socketlab doctor" in answer["problem"]["hint"]
    control.close()


def test_ends_its_sandboxes_when_the_server_ends() -> None:
    control = Control()
    answer, channel = control.ask({"sandbox": "x", "hosts": HOSTS})
    pidfd = os.pidfd_open(answer["pid"])
    assert control.close() == 0
    # It has waited for it, so it is gone, with everybody in its namespace.
    with pytest.raises(ProcessLookupError):
        os.kill(answer["pid"], 0)
    os.close(pidfd)
    channel.close()
