"""Things with a form of their own: telephone numbers, identity numbers, licence plates, amounts, organisations."""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import phonenumbers
import rjieba

from intents.numerals import number

LONGEST = 4000  # characters read of one text
_SPOKEN = str.maketrans("零〇幺一二三四五六七八九", "001123456789")
_SPOKEN_RUN = re.compile(r"[零〇幺一二三四五六七八九]{7,}")
_IDENTITY = re.compile(r"(?<![\da-z])(\d{6})((?:18|19|20)\d{2})(\d{2})(\d{2})(\d{3}[\dx])(?![\da-z])")
_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][a-z][·.\-\s]?(?=[a-z]*\d)[a-hj-np-z\d]{4,5}"
    r"[a-hj-np-z\d挂学警港澳](?![a-z\d])"
)
_AMOUNT = re.compile(
    r"(?P<count>\d[\d,]*(?:\.\d+)?[百千万亿]?|[零〇一二两三四五六七八九十百千万亿半]+)(?P<more>多|余|来)?"
    r"(?P<scale>[百千万亿]+)?(?P<unit>元|块钱?|人民币|圆|(?<=[万亿])(?![人户平亩辆件吨字次名个家步公里]))(?!路|头|区|素|件)"
)
# China's identity number: GB 11643-1999, check digit by ISO 7064 MOD 11-2.
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10x98765432"
_KINDS = (
    "有限责任公司", "股份有限公司", "有限公司", "分公司", "公司", "集团", "小学", "中学", "学校", "幼儿园", "大学", "学院",
    "中医院", "医院", "卫生院", "诊所", "物业", "酒店", "宾馆", "饭店", "餐厅", "超市", "银行", "药店", "健身房", "驾校", "培训机构",
    "4s店", "工厂", "厂", "合作社", "事务所", "中介",
)  # fmt: skip
_STOP = re.compile(
    r"^(?:[我你您他她它咱这那哪该某本各每]们?个?|我家|家|的|了|在|是|把|被|去|到|叫|叫做|请|请问|让|给|对|向|从|和|与|跟|及|或|有|要|找|于|为|因为|"
    r"投诉|举报|反映|咨询|建议|感谢|表扬|一个|一家|个|所|这家|那家|这个|那个|某|附近|旁边|楼下|小区|单位|私立|公立|民办|民营|今天|昨天|现在|目前|"
    r"由于|通过|关于|但|但是|而|且|也|都|就|还|又|再|没|没有|不|不是|可以|能|会|想|说|做|上|下|里|外|后|前|家住|住|住在|位于|欠|欠薪|"
    r"入职|工作|上班|上学|读|就读|开|做|办|进|出|离开|买|签|交|收|问|打|骂|告|查|管|黑|黑心|无良|无证|垃圾|破|我市|本市|多家|几家|两家|所有|有些|一些|其他|"
    r"什么|哪个|哪家|怎么|为什么|孩子|小孩|老板|员工|老师|医生)$"
)
_PART_OF_NAME = re.compile(r"^[\u4e00-\u9fffa-z\d·()（）]+$")


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
        if _CHECKS[sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=False)) % 11] == digits[17]:
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


def _names(plain: str) -> Iterator[str]:
    words: list[str] = []
    for word in rjieba.cut(plain[:LONGEST]):
        if not _PART_OF_NAME.match(word):
            words = []
            continue
        kind = next((kind for kind in _KINDS if word.endswith(kind)), None)
        if kind is None:
            words = [] if _STOP.match(word) else [*words[-5:], word]
            continue
        name = "".join(words) + word
        if name not in _KINDS and not (len(name) - len(kind) < 2):
            yield name
            words = [name] if kind in ("公司", "集团") else []


def organisations(plain: str) -> tuple[str, ...]:
    """Return the named companies, schools, hospitals, property managers; a bare 公司 or 学校 is none."""
    found = list(dict.fromkeys(_names(plain)))
    return tuple(name for name in found if not any(name != other and other.startswith(name) for other in found))
