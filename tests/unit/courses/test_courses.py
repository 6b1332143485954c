"""All runs of a server: who may do what with one, what a server's end leaves, and what is forgotten."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from server.courses.courses import Courses
from server.courses.library import LabLibrary
from server.errors import NotFoundError, SocketlabError
from server.folders import folder
from server.lab_acts import StartLab, TryOwn
from server.progress.archive import Archive
from server.progress.notebook import Notebook
from server.progress.store import Store
from server.sessions.door import Door
from tests.recordings.lab_runs import VISITOR, Learner

pytestmark = pytest.mark.real


@asynccontextmanager
async def server(database: Path) -> AsyncIterator[tuple[Courses, Door]]:
    """A server with this database; each time another one."""
    library, door, store = LabLibrary(folder("labs")), Door(), Store(f"sqlite:///{database}")
    await library.refresh()
    async with door, Courses(door, library, Archive(Notebook(store), store)) as courses:
        yield courses, door


@asynccontextmanager
async def at_work(database: Path, name: str = "ann", lab: str = "01") -> AsyncIterator[Learner]:
    async with server(database) as (courses, door):
        found = courses.library.find(lab)
        yield Learner(courses, door, found, await courses.begin(name, found))


async def test_a_learner_has_one_run_of_each_lab(tmp_path: Path) -> None:
    async with server(tmp_path / "db") as (courses, _):
        first, second = (courses.library.find(name) for name in ("01", "03"))
        run = await courses.begin("ann", first)
        assert await courses.begin("ann", first) == run == await courses.find("ann", first.name)
        others = {await courses.begin("ben", first), await courses.begin("ann", second)}
        assert len({run, *others}) == 3
        assert {one["lab"] for one in await courses.runs("ann")} == {first.name, second.name}
        assert await courses.runs("") == []
        assert await courses.find("", first.name) == ""


async def test_its_learner_steers_who_has_the_key_watches_and_nobody_else_knows_of_it(tmp_path: Path) -> None:
    async with at_work(tmp_path / "db") as one:
        key = await one.courses.watch_key(one.run)
        assert await one.courses.right(one.run, "ann") == "steer"
        assert await one.courses.right(one.run, "ben", key) == "watch"
        for learner, wrong in (("ben", ""), ("", ""), ("ben", key[:-1]), ("", one.run)):
            with pytest.raises(NotFoundError):
                await one.courses.right(one.run, learner, wrong)
        for unknown in ("run-0000", "s1", ""):
            with pytest.raises(NotFoundError):
                await one.courses.right(unknown, "ann")


async def test_what_a_server_leaves_another_goes_on_with(tmp_path: Path) -> None:
    act = TryOwn(act="own-command", step=1, host="server", text="ss -ltn")
    async with at_work(tmp_path / "db") as one:
        await one.does(StartLab(act="start-one", step=1))
        await one.sees(lambda state: state["mood"] == "live")
        await one.does(act)
        await one.sees(lambda state: len(state["entered"]["1"]["did"]) == 1)
        run, before = one.run, [line async for line in one.courses.lines(one.run)]
    async with at_work(tmp_path / "db") as one:
        assert one.run == run
        assert [line async for line in one.courses.lines(run)][: len(before)] == before
        await one.courses.wake(run, VISITOR, here=True)
        await one.sees(lambda state: state["mood"] == "live" and len(state["entered"]["1"]["did"]) == 1)
        after = [line async for line in one.courses.lines(run)]
        assert await one.does(act) == "", "sent again, it is answered as it was"
        assert [line async for line in one.courses.lines(run)] == after, "and not done again"
        await one.courses.wake(run, VISITOR, here=True)
        assert await one.courses.end_seq(run) == len(after), "a run that is awake is left alone"


async def test_who_comes_back_later_is_asked_first(tmp_path: Path) -> None:
    async with at_work(tmp_path / "db") as one:
        await one.does(StartLab(act="start-one", step=1))
        await one.sees(lambda state: state["mood"] == "live")
    async with at_work(tmp_path / "db") as one:
        await one.courses.wake(one.run, VISITOR, here=False)
        state = await one.courses.state(one.run)
        assert (state["mood"], await one.courses.sandbox(one.run)) == ("ended", "")


async def test_a_refused_act_is_refused_each_time_it_comes(tmp_path: Path) -> None:
    act = TryOwn(act="own-command", step=1, host="server", text="ss")
    async with at_work(tmp_path / "db") as one:
        refused = [await one.does(act), await one.does(act)]
        assert refused == ["Nothing runs."] * 2
        assert await one.courses.end_seq(one.run) == 2


async def test_the_present_sandbox_is_its_learners(tmp_path: Path) -> None:
    async with at_work(tmp_path / "db") as one:
        await one.does(StartLab(act="start-one", step=1))
        await one.sees(lambda state: state["mood"] == "live")
        sandbox = await one.courses.sandbox(one.run)
        assert [one.courses.owns(name, sandbox) for name in ("ann", "ben", "")] == [True, False, False]
        assert await one.courses.runs("ann") == [{"id": one.run, "lab": one.lab.name, "sandbox": sandbox}]


async def test_what_is_forgotten_is_gone_with_its_sandbox(tmp_path: Path) -> None:
    async with at_work(tmp_path / "db") as one:
        await one.does(StartLab(act="start-one", step=1))
        await one.sees(lambda state: state["mood"] == "live")
        sandbox = await one.courses.sandbox(one.run)
        await one.courses.forget("ann")
        assert await one.courses.runs("ann") == []
        with pytest.raises(NotFoundError):
            await one.courses.state(one.run)
        with pytest.raises(SocketlabError):
            await one.does(StartLab(act="start-two", step=1)) and await one.courses.state(one.run)
        assert not one.courses.owns("ann", sandbox)
    async with server(tmp_path / "db") as (courses, _):
        assert await courses.runs("ann") == []


async def test_a_follower_is_told_of_each_event_and_of_the_end(tmp_path: Path) -> None:
    async with at_work(tmp_path / "db") as one:
        with one.courses.watch(one.run):
            assert await one.courses.wait(one.run, 0)
            assert len(await one.courses.read(one.run, 0)) == 1
            assert await one.courses.read(one.run, 1) == []
            await one.does(StartLab(act="start-one", step=1))
            assert await one.courses.wait(one.run, 1)
            batch = await one.courses.batch(one.run, 0)
            assert batch is not None
        with pytest.raises(NotFoundError), one.courses.watch("run-0000"):
            pass
