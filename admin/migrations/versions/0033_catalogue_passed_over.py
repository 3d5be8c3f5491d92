"""Dispatch: tickets that an agent sent elsewhere than the catalogue says."""

import sqlalchemy as sa
from alembic import op

revision = "0033_catalogue_passed_over"
down_revision = "0032_quality_lessons"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "catalogue_passed_over",
        sa.Column("ticket_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("lead", sa.String(), nullable=False),
        sa.Column("sent_to", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["tickets.id"], name="fk_catalogue_passed_over_ticket_id_tickets", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("ticket_id", name="pk_catalogue_passed_over"),
    )
    op.create_index("ix_catalogue_passed_over_at", "catalogue_passed_over", ["at"])


def downgrade() -> None:
    op.drop_table("catalogue_passed_over")
