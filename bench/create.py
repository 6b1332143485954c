"""Row 1: a sandbox of three hosts, from the request until it takes commands.

Against what a shell would use for less (namespaces and one ``true``), and against a fresh Python. The peers
are started with posix_spawn(3), the cheapest way, from this process; what that costs by itself is printed.
"""

from __future__ import annotations

import shutil
import time

from bench.measure import Line, Report, Subject, interleaved, median, spread
from bench.processes import python, timed
from server.sessions.hosts import DEFAULT_HOSTS
from server.sessions.limits import Limits
from server.sessions.zygote import Zygote

TITLE = "create a sandbox of 3 hosts"


async def run(quick: bool) -> Report:
    """Measure."""
    rounds = 5 if quick else 40
    zygote = Zygote()
    zygote.start()
    made = 0

    async def sandbox() -> float:
        nonlocal made
        made += 1
        start = time.perf_counter()
        sandbox = await zygote.create(f"bench-{made}", DEFAULT_HOSTS, "live", Limits().for_sandbox())
        seconds = time.perf_counter() - start
        await sandbox.close("it was measured")
        return seconds

    def command(*words: str) -> Subject:
        program = shutil.which(words[0]) or words[0]

        async def once() -> float:
            return timed([program, *words[1:]])

        return once

    try:
        await sandbox()  # the first one waits until the zygote is loaded
        values = await interleaved(
            rounds,
            {
                "sandbox": sandbox,
                "unshare": command("unshare", "-Urnpmf", "--mount-proc", "true"),
                "python": command(python(), "-c", "pass"),
                "true": command("true"),
            },
        )
    finally:
        await zygote.close()
    ours, unshared, fresh = (median(values[name]) for name in ("sandbox", "unshare", "python"))
    here = spread(values["sandbox"], "ms")
    return Report(
        [
            Line(TITLE, here, reach="under 50 ms", met=ours < 0.050),
            Line("", here, f"python3 -c pass {spread(values['python'], 'ms')}", ours / fresh, "below 1", ours < fresh),
            Line("", here, f"unshare … true {spread(values['unshare'], 'ms')}", ours / unshared),
        ],
        [
            f"Median of {rounds}. To spawn and await any command costs {spread(values['true'], 'ms')} of the peers' "
            "time (`true`).",
            "unshare makes one network namespace, without hosts, cables, addresses, a read-only root or limits.",
        ],
    )
