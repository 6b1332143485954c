"""The client of one sandbox's process: commands down, events and replies up, and its end.

A sandbox has ended when two things are true: its channel is at its end, so that no event can be lost,
and its process is gone. If it could not say ``sandbox.closed`` itself, the server says it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import time
from typing import Any, TypeVar

import msgspec

from server.commands import CommandOf, HostResult
from server.errors import GoneError, SocketlabError, error_from
from server.events import SandboxClosed, encode_entry
from server.sandbox.messages import Close, Refused, Reply
from server.sessions.channel import Channel
from server.sessions.log import Log
from server.sessions.viewers import Viewers

ANSWER_SECONDS = 30
"""So long a sandbox may take to answer a command."""
CLOSE_SECONDS = 3
"""So long a sandbox may take to end by itself; then it is killed."""


class _Line(msgspec.Struct, frozen=True):
    """As much of a line of the log as the server reads itself, whatever event it is."""

    t: int = 0
    why: str = "it was closed"


_decode_line = msgspec.json.Decoder(_Line).decode

R = TypeVar("R")


class NoAnswerError(SocketlabError):
    """A sandbox's process took too long to answer."""

    title = "The sandbox does not answer"
    status = 504


class Sandbox:
    """One running sandbox, seen from the server.

    Attributes:
        id: Its name in every message and URL. Not a secret.
        token: Who knows it may do everything with this sandbox.
        hosts: The hosts it began with, as it says itself.
        log: Everything that happened in it.
        viewers: Everybody who watches it.
        channel: The way to its process.
        ended: It is gone: no process, namespace or mount of it is left, and its log is complete.
    """

    def __init__(self, sandbox_id: str) -> None:
        self.id = sandbox_id
        self.token = secrets.token_urlsafe(24)
        self.hosts: list[HostResult] = []
        self.log = Log()
        self.viewers = Viewers(self.log)
        self.ended = asyncio.Event()
        self.used_at = time.monotonic()
        self.pid = 0
        self._pidfd = -1
        self.channel = Channel(self)
        self._replies: dict[int, asyncio.Future[Any]] = {}  # each of the type that its order is answered with
        self._last_ref = 0
        self._why = ""
        self._told = False
        self._channel_ended = False
        self._exit: str | None = None
        self._last_line_at = time.monotonic()

    @property
    def why(self) -> str:
        """Why the sandbox ended or is ending; empty while it runs."""
        return self._why

    def submit(self, command: CommandOf[R]) -> asyncio.Future[R]:
        """Send a command down at once, in the order of the calls; the future is its result.

        The future fails with a ``SocketlabError``: the sandbox refused it, does not answer, or has ended.

        Raises:
            GoneError: The sandbox has ended or is ending.
        """
        self.used_at = time.monotonic()
        if self._why or self._channel_ended:
            raise self._gone()
        reply: asyncio.Future[R] = self._send(command)
        timer = asyncio.get_running_loop().call_later(ANSWER_SECONDS, _give_up, reply)
        reply.add_done_callback(lambda _: timer.cancel())
        return reply

    async def command(self, command: CommandOf[R]) -> R:
        """Carry out one command.

        Raises:
            SocketlabError: The sandbox refused it, does not answer, or has ended.
        """
        return await self.submit(command)

    async def close(self, why: str) -> None:
        """End the sandbox; return when nothing of it is left. Can be called many times.

        Args:
            why: What ``sandbox.closed`` says.
        """
        if not self._why and not self._channel_ended:
            self._why = why
            self._send(Close(why=why)).add_done_callback(_forget_failure)
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self.ended.wait()
        except TimeoutError:
            self.kill()
            await self.ended.wait()

    def kill(self) -> None:
        """Send SIGKILL to the sandbox's process: the kernel ends everything in its namespace with it.

        From here on the process itself is watched too, in case the zygote cannot tell of its end.
        """
        if self._pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
            asyncio.get_running_loop().add_reader(self._pidfd, self.end_process, "SIGKILL")

    def _send(self, order: CommandOf[object] | Close) -> asyncio.Future[Any]:
        self._last_ref += 1
        reply = self.expect(self._last_ref)
        self.channel.send(self._last_ref, order)
        return reply

    def expect(self, ref: int) -> asyncio.Future[Any]:
        """The result in the reply that will carry a ``ref``."""
        reply: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._replies[ref] = reply
        return reply

    def _gone(self) -> GoneError:
        return GoneError(f"Sandbox {self.id} has ended: {self._why}.", "Start a new one; the log can still be read.")

    # What comes up

    def add_lines(self, lines: list[bytes]) -> None:
        """Events: they go into the log as they came."""
        self.log.append(lines)
        self._last_line_at = time.monotonic()
        if b'"type":"sandbox.closed"' in lines[-1][:80]:
            self._told = True
            self._why = self._why or _decode_line(lines[-1]).why

    def add_reply(self, reply: Reply) -> None:
        """The reply to a command: whoever sent it learns of it."""
        waiting = self._replies.pop(reply.ref, None)
        if waiting is None or waiting.done():
            return
        if isinstance(reply, Refused):
            waiting.set_exception(error_from(reply.problem))
        else:
            waiting.set_result(reply.result)

    def end_for_protocol_error(self, why: str) -> None:
        """End the process: it has broken the protocol."""
        self.will_end(why)
        self.kill()

    def end_channel(self) -> None:
        """Nothing more comes up."""
        self._channel_ended = True
        self._settle()

    # What the zygote tells

    def begin(self, pid: int, pidfd: int) -> None:
        """It has a process: its id, and a descriptor of it (pidfd_open(2)); -1: it has ended already."""
        self.pid, self._pidfd = pid, pidfd

    def will_end(self, why: str) -> None:
        """It will end, for a reason that it cannot say itself."""
        self._why = self._why or why

    def watch_process(self, how: str) -> bool:
        """Watch for the end of the process without the zygote; False: there is no process to watch."""
        if self._pidfd < 0:
            return False
        asyncio.get_running_loop().add_reader(self._pidfd, self.end_process, how)
        return True

    def end_process(self, how: str) -> None:
        """Its process is gone."""
        if self._exit is None:
            self._exit = how
            self._settle()

    def _settle(self) -> None:
        """Once nothing can come any more: complete the log, and tell all who wait."""
        if not self._channel_ended or self._exit is None or self.ended.is_set():
            return
        self._why = self._why or f"its process ended unexpectedly ({self._exit})"
        if not self._told:
            self.log.append([encode_entry(self.log.end_seq + 1, self._now(), SandboxClosed(why=self._why))])
        self.log.close()
        for reply in self._replies.values():
            if not reply.done():
                reply.set_exception(self._gone())
                reply.exception()  # whoever asked may have left
        self._replies.clear()
        self.channel.close()
        if self._pidfd >= 0:
            asyncio.get_running_loop().remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = -1
        self.ended.set()

    def _now(self) -> int:
        """Now on the sandbox's clock (ns): its last event's time, and what has passed since that came in."""
        last = self.log.read(self.log.end_seq - 1) if self.log.end_seq else []
        t = _decode_line(last[0]).t if last else 0
        return t + int((time.monotonic() - self._last_line_at) * 1e9)


def _give_up(reply: asyncio.Future[Any]) -> None:
    if not reply.done():
        reply.set_exception(
            NoAnswerError(
                f"There was no answer within {ANSWER_SECONDS} seconds.", "The machine may be busy; try again."
            )
        )


def _forget_failure(reply: asyncio.Future[Any]) -> None:
    if not reply.cancelled():
        reply.exception()
