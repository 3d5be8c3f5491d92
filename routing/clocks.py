"""When a limit ends.

- `working_days`: at closing time of the N-th working day after the day on which it began. That day itself does not
  count (Civil Code, article 201), and the last day ends when offices close (article 203).
- `calendar_days`: at closing time of the N-th day after; natural days stay natural days, also where a holiday is last.
- `hours`: to the second, N hours later.
- `working_hours`: when N hours of working time have passed; the lunch break, nights and free days do not count. A
  limit that is used up exactly at the end of a period ends there, not at the start of the next.

A working-time limit that reaches into a year without a published notice is provisional. Limits of hours and calendar
days never are.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from routing.calendar import WorkingCalendar
from routing.policy import Limit, Unit

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Due:
    """When a limit ends (UTC), and whether a later notice may still move that."""

    at: datetime
    provisional: bool


def due(start: datetime, limit: Limit, calendar: WorkingCalendar) -> Due:
    """Return when a limit that began at `start` (timezone-aware) ends."""
    match limit.unit:
        case Unit.HOURS:
            return Due(at=(start + timedelta(hours=limit.amount)).astimezone(UTC), provisional=False)
        case Unit.CALENDAR_DAYS:
            last = calendar.local_day(start) + limit.amount * DAY
            return Due(at=calendar.closing(last).astimezone(UTC), provisional=False)
        case Unit.WORKING_DAYS:
            return _after_working_days(calendar.local_day(start), limit.amount, calendar)
        case Unit.WORKING_HOURS:
            return _after_working_time(start, timedelta(hours=limit.amount), calendar)


def _after_working_days(day: date, amount: int, calendar: WorkingCalendar) -> Due:
    known = True
    while amount:
        day += DAY
        known = known and calendar.is_known(day)
        amount -= calendar.is_working(day)
    return Due(at=calendar.closing(day).astimezone(UTC), provisional=not known)


def _after_working_time(start: datetime, left: timedelta, calendar: WorkingCalendar) -> Due:
    day, known = calendar.local_day(start), True
    while True:
        known = known and calendar.is_known(day)
        for opens, closes in calendar.periods(day):
            # Subtraction across a change of daylight saving time is right in UTC only.
            begin = max(opens.astimezone(UTC), start.astimezone(UTC))
            worked = closes.astimezone(UTC) - begin
            if worked >= left:
                return Due(at=begin + left, provisional=not known)
            left -= max(worked, timedelta(0))
        day += DAY
