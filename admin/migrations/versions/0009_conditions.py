"""What an article's answer depends on."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0009_conditions"
down_revision = "0008_imports"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("articles", sa.Column("ask", JSONB()))


def downgrade() -> None:
    op.drop_column("articles", "ask")
