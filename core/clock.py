"""The only clock. Time is UTC in the database and shown in the city's zone; tests turn it with `set_to`."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_offset = timedelta(0)
_frozen: datetime | None = None


def now() -> datetime:
    """Return the present moment, UTC, timezone-aware."""
    return _frozen if _frozen is not None else datetime.now(UTC) + _offset


@contextmanager
def set_to(moment: datetime, *, running: bool = False) -> Iterator[None]:
    """Turn the clock to `moment` (timezone-aware) for the time of the block; it stands still unless `running`."""
    global _frozen, _offset
    before = (_frozen, _offset)
    if running:
        _frozen, _offset = None, moment - datetime.now(UTC)
    else:
        _frozen = moment.astimezone(UTC)
    try:
        yield
    finally:
        _frozen, _offset = before


def local(moment: datetime, zone: str) -> datetime:
    """Return `moment` as the wall clock of `zone` (an IANA name) shows it."""
    return moment.astimezone(ZoneInfo(zone))
