from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.privacy import mask_text
from core.text.normalise import normalise
from intents import entities, identifiers, organisations

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
DAYS = st.dates(min_value=date(1900, 1, 1), max_value=date(2025, 12, 31))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("我的电话是13800138000", ("13800138000",)),
        ("電話１３８００１３８０００", ("13800138000",)),
        ("手机138 0013 8000找我", ("13800138000",)),
        ("电话幺三八零零幺三八零零零", ("13800138000",)),
        ("座机010-62345678", ("01062345678",)),
        ("座机0552-3123456转601", ("05523123456",)),
        ("电话0551-62345678分机12", ("055162345678",)),
        ("编号0552-31234567890", ()),
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


def test_a_wrong_identity_number_is_kept_apart_and_a_right_one_is_not() -> None:
    found = entities.find(normalise("身份证110105194912310021"))
    assert (found.identity_numbers, found.doubtful_identity_numbers) == ((), ("110105194912310021",))
    assert identifiers.doubtful_identity_numbers("身份证11010519491231002x，订单340102991903074512") == ()


@given(DAYS, st.integers(0, 999), st.sampled_from("0123456789X"))
def test_a_doubtful_identity_number_is_hidden_as_a_right_one_is(born: date, serial: int, check: str) -> None:
    number = f"340102{born:%Y%m%d}{serial:03}{check}"
    said = normalise(f"身份证{number}")
    assert identifiers.identity_numbers(said) + identifiers.doubtful_identity_numbers(said) == (number,)
    assert number not in mask_text(number)


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
        ("投诉云锦物业公司乱收费", ("云锦物业公司",)),
        ("我在长风科技有限公司上班", ("长风科技有限公司",)),
        ("孩子在阳光幼儿园被打", ("阳光幼儿园",)),
        ("公司不发工资，物业不管，学校太远", ()),
        ("临海市大力搬家有限公司加价", ("临海市大力搬家有限公司",)),
        ("点了“胖嫂麻辣烫”，有虫", ("胖嫂麻辣烫",)),
        ("点了一份麻辣烫，有虫", ()),
        ("中国联通营业厅排队太久", ("中国联通营业厅",)),
        ("青禾区民政局电话没人接", ("青禾区民政局",)),
        ("去教育局办事，民政局不管", ()),
        ("投诉力美健身（万达店）跑路", ("力美健身（万达店）",)),
        ("HT健身（滨江店）跑路", ("ht健身（滨江店）",)),
    ],
)
def test_organisations(text: str, found: tuple[str, ...]) -> None:
    assert organisations.find(normalise(text)) == found


def _identity(area: int, born: date, serial: int) -> str:
    digits = f"{area}{born:%Y%m%d}{serial:03}"
    return digits + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(digits, WEIGHTS, strict=True)) % 11]


@given(st.integers(110000, 659999), DAYS, st.integers(0, 999))
def test_a_right_identity_number_is_found_and_no_phone(area: int, born: date, serial: int) -> None:
    number = _identity(area, born, serial)
    said = normalise(f"我的身份证号是{number}，请登记")
    assert identifiers.identity_numbers(said) == (number,)
    assert identifiers.phones(said) == ()


@given(st.integers(110000, 659999), DAYS, st.integers(0, 999), st.integers(0, 16), st.integers(1, 9))
def test_an_identity_number_with_one_wrong_digit_is_none(
    area: int, born: date, serial: int, place: int, more: int
) -> None:
    number = _identity(area, born, serial)
    wrong = f"{number[:place]}{(int(number[place]) + more) % 10}{number[place + 1 :]}"
    assert identifiers.identity_numbers(normalise(wrong)) == ()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("我的证件号是130503670401001", ("130503670401001",)),
        ("订单130503670401001", ()),
        ("340102********103X", ("340102********103X",)),
    ],
)
def test_old_and_masked_identity_numbers(text: str, found: tuple[str, ...]) -> None:
    assert identifiers.identity_numbers(normalise(text)) == found


PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
TAILS = st.text("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", min_size=5, max_size=6).filter(
    lambda tail: tail[:-1].strip("ABCDEFGHJKLMNPQRSTUVWXYZ") != ""
)


@given(st.sampled_from(PROVINCES), st.sampled_from("ABCDEFGHJKLMN"), TAILS, st.sampled_from(["", "·", " ", "-", "."]))
def test_a_plate_is_found_however_it_is_parted(province: str, letter: str, tail: str, between: str) -> None:
    said = normalise(f"车牌{province}{letter}{between}{tail}，挡住了路")
    assert identifiers.licence_plates(said) == (f"{province}{letter}{tail}",)


@pytest.mark.parametrize(
    ("text", "found"),
    [("皖A1234学", "皖A1234学"), ("皖A·1234挂的", "皖A1234挂"), ("使014578", "使014578"), ("沪A0023领", "沪A0023领")],
)
def test_plates_of_special_vehicles(text: str, found: str) -> None:
    assert identifiers.licence_plates(normalise(text)) == (found,)


@pytest.mark.parametrize("text", ["138****5678", "打了12345和12315", "客服95588"])
def test_masked_and_short_numbers_are_nobody_to_call_back(text: str) -> None:
    assert identifiers.phones(normalise(text)) == ()
