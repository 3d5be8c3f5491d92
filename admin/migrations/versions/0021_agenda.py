"""Lists at a million tickets: the next end of a clock on the ticket, counts by state, titles by two characters.

Numbers of a day are counted from the id before its first, not from a row that everybody waits for.
"""

import sqlalchemy as sa
from alembic import op

revision = "0021_agenda"
down_revision = "0020_warnings"
branch_labels = None
depends_on = None

ORDER = (sa.text("next_due_at"), sa.text("number desc"))


def upgrade() -> None:
    op.add_column("tickets", sa.Column("next_due_at", sa.DateTime(timezone=True)))
    op.execute(
        "update tickets set next_due_at = due.at from (select ticket_id, min(due_at) as at from ticket_clocks "
        "where met_at is null and void_at is null and kind <> 'return' "
        "and (paused_at is null or paused_at > due_at) group by ticket_id) as due "
        "where due.ticket_id = tickets.id"
    )
    op.alter_column("tickets", "number", type_=sa.String(collation="C"))
    op.execute(
        """
        create function title_bigrams(title varchar) returns varchar[] language sql immutable strict parallel safe as
        $$ select array(
            select distinct substr(lower(title), i, 2)::varchar from generate_series(1, length(title) - 1) i
        ) $$
        """
    )
    op.drop_index("ix_tickets_lead_state", "tickets")
    op.drop_index("ix_tickets_state", "tickets")
    op.create_index("ix_tickets_agenda", "tickets", [*ORDER], postgresql_include=["id", "lead", "state", "sealed"])
    op.create_index("ix_tickets_state_agenda", "tickets", ["state", *ORDER], postgresql_include=["id", "sealed"])
    op.create_index(
        "ix_tickets_lead_state_agenda", "tickets", ["lead", "state", *ORDER], postgresql_include=["id", "sealed"]
    )
    op.create_index("ix_tickets_title", "tickets", [sa.text("title_bigrams(title)")], postgresql_using="gin")
    _counts()
    op.alter_column("ticket_numbers", "last", new_column_name="base", type_=sa.BigInteger())
    # Numbers go on after the last of each day, whatever ids come next.
    op.execute("update ticket_numbers set base = coalesce((select max(id) from tickets), 0) - base")


def _counts() -> None:
    op.create_table(
        "ticket_counts",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("lead", sa.String()),
        sa.Column("sealed", sa.Boolean(), nullable=False),
        sa.Column("tickets", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ticket_counts"),
    )
    op.execute(
        "insert into ticket_counts (state, lead, sealed, tickets) "
        "select state, lead, sealed, count(*) from tickets group by state, lead, sealed"
    )
    op.execute(
        """
        create function count_ticket() returns trigger language plpgsql as $$ begin
            if tg_op <> 'INSERT' then
                insert into ticket_counts (state, lead, sealed, tickets) values (old.state, old.lead, old.sealed, -1);
            end if;
            if tg_op <> 'DELETE' then
                insert into ticket_counts (state, lead, sealed, tickets) values (new.state, new.lead, new.sealed, 1);
            end if;
            return null;
        end $$
        """
    )
    op.execute(
        "create trigger tickets_counted after insert or delete on tickets for each row execute function count_ticket()"
    )
    op.execute(
        "create trigger tickets_recounted after update on tickets for each row "
        "when (old.state is distinct from new.state or old.lead is distinct from new.lead "
        "or old.sealed <> new.sealed) "
        "execute function count_ticket()"
    )


def downgrade() -> None:
    op.execute("update ticket_numbers set base = coalesce((select max(id) from tickets), 0) - base")
    op.alter_column("ticket_numbers", "base", new_column_name="last", type_=sa.Integer())
    op.execute("drop trigger tickets_counted on tickets")
    op.execute("drop trigger tickets_recounted on tickets")
    op.execute("drop function count_ticket()")
    op.drop_table("ticket_counts")
    for name in ("title", "lead_state_agenda", "state_agenda", "agenda"):
        op.drop_index(f"ix_tickets_{name}", "tickets")
    op.execute("drop function title_bigrams(varchar)")
    op.alter_column("tickets", "number", type_=sa.String(collation="default"))
    op.drop_column("tickets", "next_due_at")
    op.create_index("ix_tickets_state", "tickets", ["state"])
    op.create_index("ix_tickets_lead_state", "tickets", ["lead", "state"])
