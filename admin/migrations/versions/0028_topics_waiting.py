"""A ticket waits for topics from its vector on, by a mark instead of by time."""

import sqlalchemy as sa
from alembic import op

revision = "0028_topics_waiting"
down_revision = "0027_clock_versions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("topic_tickets", sa.Column("waiting", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.alter_column("topic_tickets", "waiting", server_default=None)
    op.drop_index("ix_topic_tickets_opened_at", table_name="topic_tickets")
    op.create_index("ix_topic_tickets_waiting", "topic_tickets", ["opened_at"], postgresql_where=sa.text("waiting"))
    # Two months: what topics look back to in the sample city; what is older grows no topic.
    op.execute(
        "insert into topic_tickets (ticket_id, opened_at, waiting) select id, opened_at, true from tickets"
        " where encoder is not null and opened_at > now() - interval '60 days' on conflict do nothing"
    )


def downgrade() -> None:
    op.drop_index("ix_topic_tickets_waiting", table_name="topic_tickets")
    op.execute("delete from topic_tickets where waiting")
    op.drop_column("topic_tickets", "waiting")
    op.create_index("ix_topic_tickets_opened_at", "topic_tickets", ["opened_at"])
