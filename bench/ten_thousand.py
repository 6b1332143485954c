"""Row 4: 10,000 connections in one sandbox, every event delivered to one viewer, against the same programs untraced.

The untraced programs run in a network namespace of their own, over its loopback. The time is the same in both:
from the start of the client until the server has accepted the last connection; here it goes on until the viewer
has the last event as well. The viewer counts: no gap in ``seq``, 10,000 accepts, and 10,000 ESTABLISHED
connections (20,000 sockets) in the state.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable

from bench.measure import Line, Report, interleaved, median, megabytes, spread
from bench.processes import child, children, line, peak_bytes, python
from bench.serving import Entry, serving, viewing

TITLE = "connections in one sandbox"
_PORT = 7777
_MEGABYTES_REACH = 300
_SERVER, _CLIENT = "programs/many_server.py", "programs/many_client.py"
_QUIET_SECONDS = 0.5


async def run(quick: bool) -> Report:
    """Measure."""
    count, rounds = (500, 1) if quick else (10_000, 3)
    peaks: list[tuple[int, int]] = []
    facts: list[Facts] = []

    async def here() -> float:
        found = Facts(count)
        seconds = await found.measure()
        facts.append(found)
        peaks.append((found.server_bytes, found.sandbox_bytes))
        return seconds

    async def untraced() -> float:
        return await _untraced(count)

    values = await interleaved(rounds, {"here": here, "untraced": untraced})
    last = facts[-1]
    whole = [found.whole for found in facts]
    complete = all(found.accepts == count and found.established == 2 * count and not found.lost for found in facts)
    server, sandbox = (max(peak[side] for peak in peaks) for side in (0, 1))
    together = server + sandbox
    return Report(
        [
            Line(
                f"{count:,} {TITLE}",
                spread(values["here"]),
                f"untraced {spread(values['untraced'])}",
                median(values["here"]) / median(values["untraced"]),
            ),
            Line("… until the viewer has all", spread(whole)),
            Line("… events delivered", f"{last.events:,}", reach="none lost", met=complete),
            Line(
                "… memory at its peak: server + sandbox",
                f"{megabytes(server)} + {megabytes(sandbox)}",
                reach=f"under {_MEGABYTES_REACH} MB",
                met=together < _MEGABYTES_REACH * 1e6,
            ),
        ],
        [
            f"Checked in each run: seq without a gap, {last.accepts:,} accepts, {last.established:,} sockets "
            f"ESTABLISHED in the state, {last.lost} events observation.lost.",
            "Untraced: the same two programs over the loopback of one namespace; here over the wire, packet by packet.",
        ],
    )


class Facts:
    """One run in a sandbox, and what its viewer saw."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.accepts = self.established = self.lost = self.events = 0
        self.server_bytes = self.sandbox_bytes = 0
        self.whole = 0.0
        self._accepting: set[int] = set()
        self._output: dict[int, str] = {}
        self._started: dict[int, int] = {}
        self._said: dict[int, int] = {}
        self._arrival = 0

    def see(self, event: Entry, arrival: int) -> None:
        """Count one event."""
        self._arrival = arrival
        if event.type == "syscall.entered":
            if event.name in ("accept", "accept4"):
                self._accepting.add(event.call)
        elif event.type == "syscall.returned":
            if event.call in self._accepting:
                self._accepting.discard(event.call)
                self.accepts += event.error is None
        elif event.type == "process.started":
            self._started[event.pid] = event.t
        elif event.type == "process.output":
            self._output[event.pid] = self._output.get(event.pid, "") + event.text
            self._said[event.pid] = event.t
        elif event.type == "observation.lost":
            self.lost += 1

    def says(self, pid: int, word: str) -> bool:
        """Whether a program has printed this word."""
        return word in self._output.get(pid, "")

    async def measure(self) -> float:
        """Run; returns the seconds from the client's start until the server said that it had accepted all."""
        limits = {"SOCKETLAB_OPEN_FILES": str(self.count + 100), "SOCKETLAB_LOG_EVENTS": "5000000"}
        async with serving("--labs", "bench", environment=limits) as server:
            remote = server.create()
            words = (str(_PORT), str(self.count))
            async with viewing(remote, self.see) as viewer:
                accepting = await viewer.start("server", "python3", f"/labs/{_SERVER}", "10.0.0.4", *words)
                await viewer.until(lambda: self.says(accepting, "listening"))
                begin = time.monotonic_ns()
                connecting = await viewer.start("client-a", "python3", f"/labs/{_CLIENT}", "10.0.0.4", *words)
                await viewer.until(lambda: self.says(accepting, "accepted") and self.says(connecting, "connected"), 600)
                await self._quiet(viewer.until)
                self.whole = (self._arrival - begin) / 1e9
                self.events = viewer.count
                sockets = remote.state()["sockets"].values()
                self.established = sum(socket["state"] == "ESTABLISHED" for socket in sockets)
                zygote = children(server.pid)[0]
                self.server_bytes = peak_bytes(server.pid)
                self.sandbox_bytes = max(peak_bytes(pid) for pid in children(zygote))
            remote.delete()
        return (self._said[accepting] - self._started[connecting]) / 1e9

    async def _quiet(self, until: Callable[[Callable[[], bool], float], Awaitable[None]]) -> None:
        """Wait until nothing has come for a while: the socket table is read once more when the rest is done."""
        while True:
            seen = self._arrival
            try:
                await until(self._has_moved(seen), _QUIET_SECONDS)
            except TimeoutError:
                return

    def _has_moved(self, seen: int) -> Callable[[], bool]:
        return lambda: self._arrival != seen


async def _untraced(count: int) -> float:
    """The same two programs without us."""
    words = ("127.0.0.1", str(_PORT), str(count))
    inside = [sys.executable, "-m", "bench.namespace", python()]
    async with child([*inside, f"bench/{_SERVER}", *words]) as accepting:
        await line(accepting)
        begin = time.monotonic()
        net = ["nsenter", f"--user=/proc/{accepting.pid}/ns/user", f"--net=/proc/{accepting.pid}/ns/net"]
        async with child([*net, "--preserve-credentials", python(), f"bench/{_CLIENT}", *words]) as connecting:
            async with asyncio.timeout(120):
                await line(accepting)
            seconds = time.monotonic() - begin
            await line(connecting)
    return seconds
