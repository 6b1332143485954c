"""``socketlab labs record``: play a lab as a diligent learner does, and save its run with the sandbox's log."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from server.courses.courses import Courses
from server.courses.diligent import is_done, next_act
from server.courses.library import LabLibrary
from server.courses.recording import run_recording
from server.courses.shapes import RunState
from server.errors import BadRequestError, SocketlabError
from server.folders import folder
from server.lessons.model import Lab
from server.progress.archive import Archive
from server.progress.notebook import Notebook
from server.sessions import recorded_logs
from server.sessions.door import Door, Visitor
from server.sessions.limits import limits_from

_LEARNER = "recording"


def record(lab: str, out: Path) -> int:
    """Play a lab and save its run; 0 if it was played to its end.

    Args:
        lab: Its name, its number, or its folder.
        out: The file to write.

    Raises:
        BadRequestError: There is no such lab, or the file cannot be written.
        SocketlabError: The lab could not be played to its end.
    """
    if not out.absolute().parent.is_dir():
        raise BadRequestError(f"There is no folder {out.absolute().parent}.", "Make it first.")
    place = Path(lab)
    own = (place / "lab.md").is_file()
    root, name = (place.resolve().parent, place.resolve().name) if own else (folder("labs"), lab)
    return asyncio.run(_record(root, name, out))


async def _record(root: Path, name: str, out: Path) -> int:
    began = time.monotonic()
    library = LabLibrary(root)
    await library.refresh()
    full = library.full_name(name)
    if full in library.problems:
        raise BadRequestError(f"{full} cannot be read: {library.problems[full][0]}", "`socketlab labs check` says all.")
    lab = library.find(full)
    door = Door(limits_from(), root)
    async with door, Courses(door, library, Archive(Notebook())) as courses:
        run = await courses.begin(_LEARNER, lab)
        await _play(door, courses, run, lab)
        lines, heading = await run_recording(courses, door, run)
    try:
        events = recorded_logs.write(out, lines, heading)
    except OSError as error:
        raise BadRequestError(f"{out} cannot be written: {error.strerror}.", "Name another file.") from None
    print(f"{out} holds {lab.name}: {events} events, played in {time.monotonic() - began:.1f} s.")
    return 0


async def _play(door: Door, courses: Courses, run: str, lab: Lab) -> None:
    """Do what is to be done next, until nothing is left; what a tool prints is waited for.

    Raises:
        SocketlabError: The run has ended before its end.
    """
    visitor = Visitor("terminal")
    while not is_done(lab, state := await courses.state(run)):
        act = next_act(lab, state)
        if act is not None and act.act not in state["acts"]:
            await _tools_ended(door, state)
            await courses.act(run, visitor, act)
        else:
            await courses.wait(run, state["seq"])
    await _tools_ended(door, state)
    if state["mood"] != "live":
        raise SocketlabError(f"{lab.name} could not be played to its end: {state['why']}", "`socketlab labs check`.")


async def _tools_ended(door: Door, state: RunState) -> None:
    """Wait until no command of a tool view runs any more."""
    pids = [str(tool["pid"]) for tool in state["tools"].values() if tool["pid"]]
    sandbox = state["sandbox"]
    while sandbox and pids:
        seen = await door.state(sandbox)
        running = [one for pid in pids if (one := seen["processes"].get(pid)) and one["status"] == "running"]
        if not running or not await door.wait(sandbox, seen["seq"]):
            return
