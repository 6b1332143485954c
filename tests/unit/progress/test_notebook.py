"""The notebook: a lab goes on whatever becomes of the database, and nothing is lost that need not be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from server.progress import notebook as module
from server.progress.notebook import Notebook
from server.progress.notes import Finished, Visit
from server.progress.store import Store, StoreError

VISIT = Visit(lab="03-x", step=2, of=5, finished=False, at=100)
FINISHED = Finished(lab="03-x", step=1, seq=47, shown=False, at=102)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest_asyncio.fixture
async def notebook(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Notebook]:
    monkeypatch.setattr(module, "PAUSE", 0.0)
    notebook = Notebook(Store(f"sqlite:///{folder}/progress.sqlite3"))
    yield notebook
    await notebook.close()


def block(folder: Path) -> None:
    """A file where the folder should be: nothing can be opened below it, by root neither."""
    folder.write_text("in the way")


async def test_it_keeps(notebook: Notebook) -> None:
    await notebook.open()
    await notebook.add("ann", VISIT, FINISHED)
    assert (await notebook.notes("ann")).all() == [VISIT, FINISHED]
    assert notebook.trouble == ""


async def test_without_a_store_it_keeps_until_the_end() -> None:
    notebook = Notebook()
    await notebook.open()
    await notebook.add("ann", VISIT)
    await notebook.add("ann", FINISHED)
    assert (await notebook.notes("ann")).all() == [VISIT, FINISHED]
    await notebook.forget("ann")
    assert (await notebook.notes("ann")).all() == []
    await notebook.close()


async def test_a_store_that_cannot_be_reached_stops_nobody(notebook: Notebook, folder: Path) -> None:
    block(folder)
    await notebook.open()
    assert "cannot be kept" in notebook.trouble
    await notebook.add("ann", VISIT)
    assert (await notebook.notes("ann")).all() == [VISIT]


async def test_what_waited_is_written_when_the_store_is_back(notebook: Notebook, folder: Path) -> None:
    block(folder)
    await notebook.open()
    await notebook.add("ann", VISIT)
    folder.unlink()
    await notebook.add("ann", FINISHED)
    assert notebook.trouble == ""
    other = Store(f"sqlite:///{folder}/progress.sqlite3")
    await other.open()
    assert (await other.load("ann")).all() == [VISIT, FINISHED]
    await other.close()


async def test_many_who_ask_at_once_when_the_store_is_back(notebook: Notebook, folder: Path) -> None:
    block(folder)
    for name in ("ann", "bob"):
        await notebook.add(name, VISIT)
    folder.unlink()
    asked = await asyncio.gather(*(notebook.notes(name) for name in ("ann", "bob", "ann", "bob")))
    assert [notes.all() for notes in asked] == [[VISIT]] * 4
    assert notebook.trouble == ""


async def test_what_waits_at_the_end_is_written(folder: Path) -> None:
    notebook = Notebook(Store(f"sqlite:///{folder}/progress.sqlite3"))
    block(folder)
    await notebook.add("ann", VISIT)
    folder.unlink()
    await notebook.close()
    other = Store(f"sqlite:///{folder}/progress.sqlite3")
    await other.open()
    assert (await other.load("ann")).all() == [VISIT]
    await other.close()


async def test_after_a_failure_the_store_is_left_alone_for_a_while(folder: Path) -> None:
    notebook = Notebook(Store(f"sqlite:///{folder}/progress.sqlite3"))
    block(folder)
    await notebook.open()
    folder.unlink()
    await notebook.add("ann", VISIT)
    assert notebook.trouble
    assert not folder.exists()
    await notebook.close()


async def test_forgetting_fails_aloud(notebook: Notebook, folder: Path) -> None:
    block(folder)
    with pytest.raises(StoreError):
        await notebook.forget("ann")


async def test_the_export_tells_what_is_known(notebook: Notebook) -> None:
    await notebook.add("ann", VISIT)
    assert (await notebook.export("ann"))["labs"][0]["lab"] == "03-x"


async def test_nobody_has_no_notes(notebook: Notebook) -> None:
    await notebook.add("ann", VISIT)
    assert (await notebook.notes("")).all() == []


async def test_only_so_many_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_LEARNERS", 2)
    notebook = Notebook()
    for learner in ("ann", "ben", "cem"):
        await notebook.add(learner, VISIT)
    assert (await notebook.notes("ann")).all() == []
    assert (await notebook.notes("cem")).all() == [VISIT]
