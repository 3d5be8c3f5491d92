"""Working time: which days are worked, and which hours of them, in the city's zone.

A day is looked up in the city's own `calendars/<year>.yaml` (the State Council's yearly notice); a year without a file
in the package `chinese_calendar`; a year that it does not know either falls back on the working week without the
holidays that the law sets on fixed dates, and is not known.
"""

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

import chinese_calendar
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from core.city import city, read_yaml
from routing import policy
from routing.data import Strict, parse

SATURDAY = 6  # ISO


class Holiday(Strict):
    """A holiday from its first to its last day, both included."""

    name: str
    first: date = Field(alias="from")
    last: date = Field(alias="to")


class Year(Strict):
    """One year's notice. A weekend in `working_weekends` is worked, and is looked at first."""

    year: int = Field(ge=2000, le=2100)
    source: str = Field(min_length=1)
    provisional: bool
    holidays: tuple[Holiday, ...]
    working_weekends: tuple[date, ...]

    @model_validator(mode="after")
    def _hangs_together(self) -> "Year":
        free: set[date] = set()
        for holiday in self.holidays:
            if holiday.first > holiday.last or {holiday.first.year, holiday.last.year} != {self.year}:
                raise PydanticCustomError(
                    "holiday_span",
                    "the holiday {name} must begin before it ends and lie in {year}",
                    {"name": holiday.name, "year": self.year},
                )
            span = _days(holiday.first, holiday.last)
            if free & set(span):
                raise PydanticCustomError(
                    "holiday_overlap", "the holiday {name} overlaps another", {"name": holiday.name}
                )
            free |= set(span)
        if len(set(self.working_weekends)) != len(self.working_weekends):
            raise PydanticCustomError("weekend_twice", "a working weekend is named twice")
        for day in self.working_weekends:
            if day.isoweekday() < SATURDAY or day in free or day.year != self.year:
                raise PydanticCustomError(
                    "working_weekend",
                    "the working weekend {day} must be a Saturday or Sunday of {year} in no holiday",
                    {"day": day.isoformat(), "year": self.year},
                )
        return self

    def is_working(self, day: date, week: frozenset[int]) -> bool:
        """Say whether the day is worked."""
        if day in self.working_weekends:
            return True
        return day.isoweekday() in week and not any(each.first <= day <= each.last for each in self.holidays)


class WorkingCalendar:
    """The working days and hours of the departments."""

    def __init__(
        self,
        years: dict[int, Year],
        *,
        week: frozenset[int],
        hours: tuple[tuple[time, time], ...],
        zone: ZoneInfo,
        fixed: frozenset[tuple[int, int]] = frozenset(),
    ) -> None:
        """Take the known years, the worked ISO weekdays, the periods of a working day in order, and the zone.

        `fixed`: month and day of the holidays that are the same in every year.
        """
        self.years = years
        self.fixed = fixed
        self.week = week
        self.hours = hours
        self.zone = zone

    def is_known(self, day: date) -> bool:
        """Say whether a published notice settles the day."""
        year = self.years.get(day.year)
        return not year.provisional if year else _package_says(day) is not None

    def is_working(self, day: date) -> bool:
        """Say whether the departments work on the day."""
        year = self.years.get(day.year)
        if year:
            return year.is_working(day, self.week)
        said = _package_says(day)
        return day.isoweekday() in self.week and (day.month, day.day) not in self.fixed if said is None else said

    def local_day(self, moment: datetime) -> date:
        """Return the city's day of a moment."""
        return moment.astimezone(self.zone).date()

    def closing(self, day: date) -> datetime:
        """Return when offices close on the day, as if it were worked."""
        return datetime.combine(day, self.hours[-1][1], self.zone)

    def periods(self, day: date) -> list[tuple[datetime, datetime]]:
        """Return the worked periods of the day in order; none on a free day."""
        if not self.is_working(day):
            return []
        return [
            (datetime.combine(day, start, self.zone), datetime.combine(day, end, self.zone))
            for start, end in self.hours
        ]


def load(folder: Path, *, sla: policy.Sla, zone: ZoneInfo) -> WorkingCalendar:
    """Read every year of `calendars/`. Raises BadInput where a file does not hang together."""
    years: dict[int, Year] = {}
    for file in sorted((folder / "calendars").glob("*.yaml")):
        year = parse(Year, read_yaml(file), file=file, entry="the year")
        years[year.year] = year
    return made(years, sla, zone=zone)


def made(years: dict[int, Year], sla: policy.Sla, *, zone: ZoneInfo | None = None) -> WorkingCalendar:
    """Return the calendar of these years with the hours and the week of `sla`; `zone`: the city's where not given."""
    hours = tuple((period.start, period.end) for period in sla.working_hours)
    fixed = frozenset((each.month, each.day) for each in sla.fixed_holidays)
    zone = zone or ZoneInfo(city().time_zone)
    return WorkingCalendar(years, week=frozenset(sla.working_week), hours=hours, zone=zone, fixed=fixed)


_chosen: WorkingCalendar | None = None


def calendar() -> WorkingCalendar:
    """Return the calendar in force: the years and hours saved in the browser over the city's files."""
    return _chosen or shipped()


def shipped() -> WorkingCalendar:
    """Return the calendar of the city's files."""
    return _calendar(city().folder)


def use(chosen: WorkingCalendar | None) -> None:
    """Let this calendar be in force in this process; None: the city's files (`routing.clock_versions`)."""
    global _chosen
    _chosen = chosen


@lru_cache(maxsize=4)
def _calendar(folder: Path) -> WorkingCalendar:
    return load(folder, sla=policy.shipped(), zone=ZoneInfo(city().time_zone))


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _package_says(day: date) -> bool | None:
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return None
