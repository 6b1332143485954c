"""``socketlab trace``: the same engine without a browser.

Ordinary commands run on the hosts of one sandbox; their system calls, sockets and packets come out as one
merged timeline, or as the story of its beats. Standard input goes to the last command. At pace ``step`` it is the
person's instead: each line lets the moment that has waited longest go on, and its end lets everything go on.
"""

from __future__ import annotations

import argparse
import asyncio
import codecs
import concurrent.futures
import contextlib
import os
import shlex
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec

from server import commands as cmd
from server.catalogue import PROGRAMS
from server.cli.storyline import Storyline
from server.cli.timeline import Timeline
from server.errors import BadRequestError, SocketlabError
from server.events import decode_entry
from server.sessions import capture, recording
from server.sessions.client import SandboxClient
from server.sessions.door import Door, Visitor
from server.sessions.hosts import DEFAULT_HOSTS
from server.sessions.limits import limits_from
from server.shapes import Socket, State
from server.state import has_exited

_OVER = "the trace is over"
_USER = Visitor("terminal")

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
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="print one event a line instead of a timeline")
    output.add_argument(
        "--story", action="store_true", help="print what happens as sentences, a beat a line, instead of a timeline"
    )
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
    async with Door(limits_from().for_one_user()) as door:
        sandbox = SandboxClient(door, (await door.create(_USER, DEFAULT_HOSTS, arguments.pace)).id)
        with door.watch(sandbox.id):
            return await _trace_in(sandbox, starts, arguments, interrupted)


async def _trace_in(
    sandbox: SandboxClient, starts: list[cmd.ProcessStart], arguments: argparse.Namespace, interrupted: asyncio.Event
) -> int:
    async with asyncio.TaskGroup() as group:
        printer = group.create_task(_print(sandbox, _teller(arguments)))
        player = group.create_task(_play(sandbox, starts, arguments.pace))
        stopper = group.create_task(interrupted.wait())
        parts = (printer, player, stopper)
        await asyncio.wait(parts, timeout=arguments.seconds, return_when=asyncio.FIRST_COMPLETED)
        failure = player.result() if player.done() else None
        player.cancel()
        stopper.cancel()
        await sandbox.door.close(sandbox.id, _OVER)
    if not printer.result():
        raise BrokenPipeError
    if failure is not None:
        raise failure
    if (why := (await sandbox.status()).why) != _OVER:
        raise SocketlabError(f"The sandbox ended before the trace was over: {why}.")
    await _save(arguments, sandbox)
    return 130 if interrupted.is_set() else 0


async def _play(sandbox: SandboxClient, starts: list[cmd.ProcessStart], pace: str) -> SocketlabError | None:
    """Start the commands one after the other; return when the last one has ended, or with what went wrong."""
    pid = 0
    try:
        for number, start in enumerate(starts):
            if number:
                await _until_listening(sandbox, starts[number - 1].host, pid, pace)
            pid = (await sandbox.command(start))["pid"]
    except SocketlabError as error:
        return error
    take = _Release(sandbox) if pace == "step" else _Feed(sandbox, pid)
    loop = asyncio.get_running_loop()
    # A daemon: nothing can interrupt a read of standard input, and it must not keep the process from ending.
    threading.Thread(target=_read_input, args=(loop, take), daemon=True).start()
    await _until(sandbox, lambda state: has_exited(state, pid))
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(QUIET_MOST):
            await _until_quiet(sandbox, QUIET_SECONDS)
    return None


# What the log says


async def _until(sandbox: SandboxClient, true: Callable[[State], bool]) -> None:
    more = True
    while not true(state := await sandbox.state()) and more:
        more = await sandbox.wait(state["seq"])


async def _until_quiet(sandbox: SandboxClient, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        more = True
        while more:
            end = (await sandbox.status()).end_seq
            async with asyncio.timeout(seconds):
                more = await sandbox.wait(end)


async def _until_listening(sandbox: SandboxClient, host: str, pid: int, pace: str) -> None:
    """Return when somebody listens on the host, or after a second.

    At pace slow or step a program takes as long as its moments do, so there the second begins again
    with each event, and does not end while a moment waits.
    """

    def listens(state: State) -> bool:
        return any(_is_open(row) for row in state["sockets"].values() if row["host"] == host)

    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LISTEN_SECONDS) as limit:
            more = True
            while not listens(state := await sandbox.state()) and more:
                if pace != "live":
                    limit.reschedule(
                        asyncio.get_running_loop().time() + LISTEN_SECONDS if not state["moments"] else None
                    )
                more = await sandbox.wait(state["seq"])


def _is_open(row: Socket) -> bool:
    """Whether others can reach a socket: it listens, or it is a bound UDP socket."""
    bound_udp = row["protocol"] == "udp" and row["state"] == "UNCONNECTED" and not row["local"].endswith(":*")
    return row["state"] == "LISTEN" or bound_udp


# Standard input


class _Feed:
    """Gives standard input to one process."""

    def __init__(self, sandbox: SandboxClient, pid: int) -> None:
        self._sandbox = sandbox
        self._pid = pid
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    async def take(self, data: bytes) -> None:
        """Hand on what was read; nothing means the end."""
        text = self._decoder.decode(data, not data)
        await self._sandbox.command(cmd.ProcessInput(pid=self._pid, text=text, end=not data))


class _Release:
    """Lets one moment go on for each line of standard input, and all of them at its end."""

    def __init__(self, sandbox: SandboxClient) -> None:
        self._sandbox = sandbox

    async def take(self, data: bytes) -> None:
        """Release as many moments as there are lines; wait for one that is not there yet."""
        if not data:
            await self._sandbox.command(cmd.PaceSet(pace="live"))
        for _ in range(data.count(b"\n")):
            await _until(self._sandbox, lambda state: bool(state["moments"]))
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


def _teller(arguments: argparse.Namespace) -> Timeline | Storyline | None:
    """What makes lines of events; None: each event is its own line."""
    if arguments.json:
        return None
    colour = _wants_colour()
    return Storyline(colour=colour) if arguments.story else Timeline(colour=colour)


async def _print(sandbox: SandboxClient, teller: Timeline | Storyline | None) -> bool:
    """Print events as they come, up to the last; False: nobody reads them any more."""
    out = sys.stdout.buffer
    after = 0
    try:
        while await sandbox.wait(after):
            while lines := await sandbox.read(after):
                after += len(lines)
                if teller is None:
                    out.writelines(line + b"\n" for line in lines)
                else:
                    events = map(decode_entry, lines)
                    out.writelines(f"{text}\n".encode() for event in events for text in teller.lines(event))
            out.flush()
        if teller is not None:
            out.writelines(f"{text}\n".encode() for text in teller.rest())
        out.flush()
    except BrokenPipeError:
        return False
    return True


def _wants_colour() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


async def _save(arguments: argparse.Namespace, sandbox: SandboxClient) -> None:
    """Write the files that were asked for.

    Raises:
        BadRequestError: A file cannot be written.
    """
    try:
        if arguments.record is not None:
            with recording.open_new(arguments.record, "; ".join(text for _, text in arguments.on)) as file:
                async for lines in sandbox.door.lines(sandbox.id):
                    file.writelines(line + b"\n" for line in lines)
        if arguments.pcapng is not None:
            packets = capture.Capture()
            with arguments.pcapng.open("wb") as file:
                file.write(packets.begin())
                async for lines in sandbox.door.lines(sandbox.id):
                    file.write(packets.add(lines))
    except OSError as error:
        raise SocketlabError(f"{error.filename} cannot be written: {error.strerror}.", "Name another file.") from None
