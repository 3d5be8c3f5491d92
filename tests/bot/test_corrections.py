"""What a citizen puts right, read from the words alone."""

import pytest

from bot.engine import corrections, people
from bot.engine.corrections import Correction


@pytest.mark.parametrize(
    ("text", "wrong", "right"),
    [
        ("不是南山路，是南海路", "南山路", "南海路"),
        ("不是18号是16号", "18号", "16号"),
        ("哦，不是周一，应该是周二晚上", "周一", "周二晚上"),
        ("是松岭区不是望江区", "望江区", "松岭区"),
        ("是松岭区，不是望江区", "望江区", "松岭区"),
        ("把南海路说成南山路了", "南山路", "南海路"),
        ("把南山路改成南海路", "南山路", "南海路"),
        ("说错了，是周二晚上", "", "周二晚上"),
        ("应该是松岭区", "", "松岭区"),
        ("不对，是28号", "", "28号"),
    ],
)
def test_what_was_wrong_and_what_is_right(text: str, wrong: str, right: str) -> None:
    found, _ = corrections.read(text)
    assert found == [Correction("", wrong, right)]


@pytest.mark.parametrize(
    ("text", "element", "right"),
    [
        ("电话写错了，是13800138000", "phone", "13800138000"),
        ("手机号打错一位，13900139000", "phone", "13900139000"),
        ("地址改成南海路18号", "where", "南海路18号"),
        ("时间说错了，是前天晚上", "when", "前天晚上"),
        ("名字应该是李梅", "name", "李梅"),
        ("名字不是这个字，是拂晓的晓", "name", "拂晓的晓"),
        ("区选错了，是青禾区", "district", "青禾区"),
        ("钱不对，应该是三万", "amount", "三万"),
        ("单位名字错了，是大发装修公司", "company", "大发装修公司"),
    ],
)
def test_an_element_that_is_named(text: str, element: str, right: str) -> None:
    found, rest = corrections.read(text)
    assert found == [Correction(element, right=right)] and rest == ""


@pytest.mark.parametrize(
    ("text", "elements"),
    [
        ("改一下时间", ["when"]),
        ("改地址", ["where"]),
        ("刚才说的区不对", ["district"]),
        ("名字不是这个字", ["name"]),
        ("我想改改联系方式可以吗", ["phone"]),
        ("电话要改一下", ["phone"]),
        ("时间和电话都改一下", ["when", "phone"]),
        ("地址和时间都不对", ["where", "when"]),
    ],
)
def test_what_holds_is_still_to_be_told(text: str, elements: list[str]) -> None:
    assert corrections.read(text)[0] == [Correction(element) for element in elements]


def test_two_at_once_and_the_rest_of_the_sentence() -> None:
    found, rest = corrections.read("不是南山路，是南海路，电话也错了，是13900139000，昨晚还有人摔了")
    assert found == [Correction("", "南山路", "南海路"), Correction("phone", right="13900139000")]
    assert rest == "昨晚还有人摔了"


@pytest.mark.parametrize(
    "text",
    ["路灯坏了三天了", "公交站牌上的时间不对", "物业说不是他们的责任，是业主的责任", "都不对", "错了", "我家在三楼"],
)
def test_what_corrects_nothing(text: str) -> None:
    assert corrections.read(text) == ([], text)


@pytest.mark.parametrize(
    ("name", "told", "right"),
    [("王小明", "拂晓的晓", "王晓明"), ("李梅", "眉毛的眉", "李眉"), ("王小明", "张", ""), ("王小晓", "拂晓的晓", "")],
)
def test_a_character_of_the_same_sound_takes_its_place(name: str, told: str, right: str) -> None:
    assert people.respelt(name, told) == right
