"""Questions by day and by the article that answered, their clusters, and agents' words on articles."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0011_knowledge_loop"
down_revision = "0010_not_answered"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _clusters()
    _questions()
    op.drop_table("unanswered_questions")
    _feedback()


def downgrade() -> None:
    op.execute("delete from article_feedback where source <> 'citizen'")
    op.drop_constraint("pk_article_feedback", "article_feedback")
    op.create_primary_key("pk_article_feedback", "article_feedback", ["article", "conversation"])
    for column in ("source", "question", "day", "settled_at"):
        op.drop_column("article_feedback", column)
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
    op.execute(
        "insert into unanswered_questions (digest, question, times, first_at, last_at) "
        "select q.digest, q.question, sum(d.times), min(d.day)::timestamptz, q.last_at "
        "from asked_questions q join question_days d on d.question = q.id where d.article = '' group by q.id"
    )
    for table in ("question_days", "asked_questions", "question_clusters"):
        op.drop_table(table)


def _clusters() -> None:
    op.create_table(
        "question_clusters",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("typical", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("week", sa.Integer(), nullable=False),
        sa.Column("weekly_before", sa.Float(), nullable=False),
        sa.Column("department", sa.String()),
        sa.Column("nearest", JSONB(), nullable=False),
        sa.Column("article", sa.String(), nullable=False),
        sa.Column("based_on", sa.Integer(), nullable=False),
        sa.Column("answered", sa.Integer(), nullable=False),
        sa.Column("settled_size", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_question_clusters"),
    )
    op.create_index("ix_question_clusters_state", "question_clusters", ["state"])


def _questions() -> None:
    op.create_table(
        "asked_questions",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("question", sa.LargeBinary(), nullable=False),
        sa.Column("last_at", MOMENT, nullable=False),
        sa.Column("cluster", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_asked_questions"),
        sa.UniqueConstraint("digest", name="uq_asked_questions_digest"),
        sa.ForeignKeyConstraint(
            ["cluster"], ["question_clusters.id"], name="fk_asked_questions_cluster", ondelete="SET NULL"
        ),
    )
    op.create_index("ix_asked_questions_cluster", "asked_questions", ["cluster"])
    op.create_table(
        "question_days",
        sa.Column("question", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("article", sa.String(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("question", "day", "article", name="pk_question_days"),
        sa.ForeignKeyConstraint(
            ["question"], ["asked_questions.id"], name="fk_question_days_question", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_question_days_day", "question_days", ["day"])
    op.execute(
        "insert into asked_questions (digest, question, last_at) "
        "select digest, question, last_at from unanswered_questions order by id"
    )
    # Only the sum was kept: it counts for the last day.
    op.execute(
        "insert into question_days (question, day, article, times) select q.id, u.last_at::date, '', u.times "
        "from unanswered_questions u join asked_questions q on q.digest = u.digest"
    )


def _feedback() -> None:
    op.add_column("article_feedback", sa.Column("source", sa.String(), nullable=False, server_default="citizen"))
    op.alter_column("article_feedback", "source", server_default=None)
    op.add_column("article_feedback", sa.Column("question", sa.BigInteger()))
    op.add_column("article_feedback", sa.Column("day", sa.Date()))
    op.execute("update article_feedback set day = at::date")
    op.alter_column("article_feedback", "day", nullable=False)
    op.add_column("article_feedback", sa.Column("settled_at", MOMENT))
    op.drop_constraint("pk_article_feedback", "article_feedback")
    op.create_primary_key("pk_article_feedback", "article_feedback", ["article", "conversation", "source"])
    op.create_foreign_key(
        "fk_article_feedback_question",
        "article_feedback",
        "asked_questions",
        ["question"],
        ["id"],
        ondelete="SET NULL",
    )
    op.create_index("ix_article_feedback_question", "article_feedback", ["question"])
    op.create_index("ix_article_feedback_day", "article_feedback", ["day"])
