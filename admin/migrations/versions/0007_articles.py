"""The life of an article: changes on their way, attachments, why a version was made."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007_articles"
down_revision = "0006_learning"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    for table, column in (
        ("articles", sa.Column("attachments", JSONB(), nullable=False, server_default=sa.text("'[]'::jsonb"))),
        ("article_versions", sa.Column("attachments", JSONB(), nullable=False, server_default=sa.text("'[]'::jsonb"))),
        ("article_versions", sa.Column("reason", sa.String(), nullable=False, server_default="")),
    ):
        op.add_column(table, column)
        op.alter_column(table, column.name, server_default=None)
    op.add_column("articles", sa.Column("proposed", sa.String()))
    op.create_index("ix_articles_review_due", "articles", ["review_due"])
    # A draft has a table of its own from here on; an article that is not published is one that was taken out.
    op.execute("update articles set state = 'withdrawn' where state = 'draft'")
    op.create_table(
        "article_drafts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("content", JSONB(), nullable=False),
        sa.Column("attachments", JSONB(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("based_on", sa.Integer()),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("authors", JSONB(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("submitted_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_article_drafts"),
    )
    op.create_index("ix_article_drafts_state", "article_drafts", ["state"])
    op.create_table(
        "article_files",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("article", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_article_files"),
    )
    op.create_index("ix_article_files_article", "article_files", ["article"])


def downgrade() -> None:
    for table in ("article_files", "article_drafts"):
        op.drop_table(table)
    op.drop_index("ix_articles_review_due", "articles")
    for table, column in (
        ("articles", "proposed"),
        ("articles", "attachments"),
        ("article_versions", "reason"),
        ("article_versions", "attachments"),
    ):
        op.drop_column(table, column)
