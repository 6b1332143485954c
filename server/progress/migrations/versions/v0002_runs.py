"""Version 2: lab runs and their logs.

What version 1 kept of a learner stays as it is: it is the summary of all their runs. The first run that they begin in
a lab afterwards takes their answers and finished steps over into its first event.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the two tables."""
    op.create_table(
        "runs",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("learner", sa.String(64), nullable=False),
        sa.Column("lab", sa.String(80), nullable=False),
        sa.Column("watch_key", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
        sa.ForeignKeyConstraint(["learner"], ["learners.name"], name="fk_runs_learner_learners", ondelete="CASCADE"),
        sa.UniqueConstraint("learner", "lab", name="uq_runs_learner_lab"),
    )
    op.create_table(
        "run_entries",
        sa.Column("run", sa.String(64), nullable=False),
        sa.Column("seq", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("line", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("run", "seq", name="pk_run_entries"),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name="fk_run_entries_run_runs", ondelete="CASCADE"),
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_table("run_entries")
    op.drop_table("runs")
