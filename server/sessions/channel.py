"""The server's end of a channel (``sandbox/messages.py`` has what is said on it): lines cut, orders sent."""

from __future__ import annotations

import asyncio
from typing import Protocol, cast

import msgspec

from server.commands import CommandOf
from server.sandbox.messages import Close, Reply

_encode = msgspec.json.Encoder().encode
_decode_reply = msgspec.json.Decoder(Reply).decode


class Receiver(Protocol):
    """Takes what comes up over a channel, in its order."""

    def add_lines(self, lines: list[bytes]) -> None:
        """Event lines that follow each other.

        Raises:
            ValueError: They do not follow what came before.
        """
        ...

    def add_reply(self, reply: Reply) -> None:
        """The reply to a command."""
        ...

    def end_for_protocol_error(self, why: str) -> None:
        """The other side has broken the protocol; nothing that follows is read."""
        ...

    def end_channel(self) -> None:
        """Nothing more will come."""
        ...


class Channel(asyncio.Protocol):
    """One end of a channel: cuts what comes into lines, and hands runs of event lines on at once."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._rest = b""
        self._transport: asyncio.Transport | None = None

    def send(self, ref: int, order: CommandOf[object] | Close) -> None:
        """Send an order down; its reply carries ``ref`` back."""
        assert self._transport is not None
        self._transport.write(b'{"ref":%d,"order":%b}\n' % (ref, _encode(order)))

    def close(self) -> None:
        """Close it once everything is sent."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close it at once."""
        if self._transport is not None:
            self._transport.abort()

    # What the loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The channel can be used."""
        # uvloop's transport is one in all but its class.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Some bytes came up."""
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        run: list[bytes] = []
        try:
            for line in lines:
                if line.startswith(b'{"seq":'):
                    run.append(line)
                else:
                    if run:
                        self._receiver.add_lines(run)
                        run = []
                    self._receiver.add_reply(_decode_reply(line))
            if run:
                self._receiver.add_lines(run)
        except (ValueError, msgspec.DecodeError) as error:
            # A process that breaks the protocol cannot be trusted to keep order: end it, and say why.
            self._receiver.end_for_protocol_error(f"its process sent what no one understands ({error})")
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """The channel is at its end."""
        self._receiver.end_channel()
