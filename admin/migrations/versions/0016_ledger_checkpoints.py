"""Events appended by one function, signed checkpoints, and what could not be done."""

import sqlalchemy as sa
from alembic import op

revision = "0016_ledger_checkpoints"
down_revision = "0015_workflow"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    # Each statement of a plpgsql function sees what was committed before it, so the last event is read after the lock.
    op.execute(
        """
        create function append_event(
            of_subject text, at_moment timestamptz, by_actor text, of_kind text, with_data jsonb,
            before_number text, after_number text
        ) returns setof events language plpgsql as $$
        declare
            last_number integer;
            last_hash bytea;
        begin
            perform pg_advisory_xact_lock(hashtextextended('ledger:' || of_subject, 1));
            select number, hash into last_number, last_hash
                from events where subject = of_subject order by number desc limit 1;
            last_number := coalesce(last_number, 0) + 1;
            last_hash := coalesce(last_hash, decode(repeat('00', 32), 'hex'));
            return query insert into events (subject, number, at, actor, kind, data, previous, hash)
                values (
                    of_subject, last_number, at_moment, by_actor, of_kind, with_data, last_hash,
                    sha256(convert_to(
                        before_number || last_number || after_number || '"' || encode(last_hash, 'hex') || '"]', 'UTF8'
                    ))
                ) returning *;
        end $$
        """
    )
    op.create_table(
        "ledger_checkpoints",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("after", sa.BigInteger(), nullable=False),
        sa.Column("upto", sa.BigInteger(), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(32), nullable=False),
        sa.Column("previous", sa.LargeBinary(32), nullable=False),
        sa.Column("key", sa.LargeBinary(32), nullable=False),
        sa.Column("signature", sa.LargeBinary(64), nullable=False),
        sa.Column("endorsement", sa.LargeBinary(64)),
        sa.PrimaryKeyConstraint("number", name="pk_ledger_checkpoints"),
    )
    op.execute(
        "create trigger events_append_only before update or delete or truncate on ledger_checkpoints "
        "for each statement execute function events_are_append_only()"
    )


def downgrade() -> None:
    op.drop_table("ledger_checkpoints")
    op.execute("drop function append_event")
