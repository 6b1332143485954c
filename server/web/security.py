"""Who may ask, and what a browser may do with the answer.

* A token per sandbox comes as ``Authorization: Bearer``, as the cookie ``socketlab-ID``, or on the
  stream as the subprotocol ``socketlab.TOKEN`` or ``?token=``. None at all is 401, whether or not the
  sandbox is there; a wrong one is the same 404 as a sandbox that is not there.
* A body is at most ``MAX_BODY`` long.
* A page of another origin cannot act here: what changes anything, and the stream, must come from this
  origin if it comes from a browser (``Origin``, ``Sec-Fetch-Site``). Programs send neither.
* A server that listens on a loopback address answers only to loopback names (``Host``), so that no
  foreign name can be made to point here (DNS rebinding).
* Every answer carries the headers of ``HEADERS``: no inline script or style, nothing from elsewhere.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.errors import ForbiddenError, SocketlabError
from server.web.problems import TooLargeError, UnauthorizedError, error_response

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)

HEADERS: Mapping[str, str] = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    # Not "no-referrer": with that, browsers send `Origin: null` along with a plain form.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
"""On every answer, unless the route set its own value."""

TOKEN_SECONDS = 24 * 3600
SUBPROTOCOL_PREFIX = "socketlab."
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})

MAX_BODY = 64 * 1024
"""The largest body of a request; a larger one is answered with 413."""

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Guard:
    """Outermost ASGI layer: refuses foreign origins and names, and puts the headers on every answer.

    Args:
        app: What is guarded.
        allowed_hosts: The names (without port) that a request may call this server by; None: any.
    """

    def __init__(self, app: ASGIApp, allowed_hosts: Iterable[str] | None = None) -> None:
        self._app = app
        self._allowed_hosts = None if allowed_hosts is None else frozenset(allowed_hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("cache-control", "no-store" if scope["path"].startswith("/api/") else "no-cache")
            await send(message)

        try:
            self._check(scope, changes=scope["method"] not in _SAFE_METHODS)
            limited = _limited(scope, receive)
        except (ForbiddenError, TooLargeError) as error:
            await error_response(error)(scope, receive, send_guarded)
        else:
            await self._app(scope, limited, send_guarded)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            self._check(scope, changes=True)
        except ForbiddenError as error:
            await refuse_websocket(error, scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _check(self, scope: Scope, *, changes: bool) -> None:
        headers = Headers(scope=scope)
        host = headers.get("host", "").lower()
        if self._allowed_hosts is not None and _name(host) not in self._allowed_hosts:
            raise ForbiddenError(
                f"This server does not answer to the name {_name(host)[:80]!r}.",
                "Use http://127.0.0.1 or http://localhost, or name it in SOCKETLAB_ALLOWED_HOSTS.",
            )
        if not changes:
            return
        origin = headers.get("origin")
        if origin is not None and origin.lower().partition("://")[2] != host:
            raise ForbiddenError(
                f"A page of {origin[:80]!r} may not act on this server.", "Open Socketlab's own page instead."
            )
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            raise ForbiddenError("A page of another site may not act on this server.", "Open Socketlab's own page.")


def _limited(scope: Scope, receive: Receive) -> Receive:
    """``receive``, refusing a body that is too large: at once if it says so itself, or else when it gets there."""
    error = TooLargeError(f"The body is larger than {MAX_BODY // 1024} KiB.", "Send less at a time.")
    length = Headers(scope=scope).get("content-length", "0")
    if length.isdigit() and int(length) > MAX_BODY:
        raise error
    received = 0

    async def receive_limited() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > MAX_BODY:
            raise error
        return message

    return receive_limited


def _name(host: str) -> str:
    """The name in a Host header, without its port; an IPv6 address keeps its brackets."""
    if host.startswith("["):
        return host[: host.find("]") + 1]
    return host.partition(":")[0]


def allowed_hosts_for(address: str, extra: str = "") -> frozenset[str] | None:
    """The names that a server listening on ``address`` answers to; None: any.

    Args:
        address: Where it listens: a name or an address.
        extra: More names, separated by commas (``SOCKETLAB_ALLOWED_HOSTS``); ``*`` is any.
    """
    more = {name.strip().lower() for name in extra.split(",") if name.strip()}
    if "*" in more:
        return None
    try:
        loopback = ipaddress.ip_address(address).is_loopback
    except ValueError:
        loopback = address == "localhost"
    if not loopback:
        return frozenset(more | {address.lower()} | LOOPBACK_NAMES) if more else None
    own = f"[{address}]" if ":" in address else address
    return frozenset(more | {own.lower()} | LOOPBACK_NAMES)


async def refuse_websocket(error: SocketlabError, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a WebSocket handshake with a problem document instead."""
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1008, "reason": error.title})
        return
    response = error_response(error)
    headers = [*response.raw_headers, *((name.encode(), value.encode()) for name, value in HEADERS.items())]
    await send({"type": "websocket.http.response.start", "status": response.status_code, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": response.body})


# Tokens


def token_cookie(sandbox_id: str) -> str:
    """The name of the cookie that carries a sandbox's token."""
    return f"socketlab-{sandbox_id}"


def token_of(connection: HTTPConnection, sandbox_id: str) -> str:
    """The token that a request carries for a sandbox: its header's, or else its cookie's.

    Raises:
        UnauthorizedError: It carries none.
    """
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    cookie = connection.cookies.get(token_cookie(sandbox_id))
    if cookie:
        return cookie
    raise _missing()


def stream_token_of(scope: Scope, sandbox_id: str) -> tuple[str, str | None]:
    """The token of a WebSocket handshake, and the subprotocol that the answer must name.

    Raises:
        UnauthorizedError: It carries none.
    """
    connection = HTTPConnection(scope)
    offered: list[str] = scope.get("subprotocols", [])
    for protocol in offered:
        if protocol.startswith(SUBPROTOCOL_PREFIX):
            # The plain name is answered if it was offered too, so that the token does not come back in the answer.
            return protocol.removeprefix(SUBPROTOCOL_PREFIX), "socketlab" if "socketlab" in offered else protocol
    chosen = "socketlab" if "socketlab" in offered else None
    if query := connection.query_params.get("token"):
        return query, chosen
    return token_of(connection, sandbox_id), chosen


def _missing() -> UnauthorizedError:
    return UnauthorizedError(
        "This request says nothing about who sends it.",
        "Open the page of a sandbox of your own, or the link that somebody has shared with you. A program sends the "
        "secret that it was given with the sandbox.",
    )


def client_address(scope: Scope) -> str:
    """The network address that a request comes from."""
    client = scope.get("client")
    return str(client[0]) if client else "unknown"
