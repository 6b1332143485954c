"""Who may see and steer what: a sandbox's token, a learner's cookie, or, to look only, the key in a link to watch."""

from __future__ import annotations

import re
import secrets
from functools import partial

from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import Scope

from server.courses.courses import PREFIX, Courses
from server.errors import NotFoundError
from server.sessions.door import Door, Visitor
from server.web import cookies, security
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
    options = cookies.cookie_options(connection.scope)
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
    return Visitor(address=security.client_address(connection.scope), name=cookies.visitor_name(connection))


def admit(connection: HTTPConnection, sandbox_id: str) -> None:
    """Let through who may steer a sandbox: its token opens it, or it is that of a run of theirs.

    Raises:
        UnauthorizedError: The request says nothing about who sends it.
        NotFoundError: There is no such sandbox, or it is not theirs.
    """
    if courses_of(connection).owns(learner_of(connection), sandbox_id):
        return
    door_of(connection).admits(sandbox_id, security.token_of(connection, sandbox_id))


def key_of(connection: HTTPConnection) -> str:
    """The watch key that a link carries; empty: none."""
    return connection.query_params.get("key", "")


def watch_address(connection: HTTPConnection, sandbox_id: str) -> str:
    """Where somebody who has the link may look at a sandbox."""
    return f"/s/{sandbox_id}/watch?key={door_of(connection).watch_key(sandbox_id)}"


def watch_run_address(lab: str, run: str, key: str) -> str:
    """Where somebody who has the link may look at a lab run."""
    return f"/labs/{lab}/watch/{run}?key={key}"


def admit_viewer(connection: HTTPConnection, sandbox_id: str) -> None:
    """Let through who may look at a sandbox: by the key in the link, or because they may steer it.

    Raises:
        UnauthorizedError: The request says nothing about who sends it.
        TakenBackError: The link was taken back.
        NotFoundError: There is no such sandbox, it is not theirs, or the key is not its.
    """
    if key := key_of(connection):
        door_of(connection).admits_viewer(sandbox_id, key)
    else:
        admit(connection, sandbox_id)


def admit_to_page(connection: HTTPConnection, sandbox_id: str) -> None:
    """As ``admit``, in the words of a page: who is not let in came by an address that opens nothing for them.

    Raises:
        NotFoundError: There is no such sandbox, or it is not theirs.
    """
    try:
        admit(connection, sandbox_id)
    except (UnauthorizedError, NotFoundError):
        raise NotFoundError(
            "There is no sandbox of yours at this address.",
            "Either it ended a while ago, or it is somebody else's: ask them to share it, and open the link that "
            "they send you.",
        ) from None


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
            TakenBackError: It came by a link that was taken back.
            NotFoundError: There is no such log, or it is not theirs.
        """
        if log_id.startswith(PREFIX):
            return await self._run(log_id, after)
        key, door = key_of(self._connection), door_of(self._connection)
        for run in self._runs.values():
            if await run.courses.sandbox(run.id) == log_id:
                right = await run.courses.right(run.id, learner_of(self._connection), key)
                return SandboxFeed(door, log_id, right, run.ends)
        if key and not self._token:
            door.admits_viewer(log_id, key)
            return SandboxFeed(door, log_id, "watch", partial(door.until_taken_back, log_id, key))
        door.admits(log_id, self._token or security.token_of(self._connection, log_id))
        return SandboxFeed(door, log_id)

    async def _run(self, run_id: str, after: int) -> RunFeed:
        courses, learner = courses_of(self._connection), learner_of(self._connection)
        key = key_of(self._connection)
        if not learner and not key:
            raise UnauthorizedError(
                "This request says nothing about who sends it.", "Open the lab's page, or the link to watch the run."
            )
        right = await courses.right(run_id, learner, key)
        ends = partial(courses.until_taken_back, run_id, key) if right == "watch" else None
        feed = RunFeed(courses, run_id, right, visitor_of(self._connection), ends)
        if right == "steer":
            await courses.wake(run_id, feed.visitor, here=after > 0)
        self._runs[run_id] = feed
        return feed
