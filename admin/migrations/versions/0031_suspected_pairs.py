"""Pairs of tickets that are probably one matter, and what people said of them."""

import sqlalchemy as sa
from alembic import op

revision = "0031_suspected_pairs"
down_revision = "0030_regrouping"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "suspected_pairs",
        sa.Column("first_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("second_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("score", sa.Float()),
        sa.Column("similarity", sa.Float()),
        sa.Column("metres", sa.Integer()),
        sa.Column("found_at", MOMENT, nullable=False),
        sa.Column("verdict", sa.String()),
        sa.Column("settled_at", MOMENT),
        sa.PrimaryKeyConstraint("first_id", "second_id", name="pk_suspected_pairs"),
    )
    op.create_index("ix_suspected_pairs_second_id", "suspected_pairs", ["second_id"])
    op.create_index(
        "ix_suspected_pairs_waiting",
        "suspected_pairs",
        ["score", "second_id", "first_id"],
        postgresql_where=sa.text("verdict is null"),
    )
    op.create_index(
        "ix_suspected_pairs_settled_at",
        "suspected_pairs",
        ["settled_at"],
        postgresql_where=sa.text("verdict is not null"),
    )


def downgrade() -> None:
    op.drop_table("suspected_pairs")
