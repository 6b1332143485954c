"""The two sides of a scenario: inside, under our tracer; and outside, under strace."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

from server import events as ev
from server.inet.syscalls import CALLS, NUMBERS, TRACED
from server.sandbox.confinement import Limits
from server.sessions.zygote import Zygote
from tests.judges import outside
from tests.judges.differences import REFUSED_INSIDE
from tests.judges.strace_calls import Call, call_of
from tests.judges.strace_text import lines
from tests.laboratory import Laboratory, laboratory

Threads = dict[str, list[Call]]
"""``""`` is a program's first thread, ``"0"`` the first thread or process that it made, ``"0.1"`` …"""
FILES = Limits().open_files
"""Programs such as redis ask how many files they may open, and act on it."""


class Running(Protocol):
    """A program of a scenario, on either side."""

    async def said(self, text: str, times: int = 1) -> None: ...
    async def type(self, text: str, *, end: bool = False) -> None: ...
    async def ended(self) -> None: ...
    async def signal(self, name: str) -> None: ...
    async def waits_in(self, call: str) -> None: ...
    async def alone(self) -> None: ...
    def threads(self) -> Threads: ...


class Side(Protocol):
    """Where a scenario runs: inside under our tracer, or outside under strace."""

    async def start(self, host: str, *argv: str) -> Running: ...


def by_path(first: int, calls: dict[int, list[Call]]) -> Threads:
    """Name threads by who made them and as which one, because their numbers mean nothing on the other side."""
    found: Threads = {}

    def walk(tid: int, path: str) -> None:
        found[path] = calls.get(tid, [])
        made = [call.child for call in found[path] if call.child]
        for index, child in enumerate(made):
            walk(child, f"{path}.{index}".lstrip("."))

    walk(first, "")
    return found


# -- inside, under our tracer


class Inside:
    """Programs in a sandbox."""

    def __init__(self, lab: Laboratory) -> None:
        self.lab = lab
        self.programs: list[Running] = []

    async def start(self, host: str, *argv: str) -> Running:
        program = Traced(self.lab, await self.lab.start(host, *argv))
        self.programs.append(program)
        return program


class Traced:
    """One program in a sandbox."""

    def __init__(self, lab: Laboratory, pid: int) -> None:
        self.lab = lab
        self.pid = pid

    async def said(self, text: str, times: int = 1) -> None:
        def everything() -> str:
            return self.lab.output(self.pid) + self.lab.output(self.pid, "stderr")

        await self.lab.until(f"{self.pid} says {text!r}", lambda: everything().count(text) >= times)

    async def type(self, text: str, *, end: bool = False) -> None:
        await self.lab.type(self.pid, text, end=end)

    async def ended(self) -> None:
        await self.lab.exited(self.pid)

    async def signal(self, name: str) -> None:
        await self.lab.command("process.signal", pid=self.pid, signal=name)

    async def waits_in(self, call: str) -> None:
        def waits() -> bool:
            calls = self.lab.state["processes"][str(self.pid)]["calls"]
            return call in [waiting["name"] for waiting in calls.values()]

        await self.lab.until(f"{self.pid} waits in {call}", waits)

    async def alone(self) -> None:
        def count(name: str) -> int:
            return len(self.lab.all(ev.SyscallEntered, pid=self.pid, name=name))

        await self.lab.until(f"{self.pid} has one thread", lambda: count("clone") == count("exit"))

    def threads(self) -> Threads:
        self.lab.catch_up()
        calls: dict[int, list[Call]] = {}
        open_calls: dict[int, tuple[ev.SyscallEntered, str]] = {}
        kinds: dict[tuple[int, int], str] = {}
        for event in self.lab.events:
            if isinstance(event, ev.FdOpened):
                kinds[event.pid, event.fd] = event.kind
            elif isinstance(event, ev.FdClosed):
                kinds.pop((event.pid, event.fd), None)
            elif isinstance(event, ev.SyscallEntered):
                kind = kinds.get((event.pid, _first_fd(event)), "")
                open_calls[event.call] = event, kind
                if not CALLS[event.name].returns:
                    calls.setdefault(event.tid, []).append(Call(event.name, event.args, {"result": None}))
            elif isinstance(event, ev.SyscallReturned):
                entered, kind = open_calls.pop(event.call)
                calls.setdefault(event.tid, []).append(_call(entered, event, kind))
        return by_path(self.pid, calls)


def _first_fd(event: ev.SyscallEntered) -> int:
    fds = CALLS[event.name].fds
    return event.args[fds[0].field] if fds else -1


def _call(entered: ev.SyscallEntered, returned: ev.SyscallReturned, kind: str) -> Call:
    members = ("result", "error", "new_fd", "address", "bytes", "data", "values")
    result = {name: getattr(returned, name) for name in members if getattr(returned, name) is not None}
    child = returned.result if CALLS[entered.name].makes == "process" and returned.result else 0
    fd = _first_fd(entered) if kind else -1  # of a number that points to nothing, strace says nothing either
    return Call(entered.name, entered.args, result, kind, fd, child)


# -- outside, under strace


class Outside:
    """Programs under strace, in the network namespaces of a sandbox's hosts."""

    def __init__(self, lab: Laboratory, folder: Path) -> None:
        self.lab = lab
        self.folder = folder
        self.anchors: dict[str, int] = {}
        self.programs: list[Running] = []

    async def start(self, host: str, *argv: str) -> Running:
        if host not in self.anchors:
            self.anchors[host] = await outside.anchor(self.lab, host)
        out = self.folder / f"{len(self.programs)}"
        program = await outside.Program.start(
            *outside.entering(self.anchors[host]), *outside.ordinary(),
            "prlimit", f"--nofile={FILES}:{FILES}",
            "strace", "-ff", "-y", "-xx", "-s", "64", "-e", "signal=none",
            "-e", f"trace={','.join((*TRACED, *REFUSED_INSIDE))}",
            *(f"--inject={name}:error={error}" for name, error in REFUSED_INSIDE.items()),
            "-o", str(out), "--", *argv,
        )  # fmt: skip
        watched = Watched(program, out)
        self.programs.append(watched)
        return watched


class Watched:
    """One program under strace."""

    def __init__(self, program: outside.Program, out: Path) -> None:
        self.program = program
        self.out = out

    async def said(self, text: str, times: int = 1) -> None:
        await self.program.said(text, times)

    async def type(self, text: str, *, end: bool = False) -> None:
        await self.program.type(text, end=end)

    async def ended(self) -> None:
        await self.program.ended()

    async def signal(self, name: str) -> None:
        os.kill(self.first(), getattr(signal, f"SIG{name}"))

    async def waits_in(self, call: str) -> None:
        numbers = {name: number for number, name in NUMBERS[os.uname().machine].items()}
        path = Path(f"/proc/{self.first()}/syscall")
        await _asked(lambda: path.read_text().startswith(f"{numbers[call]} "))

    async def alone(self) -> None:
        threads = Path(f"/proc/{self.first()}/task")
        await _asked(lambda: len(list(threads.iterdir())) == 1)

    def first(self) -> int:
        """The pid of the program itself: the lowest of those that strace has seen."""
        return min(int(path.suffix[1:]) for path in self.out.parent.glob(f"{self.out.name}.*"))

    def threads(self) -> Threads:
        calls = {
            int(path.suffix[1:]): [call_of(line) for line in lines(path.read_text()) if line.name not in REFUSED_INSIDE]
            for path in self.out.parent.glob(f"{self.out.name}.*")
        }
        return by_path(self.first(), calls)


async def _asked(true: Callable[[], bool]) -> None:
    """Ask the kernel again and again: of threads outside it tells nobody."""
    async with asyncio.timeout(outside.PATIENCE):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


@asynccontextmanager
async def strace_side(zygote: Zygote) -> AsyncIterator[Outside]:
    """The outside, for one scenario; its files are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="socketlab-strace-") as folder:
        os.chmod(folder, 0o777)
        async with laboratory(zygote) as lab:
            side = Outside(lab, Path(folder))
            try:
                yield side
            finally:
                for program in side.programs:
                    assert isinstance(program, Watched)
                    if program.program.process.returncode is None:
                        program.program.process.kill()
                        await program.program.process.wait()
                    program.program.close()
