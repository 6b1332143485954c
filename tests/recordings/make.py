"""Make the golden recordings again: ``python -m tests.recordings.make [NAME …]``; without names, all of them.

They are the engine's own: what it logs when the runs of ``runs.py`` are played on this machine's kernel. Make
them again when the vocabulary of events changes, and look at what has become different.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from server.folders import folder
from server.sandbox.messages import HostSpec
from server.sessions import recording
from server.sessions.limits import limits_from
from server.sessions.zygote import Zygote
from tests.laboratory import Laboratory
from tests.recordings.playing import Run
from tests.recordings.runs import RUNS

FOLDER = Path(__file__).parent
SHIPPED = folder("static") / "recordings"
"""Those that come along with the program are there, so that it is them that people see and tests test."""


def path_of(name: str) -> Path:
    """Where a run's recording is kept."""
    return (SHIPPED if RUNS[name].shipped else FOLDER) / f"{name}.jsonl.gz"


async def play(zygote: Zygote, name: str, run: Run) -> list[bytes]:
    """Play a run; returns its log, to the end of the sandbox."""
    hosts = [HostSpec(name=host, addresses=list(addresses)) for host, addresses in run.hosts.items()]
    sandbox = await zygote.create(f"record-{name}", hosts, run.pace, limits_from({}).for_sandbox())
    lab = Laboratory(sandbox)
    try:
        await run.play(lab)
    finally:
        await sandbox.close("the recording ends")
    lab.catch_up()
    missed = run.shows - {event.__struct_config__.tag for event in lab.events}
    if missed:
        raise AssertionError(f"{name} holds no {', '.join(sorted(missed))}")
    return sandbox.log.read(0, sandbox.log.end_seq, sys.maxsize)


def _local(lines: list[bytes]) -> set[bytes]:
    """What says too much about the machine that this runs on."""
    told = {str(path).encode() for path in (Path.home(), Path(sys.prefix), Path(sys.base_prefix), Path.cwd())}
    told -= {b"/", b"/usr", b"/root", tempfile.gettempdir().encode()}
    return {word for word in told for line in lines if word in line}


async def main(names: list[str]) -> None:
    """Make some recordings, or all."""
    unknown = [name for name in names if name not in RUNS]
    if unknown:
        sys.exit(f"There is no run {', '.join(unknown)}. There are: {', '.join(RUNS)}.")
    zygote = Zygote()
    try:
        for name in names or RUNS:
            lines = await play(zygote, name, RUNS[name])
            if told := _local(lines):
                sys.exit(f"{name} names places of this machine: {told}")
            path = path_of(name)
            path.parent.mkdir(exist_ok=True)
            recording.write(path, lines, RUNS[name].title)
            print(f"{path.name:<32} {len(lines):>5} events {path.stat().st_size:>7} bytes", flush=True)
    finally:
        await zygote.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
