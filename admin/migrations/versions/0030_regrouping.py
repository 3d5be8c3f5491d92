"""Topics that are joined and parted by night."""

import sqlalchemy as sa
from alembic import op

revision = "0030_regrouping"
down_revision = "0029_negotiations_shut"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The first night looks at all that are open.
    op.add_column("topics", sa.Column("changed", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.alter_column("topics", "changed", server_default=None)
    op.create_index("ix_topics_changed", "topics", ["id"], postgresql_where=sa.text("changed and closed_at is null"))
    op.add_column("topics", sa.Column("joined_into", sa.BigInteger()))
    op.create_foreign_key("fk_topics_joined_into_topics", "topics", "topics", ["joined_into"], ["id"])


def downgrade() -> None:
    op.drop_constraint("fk_topics_joined_into_topics", "topics", type_="foreignkey")
    op.drop_column("topics", "joined_into")
    op.drop_index("ix_topics_changed", table_name="topics")
    op.drop_column("topics", "changed")
