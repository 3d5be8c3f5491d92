"""Numerals to numbers, as people say them: 三千五百, 三千五 (3500), 3万5 (35000), 1.5万, 四五十 (40), 半."""

import re
from decimal import Decimal, InvalidOperation

import cn2an

CHARACTERS = "零〇一二两三四五六七八九十百千万亿半"
_UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}
_DIGITS = "零一二三四五六七八九"
_SPELLED = str.maketrans({"两": "二", "俩": "二", "〇": "零", "幺": "一", "仨": "三", ",": "", "，": "", " ": ""})
_FINANCIAL = str.maketrans("壹贰叁肆伍陆柒捌玖拾佰仟", "一二三四五六七八九十百千")
# 陆 alone is a family name: financial numerals stand together or before what they count.
_FINANCIAL_RUN = re.compile(
    r"[零〇一二三四五六七八九十百千万亿]{0,20}[壹贰叁肆伍陆柒捌玖拾佰仟]"
    r"(?:[零〇一二三四五六七八九十百千万亿壹贰叁肆伍陆柒捌玖拾佰仟]{1,20}|(?=[元圆角分](?:整|\W|$)))"
)
_ARABIC = str.maketrans(_DIGITS, "0123456789")
# Two digits in a row before a unit, or behind 十, are a guess: 四五十, 三四百, 十七八; so are two
# neighbours alone: 两三, 七八, 三五. The smaller one counts.
_GUESS = re.compile(
    r"(?P<low>[一二三四五六七八九])(?P<high>[二三四五六七八九])(?=[十百千万亿])|(?<=十)(?P<teen>[一二三四五六七八九])[一二三四五六七八九]$"
    r"|^(?P<alone>[一二三四五六七八])(?:(?<=一)二|(?<=二)三|(?<=三)[四五]|(?<=四)五|(?<=五)六|(?<=六)七|(?<=七)八|(?<=八)九)$"
)
_FEW = re.compile(r"^[几数](?=[十百千万亿])|^上(?=[十百千万亿])|(?<=[十百千万亿])[几来多余]$")
_MIXED = re.compile(r"(?P<count>\d+(?:\.\d+)?)(?P<unit>[十百千万亿]*)")


def plainly(text: str) -> str:
    """Write the numerals of contracts and receipts (壹拾贰万叁仟) as common ones; nothing moves."""
    return _FINANCIAL_RUN.sub(lambda run: run[0].translate(_FINANCIAL), text)


def _trailing(said: str) -> str:
    """Write out a digit that stands for the next unit: 三千五 is 三千五百, 3万5 is 3万5千."""
    lower = {"亿": "千万", "万": "千", "千": "百", "百": "十"}
    if len(said) >= 3 and said[-1] in _DIGITS[1:] and said[-2] in lower:
        return said + lower[said[-2]]
    return said


def _mixed(said: str) -> Decimal | None:
    """Return the sum of counts in digits, each with its units: 1千5百, 3万5, 12.5万, 2百万."""
    total, end, last = Decimal(0), 0, Decimal(0)
    for match in _MIXED.finditer(said):
        scale = Decimal(1)
        for unit in match["unit"]:
            scale *= _UNITS[unit]
        if match.start() != end or (last and scale >= last):
            return None
        if not match["unit"] and last >= 100 and len(match["count"]) == 1:
            scale = last / 10  # 3万5
        total, end, last = total + Decimal(match["count"]) * scale, match.end(), scale
    return total if end == len(said) else None


def number(said: str) -> Decimal | None:
    """Return the number that Arabic, Chinese or mixed numerals say, or None where they say none.

    Of a guess (四五十, 几十, 上百, 三十多) it is the smallest number that is meant.
    """
    said = said.strip().translate(_SPELLED)
    said = _GUESS.sub(lambda found: found["low"] or found["teen"] or found["alone"], said)
    if _FEW.match(said):
        said = ("一" if said[0] == "上" else "二") + said[1:]
    said = _FEW.sub("", said)
    if "点" in said[1:-1]:
        said = said.translate(_ARABIC).replace("点", ".")  # 三点五万
    try:
        if said.isascii():
            return Decimal(said) if said[:1].isdigit() else None
        if said == "半":
            return Decimal("0.5")
        if said[0].isdigit():
            return _mixed(said)
        return Decimal(str(cn2an.cn2an(_trailing(said), "smart")))
    except (ValueError, InvalidOperation, IndexError, KeyError):
        return None
