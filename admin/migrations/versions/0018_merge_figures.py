"""Figures on merged and extended tickets; everything is counted anew by the worker."""

import sqlalchemy as sa
from alembic import op

revision = "0018_merge_figures"
down_revision = "0017_systems"
branch_labels = None
depends_on = None

FIGURES = ("merged", "merge_rate", "extension_rate")
SUMS = ("merged_yes", *(f"{code}_{part}" for code in FIGURES[1:] for part in ("yes", "no", "excluded")))


def upgrade() -> None:
    op.execute("truncate ticket_facts, figure_days, figure_reasons, figure_state")
    for name in FIGURES:
        op.add_column("ticket_facts", sa.Column(name, sa.String()))
    for name in SUMS:
        op.add_column("figure_days", sa.Column(name, sa.Integer(), nullable=False))


def downgrade() -> None:
    for name in SUMS:
        op.drop_column("figure_days", name)
    for name in FIGURES:
        op.drop_column("ticket_facts", name)
