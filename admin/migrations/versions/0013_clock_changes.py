"""What happens to a running clock (pauses, extensions), and when each must next act."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0013_clock_changes"
down_revision = "0012_catalogue"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
UNBREACHED = "met_at is null and void_at is null and breached_at is null"


def upgrade() -> None:
    op.add_column("ticket_clocks", sa.Column("paused_at", MOMENT))
    op.add_column("ticket_clocks", sa.Column("changes", JSONB(), nullable=False, server_default="[]"))
    op.add_column("ticket_clocks", sa.Column("act_at", MOMENT))
    op.add_column("ticket_clocks", sa.Column("warned", sa.SmallInteger(), nullable=False, server_default="0"))
    op.alter_column("ticket_clocks", "changes", server_default=None)
    op.alter_column("ticket_clocks", "warned", server_default=None)
    # Clocks that run already are not warned of in one burst: the next that they do is to end.
    op.execute(f"update ticket_clocks set act_at = due_at, warned = 99 where {UNBREACHED}")
    op.execute("update ticket_clocks set warned = 100 where breached_at is not null")
    op.drop_index("ix_ticket_clocks_due", "ticket_clocks")
    op.create_index(
        "ix_ticket_clocks_act_at", "ticket_clocks", ["act_at"], postgresql_where=sa.text("act_at is not null")
    )


def downgrade() -> None:
    op.drop_index("ix_ticket_clocks_act_at", "ticket_clocks")
    for column in ("paused_at", "changes", "act_at", "warned"):
        op.drop_column("ticket_clocks", column)
    op.create_index("ix_ticket_clocks_due", "ticket_clocks", ["due_at"], postgresql_where=sa.text(UNBREACHED))
