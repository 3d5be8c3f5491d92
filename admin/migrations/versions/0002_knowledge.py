"""Knowledge base: articles, what they said before, the revision mark, unanswered questions, feedback."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002_knowledge"
down_revision = "0001_ground"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "articles",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("questions", postgresql.JSONB(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("audience", postgresql.JSONB(), nullable=False),
        sa.Column("reviewed", sa.Date(), nullable=False),
        sa.Column("review_due", sa.Date(), nullable=False),
        sa.Column("effective", sa.Date()),
        sa.Column("expires", sa.Date()),
        sa.Column("sample", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_articles"),
    )
    op.create_index("ix_articles_subject", "articles", ["subject"])
    op.create_table(
        "article_versions",
        sa.Column("article", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("article", "version", name="pk_article_versions"),
        sa.ForeignKeyConstraint(["article"], ["articles.id"], name="fk_article_versions_article", ondelete="CASCADE"),
    )
    op.create_table(
        "article_feedback",
        sa.Column("article", sa.String(), nullable=False),
        sa.Column("conversation", sa.String(), nullable=False),
        sa.Column("solved", sa.Boolean(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("article", "conversation", name="pk_article_feedback"),
        sa.ForeignKeyConstraint(["article"], ["articles.id"], name="fk_article_feedback_article", ondelete="CASCADE"),
    )
    op.create_table(
        "knowledge_revision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mark", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_knowledge_revision"),
    )
    op.create_table(
        "unanswered_questions",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("question", sa.LargeBinary(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("first_at", MOMENT, nullable=False),
        sa.Column("last_at", MOMENT, nullable=False),
        sa.Column("conversation", sa.String()),
        sa.PrimaryKeyConstraint("id", name="pk_unanswered_questions"),
        sa.UniqueConstraint("digest", name="uq_unanswered_questions_digest"),
    )
    op.create_index("ix_unanswered_questions_last_at", "unanswered_questions", ["last_at"])


def downgrade() -> None:
    for table in ("unanswered_questions", "knowledge_revision", "article_feedback", "article_versions", "articles"):
        op.drop_table(table)
