import pytest

from core.text.normalise import normalise
from intents import identifiers, organisations


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
        ("投诉云锦物业公司乱收费", ("云锦物业公司",)),
        ("我在长风科技有限公司上班", ("长风科技有限公司",)),
        ("孩子在阳光幼儿园被打", ("阳光幼儿园",)),
        ("公司不发工资，物业不管，学校太远", ()),
    ],
)
def test_organisations(text: str, found: tuple[str, ...]) -> None:
    assert organisations.find(normalise(text)) == found
