"""Ordinary commands of this machine, run from outside in the network namespace of a sandbox's host.

Nothing of ours stands between them and the kernel: no isolation, no tracer, no seccomp filter. They see the same
addresses and speak over the same wire, so that what a judge says can be compared with what our log says.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import termios
from pathlib import Path

from server import events as ev
from server.sandbox.spawn import ENVIRONMENT
from tests.laboratory import Laboratory

PROGRAMS = Path(__file__).parents[2] / "labs" / "programs"
NOBODY = 65534
PATIENCE = 60.0


async def anchor(lab: Laboratory, host: str) -> int:
    """Keep a process on a host whose namespace can be entered; returns its pid here, outside."""
    inner = await lab.start(host, "cat")
    await lab.seen(ev.ProcessStarted, pid=inner)
    return outer_pid(lab, inner)


def outer_pid(lab: Laboratory, inner: int) -> int:
    """The pid outside of a process that has the pid ``inner`` in its sandbox."""
    own = lab.sandbox.pid
    waiting = Path(f"/proc/{own}/task/{own}/children").read_text().split()
    while waiting:
        pid = waiting.pop()
        fields = Path(f"/proc/{pid}/status").read_text().splitlines()
        numbers = next(line for line in fields if line.startswith("NSpid:")).split()
        if int(numbers[-1]) == inner:
            return int(pid)
        waiting += Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    raise AssertionError(f"process {inner} of the sandbox is no descendant of {own}")


def entering(anchor_pid: int) -> list[str]:
    """The words before a command that shall run in the anchor's network namespace."""
    if os.geteuid() == 0:
        return ["nsenter", f"--net=/proc/{anchor_pid}/ns/net"]
    return ["nsenter", f"--target={anchor_pid}", "--user", "--preserve-credentials", "--net"]


def ordinary() -> list[str]:
    """The words before a command that shall run as an ordinary user."""
    if os.geteuid() != 0:
        return []
    return [
        "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--inh-caps=-all", "--no-new-privs",
    ]  # fmt: skip


def reachable(program: str) -> str:
    """Where a program is that an ordinary user can execute too; what runs the tests may lie in somebody's home."""
    for folder in ENVIRONMENT["PATH"].split(":"):
        path = Path(folder, program)
        above = [path.resolve(), *path.resolve().parents, *path.parents]
        if path.exists() and (os.geteuid() != 0 or all(each.stat().st_mode & 0o001 for each in above)):
            return str(path)
    raise AssertionError(f"there is no {program} for everybody")


def run(anchor_pid: int, *argv: str) -> str:
    """Run a command to its end with all rights in the anchor's network namespace; returns its output."""
    done = subprocess.run([*entering(anchor_pid), *argv], capture_output=True, text=True, check=True, timeout=PATIENCE)
    return done.stdout


class Program:
    """A program that runs outside, with the standard streams that a sandbox would give it."""

    def __init__(self, process: asyncio.subprocess.Process, terminal: int) -> None:
        self.process = process
        self.output = ""
        self._terminal = terminal
        self._grown = asyncio.Event()
        asyncio.get_running_loop().add_reader(terminal, self._read)

    @classmethod
    async def start(cls, *argv: str) -> Program:
        """Start a command in the folder of our programs, with the environment that programs have inside."""
        ours, theirs = os.openpty()
        attributes = termios.tcgetattr(theirs)
        attributes[1] &= ~termios.OPOST
        attributes[3] &= ~(termios.ECHO | termios.ICANON | termios.ISIG)
        termios.tcsetattr(theirs, termios.TCSANOW, attributes)
        os.set_blocking(ours, False)
        try:
            process = await asyncio.create_subprocess_exec(
                *argv,
                stdin=asyncio.subprocess.PIPE,
                stdout=theirs,
                stderr=theirs,
                cwd=PROGRAMS,
                env=ENVIRONMENT,
                start_new_session=True,
            )
        finally:
            os.close(theirs)
        return cls(process, ours)

    async def said(self, text: str, times: int = 1) -> None:
        """Wait until its output holds ``text`` so many times."""
        try:
            async with asyncio.timeout(PATIENCE):
                while self.output.count(text) < times:
                    self._grown.clear()
                    await self._grown.wait()
        except TimeoutError:
            raise AssertionError(f"Never said {text!r}, but: {self.output}") from None

    async def type(self, text: str, *, end: bool = False) -> None:
        """Give it text on its standard input."""
        assert self.process.stdin is not None
        self.process.stdin.write(text.encode())
        await self.process.stdin.drain()
        if end:
            self.process.stdin.close()

    async def ended(self) -> None:
        """Wait for its end."""
        async with asyncio.timeout(PATIENCE):
            await self.process.wait()

    def close(self) -> None:
        """Let go of its terminal."""
        if self._terminal >= 0:
            asyncio.get_running_loop().remove_reader(self._terminal)
            os.close(self._terminal)
            self._terminal = -1

    def _read(self) -> None:
        with contextlib.suppress(BlockingIOError):
            try:
                chunk = os.read(self._terminal, 65536)
            except OSError as error:
                if isinstance(error, BlockingIOError):
                    raise
                chunk = b""  # EIO: nobody has the terminal open any more
            if not chunk:
                self.close()
            self.output += chunk.decode(errors="replace")
            self._grown.set()
