"""When it was: what people say of time, and the interval it stands for in the city's zone.

A recurring time (每天半夜) has no interval. A date without a year is the one nearest to now that a citizen can mean: up
to 60 days ahead, else the year before.
"""

import re
from dataclasses import replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from core import clock
from core.city import city
from intents.numerals import number
from intents.understanding import TimeSpan

LONGEST = 4000  # characters read of one text
AHEAD = timedelta(days=60)

# Hours of the day that a word covers, [from, to); past midnight counts on.
PARTS: dict[str, tuple[int, int]] = {
    "凌晨": (0, 6), "清晨": (5, 8), "大清早": (5, 8), "早上": (6, 10), "早晨": (6, 10), "今早": (6, 10), "今晨": (0, 8),
    "上午": (8, 12), "中午": (11, 14), "下午": (12, 18), "傍晚": (17, 20), "晚上": (18, 24), "夜里": (20, 29),
    "夜间": (20, 29), "半夜": (23, 29), "深夜": (22, 29), "白天": (7, 19), "早": (6, 10), "晚": (18, 24),
}  # fmt: skip
DAYS = {"大前": -3, "前": -2, "昨": -1, "今": 0, "明": 1, "后": 2}
WEEKDAYS = {"一": 0, "二": 1, "三": 2, "四": 3, "五": 4, "六": 5, "日": 6, "天": 6, "末": 5}
WEEKS = {"上上": -2, "上": -1, "这": 0, "本": 0, "下": 1, "": 0}
_N = r"[\d零一二两三四五六七八九十百几半]{1,12}"  # bounded, so that reading stays linear
_PART = "|".join(sorted(PARTS, key=len, reverse=True))
_CLOCK = rf"(?:{_N}点(?:半|钟|一刻|三刻|{_N}分?)?|\d{{1,2}}:\d{{2}})"
_RECURRING = re.compile(
    r"(?:每(?:天|日|晚|周|月|年|个?星期|个?礼拜|到|逢|隔)|天天|夜夜|一到|隔三差五|三天两头)"
    r"(?:[一二三四五六日末天]|晚上|周末|夏天|冬天)?的?"
    rf"(?:{_PART})?(?:{_CLOCK})?(?:[到至\-~]{_CLOCK})?"
)
_SPAN = re.compile(
    rf"(?P<day>(?P<relative>大前|前|昨|今|明|后)(?:天|日)|(?P<night>昨|今|前)(?:晚|夜)(?:上|里)?|(?P<dawn>今早|今晨)|"
    rf"(?P<which>上上|上|这|本|下)?个?(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天末])|"
    rf"(?:(?P<year>\d{{4}}年|今年|去年|前年)的?)?(?P<month>{_N})月(?:份)?(?P<date>{_N})[日号]|"
    rf"(?P<thismonth>上个?月|这个?月|本月)(?P<monthday>{_N})[日号])?"
    rf"的?(?P<part>{_PART})?(?P<clock>{_CLOCK})?(?:左右|多)?(?:[到至\-~](?P<until>{_CLOCK}))?"
)
_SINCE = re.compile(rf"(?:最近|近|这|过去|连续)(?:的)?(?P<count>{_N})个?(?P<unit>天|日|周|星期|礼拜|月|年|小时)")
_AGO = re.compile(rf"(?P<count>{_N})个?(?P<unit>天|周|星期|礼拜|月|年|小时|分钟)(?:之前|以前|前)")
_WHOLE = re.compile(
    r"(?P<which>上上个?|上个?|这个?|本)(?P<unit>周|星期|礼拜|月)(?![一二三四五六日天末\d])|(?P<year>去年|今年|前年)(?!\d)"
)
_NO_CLOCK = {"一点", "几点", "半点"}  # a little, when?, half a point: no clock time unless a day is said
_LENGTHS = {"天": 1, "日": 1, "周": 7, "星期": 7, "礼拜": 7}


def _whole(said: str) -> int | None:
    found = number(said)
    return int(found) if found is not None and found == found.to_integral_value() else None


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _months_back(moment: datetime, count: int) -> datetime:
    """Return the first day of the month `count` months before."""
    index = moment.year * 12 + moment.month - 1 - count
    return _midnight(moment).replace(year=index // 12, month=index % 12 + 1, day=1)


def _date(match: re.Match[str], now: datetime) -> datetime | None:
    month, day = _whole(match["month"]), _whole(match["date"])
    if month is None or day is None:
        return None
    said = match["year"]
    year = {"去年": now.year - 1, "前年": now.year - 2}.get(said, now.year) if said and said[0] in "今去前" else None
    try:
        if said:
            return _midnight(now).replace(year=year or int(said[:4]), month=month, day=day)
        made = _midnight(now).replace(month=month, day=day)
        return made if made <= now + AHEAD else made.replace(year=now.year - 1)
    except ValueError:
        return None


def _day(match: re.Match[str], now: datetime) -> datetime | None:
    """Return the midnight at which the named day begins; today where none is named."""
    today = _midnight(now)
    if match["relative"]:
        return today + timedelta(days=DAYS[match["relative"]])
    if match["night"]:
        return today + timedelta(days=DAYS[match["night"]])
    if match["weekday"]:
        monday = today - timedelta(days=today.weekday()) + timedelta(weeks=WEEKS[match["which"] or ""])
        made = monday + timedelta(days=WEEKDAYS[match["weekday"]])
        return made if match["which"] or made <= now else made - timedelta(weeks=1)
    if match["month"]:
        return _date(match, now)
    if match["thismonth"]:
        day = _whole(match["monthday"])
        first = _months_back(now, 1 if match["thismonth"][0] == "上" else 0)
        return first + timedelta(days=day - 1) if day and day <= 31 else None
    return today


def _hour(said: str, part: str | None) -> tuple[time, int] | None:
    """Return a clock time and how many minutes it covers; 八点 in the evening is 20:00."""
    if ":" in said:
        hour, minute, covers = int(said.split(":")[0]), int(said.split(":")[1]), 1
    else:
        spoken_hour, _, rest = said.partition("点")
        found = _whole(spoken_hour)
        if found is None:
            return None
        rest = rest.removesuffix("分").removeprefix("钟")
        minutes = {"": 0, "半": 30, "一刻": 15, "三刻": 45}.get(rest, _whole(rest) if rest else 0)
        hour, minute, covers = found, minutes or 0, 1 if rest else 60
    afternoon = part is not None and PARTS[part][0] >= 11
    small_hours = part is not None and PARTS[part][0] >= 18 and hour < 6  # 昨晚两点 is after midnight
    if afternoon and not small_hours and hour < (11 if part == "中午" else 12):
        hour += 12
    return (time(hour % 24, minute), covers) if hour <= 24 and minute < 60 else None


def _span(match: re.Match[str], now: datetime) -> TimeSpan | None:
    """Return the span of a day, a part of it, a clock time; None where the words name no time."""
    text = match[0]
    part = match["part"] or match["dawn"] or ("晚上" if match["night"] else None)
    vague = match["clock"] in _NO_CLOCK and not (match["day"] or match["part"])
    if vague or not (match["day"] or match["clock"] or (match["part"] and len(match["part"]) > 1)):
        return None
    day = _day(match, now)
    if day is None:
        return TimeSpan(text=text)
    end = day + timedelta(days=2 if match["weekday"] == "末" else 1)
    if match["clock"]:
        began = _hour(match["clock"], part)
        if began is None:
            return TimeSpan(text=text)
        start = datetime.combine(day, began[0], tzinfo=day.tzinfo)
        start += timedelta(days=1 if part in ("晚上", "晚") and began[0].hour < 6 else 0)
        ended = _hour(match["until"], part) if match["until"] else None
        finish = datetime.combine(start, ended[0], tzinfo=day.tzinfo) if ended else start + timedelta(minutes=began[1])
        return TimeSpan(text=text, start=start, end=finish if finish > start else finish + timedelta(days=1))
    if part:
        first, last = PARTS[part]
        return TimeSpan(text=text, start=day + timedelta(hours=first), end=day + timedelta(hours=last))
    return TimeSpan(text=text, start=day, end=end)


def _stretch(match: re.Match[str], now: datetime) -> TimeSpan:
    """Return the span of 最近三天, 三天前, 上个月, 去年."""
    named, text = match.groupdict(), match[0]
    count, unit = named.get("count"), named.get("unit") or ""
    if count is not None:
        amount = number(count)
        if amount is None:
            return TimeSpan(text=text)
        if unit in ("小时", "分钟"):
            back = timedelta(hours=float(amount)) if unit == "小时" else timedelta(minutes=float(amount))
        else:
            back = timedelta(days=float(amount) * {"月": 30, "年": 365}.get(unit, _LENGTHS.get(unit, 1)))
        if back > timedelta(days=36_500):
            return TimeSpan(text=text)
        if text.endswith("前"):
            if unit in ("小时", "分钟"):
                return TimeSpan(text=text, start=now - back, end=now)
            day = _midnight(now - back)
            return TimeSpan(text=text, start=day, end=day + timedelta(days=1))
        return TimeSpan(text=text, start=now - back, end=now)
    if named.get("year"):
        year = now.year + {"去年": -1, "今年": 0, "前年": -2}[named["year"]]
        first = _midnight(now).replace(year=year, month=1, day=1)
        return TimeSpan(text=text, start=first, end=first.replace(year=first.year + 1))
    back_by = {"上上": 2, "上": 1}.get((named["which"] or "").removesuffix("个"), 0)
    if unit == "月":
        first = _months_back(now, back_by)
        return TimeSpan(text=text, start=first, end=_months_back(first, -1))
    monday = _midnight(now) - timedelta(days=now.weekday() + 7 * back_by)
    return TimeSpan(text=text, start=monday, end=monday + timedelta(days=7))


def find(plain: str) -> tuple[TimeSpan, ...]:
    """Return the times that a normalised text names, in order, relative to `core.clock.now()`."""
    plain = plain[:LONGEST]
    now = clock.now().astimezone(ZoneInfo(city().time_zone))
    found: dict[int, tuple[int, TimeSpan]] = {}

    def put(match: re.Match[str], span: TimeSpan | None) -> None:
        taken = any(start < match.end() and match.start() < end for start, (end, _) in found.items())
        if span is not None and not taken:
            lead = len(match[0]) - len(match[0].lstrip("的"))
            found[match.start() + lead] = (match.end(), replace(span, text=match[0].lstrip("的")))

    for match in _RECURRING.finditer(plain):
        put(match, TimeSpan(text=match[0]))
    for pattern in (_SINCE, _AGO):
        for match in pattern.finditer(plain):
            put(match, _stretch(match, now))
    for match in _SPAN.finditer(plain):
        if match[0]:
            put(match, _span(match, now))
    for match in _WHOLE.finditer(plain):
        put(match, _stretch(match, now))
    return tuple(found[start][1] for start in sorted(found))
