"""Chinese numerals to numbers, as people say them: 三千五百, 两万, 三千五 (3500), 1.5万, 十二, 半."""

from decimal import Decimal, InvalidOperation

import cn2an

CHARACTERS = "零〇一二两三四五六七八九十百千万亿半"
_UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}
_DIGITS = "零一二三四五六七八九"


def _trailing(said: str) -> str:
    """Write out a digit that stands for the next unit: 三千五 is 三千五百."""
    lower = {"亿": "千万", "万": "千", "千": "百", "百": "十"}
    if len(said) >= 3 and said[-1] in _DIGITS[1:] and said[-2] in lower:
        return said + lower[said[-2]]
    return said


def number(said: str) -> Decimal | None:
    """Return the number that Arabic, Chinese or mixed numerals say, or None where they say none."""
    said = said.replace(",", "").replace("，", "").replace("两", "二").replace("〇", "零").strip()
    try:
        if said.isascii():
            return Decimal(said)
        if said == "半":
            return Decimal("0.5")
        head, unit = said[:-1], said[-1]
        if unit in _UNITS and head.replace(".", "", 1).isascii() and head:
            return Decimal(head) * _UNITS[unit]
        return Decimal(str(cn2an.cn2an(_trailing(said), "smart")))
    except (ValueError, InvalidOperation, IndexError, KeyError):
        return None
