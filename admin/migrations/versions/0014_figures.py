"""When a ticket changed, calls for the survey, and figures: what each ticket counts as, sums of days, exclusions."""

import sqlalchemy as sa
from alembic import op

revision = "0014_figures"
down_revision = "0013_clock_changes"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
DIMENSIONS = ("department", "district", "category", "channel")
COUNTED = ("opened", "dispatched", "closed", "surveyed", "reopened")
SHARED = (
    "response_rate",
    "solution_rate",
    "satisfaction_rate",
    "first_dispatch_accuracy",
    "on_time_rate",
    "return_rate",
    "reopen_rate",
    "callback_rate",
)
SUMS = (
    *(f"{code}_yes" for code in COUNTED),
    *(f"{code}_{part}" for code in SHARED for part in ("yes", "no", "excluded")),
)


def upgrade() -> None:
    _tickets()
    _attempts()
    _facts()
    _sums()


def downgrade() -> None:
    for table in ("figure_exclusions", "figure_state", "figure_reasons", "figure_days", "ticket_facts"):
        op.drop_table(table)
    op.drop_table("callback_attempts")
    op.drop_index("ix_tickets_callback_at", "tickets")
    op.drop_index("ix_tickets_changed_at", "tickets")
    for column in ("changed_at", "survey_end", "callbacks", "callback_at"):
        op.drop_column("tickets", column)


def _tickets() -> None:
    op.add_column("tickets", sa.Column("callback_at", MOMENT))
    op.add_column("tickets", sa.Column("callbacks", sa.Integer(), nullable=False, server_default="0"))
    op.alter_column("tickets", "callbacks", server_default=None)
    op.add_column("tickets", sa.Column("survey_end", sa.String()))
    op.add_column("tickets", sa.Column("changed_at", MOMENT))
    op.execute(
        "update tickets set changed_at = greatest(opened_at, dispatched_at, accepted_at, replied_at, surveyed_at, "
        "closed_at, urged_at), callback_at = case when state = 'replied' then replied_at end"
    )
    op.alter_column("tickets", "changed_at", nullable=False)
    op.create_index("ix_tickets_changed_at", "tickets", ["changed_at"])
    op.create_index(
        "ix_tickets_callback_at", "tickets", ["callback_at"], postgresql_where=sa.text("callback_at is not null")
    )


def _attempts() -> None:
    op.create_table(
        "callback_attempts",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("again_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_callback_attempts"),
        _of_ticket("callback_attempts"),
    )
    op.create_index("ix_callback_attempts_ticket_id", "callback_attempts", ["ticket_id"])


def _facts() -> None:
    op.create_table(
        "ticket_facts",
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT),
        sa.Column("day", sa.Date(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in DIMENSIONS),
        *(sa.Column(name, sa.String()) for name in (*COUNTED, *SHARED)),
        sa.PrimaryKeyConstraint("ticket_id", name="pk_ticket_facts"),
        _of_ticket("ticket_facts"),
    )
    op.create_index("ix_ticket_facts_day", "ticket_facts", ["day", "ticket_id"])
    op.create_index(
        "ix_ticket_facts_due_at", "ticket_facts", ["due_at"], postgresql_where=sa.text("due_at is not null")
    )
    op.create_table(
        "figure_exclusions",
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", name="pk_figure_exclusions"),
        _of_ticket("figure_exclusions"),
    )


def _sums() -> None:
    op.create_table(
        "figure_days",
        sa.Column("dimension", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in SUMS),
        sa.PrimaryKeyConstraint("dimension", "value", "day", name="pk_figure_days"),
    )
    op.create_index("ix_figure_days_dimension_day", "figure_days", ["dimension", "day"])
    op.create_table(
        "figure_reasons",
        sa.Column("dimension", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("figure", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("dimension", "value", "day", "figure", "reason", name="pk_figure_reasons"),
    )
    op.create_table(
        "figure_state",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("changed_to", MOMENT, nullable=False),
        sa.Column("as_of", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_figure_state"),
    )


def _of_ticket(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=f"fk_{table}_ticket_id", ondelete="CASCADE")
