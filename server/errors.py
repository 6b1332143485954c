"""Every error that a person can see: what is wrong, why probably, what to do.

One shape serves HTTP (RFC 9457 problem documents), the WebSocket and the command line.
"""

from __future__ import annotations

from typing import ClassVar, NotRequired, TypedDict


class Problem(TypedDict):
    """The members of an RFC 9457 problem document that a SocketlabError has."""

    title: str
    status: int
    detail: str
    hint: NotRequired[str]


class SocketlabError(Exception):
    """A refusal or failure that a person sees.

    Args:
        detail: What was wrong this time, in one or two sentences.
        hint: What the person can do about it; empty if nothing.
    """

    title: ClassVar[str] = "Something went wrong"
    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1

    def __init__(self, detail: str, hint: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.hint = hint

    def problem(self) -> Problem:
        """The RFC 9457 members ``title``, ``status``, ``detail`` and, where there is one, ``hint``."""
        members: Problem = {"title": self.title, "status": self.status, "detail": self.detail}
        if self.hint:
            members["hint"] = self.hint
        return members


class BadRequestError(SocketlabError):
    """The words of a request or command are wrong; sending it again unchanged cannot help."""

    title = "That request is not understood"
    status = 422
    exit_code = 2


class ForbiddenError(SocketlabError):
    """The caller has no right to this sandbox or this command."""

    title = "That is not yours to use"
    status = 403


class NotFoundError(SocketlabError):
    """A sandbox, process, packet, moment or host that is not there."""

    title = "Not found"
    status = 404


class ConflictError(SocketlabError):
    """Right words at the wrong time: the process has ended, the packet was delivered."""

    title = "That cannot be done now"
    status = 409


class LimitError(SocketlabError):
    """A limit of the sandbox or of the server is reached."""

    title = "A limit is reached"
    status = 429


class KernelRefusedError(SocketlabError):
    """This machine's kernel or its administrator forbids what Socketlab needs."""

    title = "This machine does not allow it"
    status = 503


class GoneError(SocketlabError):
    """The sandbox has ended; its log can still be read until it is forgotten."""

    title = "The sandbox has ended"
    status = 410


def error_from(problem: Problem) -> SocketlabError:
    """The error that a problem document tells of; its kind, one of this file, is told by its ``status``."""
    # Others are made of other things than words, and what is imported must not decide which kind it is.
    kinds = {kind.status: kind for kind in SocketlabError.__subclasses__() if kind.__module__ == __name__}
    return kinds.get(problem["status"], SocketlabError)(problem["detail"], problem.get("hint", ""))
