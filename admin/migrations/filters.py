"""Which tables the migrations look at."""

from typing import Any

IGNORED = ("procrastinate_", "alembic_version")


def ours(_object: Any, name: str | None, kind: str, _reflected: bool, _compared: Any) -> bool:
    """Say whether Alembic looks at a table: Procrastinate keeps its own."""
    return not (kind == "table" and (name or "").startswith(IGNORED))
