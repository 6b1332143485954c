"""``socketlab labs check``: play every lab on the real kernel and say what fails."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from server.cli import labs_record
from server.errors import BadRequestError, GoneError
from server.folders import folder
from server.lessons.alone import complaint
from server.lessons.loader import SHELF, Library, load, load_lab, shelf_of
from server.lessons.model import Lab
from server.lessons.play import PATIENCE, Player
from server.lessons.proof import prove
from server.lessons.reference import FILES, load_reference
from server.lessons.source import Problem
from server.sandbox.messages import HostSpec
from server.sessions.client import SandboxClient
from server.sessions.door import Door, Visitor
from server.sessions.limits import limits_from

Pace = Literal["live", "step"]
PACES: tuple[Pace, ...] = ("live", "step")
AT_ONCE = 2
"""So many labs are played at the same time."""
_USER = Visitor("terminal")


@dataclass(frozen=True, slots=True)
class Played:
    """One lab, played once."""

    name: str
    pace: str
    seconds: float
    problems: Sequence[Problem]


def prepare_parser(parser: argparse.ArgumentParser) -> None:
    """Describe the options."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    check = actions.add_parser("check", help="play every lab on the real kernel and say what fails")
    check.add_argument(
        "folder", nargs="?", metavar="DIR", help="a folder of labs, or of one lab (those that came along)"
    )
    check.add_argument("--pace", choices=PACES, action="append", help="only this pace (both)")
    check.add_argument(
        "--pause",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="wait so long between two steps, as a person who reads (%(default)s)",
    )
    check.add_argument("--times", type=int, default=1, metavar="N", help="play everything N times (%(default)s)")

    record = actions.add_parser("record", help="play a lab on the real kernel and save its run")
    record.add_argument("lab", metavar="LAB", help="the lab's name, its number, or its folder")
    record.add_argument("--out", type=Path, required=True, metavar="FILE", help="where to: a name in .jsonl.gz")


def run(arguments: argparse.Namespace) -> int:
    """Check labs, or record one; 0 if all is as it should be."""
    if arguments.action == "record":
        return labs_record.record(arguments.lab, arguments.out)
    if arguments.times < 1:
        raise BadRequestError(f"--times is {arguments.times}.", "Give 1 or more.")
    if arguments.pause < 0:
        raise BadRequestError(f"--pause is {arguments.pause}.", "Give 0 or more seconds.")
    place = Path(arguments.folder).resolve() if arguments.folder is not None else folder("labs")
    if not place.is_dir():
        raise BadRequestError(f"{arguments.folder} is no folder.", "Give the folder that holds the labs.")
    root, library = _library(place)
    if not library.labs and not library.problems:
        raise BadRequestError(f"There is no lab in {place}.", "A lab is a folder with a file lab.md in it.")
    return asyncio.run(_check(root, library, arguments.pace or PACES, arguments.times, arguments.pause))


def _library(place: Path) -> tuple[Path, Library]:
    """The labs of a folder and the folder that sandboxes shall see as /labs; the folder may be one lab's own."""
    if not (place / "lab.md").is_file():
        return place, load(place)
    reference, _ = load_reference(place.parent)
    lab, problems = load_lab(place, reference.misconceptions)
    return place.parent, Library({} if lab is None else {lab.name: lab}, reference, problems)


async def _check(root: Path, library: Library, paces: Sequence[Pace], times: int, pause: float) -> int:
    failed = {problem.file.partition("/")[0] for problem in library.problems}
    for problem in library.problems:
        _tell(problem)
    alone = await _alone(root, library)
    for problem in alone:
        _tell(problem)
        failed.add(problem.file.partition("/")[0])
    async with Door(limits_from().for_one_user(), root) as door:
        for _ in range(times):
            for played in await _play_all(door, list(library.labs.values()), paces, pause):
                _report(played)
                if played.problems:
                    failed.add(played.name)
    labs = set(library.labs) | failed - {SHELF, *FILES}
    good = f"{len(labs - failed)} of {len(labs)} labs are as they claim."
    print(good if not failed else f"{good} Not so: {', '.join(sorted(failed))}.")
    return 1 if failed else 0


async def _alone(root: Path, library: Library) -> list[Problem]:
    """Every program of every lab, and of the shelf, run by itself."""
    wanted = [(root / lab.name, name) for lab in library.labs.values() for name in lab.files]
    shelf = shelf_of(root)
    if shelf.parent == root:
        wanted += [(shelf, path.name) for path in sorted(shelf.iterdir()) if path.is_file()]
    programs = [(place, name) for place, name in wanted if name.endswith((".py", ".sh"))]
    limit = asyncio.Semaphore(AT_ONCE * 4)

    async def one(place: Path, name: str) -> Problem | None:
        async with limit:
            return await complaint(place, name)

    found = await asyncio.gather(*(one(place, name) for place, name in programs))
    return [problem for problem in found if problem is not None]


async def _play_all(door: Door, labs: Sequence[Lab], paces: Sequence[Pace], pause: float) -> list[Played]:
    limit = asyncio.Semaphore(AT_ONCE)

    async def rest() -> None:
        """While one lab pauses, others are played."""
        limit.release()
        try:
            await asyncio.sleep(pause)
        finally:
            await limit.acquire()

    async def one(lab: Lab, pace: Pace) -> Played:
        async with limit:
            return await _play(door, lab, pace, pause, rest if pause else None)

    return list(await asyncio.gather(*(one(lab, pace) for lab in labs for pace in paces)))


async def _play(
    door: Door, lab: Lab, pace: Pace, pause: float, between: Callable[[], Awaitable[None]] | None
) -> Played:
    # The kernel doubles the time to the next repeat of a segment (RFC 6298, 5.5): it can be as long as what has passed.
    patience = PATIENCE + 2 * pause
    began = time.monotonic()
    hosts = [HostSpec(name=name, addresses=list(addresses)) for name, addresses in lab.hosts.items()]
    opened = await door.create(_USER, hosts, "live", lab.open_files)
    sandbox = SandboxClient(door, opened.id)
    try:
        with door.watch(opened.id):
            problems = await prove(Player(lab, sandbox, drive=pace, patience=patience), between)
    except GoneError as error:
        why = (await sandbox.status()).why
        problems = [Problem(f"{lab.name}/lab.md", 0, f"It could not be played to its end: {why}.", error.hint)]
    finally:
        await door.delete(opened.id)
    return Played(lab.name, pace, time.monotonic() - began, problems)


def _report(played: Played) -> None:
    print(f"{'fails' if played.problems else 'ok':5}  {played.name}  {played.pace}  {played.seconds:.1f} s", flush=True)
    for problem in played.problems:
        _tell(problem)


def _tell(problem: Problem) -> None:
    print(problem, file=sys.stderr, flush=True)
