"""What later dispatches learn from: whose duty a ticket was found not to be, and closed tickets by meaning."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006_learning"
down_revision = "0005_models"
branch_labels = None
depends_on = None

DIMENSIONS = (384, 512, 768, 1024)


def upgrade() -> None:
    op.add_column(
        "tickets", sa.Column("wrong_leads", postgresql.JSONB(), nullable=False, server_default=sa.text("'[]'::jsonb"))
    )
    op.alter_column("tickets", "wrong_leads", server_default=None)
    op.create_index("ix_tickets_category_opened_at", "tickets", ["category", "opened_at"])
    op.create_index(
        "ix_tickets_wrong_leads", "tickets", ["category"], postgresql_where=sa.text("wrong_leads <> '[]'::jsonb")
    )
    for dimension in DIMENSIONS:
        op.create_index(
            f"ix_tickets_closed_near_{dimension}",
            "tickets",
            [sa.literal_column(f"(embedding::vector({dimension}))").label("near")],
            postgresql_using="hnsw",
            postgresql_ops={"near": "vector_cosine_ops"},
            postgresql_where=sa.text(f"state = 'closed' and vector_dims(embedding) = {dimension}"),
        )


def downgrade() -> None:
    for dimension in DIMENSIONS:
        op.drop_index(f"ix_tickets_closed_near_{dimension}", "tickets")
    op.drop_index("ix_tickets_wrong_leads", "tickets")
    op.drop_index("ix_tickets_category_opened_at", "tickets")
    op.drop_column("tickets", "wrong_leads")
