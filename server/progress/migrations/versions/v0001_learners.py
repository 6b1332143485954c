"""Version 1: learners, their visits, answers and finished steps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the four tables."""
    op.create_table(
        "learners",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_learners"),
    )
    op.create_table(
        "visits",
        sa.Column("learner", sa.String(64), nullable=False),
        sa.Column("lab", sa.String(80), nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("of", sa.Integer, nullable=False),
        sa.Column("finished", sa.Boolean, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("learner", "lab", name="pk_visits"),
        _owned("visits"),
    )
    op.create_table(
        "answers",
        sa.Column("learner", sa.String(64), nullable=False),
        sa.Column("lab", sa.String(80), nullable=False),
        sa.Column("step", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("question", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("choice", sa.String(500), nullable=False),
        sa.Column("measured", sa.String(500)),
        sa.Column("fits", sa.Boolean),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("learner", "lab", "step", "kind", "question", name="pk_answers"),
        _owned("answers"),
    )
    op.create_table(
        "finished_steps",
        sa.Column("learner", sa.String(64), nullable=False),
        sa.Column("lab", sa.String(80), nullable=False),
        sa.Column("step", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("shown", sa.Boolean, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("learner", "lab", "step", name="pk_finished_steps"),
        _owned("finished_steps"),
    )


def downgrade() -> None:
    """Take them away."""
    for table in ("finished_steps", "answers", "visits", "learners"):
        op.drop_table(table)


def _owned(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_learner_learners"
    return sa.ForeignKeyConstraint(["learner"], ["learners.name"], name=name, ondelete="CASCADE")
