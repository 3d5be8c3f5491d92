"""Where a ticket is, by road, landmark and house number; the open tickets near a place."""

import sqlalchemy as sa
from alembic import op

revision = "0019_nearby"
down_revision = "0018_merge_figures"
branch_labels = None
depends_on = None

OPEN = "state not in ('replied', 'closed', 'withdrawn', 'merged')"


def upgrade() -> None:
    # Addresses lie encrypted: tickets that are open already are found by district and coordinates alone.
    op.add_column("tickets", sa.Column("road", sa.String()))
    op.add_column("tickets", sa.Column("landmark", sa.String()))
    op.add_column("tickets", sa.Column("house", sa.Integer()))
    op.drop_index("ix_tickets_district_open", "tickets")
    for name, columns, condition in (
        ("area", ["district", "category", "opened_at"], OPEN),
        ("road", ["road", "opened_at"], f"{OPEN} and road is not null"),
        ("landmark", ["landmark", "opened_at"], f"{OPEN} and landmark is not null"),
        ("point", ["latitude", "longitude"], f"{OPEN} and latitude is not null"),
    ):
        op.create_index(f"ix_tickets_open_{name}", "tickets", columns, postgresql_where=sa.text(condition))


def downgrade() -> None:
    for name in ("point", "landmark", "road", "area"):
        op.drop_index(f"ix_tickets_open_{name}", "tickets")
    op.create_index(
        "ix_tickets_district_open",
        "tickets",
        ["district"],
        postgresql_where=sa.text("state not in ('replied', 'closed', 'withdrawn')"),
    )
    for column in ("house", "landmark", "road"):
        op.drop_column("tickets", column)
