"""What each department has on hand, counted every minute."""

import sqlalchemy as sa
from alembic import op

revision = "0023_department_loads"
down_revision = "0022_negotiations"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "department_loads",
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("open", sa.Integer(), nullable=False),
        sa.Column("overdue", sa.Integer(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("department", name="pk_department_loads"),
    )


def downgrade() -> None:
    op.drop_table("department_loads")
