"""When a limit ends, what a pause gives back, and when a part of it is over.

- `working_days`: at closing time of the N-th working day after the day on which it began. That day itself does not
  count (Civil Code, article 201), and the last day ends when offices close (article 203).
- `calendar_days`: at closing time of the N-th day after; natural days stay natural days, also where a holiday is last.
- `hours`: to the second, N hours later.
- `working_hours`: when N hours of working time have passed; the lunch break, nights and free days do not count. A
  limit that is used up exactly at the end of a period ends there, not at the start of the next.

A clock's *own measure* is working time for the working units and natural time for the other two. A pause gives back
what was left when it began, to the second, in that measure: a clock in working days paused with six and a half hours of
working time to go ends when six and a half hours of working time have passed since it was resumed. A pause that begins
after the end gives nothing back. An extension ends when offices close on the N-th working day after the day of the old
end, whatever the unit. A percent point is the moment at which that part of the whole measure, pauses left out, is over.

A working-time limit that reaches into a year without a published notice is provisional, and so is an extension into it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from routing.calendar import WorkingCalendar
from routing.policy import Limit, Unit

DAY = timedelta(days=1)
NOTHING = timedelta(0)
NATURAL = frozenset({Unit.HOURS, Unit.CALENDAR_DAYS})


@dataclass(frozen=True, slots=True)
class Due:
    """When a limit ends (UTC), and whether a later notice may still move that."""

    at: datetime
    provisional: bool


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to a running clock: paused, resumed, or extended by `working_days`."""

    kind: str
    at: datetime
    working_days: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return it as the column `changes` keeps it."""
        return {"kind": self.kind, "at": self.at.isoformat(), "working_days": self.working_days}

    @classmethod
    def read(cls, value: dict[str, Any]) -> "Change":
        """Return what `as_json` made."""
        return cls(value["kind"], datetime.fromisoformat(value["at"]), value["working_days"])


@dataclass(frozen=True, slots=True)
class Course:
    """A clock from its beginning: its limit, and what happened to it, oldest first."""

    start: datetime
    amount: int
    unit: Unit
    changes: Sequence[Change] = ()


def due(start: datetime, limit: Limit, calendar: WorkingCalendar) -> Due:
    """Return when a limit that began at `start` (timezone-aware) ends."""
    return _end(start, limit.amount, limit.unit, calendar)


def ends(course: Course, calendar: WorkingCalendar) -> Due:
    """Return when the clock ends after all that happened to it; of one that is paused, the end it had."""
    end = _end(course.start, course.amount, course.unit, calendar)
    paused: datetime | None = None
    for change in _in_order(course):
        if change.kind == "extend":
            moved = _after_working_days(calendar.local_day(end.at), change.working_days, calendar)
            end = Due(moved.at, end.provisional or moved.provisional)
        elif change.kind == "pause":
            paused = change.at
        elif paused is not None:
            end = _resumed(end, paused, change.at, course.unit, calendar)
            paused = None
    return end


def reached(course: Course, percent: int, calendar: WorkingCalendar) -> datetime:
    """Return when `percent` (1 to 100) of the clock's measure is over, pauses left out; 100 is its end."""
    end = ends(course, calendar).at
    if percent == 100:
        return end
    spans = [(begin, stop, measured(begin, stop, course.unit, calendar)) for begin, stop in _spans(course, end)]
    left = sum((length for _, _, length in spans), NOTHING) * percent / 100
    for begin, _, length in spans:
        if length >= left:
            return after(begin, left, course.unit, calendar).at
        left -= length
    return end


def measured(begin: datetime, stop: datetime, unit: Unit, calendar: WorkingCalendar) -> timedelta:
    """Return how much time lies between two moments in the measure of the unit; nothing where `stop` comes first."""
    begin, stop = begin.astimezone(UTC), stop.astimezone(UTC)
    if stop <= begin:
        return NOTHING
    if unit in NATURAL:
        return stop - begin
    return sum((closes - opens for opens, closes in _worked(begin, stop, calendar)), NOTHING)


def after(begin: datetime, left: timedelta, unit: Unit, calendar: WorkingCalendar) -> Due:
    """Return when `left`, in the measure of the unit, has passed since `begin`."""
    if unit in NATURAL or left <= NOTHING:
        return Due(at=begin.astimezone(UTC) + max(left, NOTHING), provisional=False)
    return _after_working_time(begin, left, calendar)


def _end(start: datetime, amount: int, unit: Unit, calendar: WorkingCalendar) -> Due:
    match unit:
        case Unit.HOURS:
            return Due(at=start.astimezone(UTC) + timedelta(hours=amount), provisional=False)
        case Unit.CALENDAR_DAYS:
            last = calendar.local_day(start) + amount * DAY
            return Due(at=calendar.closing(last).astimezone(UTC), provisional=False)
        case Unit.WORKING_DAYS:
            return _after_working_days(calendar.local_day(start), amount, calendar)
        case Unit.WORKING_HOURS:
            return _after_working_time(start, timedelta(hours=amount), calendar)


def _resumed(end: Due, paused: datetime, resumed: datetime, unit: Unit, calendar: WorkingCalendar) -> Due:
    if paused >= end.at:
        return end
    moved = after(resumed, measured(paused, end.at, unit, calendar), unit, calendar)
    return Due(moved.at, end.provisional or moved.provisional)


def _in_order(course: Course) -> Iterator[Change]:
    """Yield the changes as if the machine's clock had never been set back."""
    latest = course.start
    for change in course.changes:
        latest = max(latest, change.at)
        yield Change(change.kind, latest, change.working_days)


def _spans(course: Course, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the spans in which the clock ran, or will run, until its end."""
    begin: datetime | None = course.start
    for change in _in_order(course):
        if change.kind == "pause" and begin is not None:
            yield begin, min(change.at, end)
            begin = None
        elif change.kind == "resume" and begin is None:
            begin = change.at
    if begin is not None:
        yield begin, end


def _after_working_days(day: date, amount: int, calendar: WorkingCalendar) -> Due:
    known = True
    while amount:
        day += DAY
        known = known and calendar.is_known(day)
        amount -= calendar.is_working(day)
    return Due(at=calendar.closing(day).astimezone(UTC), provisional=not known)


def _after_working_time(start: datetime, left: timedelta, calendar: WorkingCalendar) -> Due:
    begin = start.astimezone(UTC)
    day, known = calendar.local_day(start), True
    while True:
        known = known and calendar.is_known(day)
        for opens, closes in _periods(day, calendar):
            opens = max(opens, begin)
            worked = closes - opens
            if worked >= left:
                return Due(at=opens + left, provisional=not known)
            left -= max(worked, NOTHING)
        day += DAY


def _worked(begin: datetime, stop: datetime, calendar: WorkingCalendar) -> Iterator[tuple[datetime, datetime]]:
    """Yield the worked spans between two moments (UTC)."""
    day, last = calendar.local_day(begin), calendar.local_day(stop)
    while day <= last:
        for opens, closes in _periods(day, calendar):
            if max(opens, begin) < min(closes, stop):
                yield max(opens, begin), min(closes, stop)
        day += DAY


def _periods(day: date, calendar: WorkingCalendar) -> Iterator[tuple[datetime, datetime]]:
    # Subtraction across a change of daylight saving time is right in UTC only.
    for opens, closes in calendar.periods(day):
        yield opens.astimezone(UTC), closes.astimezone(UTC)
