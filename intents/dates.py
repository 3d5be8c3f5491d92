"""Dates of the calendar as people name them (months, years, feasts, the lunar calendar), and the interval of each.

A date without a year is the one nearest to now that a citizen can mean: up to 60 days ahead, else the year before.
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache

from intents.feasts import AHEAD, feast_day, known_feasts, solar_day
from intents.numerals import number

NEW_YEAR = timedelta(days=30)  # what 年前 and 年后 cover
YEARS = {"大前年": -3, "前年": -2, "去年": -1, "今年": 0, "本年": 0, "明年": 1}
THIRDS = {
    "上旬": (1, 11),
    "初": (1, 11),
    "中旬": (11, 21),
    "中": (11, 21),
    "下旬": (21, 0),
    "底": (21, 0),
    "末": (21, 0),
}
QUARTERS = {"初": (1, 3), "底": (12, 13), "末": (12, 13), "上半年": (1, 7), "下半年": (7, 13), "一季度": (1, 4),
            "二季度": (4, 7), "三季度": (7, 10), "四季度": (10, 13), "春": (3, 6), "夏": (6, 9), "秋": (9, 12),
            "冬": (12, 15)}  # fmt: skip  # first month, month after the last
_N = r"[\d零一二三四五六七八九十]{1,3}"
_YEAR = (
    r"(?:(?<!\d)(?P<year>(?:19|20)\d{2}|[二两一][零〇九][零〇一二三四五六七八九]{2}|[12]\d(?=年的?[\d一二三四五六七八九十]{1,2}月))年度?"
    r"|(?P<near>大前年|前年|去年|今年|本年|明年))的?"
)
_WRITTEN = re.compile(
    r"(?<!\d)(?P<year>20[0-3]\d)(?P<mark>[-/.])(?P<month>[01]?\d)(?:(?P=mark)(?P<day>[0-3]?\d))?[日号]?(?![\d元万%.])"
)
# 10.1 is a day before words that follow a day, else a number.
_SHORT = re.compile(
    r"(?<![\d.¥第约共/])(?P<month>1[0-2]|0?[1-9])[./](?P<day>[0-3]?\d)"
    r"(?:[日号]|(?=[到至\-~—凌早上中下晚当那期放假节国之以后前起左，,。去订买在发从]|$))(?![\d.])"
)
_OF_MONTH = re.compile(
    r"(?P<which>上上个?月|上个?月|这个?月|本月|当月|下个?月)的?"
    rf"(?:(?P<day>{_N})[日号]|(?P<third>上旬|中旬|下旬|初|底|末)|中旬?(?=[，。、 ]|$))?"
)
_MONTH = re.compile(
    rf"(?:{_YEAR})?(?P<month>{_N})月(?:份)?(?:(?P<day>{_N})[日号]|(?P<third>上旬|中旬|下旬|初(?!{_N})|底|末))?"
    r"(?![饼亮光租费嫂薪饷活]|工资)"
)
LUNAR = re.compile(
    rf"(?:{_YEAR})?(?:(?P<said>农历|阴历|旧历)(?:的)?)?(?P<month>正月|腊月|冬月|{_N}月)"
    rf"(?P<day>初{_N}|廿{_N}|{_N})(?![\d日号个天块元岁])"
)
_NEW_YEARS = re.compile(rf"(?:{_YEAR})?大年(?P<day>初{_N})")
_PART_OF_YEAR = re.compile(rf"{_YEAR}(?P<part>上半年|下半年|第?[一二三四]季度|年?[初底末]|[春夏秋冬][天季])?(?!级)")
_AROUND = re.compile(r"(?<![\d一二三四五六七八九十几多半两去今前明整全])(?P<said>年前|年后|年初|年底|月初|月底)")
_NOT_A_FEAST = (
    r"(?![路街区巷村镇桥店商]|小区|大道|广场|公园|社区|学校|[中小]学|新村|大街|[东西南北]路|[社公]司|剪彩|河)"
)
Interval = tuple[datetime, datetime]
Reader = Callable[[re.Match[str], datetime], Interval | None]


def _whole(said: str | None) -> int | None:
    found = number(said) if said else None
    return int(found) if found is not None and found == found.to_integral_value() else None


def midnight(moment: datetime) -> datetime:
    """Return the beginning of a day."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def month(moment: datetime, ahead: int) -> datetime:
    """Return the first day of the month `ahead` months later (earlier, when negative)."""
    index = moment.year * 12 + moment.month - 1 + ahead
    return midnight(moment).replace(year=index // 12, month=index % 12 + 1, day=1)


def one_day(day: datetime, days: int = 1) -> Interval:
    """Return a day, or as many from it on."""
    return day, day + timedelta(days=days)


def _year(match: re.Match[str], now: datetime) -> int | None:
    """Return the year that is said, or None where none is."""
    if match["near"]:
        return now.year + YEARS[match["near"]]
    said = match["year"]
    if not said:
        return None
    if not said.isascii():
        said = said.replace("两", "二").translate(str.maketrans("〇零一二三四五六七八九", "00123456789"))
    return int(said) + (2000 if len(said) == 2 else 0)


def _nearest(made: datetime, year: int | None, now: datetime) -> datetime:
    """Return a day of this year, or of the year before where it lies too far ahead and no year is said."""
    return made if year is not None or made <= now + AHEAD else made.replace(year=made.year - 1)


def _within(first: datetime, day: str | None, third: str | None) -> Interval | None:
    """Return a day of a month, a third of it, or the whole."""
    after = month(first, 1)
    if day:
        found = _whole(day)
        return one_day(first + timedelta(days=found - 1)) if found and 1 <= found <= (after - first).days else None
    if third:
        begin, end = THIRDS[third]
        return first + timedelta(days=begin - 1), first + timedelta(days=end - 1) if end else after
    return first, after


def _calendar_month(match: re.Match[str], now: datetime) -> Interval | None:
    named, year = _whole(match["month"]), _year(match, now)
    if not named or not 1 <= named <= 12:
        return None
    first = _nearest(midnight(now).replace(year=year or now.year, month=named, day=1), year, now)
    made = _within(first, match["day"], match["third"])
    if made and year is None and made[0] > now + AHEAD:
        made = _within(first.replace(year=first.year - 1), match["day"], match["third"])
    return made


def _of_month(match: re.Match[str], now: datetime) -> Interval | None:
    ahead = {"上上": -2, "上": -1, "下": 1}.get(match["which"].removesuffix("月").removesuffix("个"), 0)
    return _within(month(now, ahead), match["day"], match["third"])


def _written(match: re.Match[str], now: datetime) -> Interval | None:
    named = int(match["month"])
    return _within(now.replace(year=int(match["year"]), month=named, day=1, hour=0, minute=0, second=0, microsecond=0),
                   match["day"], None) if 1 <= named <= 12 else None  # fmt: skip


def _short(match: re.Match[str], now: datetime) -> Interval | None:
    first = midnight(now).replace(month=int(match["month"]), day=1)
    made = _within(first, match["day"], None)
    return _within(first.replace(year=now.year - 1), match["day"], None) if made and made[0] > now + AHEAD else made


def _lunar(match: re.Match[str], now: datetime) -> Interval | None:
    spelled = {"正月": 1, "冬月": 11, "腊月": 12}
    named = spelled.get(match["month"]) or _whole(match["month"].removesuffix("月"))
    said = match["day"]
    day = _whole(said.removeprefix("初").replace("廿", "二十"))
    if match["said"] is None and match["month"] not in spelled and said[0] not in "初廿":
        return None  # 三月十五 without 日 may be either; it is left to the clerk
    year = _year(match, now)
    for each in (year,) if year is not None else (now.year, now.year - 1):
        found = solar_day(each, named or 0, day or 0)
        made = found.replace(tzinfo=now.tzinfo) if found else None
        if made and (year is not None or made <= now + AHEAD):
            return one_day(made)
    return None


def _new_years(match: re.Match[str], now: datetime) -> Interval | None:
    day = _whole(match["day"].removeprefix("初"))
    begun = feast_day("春节", _year(match, now), now)
    return one_day(begun + timedelta(days=day - 1)) if day and begun else None


def _feast(match: re.Match[str], now: datetime) -> Interval | None:
    feast = known_feasts()[match["name"]]
    day = feast_day(match["name"], _year(match, now), now)
    if day is None:
        return None
    if match["nth"]:
        begin = day - timedelta(days=feast.before if match["lasting"] else 0)
        return one_day(begin + timedelta(days=(_whole(match["nth"]) or 1) - 1))
    if match["those"]:
        return one_day(day, _whole(match["those"]) or 1)
    if match["lasting"] or feast.before or feast.days > 5:
        begin = day - timedelta(days=feast.before)
        return begin, begin + timedelta(days=feast.days)
    return one_day(day)


def _part_of_year(match: re.Match[str], now: datetime) -> Interval | None:
    year, said = _year(match, now), (match["part"] or "").removeprefix("年").removeprefix("第")
    if year is None:
        return None
    first, last = QUARTERS.get(said) or QUARTERS.get(said[:1]) or (1, 13)
    begin = midnight(now).replace(year=year, month=1, day=1)
    return month(begin, first - 1), month(begin, last - 1)


def _around(match: re.Match[str], now: datetime) -> Interval | None:
    said = match["said"]
    if said in ("月初", "月底"):
        return _within(month(now, 0), None, said[1])
    if said in ("年初", "年底"):
        first, last = QUARTERS[said[1]]
        begin = midnight(now).replace(month=1, day=1)
        begin = begin.replace(year=now.year - 1) if month(begin, first - 1) > now + AHEAD else begin
        return month(begin, first - 1), month(begin, last - 1)
    new_year = feast_day("春节", None, now)
    if new_year is None:
        return None
    return (new_year - NEW_YEAR, new_year) if said == "年前" else (new_year, new_year + NEW_YEAR)


@lru_cache(maxsize=1)
def readers() -> tuple[tuple[re.Pattern[str], Reader], ...]:
    """Return what finds a date, and what reads the interval from it."""
    named = "|".join(sorted(known_feasts(), key=len, reverse=True))
    feast = re.compile(
        rf"(?:{_YEAR})?(?<![块元点十百千万一二三四五六七八九\d])(?P<name>{named}){_NOT_A_FEAST}(?P<lasting>假期|期间|放假|黄金周|长假|小长假|假|前后)?"
        r"(?:的?第(?P<nth>[一二三四五六七八])天|那(?P<those>[两二三四五六七八])天)?"
    )
    return (
        (_WRITTEN, _written), (_SHORT, _short), (_OF_MONTH, _of_month),
        (LUNAR, _lunar), (_NEW_YEARS, _new_years), (feast, _feast), (_MONTH, _calendar_month),
        (_PART_OF_YEAR, _part_of_year), (_AROUND, _around),
    )  # fmt: skip
