"""Negotiations of unclear duties, with the positions of those who were asked."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0022_negotiations"
down_revision = "0021_agenda"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "negotiations",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("category", sa.String()),
        sa.Column("area", sa.String(), nullable=False),
        sa.Column("question", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("ended_by", sa.String()),
        sa.Column("ended_at", MOMENT),
        sa.Column("lead", sa.String()),
        sa.Column("co_handlers", JSONB(), nullable=False),
        sa.Column("basis", sa.String()),
        sa.Column("reason", sa.LargeBinary()),
        sa.Column("catalogue_version", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_negotiations"),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_negotiations_ticket_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["catalogue_version"], ["catalogue_versions.id"], name="fk_negotiations_catalogue_version"
        ),
    )
    op.create_index("ix_negotiations_ticket_id", "negotiations", ["ticket_id"])
    op.create_index("ix_negotiations_category_state", "negotiations", ["category", "state"])
    op.create_table(
        "negotiation_positions",
        sa.Column("negotiation_id", sa.BigInteger(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("stance", sa.String()),
        sa.Column("text", sa.LargeBinary()),
        sa.Column("basis", sa.String()),
        sa.Column("stated_by", sa.String()),
        sa.Column("stated_at", MOMENT),
        sa.PrimaryKeyConstraint("negotiation_id", "department", name="pk_negotiation_positions"),
        sa.ForeignKeyConstraint(
            ["negotiation_id"],
            ["negotiations.id"],
            name="fk_negotiation_positions_negotiation_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_negotiation_positions_department", "negotiation_positions", ["department"])


def downgrade() -> None:
    op.drop_table("negotiation_positions")
    op.drop_table("negotiations")
