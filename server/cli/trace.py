"""``socketlab trace``: the same engine without a browser.

Ordinary commands run on the hosts of one sandbox; their system calls, sockets and packets come out as one
merged timeline. Standard input goes to the last command. At pace ``step`` it is the person's instead:
each line lets the moment that has waited longest go on, and its end lets everything go on.
"""

from __future__ import annotations

import argparse
import asyncio
import codecs
import concurrent.futures
import contextlib
import os
import secrets
import shlex
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from server import commands as cmd
from server.catalogue import PROGRAMS
from server.cli.timeline import Timeline
from server.errors import BadRequestError, SocketlabError
from server.events import decode_entry
from server.sessions import capture, recording
from server.sessions.door import DEFAULT_HOSTS
from server.sessions.limits import limits_from
from server.sessions.log import Log
from server.sessions.sandboxes import Sandbox, Zygote
from server.state import Socket, State, has_exited

_OVER = "the trace is over"

LISTEN_SECONDS = 1.0
"""So long a command may take to listen before the next one starts anyway."""
QUIET_SECONDS = 0.1
"""After the last command has ended, the timeline goes on until nothing happened for so long, …"""
QUIET_MOST = 1.0
"""… but no longer than this."""


def prepare_parser(parser: argparse.ArgumentParser) -> None:
    """Describe the options."""
    parser.add_argument(
        "--on",
        nargs=2,
        action="append",
        required=True,
        metavar=("HOST", "COMMAND"),
        help="run a command on a host: server, client-a or client-b. A name from the catalogue "
        f"({', '.join(PROGRAMS)}) with arguments, or any command that is installed here",
    )
    parser.add_argument("--json", action="store_true", help="print one event a line instead of a timeline")
    parser.add_argument("--pcapng", type=Path, metavar="FILE", help="save every packet, for Wireshark")
    parser.add_argument("--record", type=Path, metavar="FILE", help="save the log, for `socketlab replay`")
    parser.add_argument("--pace", choices=("live", "slow", "step"), default="live", help="(%(default)s)")
    parser.add_argument("--seconds", type=float, metavar="S", help="end after S seconds")
    parser.add_argument(
        "--credentials",
        choices=("user", "admin"),
        help="what the commands may do: admin may bind ports below 1024 (default: what the catalogue says, or user)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Trace the commands; return when the last one has ended."""
    starts = [_start(host, text, arguments.credentials) for host, text in arguments.on]
    if arguments.seconds is not None and arguments.seconds <= 0:
        raise BadRequestError(f"--seconds is {arguments.seconds}.", "Give a number above 0.")
    for path in (arguments.pcapng, arguments.record):
        if path is not None and not path.absolute().parent.is_dir():
            raise BadRequestError(f"There is no folder {path.absolute().parent}.", "Make it first.")
    return asyncio.run(_trace(arguments, starts))


def _start(host: str, text: str, credentials: str | None) -> cmd.ProcessStart:
    hosts = [spec.name for spec in DEFAULT_HOSTS]
    if host not in hosts:
        raise BadRequestError(f"There is no host {host!r}.", f"The hosts are: {', '.join(hosts)}.")
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise BadRequestError(f"The command {text!r} cannot be split into words: {error}.") from None
    if not words:
        raise BadRequestError(f"The command for {host} is empty.", "Give one, such as --on server 'echo_server 7'.")
    program = PROGRAMS.get(words[0])
    wanted: dict[str, str] = {"credentials": credentials or (program.credentials if program else "user")}
    if program is None:
        return _checked({"command": "process.start", "host": host, "argv": words, **wanted})
    args = words[1:] or list(program.args)
    return _checked({"command": "process.start", "host": host, "program": words[0], "args": args, **wanted})


def _checked(document: dict[str, object]) -> cmd.ProcessStart:
    command = cmd.decode_command(msgspec.json.encode(document))
    assert isinstance(command, cmd.ProcessStart)
    return command


async def _trace(arguments: argparse.Namespace, starts: list[cmd.ProcessStart]) -> int:
    """Make the sandbox, play, print, and leave nothing behind, however it ends."""
    interrupted = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, interrupted.set)
    zygote = Zygote()
    try:
        limits = limits_from().for_sandbox()
        sandbox = await zygote.create(secrets.token_hex(5), DEFAULT_HOSTS, arguments.pace, limits)
        async with asyncio.TaskGroup() as group:
            printer = group.create_task(_print(sandbox.log, as_json=arguments.json))
            player = group.create_task(_play(sandbox, starts, arguments.pace))
            stopper = group.create_task(interrupted.wait())
            parts = (printer, player, stopper)
            await asyncio.wait(parts, timeout=arguments.seconds, return_when=asyncio.FIRST_COMPLETED)
            failure = player.result() if player.done() else None
            player.cancel()
            stopper.cancel()
            await sandbox.close(_OVER)
    finally:
        await zygote.close()
    if not printer.result():
        raise BrokenPipeError
    if failure is not None:
        raise failure
    if sandbox.why != _OVER:
        raise SocketlabError(f"The sandbox ended before the trace was over: {sandbox.why}.")
    _save(arguments, sandbox.log)
    return 130 if interrupted.is_set() else 0


async def _play(sandbox: Sandbox, starts: list[cmd.ProcessStart], pace: str) -> SocketlabError | None:
    """Start the commands one after the other; return when the last one has ended, or with what went wrong."""
    log, pid = sandbox.log, 0
    try:
        for number, start in enumerate(starts):
            if number:
                await _until_listening(log, starts[number - 1].host, pid, pace)
            pid = int((await sandbox.command(start))["pid"])
    except SocketlabError as error:
        return error
    take = _Release(sandbox) if pace == "step" else _Feed(sandbox, pid)
    loop = asyncio.get_running_loop()
    # A daemon: nothing can interrupt a read of standard input, and it must not keep the process from ending.
    threading.Thread(target=_read_input, args=(loop, take), daemon=True).start()
    await _until(log, lambda state: has_exited(state, pid))
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(QUIET_MOST):
            await _until_quiet(log, QUIET_SECONDS)
    return None


# What the log says


async def _until(log: Log, true: Callable[[State], bool]) -> None:
    while not true(state := await log.state()) and not log.closed:
        await log.wait(state["seq"])


async def _until_quiet(log: Log, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        while not log.closed:
            async with asyncio.timeout(seconds):
                await log.wait(log.end_seq)


async def _until_listening(log: Log, host: str, pid: int, pace: str) -> None:
    """Return when somebody listens on the host, or after a second.

    At pace slow or step a program takes as long as its moments do, so there the second begins anew
    with each event, and does not end while a moment waits.
    """

    def listens(state: State) -> bool:
        return any(_is_open(row) for row in state["sockets"].values() if row["host"] == host)

    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LISTEN_SECONDS) as limit:
            while not listens(state := await log.state()) and not log.closed:
                if pace != "live":
                    limit.reschedule(
                        asyncio.get_running_loop().time() + LISTEN_SECONDS if not state["moments"] else None
                    )
                await log.wait(state["seq"])


def _is_open(row: Socket) -> bool:
    """Whether others can reach a socket: it listens, or it is a bound UDP socket."""
    bound_udp = row["protocol"] == "udp" and row["state"] == "UNCONNECTED" and not row["local"].endswith(":*")
    return row["state"] == "LISTEN" or bound_udp


# Standard input


class _Feed:
    """Gives standard input to one process."""

    def __init__(self, sandbox: Sandbox, pid: int) -> None:
        self._sandbox = sandbox
        self._pid = pid
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    async def take(self, data: bytes) -> None:
        """Hand on what was read; nothing means the end."""
        text = self._decoder.decode(data, not data)
        await self._sandbox.command(cmd.ProcessInput(pid=self._pid, text=text, end=not data))


class _Release:
    """Lets one moment go on for each line of standard input, and all of them at its end."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def take(self, data: bytes) -> None:
        """Release as many moments as there are lines; wait for one that is not there yet."""
        if not data:
            await self._sandbox.command(cmd.PaceSet(pace="live"))
        for _ in range(data.count(b"\n")):
            await _until(self._sandbox.log, lambda state: bool(state["moments"]))
            await self._sandbox.command(cmd.MomentRelease())


def _read_input(loop: asyncio.AbstractEventLoop, taker: _Feed | _Release) -> None:
    """Read standard input in a thread, a piece at a time; each is taken before the next is read."""
    data = b"?"
    # RuntimeError: the loop is closed, the trace is over.
    with contextlib.suppress(SocketlabError, RuntimeError, concurrent.futures.CancelledError):
        while data:
            data = os.read(0, 16384) if _may_read() else b""
            asyncio.run_coroutine_threadsafe(taker.take(data), loop).result()


def _may_read() -> bool:
    """Not in the background of a terminal: there, reading would stop this process (SIGTTIN)."""
    try:
        return not os.isatty(0) or os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return False


# Output


async def _print(log: Log, *, as_json: bool) -> bool:
    """Print events as they come, up to the last; False: nobody reads them any more."""
    out = sys.stdout.buffer
    timeline = Timeline(colour=_wants_colour())
    after = 0
    try:
        while not log.closed or after < log.end_seq:
            lines = log.read(after)
            after += len(lines)
            if as_json:
                out.writelines(line + b"\n" for line in lines)
            else:
                out.writelines(f"{text}\n".encode() for line in lines for text in timeline.lines(decode_entry(line)))
            if after == log.end_seq:
                out.flush()
                await log.wait(after)
        out.writelines(f"{text}\n".encode() for text in timeline.rest())
        out.flush()
    except BrokenPipeError:
        return False
    return True


def _wants_colour() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _save(arguments: argparse.Namespace, log: Log) -> None:
    """Write the files that were asked for.

    Raises:
        BadRequestError: A file cannot be written.
    """
    try:
        if arguments.record is not None:
            recording.write(arguments.record, _all_lines(log), "; ".join(text for _, text in arguments.on))
        if arguments.pcapng is not None:
            arguments.pcapng.write_bytes(b"".join(capture.pcapng(log.entries())))
    except OSError as error:
        raise SocketlabError(f"{error.filename} cannot be written: {error.strerror}.", "Name another file.") from None


def _all_lines(log: Log) -> Iterator[bytes]:
    after = 0
    while lines := log.read(after):
        after += len(lines)
        yield from lines
