"""The client of the zygote: one per server, asked for sandboxes.

It is asked over a SOCK_SEQPACKET pair, with one end of a new channel attached; it answers with the process
id, and later that the process is gone (and with it, because that process is pid 1 of its namespace, every
process of the sandbox).
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import assert_never

import msgspec

from server.errors import KernelRefusedError, error_from
from server.events import Pace
from server.sandbox.confinement import Limits
from server.sandbox.messages import READY, Exited, Fork, Forked, HostSpec, News, NotForked, Ready
from server.sessions.sandbox import CLOSE_SECONDS, NoAnswerError, Sandbox

START_SECONDS = 20
"""So long a sandbox may take until it takes commands. It needs milliseconds; a machine may be very busy."""

_KEPT_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE")
_encode = msgspec.json.Encoder().encode
_decode_news = msgspec.json.Decoder(News).decode


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
        self._forked: dict[str, asyncio.Future[None]] = {}

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
        ready: asyncio.Future[Ready] = sandbox.expect(READY)
        self._sandboxes[sandbox_id] = sandbox
        try:
            async with asyncio.timeout(START_SECONDS):
                own = msgspec.convert(limits or {}, Limits)
                request = Fork(sandbox=sandbox_id, hosts=list(hosts), pace=pace, limits=own)
                await self._fork(sandbox, _encode(request))
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

    async def _fork(self, sandbox: Sandbox, request: bytes) -> None:
        """Ask for a sandbox's process, with one end of its channel; return when it is there."""
        loop = asyncio.get_running_loop()
        forked: asyncio.Future[None] = loop.create_future()
        self._forked[sandbox.id] = forked
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            ours.setblocking(False)
            try:
                await loop.create_connection(lambda: sandbox.channel, sock=ours)
            except BaseException:
                ours.close()
                raise
            await self._send(request, theirs.fileno())
        await forked

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
        sandbox.end_process("it never began")
        sandbox.channel.abort()

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
            self._zygote_ended()
            return
        news: News = _decode_news(data)
        sandbox = self._sandboxes.get(news.sandbox)
        if sandbox is None:
            return
        forked = self._forked.pop(sandbox.id, None)
        match news:
            case Forked():
                sandbox.begin(news.pid, _pidfd(news.pid))
                if forked is not None and not forked.done():
                    forked.set_result(None)
                else:
                    sandbox.kill()  # whoever asked for it has left
            case NotForked():
                if forked is not None and not forked.done():
                    forked.set_exception(error_from(news.problem))
            case Exited():
                del self._sandboxes[sandbox.id]
                sandbox.end_process(_how(news))
            case _:
                assert_never(news)

    def _zygote_ended(self) -> None:
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
        for sandbox in sandboxes.values():
            sandbox.will_end("the process that starts the sandboxes ended")
            if not sandbox.watch_process("killed with the zygote"):
                self._drop(sandbox)

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
