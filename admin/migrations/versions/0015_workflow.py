"""The whole workflow: merged, split, linked, suspended and sealed tickets, applications, parts and orders."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015_workflow"
down_revision = "0014_figures"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
COUNTS = ("reopened_closed", "extensions", "extended_days")
SOME = ("merged_into", "split_from", "applied", "supervision")  # few tickets have one: the index holds those only
TABLES = ("ticket_links", "ticket_orders", "ticket_parts", "ticket_applications")


def upgrade() -> None:
    op.add_column("tickets", sa.Column("grid", sa.String()))
    op.add_column("tickets", sa.Column("sealed", sa.Boolean(), nullable=False, server_default=sa.false()))
    for name in COUNTS:
        op.add_column("tickets", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    op.add_column("tickets", sa.Column("applied", sa.String()))
    op.add_column("tickets", sa.Column("supervision", sa.String()))
    op.add_column(
        "tickets",
        sa.Column("open_parts", postgresql.JSONB(), nullable=False, server_default=sa.text("'{}'::jsonb")),
    )
    for name in ("sealed", *COUNTS, "open_parts"):
        op.alter_column("tickets", name, server_default=None)
    for name in ("merged_into", "split_from"):
        op.add_column("tickets", sa.Column(name, sa.BigInteger()))
        op.create_foreign_key(f"fk_tickets_{name}", "tickets", "tickets", [name], ["id"])
    for name in SOME:
        op.create_index(f"ix_tickets_{name}", "tickets", [name], postgresql_where=sa.text(f"{name} is not null"))
    op.create_index("ix_tickets_co_handlers", "tickets", ["co_handlers"], postgresql_using="gin")
    op.create_table(
        "ticket_applications",
        *_of_a_ticket("ticket_applications"),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("working_days", sa.Integer()),
        sa.Column("until", MOMENT),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("decided_at", MOMENT),
        sa.Column("approved", sa.Boolean()),
        sa.Column("decision", sa.LargeBinary()),
        sa.Column("ended_at", MOMENT),
    )
    _one_a_ticket("uq_ticket_applications_pending", "ticket_applications", "decided_at is null")
    op.create_index(
        "ix_ticket_applications_until",
        "ticket_applications",
        ["until"],
        postgresql_where=sa.text("kind = 'suspension' and approved and ended_at is null"),
    )
    op.create_table(
        "ticket_parts",
        *_of_a_ticket("ticket_parts"),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("accepted_at", MOMENT),
        sa.Column("answered_at", MOMENT),
        sa.Column("answer", sa.LargeBinary()),
        sa.Column("void_at", MOMENT),
    )
    is_open = "answered_at is null and void_at is null"
    _one_a_ticket("uq_ticket_parts_open", "ticket_parts", is_open, "department")
    op.create_index(
        "ix_ticket_parts_department_due", "ticket_parts", ["department", "due_at"], postgresql_where=sa.text(is_open)
    )
    op.create_table(
        "ticket_orders",
        *_of_a_ticket("ticket_orders"),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("ordered_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("answered_at", MOMENT),
        sa.Column("answer", sa.LargeBinary()),
        sa.Column("ended_at", MOMENT),
    )
    _one_a_ticket("uq_ticket_orders_running", "ticket_orders", "ended_at is null")
    for table in ("ticket_applications", "ticket_parts", "ticket_orders"):
        op.create_index(f"ix_{table}_ticket_id", table, ["ticket_id"])
    op.create_table(
        "ticket_links",
        sa.Column("first_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("second_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("first_id", "second_id", name="pk_ticket_links"),
        sa.ForeignKeyConstraint(["first_id"], ["tickets.id"], name="fk_ticket_links_first_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["second_id"], ["tickets.id"], name="fk_ticket_links_second_id", ondelete="CASCADE"),
    )
    op.create_index("ix_ticket_links_second_id", "ticket_links", ["second_id"])


def _of_a_ticket(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=f"fk_{table}_ticket_id", ondelete="CASCADE"),
    )


def _one_a_ticket(name: str, table: str, where: str, *columns: str) -> None:
    op.create_index(name, table, ["ticket_id", *columns], unique=True, postgresql_where=sa.text(where))


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    op.drop_index("ix_tickets_co_handlers", "tickets")
    for name in ("grid", "sealed", *COUNTS, "open_parts", *SOME):
        op.drop_column("tickets", name)
