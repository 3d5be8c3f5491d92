import time
from decimal import Decimal

import pytest

from core.text.normalise import normalise
from intents import identifiers, organisations, times
from intents.numerals import number


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("我的电话是13800138000", ("13800138000",)),
        ("電話１３８００１３８０００", ("13800138000",)),
        ("手机138 0013 8000找我", ("13800138000",)),
        ("电话幺三八零零幺三八零零零", ("13800138000",)),
        ("座机010-62345678", ("01062345678",)),
        ("工单号20260610123", ()),
        ("欠了12345678元", ()),
    ],
)
def test_phones(text: str, found: tuple[str, ...]) -> None:
    assert identifiers.phones(normalise(text)) == found


def test_an_identity_number_needs_a_date_and_the_right_check_digit() -> None:
    assert identifiers.identity_numbers(normalise("身份证11010519491231002X")) == ("11010519491231002X",)
    assert identifiers.identity_numbers("身份证110105194912310021") == ()
    assert identifiers.identity_numbers("身份证110105194913310021") == ()


def test_an_identity_number_is_no_phone() -> None:
    assert identifiers.phones("身份证11010519491231002x") == ()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("皖A12345占道", ("皖A12345",)),
        ("粤B·D12345新能源", ("粤BD12345",)),
        ("车牌是京a 8k888", ("京A8K888",)),
        ("京东app打不开", ()),
    ],
)
def test_licence_plates(text: str, found: tuple[str, ...]) -> None:
    assert identifiers.licence_plates(normalise(text)) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("欠我三千五百块", ("3500",)),
        ("三千五块钱", ("3500",)),
        ("2万元和1.5万", ("20000", "15000")),
        ("交了1,200元", ("1200",)),
        ("两万多块", ("20000",)),
        ("一万五千元", ("15000",)),
        ("3万人口", ()),
        ("300多万专业技术人员", ()),
        ("赔了两万多没给", ("20000",)),
        ("欠我们3万工资", ("30000",)),
        ("两万多户居民", ()),
        ("12元路口", ()),
        ("三号楼", ()),
    ],
)
def test_amounts(text: str, found: tuple[str, ...]) -> None:
    assert identifiers.amounts(normalise(text)) == found


@pytest.mark.parametrize(
    ("said", "value"),
    [("十二", "12"), ("两万", "20000"), ("三千五", "3500"), ("1.5万", "15000"), ("半", "0.5"), ("一百零五", "105")],
)
def test_numerals(said: str, value: str) -> None:
    assert number(said) == Decimal(value)


@pytest.mark.parametrize("said", ["", "万万亿", "abc", "百", "1.2.3"])
def test_what_is_no_numeral_has_no_number(said: str) -> None:
    assert number(said) is None or isinstance(number(said), Decimal)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("投诉云锦物业公司乱收费", ("云锦物业公司",)),
        ("我在长风科技有限公司上班", ("长风科技有限公司",)),
        ("孩子在阳光幼儿园被打", ("阳光幼儿园",)),
        ("公司不发工资，物业不管，学校太远", ()),
    ],
)
def test_organisations(text: str, found: tuple[str, ...]) -> None:
    assert organisations.find(normalise(text)) == found


@pytest.mark.parametrize("text", ["9" * 4000, "九" * 4000, "1," * 2000, "1点" * 2000])
def test_long_runs_are_read_in_linear_time(text: str) -> None:
    began = time.perf_counter()
    assert identifiers.amounts(text) == ()
    times.find(text)
    assert time.perf_counter() - began < 0.5
