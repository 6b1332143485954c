"""``python -m bench [ROW …] [--quick]``: measure, and print one table."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import os
import sys
import traceback

from bench.measure import Line, Report, machine, table
from bench.processes import raise_file_limit

ROWS = ("create", "echo", "latency", "ten_thousand", "viewers", "table", "idle")


def main() -> int:
    """Measure what was asked for; returns 1 if something could not be measured, never for a slow time."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure Socketlab against its peers.")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"what to measure ({', '.join(ROWS)}); all by default")
    parser.add_argument("--quick", action="store_true", help="few and small rounds: to see that everything runs")
    arguments = parser.parse_args()
    unknown = [row for row in arguments.rows if row not in ROWS]
    if unknown:
        parser.error(f"there is no row {', '.join(unknown)}; the rows are {', '.join(ROWS)}")
    raise_file_limit()
    print(machine(), flush=True)
    if os.getloadavg()[0] > len(os.sched_getaffinity(0)) / 2:
        print("Other programs are busy here: trust the ratios, and times not at all.", flush=True)
    reports: dict[str, Report] = {}
    failed = False
    for row in arguments.rows or ROWS:
        module = importlib.import_module(f"bench.{row}")
        print(f"measuring: {module.TITLE} …", file=sys.stderr, flush=True)
        try:
            reports[row] = asyncio.run(module.run(arguments.quick))
        except KeyboardInterrupt:
            print("Stopped.", file=sys.stderr)
            return 130
        except Exception:
            traceback.print_exc()
            reports[row] = Report([Line(module.TITLE, "could not be measured")])
            failed = True
    _print(reports)
    return int(failed)


def _print(reports: dict[str, Report]) -> None:
    print()
    print(table([line for report in reports.values() for line in report.lines]))
    for row, report in reports.items():
        if report.notes:
            print(f"\n{row}")
            for note in report.notes:
                print(f"  {note}")
    print(f"\nLoad after the run: {', '.join(f'{value:.2f}' for value in os.getloadavg())}")


if __name__ == "__main__":
    sys.exit(main())
