"""How every cookie of ours is set, and the cookie of a visitor, which comes with any page.

A visitor is an anonymous browser: one among those behind its network address. The name is random, and signed, so that
nobody can make up another visitor.
"""

from __future__ import annotations

import hmac
import secrets
from typing import Literal, TypedDict

from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import Scope

VISITOR_COOKIE = "socketlab-visitor"
VISITOR_SECONDS = 30 * 24 * 3600


class CookieOptions(TypedDict):
    """The keyword arguments of ``Response.set_cookie`` that are the same for every cookie of ours."""

    path: str
    httponly: bool
    samesite: Literal["strict"]
    secure: bool


def cookie_options(scope: Scope) -> CookieOptions:
    """How every cookie of ours is set."""
    return {"path": "/", "httponly": True, "samesite": "strict", "secure": scope.get("scheme") in ("https", "wss")}


class VisitorCookies:
    """Anonymous visitors' cookies: random names, signed so that nobody can make up another visitor."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)

    def new(self) -> str:
        """The cookie of somebody who has none."""
        name = secrets.token_urlsafe(16)
        return f"{name}.{self._signature(name)}"

    def name_of(self, connection: HTTPConnection) -> str:
        """The name in the cookie that a request carries; empty: there is none that this server issued."""
        return self.name_in(connection.cookies.get(VISITOR_COOKIE, ""))

    def name_in(self, cookie: str) -> str:
        """The name in a cookie; empty: this server has not issued it."""
        name, _, signature = cookie.partition(".")
        return name if hmac.compare_digest(self._signature(name).encode(), signature.encode()) else ""

    def _signature(self, name: str) -> str:
        return hmac.digest(self._secret, name.encode(), "sha256").hex()[:32]


def cookies_of(connection: HTTPConnection) -> VisitorCookies | None:
    """The visitors' cookies of the server that was asked; None: it only shows recordings, and needs to know nobody."""
    cookies: VisitorCookies | None = getattr(connection.app.state, "visitor_cookies", None)
    return cookies


def visitor_name(connection: HTTPConnection) -> str:
    """Who asks; empty if the request carries no visitor cookie that this server issued."""
    cookies = cookies_of(connection)
    return cookies.name_of(connection) if cookies is not None else ""


def let_visit(connection: HTTPConnection, response: Response) -> None:
    """Give a visitor cookie to a browser that has none, so that it is one visitor among those behind its address."""
    cookies = cookies_of(connection)
    if cookies is not None and not cookies.name_of(connection):
        options = cookie_options(connection.scope)
        response.set_cookie(VISITOR_COOKIE, cookies.new(), max_age=VISITOR_SECONDS, **options)
