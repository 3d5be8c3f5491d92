"""Whether a department is at work at a moment, and when it is next."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from core.city import city
from routing.calendar import calendar
from routing.opening_hours import Hours

SATURDAY = 6  # ISO
LOOKED_AHEAD_DAYS = 15  # the longest holiday and a weekend on either side


def is_open(opening: Hours | None, moment: datetime) -> bool:
    """Say whether a department is at work at a moment; None (nobody wrote its hours): while offices are."""
    if opening == "always":
        return True
    here = moment.astimezone(ZoneInfo(city().time_zone))
    return any(start <= here < end for start, end in _periods(opening, here))


def opens_at(opening: Hours | None, moment: datetime) -> datetime | None:
    """Return when a closed department is at work next; None where it is, or not within a fortnight."""
    if is_open(opening, moment):
        return None
    here = moment.astimezone(ZoneInfo(city().time_zone))
    days = (here + timedelta(days=number) for number in range(LOOKED_AHEAD_DAYS))
    return next((start for day in days for start, _ in _periods(opening, day) if start > here), None)


def _periods(opening: Hours | None, moment: datetime) -> list[tuple[datetime, datetime]]:
    day, offices = moment.date(), calendar()
    if opening is None or opening == "always":
        return offices.periods(day)
    own, weekend = day.isoweekday() in opening.days, day.isoweekday() >= SATURDAY
    # A worked weekend (调休) is worked by who works on weekdays; who opens on Saturdays does so in any week.
    if not (offices.is_working(day) and (own or weekend)) and not (own and weekend):
        return []
    zone = ZoneInfo(city().time_zone)
    return [
        (datetime.combine(day, each.start, zone), datetime.combine(day, each.end, zone)) for each in opening.periods
    ]
