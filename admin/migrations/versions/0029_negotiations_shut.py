"""Who was asked in a negotiation reads it no longer once its ticket is sealed or its author secret."""

import sqlalchemy as sa
from alembic import op

revision = "0029_negotiations_shut"
down_revision = "0028_topics_waiting"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("negotiation_positions", sa.Column("shut_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "update negotiation_positions p set shut_at = now() from negotiations n join tickets t on t.id = n.ticket_id"
        " where n.id = p.negotiation_id and exists (select from events e where e.subject = 'ticket:' || t.number"
        " and e.kind in ('ticket.sealed', 'ticket.made_confidential') and e.at > n.opened_at)"
    )


def downgrade() -> None:
    op.drop_column("negotiation_positions", "shut_at")
