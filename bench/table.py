"""Row 6: the socket table of 20,000 sockets, read and decoded, against ``ss -tan`` in the same namespace."""

from __future__ import annotations

import json
import sys

from bench.measure import Line, Report, median, spread
from bench.processes import output

TITLE = "socket table"


async def run(quick: bool) -> Report:
    """Measure."""
    connections, rounds = (1_000, 5) if quick else (10_000, 15)
    values = json.loads(await output([sys.executable, "-m", "bench.rows", str(connections), str(rounds)]))
    decode, compare, ss = (median(values[name]) for name in ("decode", "compare", "ss"))
    peer = f"ss -tan {spread(values['ss'], 'ms')}"
    listed = int(values["listed"][0])
    reach = "no slower"
    return Report(
        [
            Line(
                f"{TITLE} of {listed:,} sockets: every row decoded",
                spread(values["decode"], "ms"),
                peer,
                decode / ss,
                reach,
                decode <= ss,
            ),
            Line("… read again, nothing has changed", spread(values["compare"], "ms"), peer, compare / ss),
        ],
        [
            f"Median of {rounds}; both families, the same rows as ss. ss writes to /dev/null; of its time "
            f"{spread(values['empty'], 'ms')} is what it takes in an empty namespace, its start included.",
        ],
    )
