"""Working days follow the yearly notice; a year without one falls back and is not known."""

from datetime import date, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from core.errors import BadInput
from routing import calendar, policy

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture(scope="module")
def sample() -> calendar.WorkingCalendar:
    return calendar.calendar()


@pytest.mark.parametrize(
    ("day", "working"),
    [
        (date(2026, 11, 23), True),  # a Monday
        (date(2026, 11, 22), False),  # a Sunday
        (date(2026, 10, 10), True),  # a Saturday that the notice says is worked
        (date(2026, 10, 5), False),  # a Monday of the National Day holiday
        (date(2026, 2, 14), True),  # the Saturday before the Spring Festival
    ],
)
def test_a_day_is_worked_as_the_notice_says(sample: calendar.WorkingCalendar, day: date, working: bool) -> None:
    assert sample.is_working(day) is working
    assert sample.is_known(day)


def test_a_year_without_a_file_is_taken_from_the_package_that_knows_it(sample: calendar.WorkingCalendar) -> None:
    assert 2024 not in sample.years
    assert not sample.is_working(date(2024, 10, 1))
    assert sample.is_working(date(2024, 10, 12))
    assert sample.is_known(date(2024, 10, 12))


def test_a_year_that_nobody_knows_has_weekends_and_the_fixed_holidays_and_is_not_known(
    sample: calendar.WorkingCalendar,
) -> None:
    assert not sample.is_working(date(2035, 1, 1))  # a Monday
    assert not sample.is_working(date(2035, 10, 3))
    assert sample.is_working(date(2035, 10, 4))
    assert not sample.is_working(date(2035, 10, 6))  # a Saturday
    assert not sample.is_known(date(2035, 10, 1))


def test_the_working_day_has_a_lunch_break(sample: calendar.WorkingCalendar) -> None:
    morning, afternoon = sample.periods(date(2026, 11, 23))
    assert [moment.time() for moment in (*morning, *afternoon)] == [time(9), time(12), time(13, 30), time(17, 30)]
    assert sample.periods(date(2026, 11, 22)) == []


def write(folder: Path, *, holidays: str = "[]", weekends: str = "[]", provisional: str = "false") -> Path:
    (folder / "calendars").mkdir(exist_ok=True)
    (folder / "calendars" / "2026.yaml").write_text(
        f"year: 2026\nsource: a notice\nprovisional: {provisional}\n"
        f"holidays: {holidays}\nworking_weekends: {weekends}\n"
    )
    return folder


def load(folder: Path) -> calendar.WorkingCalendar:
    return calendar.load(folder, sla=policy.sla(), zone=SHANGHAI)


def test_a_year_entered_before_its_notice_is_not_known(tmp_path: Path) -> None:
    assert not load(write(tmp_path, provisional="true")).is_known(date(2026, 11, 23))


@pytest.mark.parametrize(
    ("holidays", "weekends", "said"),
    [
        ("[{name: 元旦, from: 2026-01-03, to: 2026-01-01}]", "[]", "元旦 must begin before it ends"),
        ("[{name: 元旦, from: 2025-12-31, to: 2026-01-01}]", "[]", "lie in 2026"),
        (
            "[{name: 甲, from: 2026-05-01, to: 2026-05-03}, {name: 乙, from: 2026-05-03, to: 2026-05-04}]",
            "[]",
            "乙 overlaps",
        ),
        ("[]", "[2026-11-23]", "2026-11-23 must be a Saturday or Sunday"),
        ("[{name: 甲, from: 2026-05-01, to: 2026-05-03}]", "[2026-05-02]", "in no holiday"),
    ],
)
def test_a_notice_typed_wrongly_is_refused_with_the_entry(
    tmp_path: Path, holidays: str, weekends: str, said: str
) -> None:
    with pytest.raises(BadInput) as refused:
        load(write(tmp_path, holidays=holidays, weekends=weekends))
    assert "2026.yaml" in refused.value.sentence
    assert said in refused.value.sentence
