"""The two-way line to the server, newline-delimited JSON: events and answers go up, commands come down."""

from __future__ import annotations

import select
import socket

import msgspec

from server.sandbox.journal import Journal
from server.sandbox.messages import Reply
from server.sandbox.watch import Watch

_BACKLOG = 8 << 20  # bytes that the server has not read; beyond it the sandbox waits for the server
_LONGEST_COMMAND = 1 << 20

_encode = msgspec.json.Encoder().encode


class ServerLostError(Exception):
    """The channel is closed: nobody is there to tell, so the sandbox ends."""


class Channel:
    """The line of one sandbox.

    Args:
        connection: The stream socket to the server.
        journal: Its lines go up.
        watch: Told what the channel waits for.
    """

    def __init__(self, connection: socket.socket, journal: Journal, watch: Watch) -> None:
        connection.setblocking(False)
        self._connection = connection
        self._journal = journal
        self._watch = watch
        self._received = b""
        self._unsent = bytearray()

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return self._connection.fileno()

    def receive(self) -> list[bytes]:
        """The complete messages that have arrived; what the server had no time for is sent on before.

        Raises:
            ServerLostError: The server has closed its end, or sends a message without end.
        """
        if self._unsent:
            self._write()
        try:
            chunk = self._connection.recv(65536)
        except BlockingIOError:
            return []
        except OSError as error:
            raise ServerLostError from error
        if not chunk:
            raise ServerLostError
        *messages, self._received = (self._received + chunk).split(b"\n")
        if len(self._received) > _LONGEST_COMMAND:
            raise ServerLostError
        return messages

    def send_lines(self) -> None:
        """Hand over the lines of the journal.

        Raises:
            ServerLostError: The server has closed its end.
        """
        lines = self._journal.take()
        if lines:
            self._send(b"\n".join(lines) + b"\n")

    def reply(self, reply: Reply) -> None:
        """Answer an order, after all that it has caused so far.

        Raises:
            ServerLostError: The server has closed its end.
        """
        self.send_lines()
        self._send(_encode(reply) + b"\n")

    def finish(self) -> None:
        """Send what the journal has, and wait until the server has everything.

        Raises:
            ServerLostError: The server has closed its end.
        """
        self.send_lines()
        self._wait_for(0)

    def _send(self, data: bytes) -> None:
        """Hand over as much as the server takes; the rest goes when it reads again."""
        self._unsent += data
        self._write()
        if len(self._unsent) > _BACKLOG:
            self._wait_for(_BACKLOG)

    def _wait_for(self, most: int) -> None:
        while len(self._unsent) > most:
            select.select([], [self._connection], [])
            self._write()

    def _write(self) -> None:
        try:
            while self._unsent:
                del self._unsent[: self._connection.send(self._unsent)]
        except BlockingIOError:
            self._watch.wait_for(self.fileno(), select.EPOLLIN | select.EPOLLOUT)
            return
        except OSError as error:
            raise ServerLostError from error
        self._watch.wait_for(self.fileno(), select.EPOLLIN)
