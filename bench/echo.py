"""Row 2: traced echo round trips, against strace on the same program and for the same calls.

The program has two threads and one connection on 127.0.0.1 and times its round trips itself, so that the start
of an interpreter is not in the number. The first line is the tracer alone (``follow.py``); the second is
everything: a sandbox of the served lab, calls, descriptors, sockets and loopback packets decoded, logged and
delivered to one viewer over its WebSocket, while strace writes to /dev/null.

strace's own time depends on where the kernel puts it: on another processor than the program it is about twice
as slow. A sandbox is always kept on one processor. So strace is measured as it comes and kept on one; and
ours again with server and viewer squeezed onto the sandbox's processor as well.
"""

from __future__ import annotations

import resource
import sys
from collections import defaultdict

from bench.measure import Line, Report, Subject, interleaved, median, spread
from bench.processes import ROOT, children, cpu_seconds, on_one_processor, output, python
from bench.serving import Entry, Server, serving, viewing
from server.inet.syscalls import TRACED

TITLE = "traced echo round trips"
_PROGRAM = "programs/round_trips.py"
_STRACE = ("strace", "-f", "--seccomp-bpf", "-e", f"trace={','.join(f'?{name}' for name in TRACED)}", "-o", "/dev/null")


async def run(quick: bool) -> Report:
    """Measure."""
    count, rounds = (300, 2) if quick else (3000, 7)
    command = (python(), str(ROOT / "bench" / _PROGRAM), str(count))
    one = on_one_processor()
    late: list[float] = []
    spent: dict[tuple[str, ...], list[float]] = defaultdict(list)
    events = 0

    def alone(*before: str) -> Subject:
        async def once() -> float:
            start = _of_children()
            seconds = float((await output([*before, *command])).split()[0])
            spent[before].append(_of_children() - start)
            return seconds

        return once

    def watched(server: Server) -> Subject:
        async def once() -> float:
            nonlocal events
            seconds, delay, events, processor = await _in_sandbox(server, count)
            late.append(delay)
            spent["sandbox",].append(processor)
            return seconds

        return once

    async with (
        serving("--labs", "bench") as server,
        serving("--labs", "bench", before=one) as squeezed,
    ):
        values = await interleaved(
            rounds,
            {
                "untraced": alone(),
                "strace": alone(*_STRACE),
                "strace on one": alone(*one, *_STRACE),
                "followed": alone(sys.executable, "-m", "bench.follow"),
                "watched": watched(server),
                "watched on one": watched(squeezed),
            },
        )

    def line(what: str, ours: str, peer: str, reach: str = "") -> Line:
        ratio = median(values[ours]) / median(values[peer])
        named = f"{peer.replace('on one', 'on one processor')} {spread(values[peer], 'ms')}"
        return Line(what, spread(values[ours], "ms"), named, ratio, reach, ratio <= 1.1 if reach else None)

    processor, stracing = spent["sandbox",], spent[*one, *_STRACE]
    reach = "at most 1.1"
    return Report(
        [
            line(f"{count} {TITLE}: calls followed", "followed", "strace", reach),
            line("", "followed", "strace on one"),
            line("… decoded, and delivered to a viewer", "watched", "strace", reach),
            line("", "watched", "strace on one"),
            line("… all on one processor, viewer too", "watched on one", "strace on one"),
            Line(
                "… processor time: sandbox, its program",
                spread(processor, "ms"),
                f"strace on one processor {spread(stracing, 'ms')}",
                median(processor) / median(stracing),
            ),
        ],
        [
            f"Median (smallest to largest) of {rounds}. Untraced: {spread(values['untraced'], 'ms')}.",
            f"strace follows the same {len(TRACED)} calls and writes to /dev/null; its spread is its luck with "
            "processors.",
            "Calls followed: number, arguments and result of each call read by the tracer's own ptrace layer under "
            "the sandbox's filter; nothing decoded, no event made. It is not what a sandbox does; it is its floor.",
            f"Decoded and delivered: {events:,} events per run, none missing; the viewer knew of the program's end "
            f"{spread(late, 'ms')} after its last round trip.",
        ],
    )


def _of_children() -> float:
    """Processor time of all children of ours that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


async def _in_sandbox(server: Server, count: int) -> tuple[float, float, int, float]:
    """One run: the seconds that the program printed, how late its viewer knew of its end, events, processor time."""
    remote = server.create()
    printed: list[str] = []
    ended: list[int] = []

    def see(event: Entry, arrival: int) -> None:
        if event.type == "process.output" and event.stream == "stdout":
            printed.append(event.text)
        elif event.type == "process.exited":
            ended.append(arrival)

    try:
        async with viewing(remote, see) as viewer:
            before = _of_sandbox(server)
            await viewer.start("server", "python3", f"/labs/{_PROGRAM}", str(count))
            await viewer.until(lambda: ended)
            seconds, at = "".join(printed).split()
            return float(seconds), (ended[0] - int(at)) / 1e9, viewer.count, _of_sandbox(server) - before
    finally:
        remote.delete()


def _of_sandbox(server: Server) -> float:
    """Processor time of the one sandbox of a server, and of its programs that have ended."""
    (sandbox,) = children(children(server.pid)[0])
    return cpu_seconds(sandbox, ended_children=True)
