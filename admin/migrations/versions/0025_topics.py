"""Topics over time, and which ticket belongs to which."""

import sqlalchemy as sa
from alembic import op
from pgvector.sqlalchemy import Vector

revision = "0025_topics"
down_revision = "0024_dead_letters"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "topics",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        *(sa.Column(name, sa.String()) for name in ("category", "district", "street", "road", "landmark")),
        sa.Column("encoder", sa.String(), nullable=False),
        sa.Column("centroid", Vector(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("first_at", MOMENT, nullable=False),
        sa.Column("last_at", MOMENT, nullable=False),
        sa.Column("rank", sa.Float(), nullable=False),
        sa.Column("warned_at", MOMENT),
        sa.Column("warning", sa.String()),
        sa.Column("warned_size", sa.Integer(), nullable=False),
        sa.Column("acknowledged_at", MOMENT),
        sa.Column("acknowledged_by", sa.String()),
        sa.Column("note", sa.LargeBinary()),
        sa.Column("closed_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_topics"),
    )
    for name, columns in (
        ("rank", ["rank"]),
        ("landmark", ["landmark"]),
        ("road", ["road"]),
        ("district_category", ["district", "category"]),
    ):
        op.create_index(f"ix_topics_{name}", "topics", columns, postgresql_where=sa.text("closed_at is null"))
    op.create_index(
        "ix_topics_warned_at",
        "topics",
        ["warned_at"],
        postgresql_where=sa.text("warned_at is not null and closed_at is null"),
    )
    op.create_table(
        "topic_tickets",
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("topic_id", sa.BigInteger()),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", name="pk_topic_tickets"),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["tickets.id"], name="fk_topic_tickets_ticket_id_tickets", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["topic_id"], ["topics.id"], name="fk_topic_tickets_topic_id_topics", ondelete="SET NULL"
        ),
    )
    op.create_index("ix_topic_tickets_opened_at", "topic_tickets", ["opened_at"])
    op.create_index("ix_topic_tickets_topic", "topic_tickets", ["topic_id", "opened_at"])


def downgrade() -> None:
    op.drop_table("topic_tickets")
    op.drop_table("topics")
