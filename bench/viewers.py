"""Row 5: one sandbox watched by 1,000 viewers, against a bare ``websockets`` broadcast of the same bytes.

In turns: the sandbox's program makes system calls at a steady pace, and 1,000 clients take the events; then the peer
broadcasts the very same texts, at the same pauses, to 1,000 clients of the same kind. Clients live in a process
of their own in both cases. Latency is from the moment in which the server turns to its first client until the
message is complete at a client; the median is over all clients and messages.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from bench.measure import Line, Report, median, percentile, spread, time
from bench.processes import child, line

TITLE = "one sandbox, watched by"
_PAUSE = 0.15


async def run(quick: bool) -> Report:
    """Measure."""
    clients, ticks, rounds = (100, 10, 1) if quick else (1000, 30, 5)
    ours: list[list[float]] = []
    peers: list[list[float]] = []
    messages, size = 0, 0
    async with (
        child([sys.executable, "-m", "bench.watched", str(ticks), str(_PAUSE)]) as watched,
        child([sys.executable, "-m", "bench.broadcast"]) as broadcast,
    ):
        remote = json.loads(await line(watched))
        port = int(await line(broadcast))
        path = f"/api/sandboxes/{remote['id']}/stream"
        opened = {"Authorization": f"Bearer {remote['token']}"}
        for _ in range(rounds):
            async with crowd(remote["port"], path, clients, opened) as people:
                sent = await _ask(watched, "\n")
                ours.append(await _latencies(people, sent))
            async with crowd(port, "/", clients, {}) as people:
                repeated = await _ask(broadcast, json.dumps(sent) + "\n")
                peers.append(await _latencies(people, repeated))
            messages, size = messages + len(sent), size + sum(len(text) for _, text in sent)
    here, there = ([median(values) for values in runs] for runs in (ours, peers))
    ratio = median(here) / median(there)
    return Report(
        [
            Line(
                f"{TITLE} {clients:,} viewers: median",
                spread(here, "ms"),
                f"websockets.broadcast {spread(there, 'ms')}",
                ratio,
                "at most 2",
                ratio <= 2,
            ),
            Line(
                "… 99th percentile",
                time(_late(ours), "ms"),
                f"websockets.broadcast {time(_late(peers), 'ms')}",
            ),
        ],
        [
            f"{rounds} rounds of {ticks} bursts of events, {_PAUSE * 1e3:.0f} ms apart: {messages} messages of "
            f"{size / messages:.0f} bytes on average, every one arrived at every client.",
            "Both servers run on uvloop without deflate; clients cut frames and read the clock, no more.",
        ],
    )


def _late(rounds: list[list[float]]) -> float:
    return percentile([seconds for values in rounds for seconds in values], 99)


@asynccontextmanager
async def crowd(
    port: int, path: str, clients: int, headers: Mapping[str, str]
) -> AsyncIterator[asyncio.subprocess.Process]:
    """So many clients, connected."""
    async with child([sys.executable, "-m", "bench.crowd", str(port), path, str(clients)]) as process:
        _tell(process, json.dumps(headers) + "\n")
        if await line(process) != b"ready\n":
            raise RuntimeError("the clients did not connect")
        yield process


async def _ask(process: asyncio.subprocess.Process, text: str) -> list[tuple[int, str]]:
    _tell(process, text)
    messages: list[tuple[int, str]] = json.loads(await line(process))
    return messages


def _tell(process: asyncio.subprocess.Process, text: str) -> None:
    assert process.stdin is not None
    process.stdin.write(text.encode())


async def _latencies(people: asyncio.subprocess.Process, sent: list[tuple[int, str]]) -> list[float]:
    """Stop the clients; seconds from each message's moment to each of its arrivals.

    A client that is behind gets several messages as one, which begins with the first of them.

    Raises:
        RuntimeError: A client has not got every event.
    """
    _tell(people, "enough\n")
    told = json.loads(await line(people))
    last = int(sent[-1][1].rpartition('{"seq":')[2].partition(",")[0])
    if told["last"] != last:
        raise RuntimeError(f"a client has events up to {told['last']} of {last}")
    moments = {text[len('[{"seq":') : text.index(",")]: moment for moment, text in sent}
    return [
        (arrival - moments[seq]) / 1e9
        for seq, arrivals in told["arrivals"].items()
        if seq in moments
        for arrival in arrivals
    ]
