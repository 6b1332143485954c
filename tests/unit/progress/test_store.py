"""The store on real databases: what goes in comes out, also later; and the migrations lead to the tables."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, inspect, text

from server.errors import BadRequestError
from server.progress import store as store_module
from server.progress.notes import Answered, Finished, KeptRun, Visit
from server.progress.store import Store, StoreError, database_from
from server.progress.tables import METADATA
from tests.unit.progress.databases import has_postgresql, postgresql

VISIT = Visit(lab="03-x", step=2, of=5, finished=False, at=100)
ANSWER = Answered(lab="03-x", step=2, kind="predict", question=0, choice="2", measured=None, fits=None, at=101)
FINISHED = Finished(lab="03-x", step=1, seq=2**40, shown=True, at=102)
OURS = [VISIT, ANSWER, FINISHED]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> Iterator[str]:
    """Which database: empty for a file of SQLite's, or a URL."""
    if request.param == "sqlite":
        yield ""
    elif has_postgresql():
        with postgresql() as url:
            yield url
    else:
        pytest.skip("this machine has no PostgreSQL server to start")


@pytest.fixture
def database(kind: str, tmp_path: Path) -> str:
    return kind or f"sqlite:///{tmp_path}/deep/down/progress.sqlite3"


@pytest_asyncio.fixture
async def store(database: str) -> AsyncIterator[Store]:
    store = Store(database)
    await store.open()
    yield store
    for learner in ("ann", "ben"):
        await store.delete(learner)
    await store.close()


async def test_what_goes_in_comes_out(store: Store) -> None:
    await store.write("ann", OURS)
    assert (await store.load("ann")).all() == OURS
    assert (await store.load("ben")).all() == []


async def test_it_is_there_in_the_next_life(store: Store, database: str) -> None:
    await store.write("ann", OURS)
    await store.close()
    again = Store(database)
    await again.open()
    assert (await again.load("ann")).all() == OURS
    await again.close()
    await store.open()


async def test_a_later_note_replaces_the_earlier(store: Store) -> None:
    await store.write("ann", OURS)
    later = Answered(lab="03-x", step=2, kind="predict", question=0, choice="3", measured="3", fits=True, at=200)
    await store.write("ann", [later])
    assert (await store.load("ann")).all() == [VISIT, later, FINISHED]


async def test_one_learner_goes_and_the_others_stay(store: Store) -> None:
    await store.write("ann", OURS)
    await store.write("ben", OURS)
    await store.delete("ann")
    assert (await store.load("ann")).all() == []
    assert (await store.load("ben")).all() == OURS


async def test_the_migrations_lead_to_the_tables(store: Store) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), METADATA))

    assert store._engine is not None
    async with store._engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_opening_twice_changes_nothing(store: Store, database: str) -> None:
    await store.write("ann", OURS)
    await store.open()
    other = Store(database)
    await other.open()
    await other.close()
    assert (await store.load("ann")).all() == OURS


# --- what goes wrong


async def test_a_database_that_is_not_there_is_named_without_its_password() -> None:
    store = Store("postgresql://ann:secret@127.0.0.1:1/labs")
    with pytest.raises(StoreError) as error:
        await store.open()
    assert "the database at 127.0.0.1" in error.value.detail
    assert "secret" not in str(error.value.problem())


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("This is a text, and it is longer than a header of SQLite's.\n" * 30)
    store = Store(f"sqlite:///{tmp_path}/notes.txt")
    with pytest.raises(StoreError, match=r"cannot be kept now in the file .*notes\.txt"):
        await store.open()


async def test_a_database_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "later.sqlite3"
    store = Store(f"sqlite:///{path}")
    await store.open()
    await store.close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StoreError, match="9999"):
        await store.open()


async def test_a_store_that_is_not_open_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        await Store(f"sqlite:///{tmp_path}/x").load("ann")


# --- where it is


def test_without_a_variable_it_is_in_the_users_state_folder() -> None:
    assert database_from({"HOME": "/home/ann"}) == "sqlite:////home/ann/.local/state/socketlab/progress.sqlite3"
    assert database_from({"HOME": "/home/ann", "XDG_STATE_HOME": "/s"}) == "sqlite:////s/socketlab/progress.sqlite3"


@pytest.mark.parametrize("url", ["sqlite:////tmp/x.sqlite3", "postgresql://ann@db/labs"])
def test_the_variable_decides(url: str) -> None:
    assert database_from({"SOCKETLAB_DATABASE": url}) == url


@pytest.mark.parametrize("url", ["nonsense", "mysql://ann@db/labs", "://"])
def test_a_url_that_cannot_be_used_is_refused(url: str) -> None:
    with pytest.raises(BadRequestError) as error:
        database_from({"SOCKETLAB_DATABASE": url})
    assert "postgresql://" in error.value.hint


# --- runs

RUN = KeptRun(id="run-1", learner="ann", lab="03-x", watch_key="key")


async def test_a_runs_log_comes_out_in_its_order(store: Store) -> None:
    lines = [b'{"seq":%d,"text":"\xc3\xa9\\u0000"}' % seq for seq in range(1, 13)]
    await store.append(RUN, 1, lines[:5], [VISIT])
    await store.append(RUN, 6, lines[5:], [ANSWER])
    assert await store.lines("run-1") == lines
    assert await store.runs(learner="ann", lab="03-x") == await store.runs(run_id="run-1") == [RUN]
    assert await store.runs(learner="ben") == await store.runs(run_id="run-2") == []
    assert (await store.load("ann")).all() == [VISIT, ANSWER]


async def test_what_is_written_twice_is_there_once(store: Store) -> None:
    await store.append(RUN, 1, [b"1", b"2"], ())
    await store.append(RUN, 1, [b"1", b"2", b"3"], ())
    assert await store.lines("run-1") == [b"1", b"2", b"3"]


async def test_lines_of_a_run_that_is_not_there_are_refused_with_their_notes(store: Store) -> None:
    await store.write("ann", [VISIT])
    with pytest.raises(StoreError):
        await store.append(RUN, 7, [b"7"], [FINISHED])
    assert (await store.load("ann")).all() == [VISIT], "the notes and the lines go in together, or not at all"


async def test_a_learner_goes_with_their_runs(store: Store) -> None:
    await store.append(RUN, 1, [b"1"], ())
    await store.append(KeptRun(id="run-2", learner="ben", lab="03-x", watch_key="key"), 1, [b"1"], ())
    await store.delete("ann")
    assert await store.runs(learner="ann") == await store.lines("run-1") == []
    assert await store.lines("run-2") == [b"1"]


async def test_a_learner_has_one_run_of_a_lab(store: Store) -> None:
    await store.append(RUN, 1, [b"1"], ())
    with pytest.raises(StoreError):
        await store.append(KeptRun(id="run-3", learner="ann", lab="03-x", watch_key="key"), 1, [b"1"], ())
    assert await store.runs(learner="ann") == [RUN]


# --- migrations


def _at(version: str, connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(store_module.__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    if MigrationContext.configure(connection).get_current_revision() is None:
        command.upgrade(config, version)
    else:
        command.downgrade(config, version)


async def test_notes_of_version_1_are_there_in_version_2(store: Store, database: str) -> None:
    """A database as version 1 left it: without runs, with what learners had done."""
    await store.write("ann", OURS)
    assert store._engine is not None
    async with store._engine.begin() as connection:
        await connection.run_sync(lambda sync: _at("0001", sync))
        tables = await connection.run_sync(lambda sync: set(inspect(sync).get_table_names()))
    assert "runs" not in tables
    await store.close()
    await store.open()
    assert (await store.load("ann")).all() == OURS
    await store.append(RUN, 1, [b"1"], ())
    assert await store.lines("run-1") == [b"1"]
    async with store._engine.connect() as connection:
        differences = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync), METADATA)
        )
    assert differences == []


async def test_a_file_that_version_1_made_is_brought_to_version_2(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite3"
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        _at("0001", connection)
        connection.execute(text("INSERT INTO learners VALUES ('ann', 1)"))
        connection.execute(text("INSERT INTO visits VALUES ('ann', '03-x', 2, 5, 0, 100)"))
        connection.execute(text("INSERT INTO finished_steps VALUES ('ann', '03-x', 1, 1099511627776, 1, 102)"))
    engine.dispose()
    store = Store(f"sqlite:///{path}")
    await store.open()
    assert (await store.load("ann")).all() == [VISIT, FINISHED]
    await store.append(RUN, 1, [b"1"], ())
    assert await store.runs(learner="ann") == [RUN]
    await store.close()
