"""Days as people name them, today and the weekdays here and the calendar's by `dates`: the interval each stands for."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from intents import dates
from intents.dates import Interval, Reader, midnight, one_day

HALF_A_YEAR = timedelta(days=183)
RELATIVE = {"大前": -3, "前": -2, "昨": -1, "今": 0, "当": 0, "明": 1, "后": 2, "大后": 3}
WEEKDAYS = {"一": 0, "二": 1, "三": 2, "四": 3, "五": 4, "六": 5, "日": 6, "天": 6, "末": 5}
WEEKS = {"上上": -2, "上": -1, "这": 0, "本": 0, "下": 1, "": 0}
_RELATIVE = re.compile(
    r"(?P<which>大前|前|昨|今|当|明|大后|后)(?:天|日|儿个?|(?<=[昨今明])个(?!月|星期|礼拜|小时|钟头))(?!然)|(?P<night>[昨今前明当][晚夜])[上里间]?|(?P<dawn>[昨今明][早晨])上?"
)
_WEEKDAY = re.compile(r"(?P<which>上上|上|这|本|下)?个?(?:周|星期|礼拜)(?P<day>[一二三四五六日天末])(?![周次共个])")


@dataclass(frozen=True, slots=True)
class Day:
    """A named day or longer stretch; `interval` is None where there is no such day (2月30日)."""

    start: int
    end: int
    interval: Interval | None
    named: dict[str, str | None]


def _relative(match: re.Match[str], now: datetime) -> Interval:
    which = match["which"] or (match["night"] or match["dawn"])[0]
    return one_day(midnight(now) + timedelta(days=RELATIVE[which]))


def _weekday(match: re.Match[str], now: datetime) -> Interval:
    monday = midnight(now) - timedelta(days=now.weekday()) + timedelta(weeks=WEEKS[match["which"] or ""])
    made = monday + timedelta(days=WEEKDAYS[match["day"]])
    made = made if match["which"] or made <= now else made - timedelta(weeks=1)
    return one_day(made, 2 if match["day"] == "末" else 1)


_READERS: tuple[tuple[re.Pattern[str], Reader], ...] = ((_RELATIVE, _relative), (_WEEKDAY, _weekday))


def find(plain: str, now: datetime) -> list[Day]:
    """Return the days, months, years and feasts that a normalised text names, in order; the longer of two."""
    found = [
        Day(match.start(), match.end(), read(match, now), match.groupdict())
        for pattern, read in (*_READERS, *dates.readers())
        for match in pattern.finditer(plain)
        if pattern is not dates.LUNAR or read(match, now)
    ]
    kept: list[Day] = []
    taken = bytearray(len(plain))
    for day in sorted(found, key=lambda each: (each.start - each.end, each.start)):
        if not any(taken[day.start : day.end]):
            taken[day.start : day.end] = b"\1" * (day.end - day.start)
            kept.append(day)
    return _in_the_year_told(sorted(kept, key=lambda each: each.start), now)


def _in_the_year_told(found: list[Day], now: datetime) -> list[Day]:
    """Put a month or date without a year behind one with a year into that year; 当天 is the day that was last told.

    2017年10月18日入职，10月31日受伤: both are of 2017. What would lie half a year before is of the year after.
    """
    told: datetime | None = None
    last: Interval | None = None
    made = []
    for day in found:
        which = day.named.get("which") or (day.named.get("night") or "")[:1]
        if which == "当" and last:
            day = replace(day, interval=last)
        elif day.interval and (day.named.get("year") or day.named.get("near")):
            told = day.interval[0]
        elif day.interval and told and told.year < now.year and day.named.get("month"):
            shift = told.year - day.interval[0].year
            moved = _years_later(day.interval, shift)
            later = _years_later(day.interval, shift + 1)
            moved = later if told - moved[0] > HALF_A_YEAR and later[0] <= now else moved
            day = replace(day, interval=moved)
            told = moved[0]
        if day.interval and day.interval[1] - day.interval[0] <= timedelta(days=1):
            last = day.interval
        made.append(day)
    return made


def _years_later(interval: Interval, years: int) -> Interval:
    start, end = interval
    try:
        moved = start.replace(year=start.year + years)
    except ValueError:  # 29 February
        moved = start.replace(year=start.year + years, day=28)
    return moved, moved + (end - start)
