"""Departments' own systems: accounts, what they hear of, webhooks, answers kept for repeated requests."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0017_systems"
down_revision = "0016_ledger_checkpoints"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _clients()
    _feed()
    _webhooks()
    op.create_table(
        "kept_answers",
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("etag", sa.String()),
        sa.Column("body", sa.LargeBinary()),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("actor", "key", name="pk_kept_answers"),
    )
    op.create_index("ix_kept_answers_created_at", "kept_answers", ["created_at"])


def downgrade() -> None:
    for table in ("kept_answers", "webhook_deliveries", "webhook_subscriptions", "department_events"):
        op.drop_table(table)
    op.execute("drop sequence department_event_positions")
    for table in ("client_tokens", "client_secrets", "clients"):
        op.drop_table(table)


def _clients() -> None:
    op.create_table(
        "clients",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_clients"),
        sa.UniqueConstraint("public_id", name="uq_clients_public_id"),
    )
    op.create_index("ix_clients_department", "clients", ["department"])
    op.create_table(
        "client_secrets",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("hint", sa.String(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_client_secrets"),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name="fk_client_secrets_client_id", ondelete="CASCADE"),
    )
    op.create_index("ix_client_secrets_client_id", "client_secrets", ["client_id"])
    op.create_table(
        "client_tokens",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("secret_id", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_client_tokens"),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name="fk_client_tokens_client_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["secret_id"], ["client_secrets.id"], name="fk_client_tokens_secret_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_client_tokens_client_id", "client_tokens", ["client_id"])
    op.create_index("ix_client_tokens_secret_id", "client_tokens", ["secret_id"])


def _feed() -> None:
    op.execute("create sequence department_event_positions")
    op.create_table(
        "department_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("position", sa.BigInteger()),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("lead", sa.String()),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_department_events"),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["tickets.id"], name="fk_department_events_ticket_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_department_events_ticket_id", "department_events", ["ticket_id"])
    op.create_index("ix_department_events_at", "department_events", ["at"])
    op.create_index(
        "ix_department_events_position",
        "department_events",
        ["department", "position"],
        postgresql_where=sa.text("position is not null"),
    )
    op.create_index(
        "ix_department_events_waiting",
        "department_events",
        ["department", "id"],
        postgresql_where=sa.text("position is null"),
    )


def _webhooks() -> None:
    op.create_table(
        "webhook_subscriptions",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("kinds", JSONB(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("former_secret", sa.LargeBinary()),
        sa.Column("former_until", MOMENT),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("failing_since", MOMENT),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("retry_at", MOMENT),
        sa.Column("switched_off", sa.String()),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_subscriptions"),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name="fk_webhook_subscriptions_client_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_webhook_subscriptions_client_id", "webhook_subscriptions", ["client_id"])
    op.create_table(
        "webhook_deliveries",
        sa.Column("subscription_id", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("posted_at", MOMENT, nullable=False),
        sa.Column("tried_at", MOMENT),
        sa.Column("status", sa.Integer()),
        sa.Column("failure", sa.String()),
        sa.Column("delivered_at", MOMENT),
        sa.PrimaryKeyConstraint("subscription_id", "event_id", name="pk_webhook_deliveries"),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["webhook_subscriptions.id"],
            name="fk_webhook_deliveries_subscription_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["department_events.id"], name="fk_webhook_deliveries_event_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_webhook_deliveries_event_id", "webhook_deliveries", ["event_id"])
    op.create_index(
        "ix_webhook_deliveries_waiting",
        "webhook_deliveries",
        ["subscription_id"],
        postgresql_where=sa.text("delivered_at is null"),
    )
