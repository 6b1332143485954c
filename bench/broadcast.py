"""The peer of ``watched.py``: a bare ``websockets`` server that broadcasts what it is told, when it is told.

A line of the input is ``[[moment (ns), text], …]`` as ``watched.py`` prints it; the texts are broadcast with the same
pauses between them, and the moments right before each ``broadcast()`` are printed in the same form. Keepalive is as in
ours, there is no deflate, and the event loop is the same.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve

from bench.processes import raise_file_limit

_QUIET_SECONDS = 0.4


async def main() -> None:
    """Serve until the input ends."""
    raise_file_limit()
    connections: set[ServerConnection] = set()

    async def keep(connection: ServerConnection) -> None:
        connections.add(connection)
        try:
            await connection.wait_closed()
        finally:
            connections.discard(connection)

    async with serve(keep, "127.0.0.1", 0, compression=None, backlog=2048) as server:
        print(next(iter(server.sockets)).getsockname()[1], flush=True)
        while told := await asyncio.to_thread(sys.stdin.readline):
            moments = []
            messages = json.loads(told)
            start, first = time.monotonic_ns(), messages[0][0]
            for due, text in messages:
                await asyncio.sleep(max(0, (start + due - first - time.monotonic_ns()) / 1e9))
                moments.append((time.monotonic_ns(), text))
                broadcast(connections, text)
            await asyncio.sleep(_QUIET_SECONDS)
            print(json.dumps(moments), flush=True)


if __name__ == "__main__":
    uvloop.run(main())
