"""Numbers with what they count, in one form: 三个月 is 3个月, 百分之二十 is 20%, 九成五 is 95%, 两万元 is 20000元."""

import re
from decimal import Decimal

from core.text.normalise import normalise
from intents.numerals import number

_NUMERAL = r"(?:\d+(?:,\d{3})*(?:\.\d+)?[十百千万亿]*|[零〇一二两三四五六七八九十百千万亿半]+)"
_UNITS = "|".join(
    (
        "个?工作日|个自然日|个?小时|分钟|周岁|个月|个星期|平方米|立方米|公里|万元|%",
        "[年月日天周岁元块倍次人米层级折点分份寸张条名户吨度号个项种代期套]",
    )
)
_SHARE = re.compile(
    rf"百分之({_NUMERAL}(?:点{_NUMERAL})?)|({_NUMERAL})成(半|[一二三四五六七八九](?![级个十百]))?(?!年|员|为|立|功|本)"
)
_COUNTED = re.compile(rf"({_NUMERAL})\s*({_UNITS})")
_BARE = re.compile(r"\d+(?:[.:-]\d+)*")
_SAME = {"天": "日", "块": "元", "周岁": "岁", "个工作日": "工作日", "个自然日": "日", "个小时": "小时"}
_FREE = re.compile(r"免费|(?:不|免|无需|不用|不另)(?:收|交|要|需)?(?:取|付|任何)?(?:费|钱)")

Figure = tuple[str, str]
"""A number in its plainest form, and its unit (empty for a number alone: a telephone number, a house)."""


def figures(text: str) -> frozenset[Figure]:
    """Return the figures of a text."""
    plain, found = normalise(text), set()

    def share(match: re.Match[str]) -> str:
        tenths = match[3] and (Decimal("5") if match[3] == "半" else number(match[3]) or Decimal(0))
        value = number(match[1]) if match[1] else (number(match[2]) or Decimal(0)) * 10 + (tenths or 0)
        found.add((_plain(value), "%"))
        return " "

    def counted(match: re.Match[str]) -> str:
        value, unit = number(match[1]), match[2]
        if value is None:
            return match[0]
        if unit == "万元":
            value, unit = value * 10_000, "元"
        found.add((_plain(value), _SAME.get(unit, unit)))
        return " "

    rest = _COUNTED.sub(counted, _SHARE.sub(share, plain))
    found.update((each, "") for each in _BARE.findall(rest))
    return frozenset(found)


def without(plain: str) -> str:
    """Return a normalised text with its figures taken out."""
    return _BARE.sub(" ", _COUNTED.sub(" ", _SHARE.sub(" ", plain)))


def free(text: str) -> bool:
    """Say whether a text says that nothing is to be paid."""
    return _FREE.search(normalise(text)) is not None


def _plain(value: Decimal | None) -> str:
    return format((value or Decimal(0)).normalize(), "f")
