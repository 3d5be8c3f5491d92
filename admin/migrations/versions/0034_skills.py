"""The queue by skill: what staff can do, what a wish for a person needs, what the citizen was told, how it ended."""

import sqlalchemy as sa
from alembic import op

revision = "0034_skills"
down_revision = "0033_catalogue_passed_over"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
ADDED = ("skill", "open_at", "returned", "place", "told_place", "told_minutes", "told_at", "waits_since", "ended_as")


def upgrade() -> None:
    op.add_column("staff", sa.Column("skills", sa.ARRAY(sa.String()), nullable=False, server_default="{}"))
    op.alter_column("staff", "skills", server_default=None)
    for column in (
        sa.Column("skill", sa.String()),
        sa.Column("open_at", MOMENT),
        sa.Column("returned", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("place", sa.Integer()),
        sa.Column("told_place", sa.Integer()),
        sa.Column("told_minutes", sa.Integer()),
        sa.Column("told_at", MOMENT),
        sa.Column("waits_since", MOMENT),
        sa.Column("ended_as", sa.String()),
    ):
        op.add_column("handovers", column)
    op.execute(
        "update handovers set open_at = requested_at, "
        # Who is talked with now is not taken from the agent by the upgrade: their silence is counted from here.
        "waits_since = case when taken_at is not null and ended_at is null then now() end, "
        "ended_as = case when ended_at is null then null when taken_at is null then 'left' else 'returned' end"
    )
    op.alter_column("handovers", "open_at", nullable=False)
    op.alter_column("handovers", "returned", server_default=None)
    op.create_index(
        "ix_handovers_held",
        "handovers",
        ["waits_since"],
        postgresql_where=sa.text("ended_at is null and taken_at is not null"),
    )
    op.create_index("ix_handovers_requested_at", "handovers", ["requested_at"])
    op.create_index("ix_handovers_taken_at", "handovers", ["taken_at"])


def downgrade() -> None:
    for index in ("held", "requested_at", "taken_at"):
        op.drop_index(f"ix_handovers_{index}", "handovers")
    for column in ADDED:
        op.drop_column("handovers", column)
    op.drop_column("staff", "skills")
