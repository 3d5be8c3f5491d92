"""Things with a form of their own: telephone numbers, identity numbers, licence plates, amounts."""

import re
from datetime import date
from decimal import Decimal

import phonenumbers

from intents.numerals import number

LONGEST = 4000  # characters read of one text
_SPOKEN = str.maketrans("零〇幺一二三四五六七八九", "001123456789")
_SPOKEN_RUN = re.compile(r"[零〇幺一二三四五六七八九]{7,}")
_IDENTITY = re.compile(r"(?<![\da-z])(\d{6})((?:18|19|20)\d{2})(\d{2})(\d{2})(\d{3}[\dx])(?![\da-z])")
_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][a-z][·.\-\s]?(?=[a-z]*\d)[a-hj-np-z\d]{4,5}"
    r"[a-hj-np-z\d挂学警港澳](?![a-z\d])"
)
# A sum without a unit is money only before what is said of money: 300多万专业技术人员 is none.
# Runs are bounded, so that reading stays linear.
_BARE = (
    r"(?<=[万亿])(?=(?:多|余|来)?(?:\W|$|左右|上下|以上|以内|的?(?:工资|薪|钱|款|费|押金|定金|本金|货款|欠|赔|债)"
    r"|[没不还都就了给吧呢吗退要到啊]))"
)
_AMOUNT = re.compile(
    r"(?P<count>\d[\d,]{0,20}(?:\.\d{1,4})?[百千万亿]?|[零〇一二两三四五六七八九十百千万亿半]{1,20})(?P<more>多|余|来)?"
    rf"(?P<scale>[百千万亿]{{1,3}})?(?P<unit>元|块钱?|人民币|圆|{_BARE})(?!路|头|区|素|件)"
)
# China's identity number: GB 11643-1999, check digit by ISO 7064 MOD 11-2.
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10x98765432"


def spoken_digits(plain: str) -> str:
    """Write digits that were spoken one by one (幺三八零零…) as digits."""
    return _SPOKEN_RUN.sub(lambda run: run[0].translate(_SPOKEN), plain)


def identity_numbers(plain: str) -> tuple[str, ...]:
    """Return the identity numbers whose date and check digit are right."""
    found = []
    for match in _IDENTITY.finditer(spoken_digits(plain[:LONGEST])):
        digits = match[0]
        try:
            date(int(match[2]), int(match[3]), int(match[4]))
        except ValueError:
            continue
        total = sum(int(digit) * weight for digit, weight in zip(digits[:17], _WEIGHTS, strict=True))
        if _CHECKS[total % 11] == digits[17]:
            found.append(digits.upper())
    return tuple(dict.fromkeys(found))


def phones(plain: str) -> tuple[str, ...]:
    """Return the valid Chinese telephone numbers as digits (a foreign one with its +)."""
    said = _IDENTITY.sub(" ", spoken_digits(plain[:LONGEST]))
    found = []
    for match in phonenumbers.PhoneNumberMatcher(said, "CN"):
        style = phonenumbers.PhoneNumberFormat
        chinese = match.number.country_code == 86
        written = phonenumbers.format_number(match.number, style.NATIONAL if chinese else style.E164)
        found.append(re.sub(r"[^\d+]", "", written))
    return tuple(dict.fromkeys(found))


def licence_plates(plain: str) -> tuple[str, ...]:
    """Return the licence plates (GA 36-2018; eight characters for new energy) in capitals without a point."""
    found = (re.sub(r"[·.\-\s]", "", match[0]).upper() for match in _PLATE.finditer(plain[:LONGEST]))
    return tuple(dict.fromkeys(found))


def amounts(plain: str) -> tuple[str, ...]:
    """Return the sums of money in yuan, as plain decimals."""
    found = []
    for match in _AMOUNT.finditer(plain[:LONGEST]):
        value = number(match["count"])
        for unit in match["scale"] or "":
            value = None if value is None else value * {"百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}[unit]
        if value is not None and Decimal(0) < value < Decimal(10) ** 15:
            found.append(f"{value.normalize():f}")
    return tuple(dict.fromkeys(found))
