"""The quality check on all tickets: findings, and sentences of replies."""

import sqlalchemy as sa
from alembic import op

revision = "0026_quality"
down_revision = "0025_topics"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "quality_findings",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("check", sa.String(), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("evidence", sa.LargeBinary(), nullable=False),
        sa.Column("found_at", MOMENT, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.LargeBinary()),
        sa.Column("decided_by", sa.String()),
        sa.Column("decided_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_quality_findings"),
        _of_ticket("quality_findings"),
    )
    op.create_index("uq_quality_findings_ticket_check", "quality_findings", ["ticket_id", "check"], unique=True)
    op.create_index("ix_quality_findings_state_id", "quality_findings", ["state", "id"])
    op.create_index("ix_quality_findings_department_id", "quality_findings", ["department", "id"])
    op.create_index("ix_quality_findings_day", "quality_findings", ["day"])
    op.create_table(
        "reply_sentences",
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", "digest", name="pk_reply_sentences"),
        _of_ticket("reply_sentences"),
    )
    op.create_index("ix_reply_sentences_department_digest", "reply_sentences", ["department", "digest"])


def downgrade() -> None:
    op.drop_table("reply_sentences")
    op.drop_table("quality_findings")


def _of_ticket(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=f"fk_{table}_ticket_id", ondelete="CASCADE")
