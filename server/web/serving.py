"""Uvicorn as Socketlab runs it: sans-I/O WebSockets, no per-message deflate, small frames in, and an end.

Deflate is off because every viewer would compress the same events again, with its own window in memory;
event batches go over a loopback or a local network. Uvicorn's ``send`` waits while the transport's
buffer is over its high-water mark (64 KiB), so a client that does not read holds one message. But its
way to close waits for the same buffer, without end if the client never reads: hence ``abort``.
"""

from __future__ import annotations

from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from server.web.stream import ABORT

MAX_FRAME = 64 * 1024
"""The largest message that a client may send; a larger one closes its connection with 1009."""

GRACE_SECONDS = 5
"""So long a client that is closed may take to read what was sent before."""


class StreamProtocol(WebSocketsSansIOProtocol):
    """A WebSocket connection that can be ended although its client does not read."""

    def handle_connect(self, event: Request) -> None:
        """Offer ``abort`` to the application, as an ASGI extension."""
        super().handle_connect(event)
        if hasattr(self, "scope"):
            extensions: dict[str, Any] = self.scope["extensions"] or {}
            extensions[ABORT] = self.abort

    def abort(self, code: int, reason: str) -> None:
        """Send a close frame behind what waits already, and cut the connection if it does not get through."""
        if not self.close_sent and not self.transport.is_closing():
            self.conn.send_close(code, reason)
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.close_sent = True
            self.transport.close()
        self.loop.call_later(GRACE_SECONDS, self.transport.abort)

    def shutdown(self) -> None:
        """End the connection because the server ends; a client that does not read cannot keep it open."""
        super().shutdown()
        self.loop.call_later(GRACE_SECONDS, self.transport.abort)


def config(app: ASGIApp, host: str, port: int) -> uvicorn.Config:
    """How Socketlab is served."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        ws=StreamProtocol,
        ws_max_size=MAX_FRAME,
        ws_per_message_deflate=False,
        # The access log would hold the tokens of streams that carry theirs in the query.
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        lifespan="on",
    )
