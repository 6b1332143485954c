"""The archive: a run goes on whatever becomes of the database, its log has no gap, and no line is there twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from server.progress import archive as module
from server.progress import notebook
from server.progress.archive import Archive
from server.progress.notebook import Notebook
from server.progress.notes import KeptRun, Visit
from server.progress.store import Store, StoreError

RUN = KeptRun(id="run-1", learner="ann", lab="01-x", watch_key="k")
OTHER = KeptRun(id="run-2", learner="ben", lab="01-x", watch_key="l")
VISIT = Visit(lab="01-x", step=2, of=5, finished=False, at=100)


def lines(*numbers: int) -> list[bytes]:
    return [b'{"seq":%d}' % number for number in numbers]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state"


def opened(folder: Path) -> Archive:
    """An archive over a database in this folder."""
    store = Store(f"sqlite:///{folder}/progress.sqlite3")
    return Archive(Notebook(store), store)


@pytest_asyncio.fixture
async def archive(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Archive]:
    monkeypatch.setattr(notebook, "PAUSE", 0.0)
    one = opened(folder)
    yield one
    await one.close()
    await one.notebook.close()


def block(folder: Path) -> None:
    """A file where the folder should be: nothing can be opened below it, by root neither."""
    folder.write_text("in the way")


async def kept(folder: Path, run: KeptRun = RUN) -> list[bytes]:
    """What is in the database, as another server reads it."""
    other = opened(folder)
    try:
        assert await other.find(run_id=run.id) == [run]
        return await other.lines(run.id)
    finally:
        await other.notebook.close()


async def test_it_keeps_runs_and_what_they_say_of_their_learner(archive: Archive, folder: Path) -> None:
    await archive.append(RUN, 1, lines(1, 2), [VISIT])
    await archive.append(RUN, 3, lines(3), ())
    assert await archive.lines(RUN.id) == await kept(folder) == lines(1, 2, 3)
    assert (await archive.notebook.notes("ann")).all() == [VISIT]


async def test_runs_are_found_by_id_by_learner_and_by_lab(archive: Archive) -> None:
    await archive.append(RUN, 1, lines(1), ())
    await archive.append(OTHER, 1, lines(1), ())
    assert await archive.find(run_id="run-2") == [OTHER]
    assert await archive.find(learner="ann") == [RUN]
    assert await archive.find(learner="ann", lab="01-x") == [RUN]
    assert await archive.find(learner="ann", lab="02-y") == []
    assert await archive.lines("run-3") == []


async def test_without_a_database_everything_is_here_until_the_end() -> None:
    archive = Archive(Notebook())
    await archive.append(RUN, 1, lines(1), [VISIT])
    await archive.append(RUN, 2, lines(2), ())
    assert await archive.find(learner="ann") == [RUN]
    assert await archive.lines(RUN.id) == lines(1, 2)
    assert (await archive.notebook.notes("ann")).all() == [VISIT]
    archive.forget("ann")
    assert await archive.find(learner="ann") == []
    assert await archive.lines(RUN.id) == []


async def test_what_waited_is_written_in_its_order_when_the_database_is_back(archive: Archive, folder: Path) -> None:
    block(folder)
    await archive.append(RUN, 1, lines(1), [VISIT])
    await archive.append(RUN, 2, lines(2, 3), ())
    assert await archive.find(run_id=RUN.id) == [RUN]
    assert await archive.lines(RUN.id) == lines(1, 2, 3)
    folder.unlink()
    await archive.append(RUN, 4, lines(4), ())
    assert await kept(folder) == lines(1, 2, 3, 4)
    assert (await archive.notebook.notes("ann")).all() == [VISIT]


async def test_a_read_writes_what_waited_first(archive: Archive, folder: Path) -> None:
    block(folder)
    await archive.append(RUN, 1, lines(1, 2), ())
    folder.unlink()
    assert await archive.lines(RUN.id) == lines(1, 2)
    assert await kept(folder) == lines(1, 2)


async def test_a_database_that_fails_in_the_middle_holds_up_nobody(archive: Archive, folder: Path) -> None:
    await archive.append(RUN, 1, lines(1), ())
    assert archive._store is not None
    await archive._store.close()
    (folder / "progress.sqlite3").rename(folder / "away")
    (folder / "progress.sqlite3").mkdir()
    await archive.append(RUN, 2, lines(2), ())
    assert archive.notebook.trouble != ""
    (folder / "progress.sqlite3").rmdir()
    (folder / "away").rename(folder / "progress.sqlite3")
    await archive.append(RUN, 3, lines(3), ())
    assert await kept(folder) == lines(1, 2, 3)


async def test_lines_that_come_twice_are_there_once(archive: Archive) -> None:
    await archive.append(RUN, 1, lines(1, 2), ())
    await archive.append(RUN, 2, lines(2, 3), ())
    assert await archive.lines(RUN.id) == lines(1, 2, 3)


async def test_many_runs_at_once_when_the_database_is_back(archive: Archive, folder: Path) -> None:
    block(folder)
    runs = [KeptRun(id=f"run-{n}", learner=f"ann{n}", lab="01-x", watch_key="k") for n in range(6)]
    for run in runs:
        await archive.append(run, 1, lines(1), ())
    folder.unlink()
    await asyncio.gather(*(archive.append(run, 2, lines(2), ()) for run in runs))
    assert [await kept(folder, run) for run in runs] == [lines(1, 2)] * len(runs)


async def test_what_waits_at_the_end_is_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notebook, "PAUSE", 0.0)
    archive = opened(folder)
    block(folder)
    await archive.append(RUN, 1, lines(1), ())
    folder.unlink()
    await archive.close()
    await archive.notebook.close()
    assert await kept(folder) == lines(1)


async def test_a_learner_goes_with_their_runs(archive: Archive, folder: Path) -> None:
    for run in (RUN, OTHER):
        await archive.append(run, 1, lines(1), ())
    archive.forget("ann")
    await archive.notebook.forget("ann")
    assert await archive.find(learner="ann") == []
    assert await archive.lines(RUN.id) == []
    assert await kept(folder, OTHER) == lines(1)


async def test_only_so_many_runs_wait_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_RUNS", 2)
    archive = Archive(Notebook())
    for number in range(3):
        run = KeptRun(id=f"run-{number}", learner="ann", lab=f"{number}", watch_key="k")
        await archive.append(run, 1, lines(1), ())
    assert [run.id for run in await archive.find(learner="ann")] == ["run-1", "run-2"]


async def test_another_watch_key_is_kept_in_place_of_the_last_one(archive: Archive, folder: Path) -> None:
    await archive.append(RUN, 1, lines(1), ())
    other = replace(RUN, watch_key="another")
    await archive.rekey(other)
    assert await archive.find(run_id=RUN.id) == [other]
    assert await kept(folder, other) == lines(1)


async def test_without_a_database_another_watch_key_is_kept_here() -> None:
    archive = Archive(Notebook())
    await archive.append(RUN, 1, lines(1), ())
    other = replace(RUN, watch_key="another")
    await archive.rekey(other)
    assert await archive.find(run_id=RUN.id) == [other]


async def test_a_key_that_could_not_be_stored_is_told(archive: Archive, folder: Path) -> None:
    block(folder)
    await archive.append(RUN, 1, lines(1), ())
    with pytest.raises(StoreError, match="opens nothing now"):
        await archive.rekey(replace(RUN, watch_key="another"))
    folder.unlink()
    assert await archive.lines(RUN.id) == lines(1)
    assert await kept(folder, replace(RUN, watch_key="another")) == lines(1)
