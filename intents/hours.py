"""Parts and hours of a day as people say them (晌午, 夜里两点半), and the interval of it that each stands for."""

import re
from datetime import datetime, time, timedelta

from intents.dates import Interval
from intents.numerals import number

# Hours of the day that a word covers, [from, to); past midnight counts on.
PARTS: dict[str, tuple[int, int]] = {
    "凌晨": (0, 6), "清晨": (5, 8), "大清早": (5, 8), "一大早": (5, 8), "清早": (5, 8), "早上": (6, 10),
    "早晨": (6, 10), "早高峰": (7, 9), "上午": (8, 12), "中午": (11, 14), "午间": (11, 14), "下午": (12, 18),
    "午后": (12, 18), "晚高峰": (17, 19), "傍晚": (17, 20), "晚上": (18, 24), "晚间": (18, 24), "夜晚": (18, 24),
    "夜里": (20, 29), "夜间": (20, 29), "半夜三更": (23, 29), "深更半夜": (23, 29), "大半夜": (23, 29),
    "后半夜": (24, 29), "半夜": (23, 29), "午夜": (23, 29), "深夜": (22, 29), "白天": (7, 19), "早": (6, 10),
    "晨": (0, 8), "晚": (18, 24), "夜": (18, 29), "一早": (5, 8), "大早上": (5, 9), "前晌": (8, 12), "头晌": (8, 12),
    "上半晌": (8, 12), "晌午": (11, 14), "后晌": (13, 18), "后半晌": (13, 18), "下半晌": (13, 18), "晚半晌": (17, 20),
    "擦黑": (17, 20), "傍黑": (17, 20), "夜里头": (20, 29), "半夜里": (23, 29), "黑夜": (20, 29),
}  # fmt: skip
NOON = ("中午", "午间", "晌午")  # eleven o'clock of it is before midday


def whole(said: str) -> int | None:
    """Return a whole number as it is said, or None."""
    found = number(said)
    return int(found) if found is not None and found == found.to_integral_value() else None


def hour_of(said: str, part: str | None) -> tuple[time, int] | None:
    """Return a clock time and how many minutes it covers; 八点 in the evening is 20:00."""
    figures = re.findall(r"\d+", said)
    if "点" not in said:
        hour, minute, covers = (
            int(figures[0]),
            int(figures[1]) if len(figures) > 1 else 0,
            1 if len(figures) > 1 else 60,
        )
    else:
        spoken_hour, _, rest = said.partition("点")
        found = whole(spoken_hour)
        if found is None:
            return None
        rest = rest.removesuffix("分").removeprefix("钟")
        minutes = {"": 0, "半": 30, "一刻": 15, "三刻": 45}.get(rest, whole(rest) if rest else 0)
        hour, minute, covers = found, minutes or 0, 1 if rest else 60
    if hour == 12 and part is not None and (PARTS[part][0] >= 18 or part == "凌晨"):
        hour = 0  # 今晚十二点 is the midnight that ends the evening
    afternoon = part is not None and PARTS[part][0] >= 11
    small_hours = part is not None and PARTS[part][0] >= 18 and hour < 6  # 昨晚两点 is after midnight
    if afternoon and not small_hours and hour < (11 if part in NOON else 12):
        hour += 12
    return (time(hour % 24, minute), covers) if hour <= 24 and minute < 60 else None


def moment_of(day: Interval, part: str | None, said: str | None) -> Interval | None:
    """Return the part or the hour of a day, the whole of it where neither is said."""
    if said:
        hour = hour_of(said, part)
        if hour is None:
            return None
        start = datetime.combine(day[0], hour[0], tzinfo=day[0].tzinfo)
        start += timedelta(days=1 if part and PARTS[part][0] >= 18 and hour[0].hour < 6 else 0)
        return start, start + timedelta(minutes=hour[1])
    if part:
        first, last = PARTS[part]
        return day[0] + timedelta(hours=first), day[0] + timedelta(hours=last)
    return day
