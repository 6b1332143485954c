"""A real sandbox for tests: real zygote, real namespaces, real programs; and waiting without sleeping.

``Laboratory`` speaks to a sandbox as the server does, and folds its log as it grows. ``until`` waits for
the log to say something, never for time to pass; a test that waits in vain fails with the last events.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from server import events as ev
from server.commands import decode_command
from server.sandbox.messages import HostSpec
from server.sessions.limits import limits_from
from server.sessions.sandbox import Sandbox
from server.sessions.zygote import Zygote
from server.state import fold, initial

DEFAULT_HOSTS = {"server": ["10.0.0.4/24"], "client-a": ["10.0.0.5/24"], "client-b": ["10.0.0.6/24"]}
PATIENCE = 60.0
"""Seconds for what comes at once on a machine with nothing else to do."""

_numbers = itertools.count(1)


class Laboratory:
    """One sandbox and its log so far."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.events: list[ev.Event] = []
        self.state: dict[str, Any] = initial()

    async def command(self, command: str, **fields: Any) -> dict[str, Any]:
        """Carry out one command; raises what the sandbox refuses with."""
        return await self.sandbox.command(decode_command(msgspec.json.encode({"command": command, **fields})))

    async def start(self, host: str, *argv: str, admin: bool = False) -> int:
        """Start a command on a host; returns its pid."""
        credentials = "admin" if admin else "user"
        return (await self.command("process.start", host=host, argv=list(argv), credentials=credentials))["pid"]

    async def python(self, host: str, code: str, *arguments: str, admin: bool = False) -> int:
        """Start a Python program given as text."""
        return await self.start(host, "python3", "-c", code, *arguments, admin=admin)

    async def type(self, pid: int, text: str, *, end: bool = False) -> None:
        """Give a program text on its standard input."""
        await self.command("process.input", pid=pid, text=text, end=end)

    def catch_up(self) -> None:
        """Fold what the log has by now."""
        while lines := self.sandbox.log.read(len(self.events), 10_000):
            for line in lines:
                event = ev.decode_entry(line)
                self.events.append(event)
                fold(self.state, event)

    async def until(self, what: str, true: Callable[[], Any], patience: float = PATIENCE) -> Any:
        """Wait until ``true()`` is; it is asked whenever the log has grown. Returns what it returned."""
        try:
            async with asyncio.timeout(patience):
                while True:
                    self.catch_up()
                    value = true()
                    if value:
                        return value
                    await self.sandbox.log.wait(len(self.events))
        except TimeoutError:
            tail = "\n".join(str(event)[:300] for event in self.events[-25:])
            raise AssertionError(f"Never happened: {what}. The log ends with:\n{tail}") from None

    async def seen(self, kind: type[ev._Event], **fields: Any) -> Any:
        """Wait for the first event of a kind with these fields."""

        def found() -> ev.Event | None:
            return next((e for e in self.events if isinstance(e, kind) and has(e, fields)), None)

        return await self.until(f"{kind.__name__} {fields}", found)

    async def exited(self, pid: int) -> ev.ProcessExited:
        """Wait until a process has ended."""
        return await self.seen(ev.ProcessExited, pid=pid)

    def all(self, kind: type[ev._Event], **fields: Any) -> list[Any]:
        """The events of a kind with these fields, so far."""
        self.catch_up()
        return [e for e in self.events if isinstance(e, kind) and has(e, fields)]

    def output(self, pid: int, stream: str = "stdout") -> str:
        """What a process has written so far."""
        return "".join(e.text for e in self.all(ev.ProcessOutput, pid=pid, stream=stream))

    def sockets(self, host: str, **fields: Any) -> list[dict[str, Any]]:
        """The socket rows of a host with these fields, now."""
        self.catch_up()
        rows = (row for row in self.state["sockets"].values() if row["host"] == host)
        return [row for row in rows if all(row.get(name) == value for name, value in fields.items())]

    async def listening(self, host: str, port: int) -> dict[str, Any]:
        """Wait until something listens on a port."""

        def found() -> dict[str, Any] | None:
            rows = self.sockets(host, state="LISTEN")
            return next((row for row in rows if row["local"].endswith(f":{port}")), None)

        return await self.until(f"{host} listens on {port}", found)

    async def release(self, kind: str, name: str = "") -> dict[str, Any]:
        """In step pace: wait for a moment of this kind (and call, or TCP flags) and let it go on."""

        def found() -> dict[str, Any] | None:
            for moment in self.state["moments"].values():
                if moment["kind"] == kind and name in ("", self.name_of(moment)):
                    return moment
            return None

        moment = await self.until(f"a moment {kind} {name}", found)
        await self.command("moment.release", moment=moment["moment"])
        return moment

    async def step_to(self, pid: int, name: str) -> dict[str, Any]:
        """In step pace: let a process's calls enter until it is about to enter ``name``; returns that moment."""

        def found() -> dict[str, Any] | None:
            for moment in self.state["moments"].values():
                if moment["kind"] == "syscall" and self.entered(moment["call"]).pid == pid:
                    return moment
            return None

        while True:
            moment = await self.until(f"process {pid} is about to enter {name}", found)
            if self.name_of(moment) == name:
                return moment
            await self.command("moment.release", moment=moment["moment"])
            self.catch_up()

    def entered(self, call: int) -> ev.SyscallEntered:
        """The event of a call's entry."""
        return next(e for e in self.events if isinstance(e, ev.SyscallEntered) and e.call == call)

    def name_of(self, moment: dict[str, Any]) -> str:
        """A moment's call, or its packet's flags."""
        if moment["kind"] == "packet":
            return ",".join(self.state["packets"][str(moment["packet"])]["flags"])
        return self.entered(moment["call"]).name


def has(event: ev.Event, fields: dict[str, Any]) -> bool:
    """Whether an event has all of these fields."""
    return all(getattr(event, name) == value for name, value in fields.items())


@asynccontextmanager
async def laboratory(
    zygote: Zygote,
    hosts: dict[str, Sequence[str]] | None = None,
    pace: ev.Pace = "live",
    **limits: int,
) -> AsyncIterator[Laboratory]:
    """A sandbox for the time of a ``with``."""
    specs = [HostSpec(name=name, addresses=list(addresses)) for name, addresses in (hosts or DEFAULT_HOSTS).items()]
    values = limits_from({}).for_sandbox() | limits
    sandbox = await zygote.create(f"test-{next(_numbers)}", specs, pace, values)
    try:
        yield Laboratory(sandbox)
    finally:
        await sandbox.close("the test is over")
