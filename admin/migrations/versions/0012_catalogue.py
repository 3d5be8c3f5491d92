"""Versions of the dispatch catalogue's rows."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0012_catalogue"
down_revision = "0011_knowledge_loop"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "catalogue_versions",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("area", sa.String(), nullable=False),
        sa.Column("lead", sa.String()),
        sa.Column("co_handlers", JSONB(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("effective_from", MOMENT, nullable=False),
        sa.Column("effective_to", MOMENT),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("withdrawn_at", MOMENT),
        sa.Column("withdrawn_by", sa.String()),
        sa.PrimaryKeyConstraint("id", name="pk_catalogue_versions"),
    )
    op.create_index("ix_catalogue_versions_row", "catalogue_versions", ["category", "area", "effective_from"])


def downgrade() -> None:
    op.drop_table("catalogue_versions")
