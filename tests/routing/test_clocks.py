"""A limit ends where a person who counts day by day, or minute by minute, says that it does."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from routing import clocks
from routing.calendar import WorkingCalendar, Year, calendar
from routing.policy import ClockKind, Limit, Unit

CITY = ZoneInfo("Asia/Shanghai")
MINUTE = timedelta(minutes=1)


def limit(amount: int, unit: Unit) -> Limit:
    return Limit(clock=ClockKind.RESOLVE, request_type="*", urgency="*", amount=amount, unit=unit)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CITY)


@pytest.mark.parametrize(
    ("start", "amount", "unit", "due"),
    [
        # The day on which it begins does not count (Civil Code 201), and the last ends when offices close (203).
        ("2026-11-23 09:30", 1, Unit.WORKING_DAYS, "2026-11-24 17:30"),
        ("2026-11-23 00:01", 1, Unit.WORKING_DAYS, "2026-11-24 17:30"),
        ("2026-11-23 23:59", 1, Unit.WORKING_DAYS, "2026-11-24 17:30"),
        # On Saturday for one working day: all of Monday.
        ("2026-11-21 12:00", 1, Unit.WORKING_DAYS, "2026-11-23 17:30"),
        # Friday before the National Day week of 2026: the working Saturday of 10 October counts.
        ("2026-09-30 16:00", 3, Unit.WORKING_DAYS, "2026-10-10 17:30"),
        ("2026-11-20 16:00", 7, Unit.CALENDAR_DAYS, "2026-11-27 17:30"),
        # Natural days stay natural days, also where the last is a holiday.
        ("2026-09-28 16:00", 5, Unit.CALENDAR_DAYS, "2026-10-03 17:30"),
        ("2026-11-20 23:30", 2, Unit.HOURS, "2026-11-21 01:30"),
        # The lunch break, the night and the weekend do not count.
        ("2026-11-23 11:00", 2, Unit.WORKING_HOURS, "2026-11-23 14:30"),
        ("2026-11-23 12:30", 1, Unit.WORKING_HOURS, "2026-11-23 14:30"),
        ("2026-11-20 17:00", 4, Unit.WORKING_HOURS, "2026-11-23 14:00"),
        # Used up exactly at the end of a period, it ends there.
        ("2026-11-23 09:00", 3, Unit.WORKING_HOURS, "2026-11-23 12:00"),
        ("2026-11-23 09:00", 7, Unit.WORKING_HOURS, "2026-11-23 17:30"),
        ("2026-11-23 03:00", 1, Unit.WORKING_HOURS, "2026-11-23 10:00"),
    ],
)
def test_a_limit_ends(start: str, amount: int, unit: Unit, due: str) -> None:
    found = clocks.due(at(start), limit(amount, unit), calendar())
    assert found.at == at(due)
    assert found.at.tzinfo is UTC
    assert not found.provisional


def test_what_reaches_beyond_the_known_years_is_provisional() -> None:
    assert clocks.due(at("2026-12-31 10:00"), limit(1, Unit.WORKING_DAYS), calendar()).provisional
    assert clocks.due(at("2026-12-31 17:00"), limit(1, Unit.WORKING_HOURS), calendar()).provisional
    assert not clocks.due(at("2026-12-31 10:00"), limit(1, Unit.WORKING_HOURS), calendar()).provisional
    # Hours and natural days do not depend on any notice.
    assert not clocks.due(at("2026-12-31 10:00"), limit(24, Unit.HOURS), calendar()).provisional
    assert not clocks.due(at("2026-12-31 10:00"), limit(7, Unit.CALENDAR_DAYS), calendar()).provisional


starts = some.datetimes(min_value=datetime(2025, 1, 1), max_value=datetime(2027, 3, 1)).map(
    lambda moment: moment.replace(tzinfo=CITY, second=0, microsecond=0)
)


@given(start=starts, amount=some.integers(1, 15))
def test_working_days_are_those_that_a_person_counts_off(start: datetime, amount: int) -> None:
    found = clocks.due(start, limit(amount, Unit.WORKING_DAYS), calendar())
    last = found.at.astimezone(CITY)
    first_day, days = start.date(), []
    for number in range(1, (last.date() - first_day).days + 1):
        day = first_day + timedelta(days=number)
        days.append((calendar().is_working(day), calendar().is_known(day)))
    assert sum(working for working, _ in days) == amount
    assert days[-1][0], "the last day is a working day"
    assert last.time() == time(17, 30)
    assert found.provisional == (not all(known for _, known in days))


def count_minutes(start: datetime, minutes: int, working: WorkingCalendar) -> datetime:
    """The slow oracle: look at every minute, and count those that are worked."""
    moment = start
    while minutes:
        local = moment.astimezone(CITY)
        worked = working.is_working(local.date()) and any(
            opens <= local.time() < closes for opens, closes in working.hours
        )
        minutes -= worked
        moment += MINUTE
    return moment


@settings(max_examples=30, deadline=None)  # the oracle is slow on purpose
@given(start=starts, amount=some.integers(1, 16))
def test_working_hours_are_those_that_a_person_counts_minute_by_minute(start: datetime, amount: int) -> None:
    expected = count_minutes(start.astimezone(UTC), amount * 60, calendar())
    assert clocks.due(start, limit(amount, Unit.WORKING_HOURS), calendar()).at == expected


@given(start=starts, amount=some.integers(1, 40), unit=some.sampled_from(Unit))
def test_a_longer_limit_never_ends_sooner_nor_a_later_start(start: datetime, amount: int, unit: Unit) -> None:
    due = clocks.due(start, limit(amount, unit), calendar()).at
    assert due > start
    assert clocks.due(start, limit(amount + 1, unit), calendar()).at > due
    assert clocks.due(start + timedelta(hours=5), limit(amount, unit), calendar()).at >= due


@given(
    start=some.datetimes(min_value=datetime(2026, 3, 1), max_value=datetime(2026, 11, 5)), amount=some.integers(1, 9)
)
def test_daylight_saving_time_neither_gives_nor_takes_an_hour(start: datetime, amount: int) -> None:
    zone = ZoneInfo("Europe/Berlin")
    year = Year(year=2026, source="every day is worked", provisional=False, holidays=(), working_weekends=())
    round_the_clock = WorkingCalendar(
        {2026: year}, week=frozenset(range(1, 8)), hours=((time(0), time(12)), (time(12), time(23, 59, 59))), zone=zone
    )
    begin = start.replace(tzinfo=zone)
    due = clocks.due(begin, limit(amount, Unit.WORKING_HOURS), round_the_clock).at
    # One second a day is not worked.
    assert timedelta(0) <= due - begin.astimezone(UTC) - timedelta(hours=amount) <= timedelta(seconds=2)
