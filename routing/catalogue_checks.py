"""A change of the dispatch catalogue before it is made: whether it can be, from when on, what speaks against it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from core import clock
from core.city import city
from core.errors import BadInput, Conflict
from intents import categories
from routing.catalogue import DISTRICT, EVERYWHERE, STREET, Row
from routing.catalogue_versions import Timeline
from routing.messages import say
from routing.tree import tree

LONGEST = 1000  # characters of basis and reason
LATEST = 2200  # year; what lies behind it is a slip of the hand


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A row as it is to hold; `lead` None: the row is to end.

    `effective_from`, `effective_to`: first and last day in the city's zone; None: at once, and without end.
    """

    category: str
    area: str = EVERYWHERE
    lead: str | None
    co_handlers: tuple[str, ...] = ()
    basis: str = ""
    effective_from: date | None = None
    effective_to: date | None = None

    @property
    def row(self) -> Row:
        """Return the row that it makes."""
        return Row(self.category, self.area, self.lead or "", self.co_handlers, self.basis)


@dataclass(frozen=True, slots=True)
class Examined:
    """A change that can be made: what holds before it, from when to when it will, and what speaks against it."""

    before: Row | None
    begins: datetime
    ends: datetime | None
    warnings: tuple[str, ...]


def examine(change: Change, known: Timeline) -> Examined:
    """Return what must be known of a change. Raises BadInput or Conflict, in a sentence, where it cannot be made."""
    begins, ends = _moments(change)
    _check(change)
    before = known.at(begins).get(change.category, change.area)
    if change.lead is None and before is None:
        raise Conflict(say("refused.catalogue.no_row"))
    if is_so_already(change, known):
        raise Conflict(say("refused.catalogue.same"))
    _check_dates(change, known, begins, ends)
    return Examined(before, begins, ends, tuple(_warnings(change, before, ends)))


def is_so_already(change: Change, known: Timeline) -> bool:
    """Say whether the row says so already when the change would begin. An end of its own is something new."""
    before = known.at(_moments(change)[0]).get(change.category, change.area)
    if before is None or change.effective_to is not None:
        return False
    return (before.lead, before.co_handlers, before.basis) == (change.lead, change.co_handlers, change.basis)


def _moments(change: Change) -> tuple[datetime, datetime | None]:
    """Return when the change begins and ends. Raises BadInput for a day that has passed, or an end before it begins."""
    now, zone = clock.now(), ZoneInfo(city().time_zone)
    today = now.astimezone(zone).date()
    first = change.effective_from or today
    if first < today:
        raise BadInput(say("refused.catalogue.past"))
    if max(first, change.effective_to or first).year > LATEST:
        raise BadInput(say("refused.catalogue.far", year=LATEST))
    if change.effective_to is not None and change.effective_to < first:
        raise BadInput(say("refused.catalogue.end"))
    begins = now if first == today else datetime.combine(first, time(), zone)
    last = change.effective_to
    return begins, datetime.combine(last + timedelta(days=1), time(), zone) if last else None


def _check(change: Change) -> None:
    known = tree()
    if change.category not in categories.tree():
        raise BadInput(say("refused.category"))
    if change.area != EVERYWHERE and known.of_district(change.area) is None:
        raise BadInput(say("refused.catalogue.area"))
    if change.lead is None:
        return
    for code in (change.lead, *change.co_handlers):
        if code not in known and code not in {DISTRICT, STREET}:
            raise BadInput(say("refused.catalogue.department", code=code or "–"))
    if change.lead in known and known.get(change.lead).kind == "grid":
        raise BadInput(say("refused.catalogue.grid"))
    # Spreadsheets, in which the catalogue is exchanged, would take these for the beginning of a formula.
    if not change.basis or change.basis[0] in "=+-@" or len(change.basis) > LONGEST:
        raise BadInput(say("refused.catalogue.basis"))
    if change.lead in change.co_handlers:
        raise BadInput(say("refused.catalogue.twice"))


def _check_dates(change: Change, known: Timeline, begins: datetime, ends: datetime | None) -> None:
    """Raise Conflict where the days overlap with what is planned; the version in force is ended, not overlapped."""
    later = [span for span in known.of(change.category, change.area) if span.begins >= begins]
    if later and (ends is None or ends > later[0].begins):
        day = clock.local(later[0].begins, city().time_zone).date()
        raise Conflict(say("refused.catalogue.overlap", day=day.isoformat()))


def _warnings(change: Change, before: Row | None, ends: datetime | None) -> Iterator[str]:
    if change.lead is not None:
        level, was = _level(change.lead), _level(before.lead) if before else "bureau"
        if level == "street" and was != "street":
            yield say("warning.catalogue.pushed_down")
        if level == "centre":
            yield say("warning.catalogue.centre")
        area = tree().get(change.lead).area if change.lead in tree() else None
        if area and area.partition("/")[0] != change.area:
            yield say("warning.catalogue.elsewhere", name=tree().get(change.lead).short_name)
    if ends is not None:
        yield say("warning.catalogue.ends", day=change.effective_to.isoformat() if change.effective_to else "")


def _level(lead: str) -> str:
    if lead == STREET:
        return "street"
    if lead == DISTRICT:
        return "district"
    return tree().get(lead).kind if lead in tree() else "bureau"
