"""Notes in a database, by SQLAlchemy's core: SQLite in a file of the user's, or PostgreSQL by its URL.

Whatever goes wrong between here and the database is a ``StoreError``; ``notebook`` decides what then.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import URL, Connection, Table, delete, event, make_url, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from server.errors import BadRequestError, SocketlabError
from server.progress.notes import Answered, Finished, KeptRun, Note, Notes, Visit
from server.progress.tables import ANSWERS, FINISHED, LEARNERS, RUN_ENTRIES, RUNS, VISITS

SECONDS = 3.0
"""So long one request to the database may take."""
OPEN_SECONDS = 10.0
"""So long it may take to reach it and to bring its tables up to date."""

VARIABLE = "SOCKETLAB_DATABASE"
_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}
_KINDS: Mapping[type, Table] = {Visit: VISITS, Answered: ANSWERS, Finished: FINISHED}


class StoreError(SocketlabError):
    """The database cannot be reached, or refuses."""

    title = "The progress store does not answer"
    status = 503


def database_from(environ: Mapping[str, str]) -> str:
    """The database's URL: ``SOCKETLAB_DATABASE``, or a file in the user's state folder.

    Raises:
        BadRequestError: The variable holds no URL that can be used.
    """
    text = environ.get(VARIABLE, "").strip()
    if text:
        _url(text)
        return text
    home = Path(environ.get("XDG_STATE_HOME") or Path(environ.get("HOME") or Path.home()) / ".local" / "state")
    return f"sqlite:///{home / 'socketlab' / 'progress.sqlite3'}"


def _url(text: str) -> URL:
    hint = "Write sqlite:////a/folder/progress.sqlite3 or postgresql://USER:PASSWORD@HOST/DATABASE."
    try:
        url = make_url(text)
    except ArgumentError:
        raise BadRequestError(f"{VARIABLE} is no URL of a database.", hint) from None
    driver = _DRIVERS.get(url.get_backend_name())
    if driver is None:
        raise BadRequestError(f"{VARIABLE} names {url.get_backend_name()!r}, which is not known here.", hint)
    return url.set(drivername=driver)


class Store:
    """One database.

    Args:
        database: Its URL.
    """

    def __init__(self, database: str) -> None:
        self._address = _url(database)
        self._engine: AsyncEngine | None = None
        self._opening = asyncio.Lock()

    @property
    def where(self) -> str:
        """What messages call it: never with its password."""
        if self._address.get_backend_name() == "sqlite":
            return f"the file {self._address.database}"
        return f"the database at {self._address.host or 'its socket'}"

    async def open(self) -> None:
        """Reach it, and bring its tables up to date.

        Raises:
            StoreError: It cannot be reached or written to.
        """
        async with self._opening:
            if self._engine is None:
                self._engine = await self._opened()

    async def _opened(self) -> AsyncEngine:
        engine: AsyncEngine | None = None
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                engine = self._new_engine()
                async with engine.begin() as connection:
                    await connection.run_sync(_migrate)
        except BaseException as error:
            if engine is not None:
                await engine.dispose()
            if isinstance(error, ModuleNotFoundError):
                raise StoreError(f"The driver {error.name} is not installed.", f"pip install {error.name}") from None
            if isinstance(error, SQLAlchemyError | OSError | TimeoutError | CommandError):
                raise self._failed(error) from error
            raise
        return engine

    async def close(self) -> None:
        """Close it; it can be opened again."""
        engine, self._engine = self._engine, None
        if engine is not None:
            await engine.dispose()

    async def load(self, learner: str) -> Notes:
        """All notes about a learner."""
        notes = Notes()
        async with self._transaction() as connection:
            for kind, table in _KINDS.items():
                rows = await connection.execute(select(table).where(table.c.learner == learner))
                for row in rows.mappings():
                    notes.add([kind(**{name: value for name, value in row.items() if name != "learner"})])
        return notes

    async def write(self, learner: str, notes: Iterable[Note]) -> None:
        """Keep notes, in place of earlier ones about the same things."""
        notes = list(notes)
        if not notes:
            return
        async with self._transaction() as connection:
            await _write_notes(connection, learner, notes)

    async def runs(self, *, run_id: str = "", learner: str = "", lab: str = "") -> list[KeptRun]:
        """The runs with an id, or of a learner (in a lab)."""
        where = [
            column == value
            for column, value in ((RUNS.c.id, run_id), (RUNS.c.learner, learner), (RUNS.c.lab, lab))
            if value
        ]
        async with self._transaction() as connection:
            rows = await connection.execute(select(RUNS).where(*where))
            return [KeptRun(**row) for row in rows.mappings()]

    async def lines(self, run_id: str) -> list[bytes]:
        """The log of a run, in order."""
        wanted = select(RUN_ENTRIES.c.line).where(RUN_ENTRIES.c.run == run_id).order_by(RUN_ENTRIES.c.seq)
        async with self._transaction() as connection:
            rows = await connection.execute(wanted)
            return [str(row.line).encode() for row in rows]

    async def append(self, run: KeptRun, first: int, lines: Sequence[bytes], notes: Iterable[Note]) -> None:
        """Keep lines of a run's log, and the notes that follow from them, or nothing of both.

        Args:
            run: The run; it is made if it is new.
            first: The ``seq`` of the first line.
            lines: The lines.
            notes: What they say about the learner.
        """
        entries = [{"run": run.id, "seq": seq, "line": line.decode()} for seq, line in enumerate(lines, first)]
        async with self._transaction() as connection:
            if first == 1:
                await _know(connection, run.learner, int(time.time()))
                await connection.execute(_insert(connection, RUNS).values(asdict(run)).on_conflict_do_nothing())
            # What was written, but not answered in time, comes a second time.
            await connection.execute(_insert(connection, RUN_ENTRIES).values(entries).on_conflict_do_nothing())
            await _write_notes(connection, run.learner, list(notes))

    async def rekey(self, run: KeptRun) -> None:
        """Keep a run's watch key in place of the last one."""
        async with self._transaction() as connection:
            await connection.execute(update(RUNS).where(RUNS.c.id == run.id).values(watch_key=run.watch_key))

    async def delete(self, learner: str) -> None:
        """Forget a learner and all notes about them."""
        async with self._transaction() as connection:
            await connection.execute(delete(LEARNERS).where(LEARNERS.c.name == learner))

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncConnection]:
        if self._engine is None:
            raise StoreError("The database is not open.")
        try:
            async with asyncio.timeout(SECONDS), self._engine.begin() as connection:
                yield connection
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            raise self._failed(error) from error

    def _new_engine(self) -> AsyncEngine:
        if self._address.get_backend_name() != "sqlite":
            return create_async_engine(self._address, pool_pre_ping=True)
        if self._address.database not in (None, "", ":memory:"):
            folder = Path(str(self._address.database)).parent
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        engine = create_async_engine(self._address)
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        return engine

    def _failed(self, error: Exception) -> StoreError:
        why = str(getattr(error, "orig", None) or error) or type(error).__name__
        return StoreError(f"What you do cannot be kept now in {self.where}: {why.splitlines()[0][:200]}.")


def _prepare_sqlite(connection: Any, _: object) -> None:  # noqa: ANN401 (the driver's own)
    cursor = connection.cursor()
    # Readers do not wait for a writer; a learner goes with all their notes; two servers may share the file.
    for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON", "busy_timeout = 2000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


async def _know(connection: AsyncConnection, learner: str, at: int) -> None:
    first = {"name": learner, "since": at}
    await connection.execute(_insert(connection, LEARNERS).values(first).on_conflict_do_nothing())


async def _write_notes(connection: AsyncConnection, learner: str, notes: Sequence[Note]) -> None:
    if not notes:
        return
    await _know(connection, learner, notes[0].at)
    for note in notes:
        table = _KINDS[type(note)]
        keys = [column.name for column in table.primary_key]
        values: dict[str, Any] = {"learner": learner, **asdict(note)}
        changes = {name: value for name, value in values.items() if name not in keys}
        statement = _insert(connection, table).values(values)
        await connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changes))


def _insert(connection: AsyncConnection, table: Table) -> sqlite.Insert | postgresql.Insert:
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def _migrate(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", os.fspath(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
