"""Every end and every percent point is where a person finds it who looks at one minute after the other.

The oracle below knows nothing of `routing.clocks`: it walks minutes of UTC, asks of each whether offices work then, and
counts. Calendars, lunch breaks, odd hours and zones with daylight saving time are hypothesis's to choose.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as some

from routing import clocks
from routing.calendar import Holiday, WorkingCalendar, Year
from routing.clocks import Change, Course
from routing.policy import Unit

MINUTE = timedelta(minutes=1)
ZONES = ("Asia/Shanghai", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe")
HOURS = (
    ((time(9), time(12)), (time(13, 30), time(17, 30))),
    ((time(8, 15), time(11, 45)), (time(14), time(18))),
    ((time(9), time(17)),),
    ((time(7), time(9, 5)), (time(10, 10), time(11)), (time(15), time(20, 55))),
)


@dataclass(frozen=True)
class World:
    """A calendar as people write it down."""

    zone: ZoneInfo
    hours: tuple[tuple[time, time], ...]
    week: frozenset[int]
    holidays: tuple[tuple[date, date], ...]
    working_weekends: tuple[date, ...]

    def calendar(self) -> WorkingCalendar:
        years = {
            year: Year(
                year=year,
                source="a notice",
                provisional=False,
                holidays=tuple(
                    Holiday(name="假", first=first, last=last) for first, last in self.holidays if first.year == year
                ),
                working_weekends=tuple(day for day in self.working_weekends if day.year == year),
            )
            for year in (2026, 2027)
        }
        return WorkingCalendar(years, week=self.week, hours=self.hours, zone=self.zone)

    def works_on(self, day: date) -> bool:
        if day in self.working_weekends:
            return True
        return day.isoweekday() in self.week and not any(first <= day <= last for first, last in self.holidays)

    def works_at(self, moment: datetime) -> bool:
        here = moment.astimezone(self.zone)
        return self.works_on(here.date()) and any(opens <= here.time() < closes for opens, closes in self.hours)

    def closing(self, day: date) -> datetime:
        return datetime.combine(day, self.hours[-1][1], self.zone).astimezone(UTC)

    def working_day_after(self, moment: datetime, count: int) -> datetime:
        day = moment.astimezone(self.zone).date()
        while count:
            day += timedelta(days=1)
            count -= self.works_on(day)
        return self.closing(day)


class Walker:
    """A clock followed minute by minute."""

    def __init__(self, world: World, unit: Unit) -> None:
        self.world = world
        self.natural = unit in (Unit.HOURS, Unit.CALENDAR_DAYS)
        self.unit = unit

    def counts(self, minute: datetime) -> bool:
        return self.natural or self.world.works_at(minute)

    def between(self, begin: datetime, stop: datetime) -> int:
        count = 0
        while begin < stop:
            count += self.counts(begin)
            begin += MINUTE
        return count

    def on(self, begin: datetime, minutes: int) -> datetime:
        while minutes:
            minutes -= self.counts(begin)
            begin += MINUTE
        return begin

    def first_end(self, start: datetime, amount: int) -> datetime:
        match self.unit:
            case Unit.WORKING_DAYS:
                return self.world.working_day_after(start, amount)
            case Unit.CALENDAR_DAYS:
                return self.world.closing(start.astimezone(self.world.zone).date() + timedelta(days=amount))
            case _:
                return self.on(start, amount * 60)

    def follow(self, start: datetime, amount: int, changes: list[Change]) -> tuple[datetime, list[datetime]]:
        """Return the end, and every minute that the clock ran and that counts."""
        end, paused, begun, spans = self.first_end(start, amount), None, start, []
        for change in changes:
            if change.kind == "extend":
                end = self.world.working_day_after(end, change.working_days)
            elif change.kind == "pause":
                paused = change.at
                spans.append((begun, paused))
            elif paused is not None:
                if paused < end:
                    end = self.on(change.at, self.between(paused, end))
                paused, begun = None, change.at
        spans.append((begun, end))
        minutes = []
        for first, last in spans:
            # What passed between an old end and a pause counts too, where an extension moved the end beyond it.
            while first < min(last, end):
                if self.counts(first):
                    minutes.append(first)
                first += MINUTE
        return end, minutes


moments = some.datetimes(min_value=datetime(2026, 2, 1), max_value=datetime(2026, 12, 20)).map(
    lambda moment: moment.replace(tzinfo=UTC, second=0, microsecond=0)
)


@some.composite
def worlds(draw: some.DrawFn, near: date) -> World:
    offset = draw(some.integers(-3, 8))
    first = min(near + timedelta(days=offset), date(2026, 12, 28))
    holiday = (first, min(first + timedelta(days=draw(some.integers(0, 7))), date(2026, 12, 31)))
    weekends = [
        day
        for day in (near + timedelta(days=number) for number in range(-3, 20))
        if day.isoweekday() > 5 and day.year == 2026 and not holiday[0] <= day <= holiday[1]
    ]
    chosen = draw(some.sets(some.sampled_from(weekends), max_size=3)) if weekends else set()
    return World(
        zone=ZoneInfo(draw(some.sampled_from(ZONES))),
        hours=draw(some.sampled_from(HOURS)),
        week=draw(some.sampled_from([frozenset(range(1, 6)), frozenset(range(1, 7)), frozenset({2, 3, 4})])),
        holidays=(holiday,),
        working_weekends=tuple(sorted(chosen)),
    )


@some.composite
def stories(draw: some.DrawFn) -> tuple[World, Course]:
    start = draw(moments)
    unit = draw(some.sampled_from(Unit))
    amount = draw(some.integers(1, 30 if unit is Unit.HOURS else 10 if unit is Unit.WORKING_HOURS else 4))
    changes, at, paused = [], start, False
    for _ in range(draw(some.integers(0, 5))):
        at += timedelta(minutes=draw(some.integers(0, 3 * 24 * 60)))
        if draw(some.integers(0, 3)) == 0:
            changes.append(Change("extend", at, draw(some.integers(1, 3))))
        else:
            changes.append(Change("resume" if paused else "pause", at))
            paused = not paused
    if paused:
        changes.append(Change("resume", at + timedelta(minutes=draw(some.integers(0, 2000)))))
    return draw(worlds(start.date())), Course(start, amount, unit, tuple(changes))


@settings(max_examples=60, deadline=None)  # the oracle is slow on purpose
@given(story=stories())
def test_a_clock_ends_where_the_oracle_finds_its_end(story: tuple[World, Course]) -> None:
    world, course = story
    end, _ = Walker(world, course.unit).follow(course.start, course.amount, list(course.changes))
    assert clocks.ends(course, world.calendar()).at == end


@settings(max_examples=60, deadline=None)
@given(story=stories(), percent=some.sampled_from([1, 25, 50, 80, 99, 100]))
def test_a_percent_point_lies_in_the_minute_that_the_oracle_counts_to(
    story: tuple[World, Course], percent: int
) -> None:
    world, course = story
    end, minutes = Walker(world, course.unit).follow(course.start, course.amount, list(course.changes))
    found = clocks.reached(course, percent, world.calendar())
    if percent == 100 or not minutes:
        assert found == end
        return
    whole, rest = divmod(len(minutes) * percent, 100)
    # A point at the very end of a minute belongs to it, not to the next one that counts.
    expected = minutes[whole] + MINUTE * rest / 100 if rest else minutes[whole - 1] + MINUTE
    assert found == expected


@settings(max_examples=60, deadline=None)
@given(story=stories(), wait=some.integers(0, 5000))
def test_a_pause_of_no_time_changes_nothing_and_a_longer_one_never_ends_it_sooner(
    story: tuple[World, Course], wait: int
) -> None:
    world, course = story
    latest = max([course.start, *(change.at for change in course.changes)])
    calendar, end = world.calendar(), clocks.ends(course, world.calendar()).at

    def paused(minutes: int) -> datetime:
        more = (Change("pause", latest), Change("resume", latest + timedelta(minutes=minutes)))
        return clocks.ends(Course(course.start, course.amount, course.unit, (*course.changes, *more)), calendar).at

    assert paused(0) == end
    assert paused(wait) >= end
    assert paused(wait + 60) >= paused(wait)
