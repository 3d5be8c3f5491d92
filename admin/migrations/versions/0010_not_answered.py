"""What is asked near an article that it does not answer."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0010_not_answered"
down_revision = "0009_conditions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("articles", sa.Column("not_answered", JSONB(), nullable=False, server_default=sa.text("'[]'::jsonb")))
    op.alter_column("articles", "not_answered", server_default=None)


def downgrade() -> None:
    op.drop_column("articles", "not_answered")
