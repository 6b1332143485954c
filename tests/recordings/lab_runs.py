"""Recorded lab runs for tests, each made on a real kernel: ``python -m tests.recordings.lab_runs [NAME …]``.

``diligent`` learners work through a lab from its first step to its last; in ``rebuilt`` somebody makes mistakes, tries
commands of their own, loses the sandbox, goes on, and starts again at a later step.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server.courses.courses import Courses
from server.courses.diligent import is_done, next_act
from server.courses.library import LabLibrary
from server.courses.recording import run_recording
from server.courses.state import RunState
from server.errors import SocketlabError
from server.folders import folder
from server.lab_acts import Act, PerformActions, StartLab, StopActions, TakeHint, TryOwn
from server.lessons.model import Lab
from server.progress.archive import Archive
from server.progress.notebook import Notebook
from server.sessions import recorded_logs
from server.sessions.door import Door, Visitor

FOLDER = Path(__file__).parent / "lab_runs"
VISITOR = Visitor("192.0.2.1")


@dataclass
class Learner:
    """Somebody in a lab.

    Attributes:
        courses: The runs of a server.
        door: Where its sandboxes are.
        lab: The lab.
        run: The id of their run.
    """

    courses: Courses
    door: Door
    lab: Lab
    run: str

    async def does(self, act: Act) -> str:
        """Do something; returns what it was refused with."""
        try:
            await self.courses.act(self.run, VISITOR, act)
        except SocketlabError as error:
            return error.detail
        return ""

    async def sees(self, what: Callable[[RunState], bool]) -> RunState:
        """Wait until the run's state is like that."""
        while not what(state := await self.courses.state(self.run)):
            await self.courses.wait(self.run, state["seq"])
        return state

    async def works(self, until: Callable[[RunState], bool] = lambda _: False) -> None:
        """Work on as a diligent learner does, to the end of the lab or until something is so."""
        while not until(state := await self.courses.state(self.run)) and not is_done(self.lab, state):
            act = next_act(self.lab, state)
            if act is not None and act.act not in state["acts"]:
                await self.does(act)
            else:
                await self.courses.wait(self.run, state["seq"])


@asynccontextmanager
async def learner(lab: str) -> AsyncIterator[Learner]:
    """Somebody who has opened a lab on a server of their own, which keeps nothing."""
    library, door = LabLibrary(folder("labs")), Door()
    await library.refresh()
    found = library.find(lab)
    async with door, Courses(door, library, Archive(Notebook())) as courses:
        yield Learner(courses, door, found, await courses.begin("learner", found))


def settled(step: int) -> Callable[[RunState], bool]:
    """Whether a step has settled in the present sandbox."""
    return lambda state: state["mood"] == "live" and state["entered"].get(str(step), {}).get("phase") == "settled"


async def diligent(one: Learner) -> None:
    """From the first step to the last."""
    await one.works()


async def rebuilt(one: Learner) -> None:
    """Not straight on."""
    assert await one.does(TakeHint(act="too-early", step=1))
    await one.does(StartLab(act="start-one", step=1))
    await one.sees(lambda state: state["mood"] == "live")
    assert await one.does(PerformActions(act="no-prediction", step=1))
    await one.works(lambda state: bool(state["answers"]))
    await one.does(TryOwn(act="own-command", step=1, host="server", text="ss -ltn"))
    await one.sees(lambda state: len(state["entered"]["1"]["did"]) == 1)
    await one.does(TakeHint(act="first-hint", step=1))
    # Port 70 instead of 7: the server waits for calls, but no check passes.
    await one.does(PerformActions(act="other-port", step=1, texts={"0": "python3 echo_server.py 70"}))
    await one.sees(lambda state: not state["entered"]["1"]["queue"])
    assert not await one.does(StopActions(act="nothing-to-stop", step=1))
    await one.door.close(await one.courses.sandbox(one.run), "the test says so")
    await one.sees(lambda state: state["mood"] == "ended")
    await one.does(StartLab(act="go-on", step=1))
    await one.sees(lambda state: state["mood"] == "live" and len(state["entered"]["1"]["did"]) == 3)
    await one.does(PerformActions(act="the-labs-own", step=1, again=True))
    await one.sees(settled(1))
    await one.does(StartLab(act="start-later", step=3, again=True))
    await one.sees(lambda state: state["mood"] == "live")
    await one.works()


RUNS: dict[str, tuple[str, Callable[[Learner], Coroutine[Any, Any, None]]]] = {
    "port-or-socket": ("01", diligent),
    "one-port-many-sockets": ("03", diligent),
    "rebuilt": ("01", rebuilt),
}


def path_of(name: str) -> Path:
    """Where a recording is."""
    return FOLDER / f"{name}.jsonl.gz"


async def make(name: str) -> None:
    """Make one recording."""
    lab, play = RUNS[name]
    async with learner(lab) as one:
        await play(one)
        lines, header = await run_recording(one.courses, one.door, one.run)
        count = recorded_logs.write(path_of(name), lines, header)
        print(f"{name}: {count} events, {path_of(name).stat().st_size} bytes")


async def main(names: list[str]) -> None:
    """Make some of them, or all."""
    for name in names or RUNS:
        await make(name)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    asyncio.run(main(sys.argv[1:]))
