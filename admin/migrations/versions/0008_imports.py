"""What was imported before: files that need not be read again, and what each article said."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0008_imports"
down_revision = "0007_articles"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "imported_files",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("mark", sa.String(), nullable=False),
        sa.Column("lines", JSONB(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_imported_files"),
    )
    op.create_table(
        "imported_articles",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("wording", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_imported_articles"),
    )
    op.create_index("ix_imported_articles_wording", "imported_articles", ["wording"])


def downgrade() -> None:
    op.drop_table("imported_articles")
    op.drop_table("imported_files")
