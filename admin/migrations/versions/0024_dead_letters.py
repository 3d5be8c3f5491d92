"""Dead letters; how often a notice was tried; a burst of jobs with locks stays cheap to fetch from."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0024_dead_letters"
down_revision = "0023_department_loads"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
NOTICE_COLUMNS = ("attempts", "at_most_once", "claimed_at", "tried_from", "dead_at")


def upgrade() -> None:
    op.create_table(
        "dead_letters",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("reference", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("about", JSONB(), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("sentence", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("failed_at", MOMENT, nullable=False),
        sa.Column("settled_at", MOMENT),
        sa.Column("settled_as", sa.String()),
        sa.Column("settled_by", sa.String()),
        sa.Column("reason", sa.String()),
        sa.PrimaryKeyConstraint("id", name="pk_dead_letters"),
    )
    op.create_index(
        "uq_dead_letters_open",
        "dead_letters",
        ["kind", "reference"],
        unique=True,
        postgresql_where=sa.text("settled_at is null"),
    )
    op.add_column("outbox", sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("outbox", sa.Column("at_most_once", sa.Boolean(), nullable=False, server_default=sa.false()))
    for column in ("claimed_at", "tried_from", "dead_at"):
        op.add_column("outbox", sa.Column(column, MOMENT))
    op.execute("update outbox set tried_from = created_at")
    op.alter_column("outbox", "tried_from", nullable=False)
    for column in ("attempts", "at_most_once"):
        op.alter_column("outbox", column, server_default=None)
    op.create_index(
        "ix_outbox_waiting",
        "outbox",
        ["id"],
        postgresql_where=sa.text("delivered_at is null and dead_at is null"),
    )
    op.create_index("ix_outbox_created_at", "outbox", ["created_at"], postgresql_using="brin")
    # To fetch a job, Procrastinate asks of each candidate whether an earlier one holds its lock.
    op.execute(
        "create index procrastinate_jobs_waiting_lock on procrastinate_jobs (lock) where status in ('todo', 'doing')"
    )


def downgrade() -> None:
    op.execute("drop index procrastinate_jobs_waiting_lock")
    op.drop_index("ix_outbox_created_at", "outbox")
    op.drop_index("ix_outbox_waiting", "outbox")
    for column in NOTICE_COLUMNS:
        op.drop_column("outbox", column)
    op.drop_table("dead_letters")
