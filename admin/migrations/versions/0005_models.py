"""Trained models: their versions and files."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005_models"
down_revision = "0004_conversation"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "model_versions",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("about", JSONB(), nullable=False),
        sa.Column("figures", JSONB(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("served_from", MOMENT),
        sa.Column("served_to", MOMENT),
        sa.Column("replaced", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_model_versions"),
        sa.ForeignKeyConstraint(["replaced"], ["model_versions.id"], name="fk_model_versions_replaced"),
    )
    op.create_index("uq_model_versions_kind_digest", "model_versions", ["kind", "digest"], unique=True)
    op.create_index(
        "uq_model_versions_in_service",
        "model_versions",
        ["kind"],
        unique=True,
        postgresql_where=sa.text("state = 'in_service'"),
    )
    op.create_table(
        "model_files",
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("version_id", "name", "number", name="pk_model_files"),
        sa.ForeignKeyConstraint(
            ["version_id"], ["model_versions.id"], name="fk_model_files_version_id", ondelete="CASCADE"
        ),
    )


def downgrade() -> None:
    for table in ("model_files", "model_versions"):
        op.drop_table(table)
