"""When it was: what people say of time, and the interval it stands for in the city's zone.

A recurring time (每天半夜) has no interval. A part of a day or an hour without a day is the last one that has begun.
"""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from core import clock
from core.city import city
from intents import days
from intents.dates import Interval, midnight, month
from intents.hours import PARTS, hour_of, moment_of, whole
from intents.numerals import number
from intents.understanding import TimeSpan

LONGEST = 4000  # characters read of one text
JUST_NOW = timedelta(hours=1)
_N = r"[\d零一二两三四五六七八九十百几半]{1,12}"  # bounded, so that reading stays linear
_PART = (
    "|".join(sorted((part for part in PARTS if len(part) > 1), key=len, reverse=True))
    + "|(?<=[今明昨当日号])[早晨晚夜]"
)
_SPOKEN = (
    rf"(?<![一二三四五六七八九])(?![一二三四五六七八九][两二三四五六七八九]点)"
    rf"{_N}点(?:半|钟|一刻|三刻|{_N}分?)?(?![\d一二三四五六七八九]?[%赞名评火菜折倍])"
)
_CLOCK = rf"(?:{_SPOKEN}|\d{{1,2}}[:：]\d{{2}}(?::\d{{2}})?|\d{{1,2}}时(?:\d{{1,2}}分)?(?![间候段代期常刻而效装]))"
_TO = r"\s?(?:[到至\-~—–]+|直到)\s?"
_EVERY = (
    r"(?:每(?:天|日|晚|周|月|年|夜|个?星期|个?礼拜|个?月|到|逢|隔|当)|天天|夜夜|(?<![周期拜])一到|隔三差五|三天两头|时不时)"
    r"(?!能|期)"
)
_RECURRING = re.compile(
    rf"{_EVERY}(?:(?:周|星期|礼拜)[一二三四五六日天末]|[一二三四五六日末天](?=[^\w]|早|晚|上|下|中|都|$|[\u4e00-\u9fff])|{_N}[号日]|周末|节假日|双休日|夏天|冬天|下雨天?|雨天|刮风)?的?"
    rf"(?:{_PART})?(?:{_CLOCK})?(?:多|左右)?(?:{_TO}(?:{_PART})?{_CLOCK})?"
)
_RATE = re.compile(r"[^，。]{0,2}[\d一二两三四五六七八九十百千几]+(?:多|来)?(?:元|块|万|吨|斤|升|度|平)")
_TAIL = re.compile(
    rf"(?:的|那天|当天|那一天|当日|[,，]?\s)?(?P<part>{_PART})?的?(?P<clock>{_CLOCK})?(?P<more>左右|多|前后|许)?"
)
_ALONE = re.compile(rf"(?P<just>刚才|刚刚|方才)?的?(?P<part>{_PART})?的?(?P<clock>{_CLOCK})?(?P<more>左右|多|前后|许)?")
_JOIN = re.compile(_TO)
_NEXT_DAY = re.compile(rf"\s?[、和及跟与]\s?(?P<day>{_N})[号日](?![楼院门线口店]|出)")  # 三号、九号、十七号
_BEFORE = re.compile(r"(?:之前|以前|前(?![后面任天年夫妻往台门半几两]))")
_LAST_DAY = re.compile(rf"{_TO}(?P<day>{_N})[日号]")
_FROM = re.compile(r"[从自打](?:打|从)?$")
_ON = re.compile(r"(?:的?(?:时候|那天))?(?:以来|起|开始|之后|以后|至今|到现在|到今天|到如今)(?:就|，)?")
_SINCE = re.compile(
    rf"(?:最近|近|这|过去|连续|整整)(?:的)?(?P<count>{_N})(?P<more>多|来)?个?(?P<half>半)?(?P<unit>天|日|周|星期|礼拜|月|年|小时)"
    r"(?:半|多)?(?:以来|来|时间)?"
)
_AGO = re.compile(
    rf"(?P<count>{_N})(?P<more>多)?个?(?P<half>半)?(?P<unit>天|周|星期|礼拜|(?<=个)月|年|小时|分钟)(?:之前|以前|前)"
)
_JUST = re.compile(
    rf"(?:刚才(?!那|这|说|讲|报|留|的[电号])|刚刚(?=[^，。]|$)|就在刚刚|方才)(?!的?(?:{_PART})?的?{_CLOCK})"
)
_WEEK = re.compile(r"(?P<which>上上个?|上个?|这个?|本|下个?)(?:周|星期|礼拜)(?![一二三四五六日天末\d])")
_NO_CLOCK = {"一点", "几点", "半点"}  # a little, when?, half a point: no clock time unless a day is said
_LENGTHS = {"天": 1, "日": 1, "周": 7, "星期": 7, "礼拜": 7, "月": 30, "年": 365}


class _Reading:
    """What is found in one text, piece by piece; a piece never overlaps an earlier one."""

    def __init__(self, plain: str, now: datetime) -> None:
        self.plain, self.now = plain, now
        self.found: list[tuple[int, int, Interval | None, str | None]] = []  # start, end, interval, part of the day
        self._told: list[tuple[int, Interval, str]] = []  # parts of named days: where they end
        self._taken = bytearray(len(plain))

    def put(self, start: int, end: int, interval: Interval | None, part: str | None = None) -> None:
        if start < end and not any(self._taken[start:end]):
            self._taken[start:end] = b"\1" * (end - start)
            self.found.append((start, end, interval, part))

    def recurring(self) -> None:
        for match in _RECURRING.finditer(self.plain):
            if not _RATE.match(self.plain, match.end()):
                self.put(match.start(), match.end(), None)

    def stretches(self) -> None:
        for match in _SINCE.finditer(self.plain):
            back = self._length(match)
            if match["count"] not in ("一", "1", "半") or match["unit"] not in ("天", "日") or "来" in match[0]:
                self.put(match.start(), match.end(), (self.now - back, self.now) if back else None)
        for match in _AGO.finditer(self.plain):
            back = self._length(match)
            day = midnight(self.now - back) if back else None
            short = match["unit"] in ("小时", "分钟")
            ended = self.now if short else day + timedelta(days=1) if day else None
            begun = self.now - back if short and back else day
            self.put(match.start(), match.end(), (begun, ended) if begun and ended else None)
        for match in _JUST.finditer(self.plain):
            self.put(match.start(), match.end(), (self.now - JUST_NOW, self.now))

    def _length(self, match: re.Match[str]) -> timedelta | None:
        amount, unit = number(match["count"]), match["unit"]
        if amount is None:
            return None
        exact = float(amount) + (0.5 if match["half"] else 0)
        if unit in ("小时", "分钟"):
            return timedelta(hours=exact) if unit == "小时" else timedelta(minutes=exact)
        made = exact * _LENGTHS[unit]
        return timedelta(days=made) if made <= 36_500 else None

    def named_days(self) -> None:
        for day in days.find(self.plain, self.now):
            tail = _TAIL.match(self.plain, day.end)
            assert tail is not None  # every part of it may be empty
            told = bool(tail["part"] or tail["clock"])
            dawn, night = day.named.get("dawn"), day.named.get("night")
            part = tail["part"] or (dawn[1] if dawn else "晚" if night else None)
            end = tail.end() if told else day.end
            made = moment_of(day.interval, part, tail["clock"]) if day.interval else None
            if made and (last := _LAST_DAY.match(self.plain, end)) and not told:
                until = whole(last["day"])
                closing = made[0] + timedelta(days=until - made[0].day + 1) if until else None
                if closing and closing > made[0] and closing <= month(made[0], 1):
                    made, end = (made[0], closing), last.end()
            self.put(day.start, end, made, part)
            if made and part:
                self._told.append((end, made, part))
            if day.interval and day.named.get("day") and day.named.get("month", day.named.get("which")):
                self._more_days(day.interval[0], end)
        for match in _WEEK.finditer(self.plain):
            ahead = {"上上": -2, "上": -1, "下": 1}.get(match["which"].removesuffix("个"), 0)
            monday = midnight(self.now) + timedelta(days=7 * ahead - self.now.weekday())
            self.put(match.start(), match.end(), (monday, monday + timedelta(days=7)))

    def _more_days(self, told: datetime, end: int) -> None:
        """Put the days that are listed behind a day of a month, each with its part or hour."""
        while match := _NEXT_DAY.match(self.plain, end):
            tail = _TAIL.match(self.plain, match.end())
            assert tail is not None  # every part of it may be empty
            named = whole(match["day"]) or 0
            first = told.replace(day=1)
            day = first + timedelta(days=named - 1), first + timedelta(days=named)
            end = tail.end() if tail["part"] or tail["clock"] else match.end()
            made = moment_of(day, tail["part"], tail["clock"]) if first <= day[0] < month(first, 1) else None
            self.put(match.start("day"), end, made, tail["part"])

    def hours(self) -> None:
        for match in _ALONE.finditer(self.plain):
            if match["part"] or (match["clock"] and match["clock"] not in _NO_CLOCK):
                made = self._later_that_day(match) or self._last(match)
                self.put(match.start(), match.end(), made, match["part"])

    def _later_that_day(self, match: re.Match[str]) -> Interval | None:
        """Return what a part or hour means behind a part of a named day: 今天早上……中午 is noon of that day."""
        before = [each for each in self._told if each[0] <= match.start()]
        if not before or match["just"]:
            return None
        _, told, part = before[-1]
        day = midnight(told[0])
        made = moment_of((day, day + timedelta(days=1)), match["part"] or part, match["clock"])
        return made if made and made[0] > told[0] else None

    def _last(self, match: re.Match[str]) -> Interval | None:
        """Return the last time that the part or hour had begun; 刚才四点 is in the morning or in the afternoon."""
        today = midnight(self.now)
        made = moment_of((today, today + timedelta(days=1)), match["part"], match["clock"])
        if made and match["just"] and not match["part"] and made[0].hour <= 12:
            halves = (made[0] + timedelta(hours=hours) for hours in (12, 0, -12))
            begun = next(half for half in halves if half <= self.now)
            made = begun, begun + (made[1] - made[0])
        if made and made[0] > self.now:
            made = made[0] - timedelta(days=1), made[1] - timedelta(days=1)
        return made

    def joined(self) -> list[TimeSpan]:
        """Return the spans in their order; 三点到五点 and 6月3日到6月7日 are one, 从去年10月起 lasts until now."""
        made: list[TimeSpan] = []
        pieces = sorted(self.found)
        index = 0
        while index < len(pieces):
            start, end, interval, part = pieces[index]
            index += 1
            join = _JOIN.match(self.plain, end)
            if interval and join and index < len(pieces) and pieces[index][0] == join.end() and pieces[index][2]:
                interval, end = self._until(interval, part, pieces[index]), pieces[index][1]
                index += 1
            elif interval and interval[0] > self.now and (before := _BEFORE.match(self.plain, end)):
                # Until a day that lies ahead begins; of a longer stretch (月底) until it ends.
                whole = interval[1] - interval[0] > timedelta(days=1)
                interval, end = (self.now, interval[1 if whole else 0]), before.end()
            elif interval and interval[0] < self.now:
                begun = _FROM.search(self.plain[max(start - 2, 0) : start])
                on = _ON.match(self.plain, end)
                if begun or on:
                    start, end = start - len(begun[0]) if begun else start, on.end() if on else end
                    interval = interval[0], max(self.now, interval[1]) if interval[1] <= self.now else self.now
            said = self.plain[start:end].strip("的，, ")
            made.append(TimeSpan(said, *interval) if interval else TimeSpan(said))
        return made

    def _until(self, first: Interval, part: str | None, last: tuple[int, int, Interval | None, str | None]) -> Interval:
        """Return the interval from the beginning of one piece to the end of another; an hour takes over the day."""
        ends, later = last[2], last[3]
        assert ends is not None
        said = self.plain[last[0] : last[1]]
        hour = re.search(_CLOCK, said)
        same_day = hour is not None and not days.find(said, self.now)
        if same_day and hour is not None:
            until = hour_of(hour[0], later or part)
            closing = datetime.combine(first[0], until[0], tzinfo=first[0].tzinfo) if until else ends[1]
            return first[0], closing if closing > first[0] else closing + timedelta(days=1)
        return first[0], ends[1] if ends[1] > first[0] else first[1]


def find(plain: str) -> tuple[TimeSpan, ...]:
    """Return the times that a normalised text names, in order, relative to `core.clock.now()`."""
    reading = _Reading(plain[:LONGEST], clock.now().astimezone(ZoneInfo(city().time_zone)))
    reading.recurring()
    reading.stretches()
    reading.named_days()
    reading.hours()
    return tuple(reading.joined())
