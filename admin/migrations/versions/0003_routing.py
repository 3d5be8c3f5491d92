"""Routing: tickets, who asked, words of their events, clocks, numbers."""

import sqlalchemy as sa
from alembic import op
from pgvector.sqlalchemy import Vector
from sqlalchemy.dialects import postgresql

revision = "0003_routing"
down_revision = "0002_knowledge"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "tickets",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("code_digest", sa.LargeBinary(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("conversation", sa.String()),
        sa.Column("request_type", sa.String(), nullable=False),
        sa.Column("category", sa.String()),
        sa.Column("urgency", sa.String(), nullable=False),
        sa.Column("confidential", sa.Boolean(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("description", sa.LargeBinary(), nullable=False),
        sa.Column("elements", sa.LargeBinary(), nullable=False),
        sa.Column("attachments", postgresql.JSONB(), nullable=False),
        sa.Column("happened", sa.String()),
        sa.Column("address", sa.LargeBinary()),
        sa.Column("district", sa.String()),
        sa.Column("street", sa.String()),
        sa.Column("latitude", sa.Float()),
        sa.Column("longitude", sa.Float()),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("lead", sa.String()),
        sa.Column("co_handlers", postgresql.JSONB(), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("dispatched_at", MOMENT),
        sa.Column("accepted_at", MOMENT),
        sa.Column("replied_at", MOMENT),
        sa.Column("closed_at", MOMENT),
        sa.Column("misdispatched", sa.Boolean(), nullable=False),
        sa.Column("returns", sa.Integer(), nullable=False),
        sa.Column("return_refused", sa.Boolean(), nullable=False),
        sa.Column("reopened", sa.Integer(), nullable=False),
        sa.Column("supervised", sa.Boolean(), nullable=False),
        sa.Column("urges", sa.Integer(), nullable=False),
        sa.Column("urged_at", MOMENT),
        sa.Column("result", sa.String()),
        sa.Column("basis", sa.String()),
        sa.Column("contacted", sa.Boolean()),
        sa.Column("solved", sa.Boolean()),
        sa.Column("satisfied", sa.Integer()),
        sa.Column("surveyed_at", MOMENT),
        sa.Column("encoder", sa.String()),
        sa.Column("embedding", Vector()),
        sa.PrimaryKeyConstraint("id", name="pk_tickets"),
        sa.UniqueConstraint("number", name="uq_tickets_number"),
    )
    op.create_index("ix_tickets_conversation", "tickets", ["conversation"])
    op.create_index("ix_tickets_opened_at", "tickets", ["opened_at"])
    op.create_index("ix_tickets_state", "tickets", ["state"])
    op.create_index("ix_tickets_lead_state", "tickets", ["lead", "state"])
    op.create_index(
        "ix_tickets_district_open",
        "tickets",
        ["district"],
        postgresql_where=sa.text("state not in ('replied', 'closed', 'withdrawn')"),
    )
    op.create_table(
        "ticket_citizens",
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.LargeBinary()),
        sa.Column("phone", sa.LargeBinary()),
        sa.Column("phone_index", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("ticket_id", name="pk_ticket_citizens"),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_ticket_citizens_ticket_id", ondelete="CASCADE"),
    )
    op.create_index("ix_ticket_citizens_phone_index", "ticket_citizens", ["phone_index"])
    op.create_table(
        "ticket_notes",
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("event_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column("attachments", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", "event_number", name="pk_ticket_notes"),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_ticket_notes_ticket_id", ondelete="CASCADE"),
    )
    op.create_table(
        "ticket_clocks",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("policy", sa.String(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("met_at", MOMENT),
        sa.Column("void_at", MOMENT),
        sa.Column("breached_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_ticket_clocks"),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_ticket_clocks_ticket_id", ondelete="CASCADE"),
    )
    op.create_index("ix_ticket_clocks_ticket_id", "ticket_clocks", ["ticket_id"])
    op.create_index(
        "ix_ticket_clocks_due",
        "ticket_clocks",
        ["due_at"],
        postgresql_where=sa.text("met_at is null and void_at is null and breached_at is null"),
    )
    op.create_index(
        "uq_ticket_clocks_running",
        "ticket_clocks",
        ["ticket_id", "kind"],
        unique=True,
        postgresql_where=sa.text("met_at is null and void_at is null"),
    )
    op.create_table(
        "ticket_numbers",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_ticket_numbers"),
    )


def downgrade() -> None:
    for table in ("ticket_numbers", "ticket_clocks", "ticket_notes", "ticket_citizens", "tickets"):
        op.drop_table(table)
