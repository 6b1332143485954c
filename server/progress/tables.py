"""The tables. ``migrations`` brings a database to exactly these; a test compares the two."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, MetaData, String, Table, Text, UniqueConstraint

METADATA = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s_%(column_1_name)s",
    }
)

LEARNERS = Table(
    "learners",
    METADATA,
    Column("name", String(64), primary_key=True),
    Column("since", BigInteger, nullable=False),
)


def _of_a_learner() -> Column[str]:
    """The first part of a key: whose it is. What is known of a learner goes with the learner."""
    return Column("learner", String(64), ForeignKey("learners.name", ondelete="CASCADE"), primary_key=True)


VISITS = Table(
    "visits",
    METADATA,
    _of_a_learner(),
    Column("lab", String(80), primary_key=True),
    Column("step", Integer, nullable=False),
    Column("of", Integer, nullable=False),
    Column("finished", Boolean, nullable=False),
    Column("at", BigInteger, nullable=False),
)

ANSWERS = Table(
    "answers",
    METADATA,
    _of_a_learner(),
    Column("lab", String(80), primary_key=True),
    Column("step", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(16), primary_key=True),
    Column("question", Integer, primary_key=True, autoincrement=False),
    Column("choice", String(500), nullable=False),
    Column("measured", String(500)),
    Column("fits", Boolean),
    Column("at", BigInteger, nullable=False),
)

FINISHED = Table(
    "finished_steps",
    METADATA,
    _of_a_learner(),
    Column("lab", String(80), primary_key=True),
    Column("step", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("shown", Boolean, nullable=False),
    Column("at", BigInteger, nullable=False),
)

RUNS = Table(
    "runs",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("learner", String(64), ForeignKey("learners.name", ondelete="CASCADE"), nullable=False),
    Column("lab", String(80), nullable=False),
    Column("watch_key", String(64), nullable=False),
    UniqueConstraint("learner", "lab"),
)
"""One run for each learner and lab; its log is in ``run_entries``."""

RUN_ENTRIES = Table(
    "run_entries",
    METADATA,
    Column("run", String(64), ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("line", Text, nullable=False),
)
"""The lines of the runs' logs, as they are shown. Two servers cannot both write one: the key refuses it."""
