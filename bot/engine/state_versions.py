"""From the state of an earlier version of the program to the present one, a version at a time."""

from collections.abc import Callable
from typing import Any

Values = dict[str, Any]


def _waiting_one_by_one(values: Values) -> Values:
    """1 → 2: the matters that wait were lines of one text, now each stands for itself."""
    lines = str(values.get("waiting") or "").splitlines()
    return values | {"waiting": [{"text": line} for line in lines if line.strip()]}


# From which version a function leads to the next one.
MIGRATIONS: dict[int, Callable[[Values], Values]] = {1: _waiting_one_by_one}


def upgrade(values: Values, *, to: int) -> Values:
    """Return the values of a stored state as version `to` has them; those of a later version as they are."""
    version = values.get("version", to)
    while isinstance(version, int) and version < to and version in MIGRATIONS:
        values = MIGRATIONS[version](values)
        version += 1
    return values
