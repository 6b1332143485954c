"""Row 3: from a program's system call to the message at a WebSocket client on loopback.

The program sends the monotonic clock as its data, read just before the call; the same bytes stand in the event
of that call. The client reads the same clock when the message has arrived, before it decodes anything.
"""

from __future__ import annotations

from base64 import b64decode
from typing import Any

from bench.measure import Line, Report, median, percentile, time
from bench.serving import Entry, serving, viewing

TITLE = "system call → WebSocket client"
_PORT = 7000


async def run(quick: bool) -> Report:
    """Measure."""
    count = 100 if quick else 500
    to_entered: list[float] = []
    to_returned: list[float] = []
    sent_at: dict[int, int] = {}
    listening = False
    ended: set[int] = set()

    def see(event: Entry, arrival: int) -> None:
        nonlocal listening
        if event.type == "syscall.entered" and event.name == "sendto":
            sent_at[event.call] = sent = int(b64decode(_data(event.args)))
            to_entered.append((arrival - sent) / 1e9)
        elif event.type == "syscall.returned" and event.call in sent_at:
            to_returned.append((arrival - sent_at[event.call]) / 1e9)
        elif event.state == "LISTEN":
            listening = True
        elif event.type == "process.exited":
            ended.add(event.pid)

    async with serving("--labs", "bench") as server:
        remote = server.create()
        async with viewing(remote, see) as viewer:
            await viewer.start("server", "python3", "/labs/programs/sink.py", str(_PORT))
            await viewer.until(lambda: listening)
            await viewer.start("client-a", "python3", "/labs/programs/clock.py", "10.0.0.4", str(_PORT), str(count))
            await viewer.until(lambda: len(ended) == 2)
        remote.delete()
    if len(to_entered) != count or len(to_returned) != count:
        raise RuntimeError(f"{len(to_entered)} calls and {len(to_returned)} returns arrived instead of {count}")
    middle, late = median(to_entered), percentile(to_entered, 99)
    return Report(
        [
            Line(f"{TITLE}: median", time(middle, "ms"), reach="under 5 ms", met=middle < 0.005),
            Line("… 99th percentile", time(late, "ms"), reach="under 20 ms", met=late < 0.020),
        ],
        [
            f"{count} calls of sendto(2) between two hosts, 5 to 15 ms apart; smallest {time(min(to_entered), 'ms')}, "
            f"largest {time(max(to_entered), 'ms')}.",
            f"Until the call's return has arrived: median {time(median(to_returned), 'ms')}, 99th percentile "
            f"{time(percentile(to_returned, 99), 'ms')}.",
        ],
    )


def _data(args: dict[str, Any]) -> str:
    """The first bytes of what a call sends, in base64."""
    for value in args.values():
        if isinstance(value, dict) and "data" in value:
            return str(value["data"])
    return str(args["data"])
