"""Many WebSocket clients in one process: ``python -m bench.crowd PORT PATH CLIENTS``, headers of the request on stdin.

They do as little as clients can, so that what is measured is the server: one epoll loop, frames cut but not
decoded, the clock read when a message is complete. ``ready`` is printed once all are connected; at the next line of
the input they stop, and a JSON object comes out: ``arrivals``, by the first ``seq`` of a message its arrivals
(monotonic ns), one for each client that got it; and ``last``, the ``seq`` up to which every client has every event.
"""

from __future__ import annotations

import base64
import json
import os
import select
import socket
import sys
import time
from collections import defaultdict

from bench.processes import raise_file_limit

_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10
_EVENT = b'{"seq":'


class Client:
    """One connection."""

    __slots__ = ("_rest", "_socket", "last")

    def __init__(self, port: int, path: str, headers: dict[str, str]) -> None:
        self.last = 0
        self._socket = socket.create_connection(("127.0.0.1", port))
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [
            f"GET {path} HTTP/1.1",
            f"Host: 127.0.0.1:{port}",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {key}",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            piece = self._socket.recv(4096)
            if not piece:
                raise RuntimeError("the server ended a handshake")
            answer += piece
        head, _, self._rest = answer.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101"):
            raise RuntimeError(head.decode(errors="replace"))

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return self._socket.fileno()

    def receive(self) -> list[int]:
        """What is there: the first ``seq`` of each message that is complete now.

        Raises:
            RuntimeError: The server has closed the connection, or left an event out.
        """
        piece = self._socket.recv(1 << 18)
        data = self._rest + piece if self._rest else piece
        if not piece:
            raise RuntimeError("the server closed a connection")
        found, at = [], 0
        while (frame := _frame(data, at)) is not None:
            kind, start, end = frame
            if kind == _TEXT and data.startswith(_EVENT, start + 1):
                first = _seq(data, start + 1)
                if self.last not in (0, first - 1):
                    raise RuntimeError(f"after event {self.last} came {first}")
                self.last = _seq(data, data.rindex(_EVENT, start, end))
                found.append(first)
            elif kind == _PING:
                self._socket.sendall(bytes((0x80 | _PONG, 0x80 | end - start)) + bytes(4) + data[start:end])
            elif kind == _CLOSE:
                raise RuntimeError(f"the server closed a connection: {data[start + 2 : end]!r}")
            at = end
        self._rest = data[at:]
        return found


def _frame(data: bytes, at: int) -> tuple[int, int, int] | None:
    """The kind of the frame at ``at``, and where its payload begins and ends; None if it is not complete."""
    if len(data) < at + 2:
        return None
    length, start = data[at + 1], at + 2
    if length >= 126:
        size = 2 if length == 126 else 8
        length, start = int.from_bytes(data[start : start + size], "big"), start + size
    return None if len(data) < start + length else (data[at] & 0x0F, start, start + length)


def _seq(data: bytes, at: int) -> int:
    """The ``seq`` of the event that begins at ``at``."""
    start = at + len(_EVENT)
    return int(data[start : data.index(b",", start, start + 24)])


def main(port: int, path: str, count: int) -> None:
    """Connect, take messages, tell."""
    raise_file_limit()
    headers = json.loads(sys.stdin.readline())
    poll = select.epoll()
    clients: dict[int, Client] = {}
    arrivals: dict[int, list[int]] = defaultdict(list)

    def take(patience: float) -> bool:
        """Take what comes; False once the input says that it is enough."""
        for fd, _ in poll.poll(patience):
            if fd == 0:
                return False
            for seq in clients[fd].receive():
                arrivals[seq].append(time.monotonic_ns())
        return True

    for _ in range(count):
        client = Client(port, path, headers)
        clients[client.fileno()] = client
        poll.register(client, select.EPOLLIN)
        take(0)
    poll.register(0, select.EPOLLIN)
    print("ready", flush=True)
    while take(-1):
        pass
    last = min(client.last for client in clients.values())
    print(json.dumps({"arrivals": arrivals, "last": last}), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
