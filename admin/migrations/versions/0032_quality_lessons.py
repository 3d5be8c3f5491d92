"""Quality check: which tickets were read, what each finding is about, and counts kept by triggers."""

import sqlalchemy as sa
from alembic import op

revision = "0032_quality_lessons"
down_revision = "0031_suspected_pairs"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("quality_findings", sa.Column("category", sa.String()))
    op.add_column("quality_findings", sa.Column("about_at", MOMENT))
    op.execute(
        "update quality_findings f set category = split_part(coalesce(t.category, ''), '.', 1), "
        "about_at = case when f.\"check\" = 'type_drift' then t.opened_at else coalesce(t.replied_at, t.opened_at) end "
        "from tickets t where t.id = f.ticket_id"
    )
    op.alter_column("quality_findings", "category", nullable=False)
    op.alter_column("quality_findings", "about_at", nullable=False)
    op.drop_index("uq_quality_findings_ticket_check", "quality_findings")
    op.drop_index("ix_quality_findings_department_id", "quality_findings")
    op.create_index(
        "uq_quality_findings_ticket_check_about_at", "quality_findings", ["ticket_id", "check", "about_at"], unique=True
    )
    op.create_index("ix_quality_findings_state_check_id", "quality_findings", ["state", "check", "id"])
    op.create_index("ix_quality_findings_department_state_id", "quality_findings", ["department", "state", "id"])
    op.create_index(
        "ix_quality_findings_decided",
        "quality_findings",
        ["check", "department", "category", "decided_at"],
        postgresql_where=sa.text("decided_at is not null"),
    )
    op.create_index("ix_tickets_sealed", "tickets", ["id"], postgresql_where=sa.text("sealed"))
    op.create_table(
        "quality_readings",
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("read_at", MOMENT, nullable=False),
        sa.Column("rules", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("replied", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", name="pk_quality_readings"),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["tickets.id"], name="fk_quality_readings_ticket_id", ondelete="CASCADE"
        ),
    )
    _counts()


def _counts() -> None:
    op.create_table(
        "quality_counts",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("check", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("findings", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_quality_counts"),
    )
    op.execute(
        'insert into quality_counts (department, "check", state, findings) '
        'select department, "check", state, count(*) from quality_findings group by department, "check", state'
    )
    for table, columns, check, state in (
        ("quality_findings", ("department", "check", "state"), '%s."check"', "%s.state"),
        ("quality_readings", ("department", "replied"), "''", "'read'"),
    ):
        kind = table.removeprefix("quality_").removesuffix("s")
        counted = {
            row: f'insert into quality_counts (department, "check", state, findings) '
            f"values ({row}.department, {check.replace('%s', row)}, {state.replace('%s', row)}, {sign})"
            for row, sign in (("old", -1), ("new", 1))
        }
        only = {row: f" and {row}.replied" if table == "quality_readings" else "" for row in ("old", "new")}
        op.execute(
            f"""
            create function count_quality_{kind}() returns trigger language plpgsql as $$ begin
                if tg_op <> 'INSERT'{only["old"]} then {counted["old"]}; end if;
                if tg_op <> 'DELETE'{only["new"]} then {counted["new"]}; end if;
                return null;
            end $$
            """
        )
        op.execute(
            f"create trigger {table}_counted after insert or delete on {table} "
            f"for each row execute function count_quality_{kind}()"
        )
        changed = " or ".join(f'old."{column}" is distinct from new."{column}"' for column in columns)
        op.execute(
            f"create trigger {table}_recounted after update on {table} "
            f"for each row when ({changed}) execute function count_quality_{kind}()"
        )


def downgrade() -> None:
    for name in ("counted", "recounted"):
        op.execute(f"drop trigger quality_findings_{name} on quality_findings")
    op.drop_table("quality_readings")
    op.execute("drop function count_quality_finding()")
    op.execute("drop function count_quality_reading()")
    op.drop_table("quality_counts")
    op.drop_index("ix_tickets_sealed", "tickets")
    for name in ("decided", "department_state_id", "state_check_id"):
        op.drop_index(f"ix_quality_findings_{name}", "quality_findings")
    op.drop_index("uq_quality_findings_ticket_check_about_at", "quality_findings")
    # A check had one finding a ticket, and no word for those that are not shown unasked.
    op.execute("delete from quality_findings where state = 'quiet'")
    op.execute(
        "delete from quality_findings f using quality_findings g "
        'where g.ticket_id = f.ticket_id and g."check" = f."check" and g.id > f.id'
    )
    op.create_index("ix_quality_findings_department_id", "quality_findings", ["department", "id"])
    op.create_index("uq_quality_findings_ticket_check", "quality_findings", ["ticket_id", "check"], unique=True)
    op.drop_column("quality_findings", "about_at")
    op.drop_column("quality_findings", "category")
