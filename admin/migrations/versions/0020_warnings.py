"""Who has been told that a clock runs down."""

import sqlalchemy as sa
from alembic import op

revision = "0020_warnings"
down_revision = "0019_nearby"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "ticket_warnings",
        sa.Column("clock_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("percent", sa.SmallInteger(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT),
        sa.Column("seen_by", sa.String()),
        sa.PrimaryKeyConstraint("clock_id", "recipient", name="pk_ticket_warnings"),
        sa.ForeignKeyConstraint(
            ["clock_id"], ["ticket_clocks.id"], name="fk_ticket_warnings_clock_id_ticket_clocks", ondelete="CASCADE"
        ),
    )
    op.create_index(
        "ix_ticket_warnings_open",
        "ticket_warnings",
        ["recipient", "at"],
        postgresql_where=sa.text("seen_at is null"),
    )


def downgrade() -> None:
    op.drop_table("ticket_warnings")
