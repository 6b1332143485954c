"""The clients of the processes below: one zygote per server, and one process per sandbox.

Both speak only messages. The zygote is asked for a sandbox over a SOCK_SEQPACKET pair, with one end
of a new channel attached; it answers with the process id, and later that the process is gone (and
with it, because that process is pid 1 of its namespace, every process of the sandbox). Over the
channel (SOCK_STREAM, one JSON object a line) events and replies come up and commands go down.

A sandbox has ended when two things are true: its channel is at its end, so that no event can be lost,
and its process is gone. If it could not say ``sandbox.closed`` itself, the server says it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, assert_never, cast

import msgspec

from server.commands import CommandOf, HostResult
from server.errors import GoneError, KernelRefusedError, Problem, SocketlabError
from server.events import Pace, SandboxClosed, encode_entry
from server.sandbox.confinement import Limits
from server.sandbox.messages import READY, Close, Exited, Fork, Forked, HostSpec, News, NotForked, Ready, Refused, Reply
from server.sessions.log import Log
from server.sessions.viewers import Viewers

START_SECONDS = 20
"""So long a sandbox may take until it takes commands. It needs milliseconds; a machine may be very busy."""
ANSWER_SECONDS = 30
"""So long a sandbox may take to answer a command."""
CLOSE_SECONDS = 3
"""So long a sandbox may take to end by itself; then it is killed."""

_KEPT_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE")
_ERRORS = {kind.status: kind for kind in SocketlabError.__subclasses__()}
_encode = msgspec.json.Encoder().encode


class _Line(msgspec.Struct, frozen=True):
    """As much of a line of the log as the server reads itself, whatever event it is."""

    t: int = 0
    why: str = "it was closed"


_decode_line = msgspec.json.Decoder(_Line).decode
_decode_news = msgspec.json.Decoder(News).decode
_decode_reply = msgspec.json.Decoder(Reply).decode

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
        self._transport: asyncio.WriteTransport | None = None
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
            asyncio.get_running_loop().add_reader(self._pidfd, self._end_process, "SIGKILL")

    def _send(self, order: CommandOf[object] | Close) -> asyncio.Future[Any]:
        assert self._transport is not None
        self._last_ref += 1
        reply = self._expect(self._last_ref)
        self._transport.write(b'{"ref":%d,"order":%b}\n' % (self._last_ref, _encode(order)))
        return reply

    def _expect(self, ref: int) -> asyncio.Future[Any]:
        reply: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._replies[ref] = reply
        return reply

    def _gone(self) -> GoneError:
        return GoneError(f"Sandbox {self.id} has ended: {self._why}.", "Start a new one; the log can still be read.")

    # What comes up

    def _add_lines(self, lines: list[bytes]) -> None:
        self.log.append(lines)
        self._last_line_at = time.monotonic()
        if b'"type":"sandbox.closed"' in lines[-1][:80]:
            self._told = True
            self._why = self._why or _decode_line(lines[-1]).why

    def _add_reply(self, line: bytes) -> None:
        message: Reply = _decode_reply(line)
        reply = self._replies.pop(message.ref, None)
        if reply is None or reply.done():
            return
        if isinstance(message, Refused):
            reply.set_exception(error_from(message.problem))
        else:
            reply.set_result(message.result)

    def _end_channel(self) -> None:
        self._channel_ended = True
        self._settle()

    def _end_process(self, how: str) -> None:
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
        if self._transport is not None:
            self._transport.close()
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


def error_from(problem: Problem) -> SocketlabError:
    """The error that a problem document of a process below tells of."""
    kind = _ERRORS.get(problem["status"], SocketlabError)
    return kind(problem["detail"], problem.get("hint", ""))


def _forget_failure(reply: asyncio.Future[Any]) -> None:
    if not reply.cancelled():
        reply.exception()


class _Channel(asyncio.Protocol):
    """Cuts what a sandbox sends into lines, and hands runs of event lines on at once."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._rest = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transport is one in all but its class.
        self._transport = cast("asyncio.Transport", transport)
        self._sandbox._transport = self._transport

    def data_received(self, data: bytes) -> None:
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        run: list[bytes] = []
        try:
            for line in lines:
                if line.startswith(b'{"seq":'):
                    run.append(line)
                else:
                    if run:
                        self._sandbox._add_lines(run)
                        run = []
                    self._sandbox._add_reply(line)
            if run:
                self._sandbox._add_lines(run)
        except (ValueError, msgspec.DecodeError) as error:
            # A process that breaks the protocol cannot be trusted to keep order: end it, and say why.
            self._sandbox._why = self._sandbox._why or f"its process sent what no one understands ({error})"
            self._sandbox.kill()
            if self._transport is not None:
                self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._sandbox._end_channel()


class Zygote:
    """The pre-loaded process that forks sandboxes; started when first needed, and again if it ends.

    Args:
        labs: The folder that sandboxes see as ``/labs``; the one that came along if None.
    """

    def __init__(self, labs: Path | None = None) -> None:
        self._labs = [] if labs is None else [str(labs)]
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._sandboxes: dict[str, Sandbox] = {}
        self._forked: dict[str, asyncio.Future[int]] = {}

    @property
    def pid(self) -> int:
        """The process id of the zygote that runs now; 0 if none does."""
        return self._process.pid if self._process is not None else 0

    def start(self) -> None:
        """Start the zygote unless it runs; it pre-loads while the server goes on."""
        if self._control is not None:
            return
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            ours.setblocking(False)
            # Its own session: Ctrl+C at the terminal is for the server, which then ends the sandboxes in order.
            # -P: a folder named "server" in the working directory must not be taken for ours.
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "server.sandbox.zygote", str(theirs.fileno()), *self._labs],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env={name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ},
                start_new_session=True,
            )
        self._control = ours
        asyncio.get_running_loop().add_reader(ours, self._read_control)

    async def create(
        self,
        sandbox_id: str,
        hosts: Sequence[HostSpec],
        pace: Pace = "live",
        limits: Mapping[str, int] | None = None,
    ) -> Sandbox:
        """Make a sandbox and wait until it takes commands.

        Raises:
            SocketlabError: It could not be made; nothing of it is left.
        """
        self.start()
        sandbox = Sandbox(sandbox_id)
        ready: asyncio.Future[Ready] = sandbox._expect(READY)
        self._sandboxes[sandbox_id] = sandbox
        try:
            async with asyncio.timeout(START_SECONDS):
                own = msgspec.convert(limits or {}, Limits)
                request = Fork(sandbox=sandbox_id, hosts=list(hosts), pace=pace, limits=own)
                sandbox.pid = await self._fork(sandbox, _encode(request))
                sandbox.hosts = (await ready)["hosts"]
        except BaseException as error:
            ready.cancel()
            if sandbox.pid:
                sandbox.kill()
                await sandbox.ended.wait()
            else:
                self._drop(sandbox)
            if isinstance(error, TimeoutError):
                raise NoAnswerError(f"The sandbox was not ready within {START_SECONDS} seconds.") from None
            if isinstance(error, OSError):
                raise _no_zygote(str(error)) from None
            raise
        return sandbox

    async def _fork(self, sandbox: Sandbox, request: bytes) -> int:
        """Ask for a sandbox's process, with one end of its channel; returns its pid."""
        loop = asyncio.get_running_loop()
        forked: asyncio.Future[int] = loop.create_future()
        self._forked[sandbox.id] = forked
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            ours.setblocking(False)
            try:
                await loop.create_connection(lambda: _Channel(sandbox), sock=ours)
            except BaseException:
                ours.close()
                raise
            await self._send(request, theirs.fileno())
        return await forked

    async def close(self) -> None:
        """End all sandboxes, then the zygote; return when none of their processes is left."""
        async with asyncio.TaskGroup() as group:
            for sandbox in list(self._sandboxes.values()):
                group.create_task(sandbox.close("the server ends"))
        process = self._process
        if process is None:
            return
        self._let_go()
        await asyncio.to_thread(_reap, process)

    def _drop(self, sandbox: Sandbox) -> None:
        """Forget a sandbox of whose process nothing is known; if it is made yet, it ends with its channel."""
        self._sandboxes.pop(sandbox.id, None)
        self._forked.pop(sandbox.id, None)
        sandbox._end_process("it never began")
        if sandbox._transport is not None:
            sandbox._transport.abort()

    async def _send(self, message: bytes, fd: int) -> None:
        while True:
            if self._control is None:
                raise BrokenPipeError("the zygote has ended")
            try:
                socket.send_fds(self._control, [message], [fd])
                return
            except BlockingIOError:
                await asyncio.sleep(0.005)

    def _read_control(self) -> None:
        assert self._control is not None
        try:
            data = self._control.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._mourn()
            return
        news: News = _decode_news(data)
        sandbox = self._sandboxes.get(news.sandbox)
        if sandbox is None:
            return
        forked = self._forked.pop(sandbox.id, None)
        match news:
            case Forked():
                sandbox._pidfd = _pidfd(news.pid)
                if forked is not None and not forked.done():
                    forked.set_result(news.pid)
                else:
                    sandbox.pid = news.pid
                    sandbox.kill()  # whoever asked for it has left
            case NotForked():
                if forked is not None and not forked.done():
                    forked.set_exception(error_from(news.problem))
            case Exited():
                del self._sandboxes[sandbox.id]
                sandbox._end_process(_how(news))
            case _:
                assert_never(news)

    def _mourn(self) -> None:
        """The zygote is gone, and the kernel kills its sandboxes with it: wait for each, and say so."""
        process, sandboxes = self._process, self._sandboxes
        forked, self._sandboxes, self._forked = self._forked, {}, {}
        self._let_go()
        code = None
        if process is not None:
            process.kill()  # it has ended, or has closed its side and is of no use any more
            code = process.wait()
        for reply in forked.values():
            if not reply.done():
                reply.set_exception(_no_zygote(f"it ended with code {code}"))
        loop = asyncio.get_running_loop()
        for sandbox in sandboxes.values():
            sandbox._why = sandbox._why or "the process that starts the sandboxes ended"
            if sandbox._pidfd < 0:
                self._drop(sandbox)
            else:
                loop.add_reader(sandbox._pidfd, sandbox._end_process, "killed with the zygote")

    def _let_go(self) -> None:
        if self._control is not None:
            asyncio.get_running_loop().remove_reader(self._control)
            self._control.close()
        self._control = self._process = None


def _pidfd(pid: int) -> int:
    try:
        return os.pidfd_open(pid)
    except OSError:  # it has ended already; the zygote will say so
        return -1


def _how(exited: Exited) -> str:
    return f"exit code {exited.code}" if exited.signal is None else signal.Signals(exited.signal).name


def _reap(process: subprocess.Popen[bytes]) -> int:
    """Wait for a zygote that has been told to end; kill it if it does not."""
    try:
        return process.wait(CLOSE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def _no_zygote(why: str) -> KernelRefusedError:
    return KernelRefusedError(
        f"The process that starts the sandboxes did not do its work: {why}.",
        "Run `socketlab doctor` to see what this machine does not allow.",
    )
