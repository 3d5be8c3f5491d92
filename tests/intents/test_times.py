from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import clock
from core.text.normalise import normalise
from intents import times
from intents.understanding import TimeSpan

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture(autouse=True)
def wednesday() -> Iterator[None]:
    """Wednesday 10 June 2026, 10:30 in the city, which is still Wednesday in UTC."""
    with clock.set_to(datetime(2026, 6, 10, 2, 30, tzinfo=UTC)):
        yield


def _one(text: str) -> TimeSpan:
    (span,) = times.find(normalise(text))
    return span


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("前天", "2026-06-08 00:00", "2026-06-09 00:00"),
        ("昨晚", "2026-06-09 18:00", "2026-06-10 00:00"),
        ("昨天夜里", "2026-06-09 20:00", "2026-06-10 05:00"),
        ("昨晚十一点半", "2026-06-09 23:30", "2026-06-09 23:31"),
        ("今晚十二点", "2026-06-11 00:00", "2026-06-11 01:00"),
        ("明晚12点半", "2026-06-12 00:30", "2026-06-12 00:31"),
        ("半夜十二点", "2026-06-10 00:00", "2026-06-10 01:00"),
        ("昨晚九点到十二点", "2026-06-09 21:00", "2026-06-10 00:00"),
        ("昨天中午十二点", "2026-06-09 12:00", "2026-06-09 13:00"),
        ("国庆第三天下午", "2025-10-03 12:00", "2025-10-03 18:00"),
        ("端午那两天", "2026-06-19 00:00", "2026-06-21 00:00"),
        ("下周四之前", "2026-06-10 10:30", "2026-06-18 00:00"),
        ("月底以前", "2026-06-10 10:30", "2026-07-01 00:00"),
        ("昨晚两点", "2026-06-10 02:00", "2026-06-10 03:00"),
        ("今天早上八点", "2026-06-10 08:00", "2026-06-10 09:00"),
        ("今天下午3:20", "2026-06-10 15:20", "2026-06-10 15:21"),
        ("上周三", "2026-06-03 00:00", "2026-06-04 00:00"),
        ("上周三下午三点到五点", "2026-06-03 15:00", "2026-06-03 17:00"),
        ("周一", "2026-06-08 00:00", "2026-06-09 00:00"),
        ("星期五", "2026-06-05 00:00", "2026-06-06 00:00"),
        ("3月5号", "2026-03-05 00:00", "2026-03-06 00:00"),
        ("三月五号", "2026-03-05 00:00", "2026-03-06 00:00"),
        ("12月30日", "2025-12-30 00:00", "2025-12-31 00:00"),
        ("去年12月30日", "2025-12-30 00:00", "2025-12-31 00:00"),
        ("2024年2月29日", "2024-02-29 00:00", "2024-03-01 00:00"),
        ("上个月15号", "2026-05-15 00:00", "2026-05-16 00:00"),
        ("最近三天", "2026-06-07 10:30", "2026-06-10 10:30"),
        ("两个小时前", "2026-06-10 08:30", "2026-06-10 10:30"),
        ("三天前", "2026-06-07 00:00", "2026-06-08 00:00"),
        ("上个月", "2026-05-01 00:00", "2026-06-01 00:00"),
        ("昨儿后晌三点", "2026-06-09 15:00", "2026-06-09 16:00"),
        ("今儿晌午十一点", "2026-06-10 11:00", "2026-06-10 12:00"),
        ("前儿个头晌", "2026-06-08 08:00", "2026-06-08 12:00"),
        ("昨个夜里头", "2026-06-09 20:00", "2026-06-10 05:00"),
        ("打昨儿起", "2026-06-09 00:00", "2026-06-10 10:30"),
        ("上礼拜", "2026-06-01 00:00", "2026-06-08 00:00"),
        ("大前天", "2026-06-07 00:00", "2026-06-08 00:00"),
        ("打月初起", "2026-06-01 00:00", "2026-06-10 10:30"),
        ("上周", "2026-06-01 00:00", "2026-06-08 00:00"),
        ("去年", "2025-01-01 00:00", "2026-01-01 00:00"),
    ],
)
def test_a_time_stands_for_its_interval_in_the_city(text: str, start: str, end: str) -> None:
    span = _one(text)
    assert span.text == text
    assert span.start == datetime.fromisoformat(start).replace(tzinfo=ZONE)
    assert span.end == datetime.fromisoformat(end).replace(tzinfo=ZONE)


@pytest.mark.parametrize("text", ["每天半夜", "每天早上六点", "天天", "每周末", "每逢周二早高峰", "三天两头"])
def test_a_recurring_time_has_no_interval(text: str) -> None:
    span = _one(text)
    assert (span.text, span.start, span.end) == (text, None, None)


@pytest.mark.parametrize("text", ["2月30号", "13月1号", "昨天25点"])
def test_an_impossible_time_keeps_its_words_and_has_no_interval(text: str) -> None:
    assert [span.start for span in times.find(text)] == [None]


@pytest.mark.parametrize(
    "text", ["", "路灯坏了", "一点都不好", "12号楼", "早该修了", "今个月", "前个星期没人来", "刚才那个电话"]
)
def test_no_time_is_made_up(text: str) -> None:
    assert times.find(text) == ()


def test_times_come_in_the_order_of_the_text() -> None:
    assert [span.text for span in times.find("前天报修，昨天来了人，每天晚上还是没水")] == ["前天", "昨天", "每天晚上"]


@given(
    st.dates(min_value=date(2000, 1, 1), max_value=date(2026, 6, 1)),
    st.sampled_from(["{y}年{m}月{d}日", "{y}-{m:02}-{d:02}"]),
)
def test_a_whole_date_is_its_day(day: date, form: str) -> None:
    span = _one(form.format(y=day.year, m=day.month, d=day.day))
    assert span.start == datetime(day.year, day.month, day.day, tzinfo=ZONE)
    assert span.end == span.start + timedelta(days=1)


@given(st.dates(min_value=date(2025, 8, 11), max_value=date(2026, 8, 8)))
def test_a_date_without_a_year_is_near(day: date) -> None:
    assert _one(f"{day.month}月{day.day}号").start == datetime(day.year, day.month, day.day, tzinfo=ZONE)


@given(st.text("今昨前上这周月天日晚半夜点三十从到起以来年初底国庆春节农历正大每0123456789:.-年月日，", max_size=24))
def test_whatever_is_written_spans_are_in_order_and_end_after_they_begin(text: str) -> None:
    for span in times.find(normalise(text)):
        assert span.text and (span.start is None or span.end is None or span.start < span.end)


def test_a_day_without_a_year_is_of_the_year_that_was_told() -> None:
    spans = times.find("2023年10月18日入职，11月1日受伤，当天就住院了")
    assert [span.start.date() for span in spans if span.start] == [
        date(2023, 10, 18),
        date(2023, 11, 1),
        date(2023, 11, 1),
    ]


def test_days_listed_behind_a_day_are_of_its_month() -> None:
    spans = times.find("上个月6号、8号晚上和20号停水，5号楼最久")
    assert [f"{span.start:%m-%d %H}" for span in spans if span.start] == ["05-06 00", "05-08 18", "05-20 00"]


@pytest.mark.parametrize(
    ("hour", "just"), [(10, "2026-06-10 09:15"), (23, "2026-06-10 21:15"), (3, "2026-06-09 21:15")]
)
def test_just_now_at_an_hour_is_the_last_such_hour(hour: int, just: str) -> None:
    with clock.set_to(datetime(2026, 6, 10, hour, 30, tzinfo=ZONE)):
        assert _one("刚才九点一刻").start == datetime.fromisoformat(just).replace(tzinfo=ZONE)


def test_a_part_of_a_day_behind_one_of_a_named_day_is_of_that_day() -> None:
    spans = times.find("今天早上开始下雨，中午墙就塌了")
    assert [f"{span.start:%m-%d %H}" for span in spans if span.start] == ["06-10 06", "06-10 11"]
