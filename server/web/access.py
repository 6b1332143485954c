"""Who may see and steer what: one sandbox's token, a learner's cookie, or the key of a run that somebody may watch."""

from __future__ import annotations

import re
import secrets

from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import Scope

from server.courses.courses import PREFIX, Courses
from server.sessions.door import Door, Visitor
from server.web import security
from server.web.feeds import Feed, RunFeed, SandboxFeed
from server.web.problems import UnauthorizedError

LEARNER_COOKIE = "socketlab-learner"
LEARNER_SECONDS = 400 * 24 * 3600
"""As long as browsers keep a cookie."""
_LEARNER = re.compile(r"[A-Za-z0-9_-]{22}")


def learner_of(connection: HTTPConnection) -> str:
    """Who learns; empty if they have not done anything yet."""
    name = connection.cookies.get(LEARNER_COOKIE, "")
    return name if _LEARNER.fullmatch(name) else ""


def new_learner() -> str:
    """A name for somebody who does something for the first time."""
    return secrets.token_urlsafe(16)


def set_learner(connection: HTTPConnection, response: Response, learner: str) -> None:
    """Let the browser keep the name."""
    options = security.cookie_options(connection.scope)
    response.set_cookie(LEARNER_COOKIE, learner, max_age=LEARNER_SECONDS, **options)


def door_of(connection: HTTPConnection) -> Door:
    """The door of the server that was asked."""
    door: Door = connection.app.state.door
    return door


def courses_of(connection: HTTPConnection) -> Courses:
    """The lab runs of the server that was asked."""
    courses: Courses = connection.app.state.courses
    return courses


def visitor_of(connection: HTTPConnection) -> Visitor:
    """Who asks: by the visitor cookie if we issued it, or else by the address alone."""
    name = _cookies_of(connection).name_of(connection)
    return Visitor(address=security.client_address(connection.scope), name=name)


def _cookies_of(connection: HTTPConnection) -> security.VisitorCookies:
    cookies: security.VisitorCookies = connection.app.state.visitor_cookies
    return cookies


def let_visit(connection: HTTPConnection, response: Response) -> None:
    """Give a visitor cookie to a browser that has none, so that it is one visitor among those behind its address."""
    cookies = _cookies_of(connection)
    if not cookies.name_of(connection):
        options = security.cookie_options(connection.scope)
        response.set_cookie(security.VISITOR_COOKIE, cookies.new(), max_age=security.VISITOR_SECONDS, **options)


def admit(connection: HTTPConnection, sandbox_id: str) -> None:
    """Let through who may steer a sandbox: its token opens it, or it is that of a run of theirs.

    Raises:
        UnauthorizedError: The request says nothing about who sends it.
        NotFoundError: There is no such sandbox, or it is not theirs.
    """
    if courses_of(connection).owns(learner_of(connection), sandbox_id):
        return
    door_of(connection).admits(sandbox_id, security.token_of(connection, sandbox_id))


class Access:
    """What one connection may follow.

    Args:
        scope: The connection's.
        token: A sandbox's token that it came with, apart from cookies; empty: none.
    """

    def __init__(self, scope: Scope, token: str = "") -> None:
        self._connection = HTTPConnection(scope)
        self._token = token
        self._runs: dict[str, RunFeed] = {}

    async def feed(self, log_id: str, after: int = 0) -> Feed:
        """A log that this connection may follow.

        Args:
            log_id: Which one.
            after: What the connection has of it already.

        Raises:
            UnauthorizedError: The connection says nothing about who it is.
            NotFoundError: There is no such log, or it is not theirs.
        """
        if log_id.startswith(PREFIX):
            return await self._run(log_id, after)
        for run in self._runs.values():
            if await run.courses.sandbox(run.id) == log_id:
                return SandboxFeed(door_of(self._connection), log_id, run.right)
        token = self._token or security.token_of(self._connection, log_id)
        door_of(self._connection).admits(log_id, token)
        return SandboxFeed(door_of(self._connection), log_id)

    async def _run(self, run_id: str, after: int) -> RunFeed:
        courses, learner = courses_of(self._connection), learner_of(self._connection)
        key = self._connection.query_params.get("key", "")
        if not learner and not key:
            raise UnauthorizedError(
                "This request says nothing about who sends it.", "Open the lab's page, or the link to watch the run."
            )
        right = await courses.right(run_id, learner, key)
        feed = RunFeed(courses, run_id, right, visitor_of(self._connection))
        if right == "steer":
            await courses.wake(run_id, feed.visitor, here=after > 0)
        self._runs[run_id] = feed
        return feed
