"""Row 7: how many sandboxes sit side by side, each with one server and two clients that wait; what each costs.

Made and commanded over HTTP through the served lab, as people would. Memory is PSS: what processes share is
counted in parts. Processor time is that of the server, the zygote, all sandboxes and all programs together.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from bench.measure import Line, Report, median, megabytes, spread
from bench.measure import time as in_unit
from bench.processes import children, cpu_seconds, descendants, proportional_bytes
from bench.serving import Remote, Server, serving

TITLE = "idle sandboxes, one server and two clients each"
_REACH = 100


async def run(quick: bool) -> Report:
    """Measure."""
    count, watched_seconds = (5, 3.0) if quick else (110, 20.0)
    limits = {
        f"SOCKETLAB_{name}": str(count) for name in ("SANDBOXES", "SANDBOXES_PER_VISITOR", "SANDBOXES_PER_ADDRESS")
    }
    made: list[float] = []
    async with serving(environment=limits) as server:
        remotes = [await _furnished(server, made) for _ in range(count)]
        before = _memory_of_server(server)
        used, seconds = await _idle_seconds(server, watched_seconds)
        zygote = children(server.pid)[0]
        sandboxes = children(zygote)
        sandbox_bytes = [proportional_bytes(pid) for pid in sandboxes]
        program_bytes = [[proportional_bytes(program) for program in descendants(pid)] for pid in sandboxes]
        connected = [_established(remote) for remote in remotes]
    alive = sum(established == 4 for established in connected)
    lines = [
        Line(TITLE, f"{alive}", reach=f"at least {_REACH}", met=None if quick else alive >= _REACH),
        Line("… made over HTTP", spread(made, "ms")),
        Line("… processor time of all while idle", f"{used / seconds:.1%} of one processor"),
    ]
    notes = [f"Idle for {seconds:.0f} s: {in_unit(used, 's')} of processor time, {_per_sandbox(used, seconds, count)}."]
    if None in sandbox_bytes or any(None in row for row in program_bytes):
        notes.append("Memory is not told: only root may read the PSS of a sandbox's processes.")
    else:
        of_programs = [sum(size or 0 for size in row) for row in program_bytes]
        of_sandboxes = [size or 0 for size in sandbox_bytes]
        lines[1:1] = [
            Line("… memory each (PSS): sandbox process", megabytes(median(of_sandboxes))),
            Line("… memory each (PSS): its three programs", megabytes(median(of_programs))),
        ]
        programs = {len(row) for row in program_bytes}
        notes.append(
            f"All together {megabytes(sum(of_sandboxes) + sum(of_programs))}; the server {megabytes(before)}. "
            f"Programs per sandbox: {', '.join(map(str, sorted(programs)))}."
        )
    return Report(lines, notes)


async def _furnished(server: Server, made: list[float]) -> Remote:
    """A sandbox whose clients have connected to its server."""
    start = time.perf_counter()
    remote = server.create()
    made.append(time.perf_counter() - start)
    remote.command("process.start", host="server", program="echo_server", args=["7777"])
    await _until(lambda: any(socket["state"] == "LISTEN" for socket in _sockets(remote)))
    for host in ("client-a", "client-b"):
        remote.command("process.start", host=host, program="echo_client", args=["10.0.0.4", "7777"])
    await _until(lambda: _established(remote) == 4)
    return remote


async def _until(true: Callable[[], bool], seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 (it is asked over HTTP, which tells nobody when it changes)
            await asyncio.sleep(0.01)


def _sockets(remote: Remote) -> list[dict[str, str]]:
    return list(remote.state()["sockets"].values())


def _established(remote: Remote) -> int:
    return sum(socket["state"] == "ESTABLISHED" for socket in _sockets(remote))


async def _idle_seconds(server: Server, wait: float) -> tuple[float, float]:
    """Processor time that the server and everything below it used, and in how many seconds."""
    pids = [server.pid, *descendants(server.pid)]
    before, start = sum(map(cpu_seconds, pids)), time.monotonic()
    await asyncio.sleep(wait)
    return sum(map(cpu_seconds, pids)) - before, time.monotonic() - start


def _memory_of_server(server: Server) -> int:
    return proportional_bytes(server.pid) or 0


def _per_sandbox(used: float, seconds: float, count: int) -> str:
    return f"{used / seconds / count * 1e3:.2f} ms per second and sandbox"
