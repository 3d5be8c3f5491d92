"""Things with a form of their own: telephone numbers, identity numbers, licence plates."""

import re
from datetime import date

import phonenumbers

LONGEST = 4000  # characters read of one text
_SPOKEN = str.maketrans("零〇幺一二三四五六七八九", "001123456789")
_SPOKEN_RUN = re.compile(r"[零〇幺一二三四五六七八九]{7,}")
_IDENTITY = re.compile(r"(?<![\da-z*])(\d{6})((?:18|19|20)\d{2})(\d{2})(\d{2})(\d{3}[\dx])(?![\da-z*])")
# Fifteen digits were issued until 1999 and have no check digit: the word before says that it is one.
_OLD_IDENTITY = re.compile(r"(?:身份证|证件|证号|公民身份)[^\d*]{0,6}(\d{6})(\d{2})(\d{2})(\d{2})(\d{3})(?![\da-z*])")
_MASKED_IDENTITY = re.compile(r"(?<![\da-z*])[1-9]\d{2,13}\*{3,12}(?:\d{1,8}x?|\d{0,7}x)?(?![\da-z*])")
_PROVINCE = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_PLATE = re.compile(
    rf"[{_PROVINCE}]\s?[a-z][·.•\-—_\s]{{0,2}}(?=[a-z]*\d)[a-hj-np-z\d]{{4,5}}[a-hj-np-z\d挂学警港澳领](?![a-z\d])"
    rf"|[{_PROVINCE}]\s?[a-z][·.•\-—_\s]{{0,2}}\d{{4}}[挂学警领]"
    r"|使\s?\d{3}[·.•\-\s]?\d{3}(?!\d)|(?<!\d)\d{6}使"
)
# A number of the fixed network as it is dialled within the city.
_LOCAL = re.compile(r"(?:电话|座机|固话|致电|拨打|号码|来电|打)[^\d]{0,4}(?<!\d)([2-8]\d{6,7})(?![\d*]|[-－]\d)")
# With its area code; many an old one has seven digits, which `phonenumbers` knows of few cities.
_FIXED = re.compile(r"(?<![\d*-])(0\d{2,3})[-) ]\s?([2-8]\d{6,7})(?![\d*-])")
_EXTENSION = re.compile(r"(?<=\d{7})\s?(?:转|分机|-|—)\s?\d{1,5}(?!\d)")
_UNMASKED = re.compile(r"\d*\*+[\d*x]*")  # 138****5678 is nobody's number
# China's identity number: GB 11643-1999, check digit by ISO 7064 MOD 11-2.
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10x98765432"


def spoken_digits(plain: str) -> str:
    """Write digits that were spoken one by one (幺三八零零…) as digits."""
    return _SPOKEN_RUN.sub(lambda run: run[0].translate(_SPOKEN), plain)


def _is_a_day(year: str, month: str, day: str) -> bool:
    try:
        date(int(year), int(month), int(day))
    except ValueError:
        return False
    return True


def _checks(digits: str) -> bool:
    total = sum(int(digit) * weight for digit, weight in zip(digits[:17], _WEIGHTS, strict=True))
    return _CHECKS[total % 11] == digits[17]


def _dated(said: str) -> list[tuple[int, str]]:
    """Return where eighteen digits with a date in them stand."""
    return [(match.start(), match[0]) for match in _IDENTITY.finditer(said) if _is_a_day(match[2], match[3], match[4])]


def doubtful_identity_numbers(plain: str) -> tuple[str, ...]:
    """Return what looks like an identity number of eighteen digits, with a date in it, and has a wrong check digit."""
    dated = _dated(spoken_digits(plain[:LONGEST]))
    return tuple(dict.fromkeys(digits.upper() for _, digits in dated if not _checks(digits)))


def identity_numbers(plain: str) -> tuple[str, ...]:
    """Return the identity numbers in their order.

    Eighteen digits need a date and the right check digit, fifteen a date and the word 身份证 before them; one with its
    middle hidden by asterisks is kept as it was written.
    """
    said = spoken_digits(plain[:LONGEST])
    found = [(start, digits) for start, digits in _dated(said) if _checks(digits)]
    found += [
        (match.start(), "".join(match.groups()))
        for match in _OLD_IDENTITY.finditer(said)
        if _is_a_day(f"19{match[2]}", match[3], match[4])
    ]
    found += [(match.start(), match[0]) for match in _MASKED_IDENTITY.finditer(said) if len(match[0]) in (15, 18)]
    return tuple(dict.fromkeys(digits.upper() for _, digits in sorted(found)))


def phones(plain: str) -> tuple[str, ...]:
    """Return the valid Chinese telephone numbers as digits (a foreign one with its +), in their order.

    A short number of a service (12345, 95588) is none: nobody can be called back there.
    """
    said = spoken_digits(plain[:LONGEST])
    for hidden in (_IDENTITY, _OLD_IDENTITY, _UNMASKED, _EXTENSION):
        said = hidden.sub(lambda match: " " * len(match[0]), said)
    style = phonenumbers.PhoneNumberFormat
    found = []
    for match in phonenumbers.PhoneNumberMatcher(said, "CN"):
        chinese = match.number.country_code == 86
        written = phonenumbers.format_number(match.number, style.NATIONAL if chinese else style.E164)
        found.append((match.start, re.sub(r"[^\d+]", "", written.partition("ext")[0])))
        said = said[: match.start] + " " * (match.end - match.start) + said[match.end :]
    found += [(match.start(), match[1] + match[2]) for match in _FIXED.finditer(said)]
    found += [(match.start(1), match[1]) for match in _LOCAL.finditer(said)]
    return tuple(dict.fromkeys(digits for _, digits in sorted(found)))


def licence_plates(plain: str) -> tuple[str, ...]:
    """Return the licence plates (GA 36-2018; eight characters for new energy) in capitals without a point."""
    found = (re.sub(r"[·.•\-—_\s]", "", match[0]).upper() for match in _PLATE.finditer(plain[:LONGEST]))
    return tuple(dict.fromkeys(found))
