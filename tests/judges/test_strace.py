"""Against strace: the same programs, the same calls, arguments and results, thread by thread.

Each scenario runs twice: once caged and traced by us, once outside under ``strace -ff`` in the network namespaces
of another sandbox's hosts, as an ordinary user. Then the two logs are compared for equality, but for the list in
``differences.py``.
"""

from __future__ import annotations

import difflib
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import pytest

from server import events as ev
from server.inet.syscalls import TRACED
from server.sessions.sandboxes import Zygote
from tests.judges import outside
from tests.judges.differences import KNOWN, TIMERS, Difference, comparable
from tests.judges.strace_calls import Call, call_of
from tests.judges.strace_text import lines
from tests.laboratory import Laboratory, laboratory

Threads = dict[str, list[Call]]
"""``""`` is a program's first thread, ``"0"`` the first thread or process that it made, ``"0.1"`` …"""


class Running(Protocol):
    """A program of a scenario, on either side."""

    async def said(self, text: str) -> None: ...
    async def type(self, text: str, *, end: bool = False) -> None: ...
    async def ended(self) -> None: ...
    async def signal(self, name: str) -> None: ...
    def threads(self) -> Threads: ...


class Side(Protocol):
    """Where a scenario runs: inside under our tracer, or outside under strace."""

    async def start(self, host: str, *argv: str) -> Running: ...


Scenario = Callable[[Side], Awaitable[None]]


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

    async def said(self, text: str) -> None:
        def everything() -> str:
            return self.lab.output(self.pid) + self.lab.output(self.pid, "stderr")

        await self.lab.until(f"{self.pid} says {text!r}", lambda: text in everything())

    async def type(self, text: str, *, end: bool = False) -> None:
        await self.lab.type(self.pid, text, end=end)

    async def ended(self) -> None:
        await self.lab.exited(self.pid)

    async def signal(self, name: str) -> None:
        await self.lab.command("process.signal", pid=self.pid, signal=name)

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
                if event.name in ("exit", "exit_group"):
                    calls.setdefault(event.tid, []).append(Call(event.name, event.args, {"result": None}))
            elif isinstance(event, ev.SyscallReturned):
                entered, kind = open_calls.pop(event.call)
                calls.setdefault(event.tid, []).append(_call(entered, event, kind))
        return by_path(self.pid, calls)


def _first_fd(event: ev.SyscallEntered) -> int:
    return next((event.args[name] for name in ("fd", "out_fd", "oldfd", "epfd") if name in event.args), -1)


def _call(entered: ev.SyscallEntered, returned: ev.SyscallReturned, kind: str) -> Call:
    members = ("result", "error", "new_fd", "address", "bytes", "data", "values")
    result = {name: getattr(returned, name) for name in members if getattr(returned, name) is not None}
    child = returned.result if entered.name in ("clone", "fork", "vfork") and returned.result else 0
    fd = _first_fd(entered)
    return Call(entered.name, entered.args, result, kind or ("other" if fd >= 0 else ""), fd, child)


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
            "strace", "-ff", "-y", "-xx", "-s", "64", "-e", "signal=none", "-e", f"trace={','.join(TRACED)}",
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

    async def said(self, text: str) -> None:
        await self.program.said(text)

    async def type(self, text: str, *, end: bool = False) -> None:
        await self.program.type(text, end=end)

    async def ended(self) -> None:
        await self.program.ended()

    async def signal(self, name: str) -> None:
        os.kill(self.first(), getattr(signal, f"SIG{name}"))

    def first(self) -> int:
        """The pid of the program itself: the lowest of those that strace has seen."""
        return min(int(path.suffix[1:]) for path in self.out.parent.glob(f"{self.out.name}.*"))

    def threads(self) -> Threads:
        calls = {
            int(path.suffix[1:]): [call_of(line) for line in lines(path.read_text())]
            for path in self.out.parent.glob(f"{self.out.name}.*")
        }
        return by_path(self.first(), calls)


@asynccontextmanager
async def strace_side(zygote: Zygote) -> AsyncIterator[Outside]:
    """The outside, for one scenario; its files are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="socketlab-strace-") as folder:
        Path(folder).chmod(0o777)
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


# -- the comparison


async def judge(zygote: Zygote, scenario: Scenario, *more: Difference, any_order: bool = False) -> Threads:
    """Run a scenario on both sides and compare; returns what strace said of the first program.

    Args:
        zygote: Where sandboxes come from.
        scenario: What is done.
        more: Known differences of these programs, besides those that always hold.
        any_order: Processes that one process made are interchangeable: which of them the kernel wakes is its choice.
    """
    async with laboratory(zygote) as lab:
        inside = Inside(lab)
        await scenario(inside)
        ours = [program.threads() for program in inside.programs]
    async with strace_side(zygote) as side:
        await scenario(side)
        theirs = [program.threads() for program in side.programs]
    assert len(ours) == len(theirs)
    known = (*KNOWN, *more)
    for number, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
        told, judged = _told(mine, known, any_order), _told(other, known, any_order)
        unlike = [
            "\n".join(difflib.unified_diff(told.get(path, []), judged.get(path, []), "ours", "strace", lineterm="", n=2))
            for path in sorted({*told, *judged})
        ]
        assert told == judged, f"program {number}:\n" + "\n".join(unlike)
    return theirs[0]


def _told(threads: Threads, known: tuple[Difference, ...], any_order: bool) -> dict[str, list[str]]:
    """Each thread's calls as text, which pytest compares line by line."""
    told = {path: [f"{c.name} {_sorted(c.args)} -> {_sorted(c.result)}" for c in comparable(calls, known)]
            for path, calls in threads.items()}  # fmt: skip
    if not any_order:
        return told
    children = sorted(calls for path, calls in told.items() if path)
    return {"": told[""]} | {f"child {index}": calls for index, calls in enumerate(children)}


def _sorted(value: Any) -> Any:
    return {name: _sorted(value[name]) for name in sorted(value)} if isinstance(value, dict) else value


def names(threads: Threads, path: str = "") -> list[str]:
    """The names of a thread's calls."""
    return [call.name for call in threads[path]]


# -- scenarios


async def test_the_echo_server_with_three_clients(zygote: Zygote) -> None:
    async def scenario(side: Side) -> None:
        server = await side.start("server", "python3", "echo_server.py")
        await server.said("listening on")
        for host, text in (("client-a", "one\n"), ("client-b", "two\n"), ("client-a", "three\n")):
            client = await side.start(host, "python3", "echo_client.py", "10.0.0.4")
            await client.said("connected")
            await client.type(text)
            await client.said(f"echo: {text}")
            await client.type("", end=True)
            await client.ended()
            await server.said("goodbye 10.0.0." + {"client-a": "5", "client-b": "6"}[host])
        await server.signal("KILL")
        await server.ended()

    theirs = await judge(zygote, scenario)
    assert sorted(theirs) == ["", "0", "1", "2"]
    assert names(theirs).count("accept4") == 3
