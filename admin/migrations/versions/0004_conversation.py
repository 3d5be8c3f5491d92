"""Conversations, their messages, and the queue for a person."""

import sqlalchemy as sa
from alembic import op

revision = "0004_conversation"
down_revision = "0003_routing"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "conversations",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("token_digest", sa.LargeBinary()),
        sa.Column("expires_at", MOMENT),
        sa.Column("peer", sa.LargeBinary()),
        sa.Column("peer_index", sa.LargeBinary()),
        sa.Column("state", sa.LargeBinary()),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("last_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_conversations"),
    )
    op.create_index("uq_conversations_channel_peer_index", "conversations", ["channel", "peer_index"], unique=True)
    op.create_table(
        "messages",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("conversation_id", sa.String(), nullable=False),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column("reply_type", sa.String()),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("key", sa.String()),
        sa.Column("answers", sa.BigInteger()),
        sa.Column("staff_id", sa.BigInteger()),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_messages_conversation_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["answers"], ["messages.id"], name="fk_messages_answers", ondelete="CASCADE"),
    )
    op.create_index("ix_messages_conversation_id", "messages", ["conversation_id", "id"])
    op.create_index("uq_messages_conversation_key", "messages", ["conversation_id", "key"], unique=True)
    op.create_index("ix_messages_answers", "messages", ["answers"])
    op.create_table(
        "handovers",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("conversation_id", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("requested_at", MOMENT, nullable=False),
        sa.Column("taken_at", MOMENT),
        sa.Column("staff_id", sa.BigInteger()),
        sa.Column("ended_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_handovers"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_handovers_conversation_id", ondelete="CASCADE"
        ),
    )
    op.create_index(
        "uq_handovers_open",
        "handovers",
        ["conversation_id"],
        unique=True,
        postgresql_where=sa.text("ended_at is null"),
    )
    op.create_index(
        "ix_handovers_waiting",
        "handovers",
        ["requested_at"],
        postgresql_where=sa.text("ended_at is null and taken_at is null"),
    )
    op.create_index("ix_handovers_staff_id", "handovers", ["staff_id"])


def downgrade() -> None:
    for table in ("handovers", "messages", "conversations"):
        op.drop_table(table)
