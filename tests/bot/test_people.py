"""Names and numbers as citizens give them."""

import pytest

from bot.engine import people


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("我姓王13800138000", "王"),
        ("我叫王小明，电话13800138000", "王小明"),
        ("我姓欧阳，电话13800138000", "欧阳"),
        ("联系人：李女士", "李女士"),
        ("我是张伟，13800138000", "张伟"),
        ("my name is John Smith", "John Smith"),
        ("我是高中生家长", ""),
        ("我是租客，房东不退押金", ""),
        ("我叫了物业三次都不来", ""),
        ("隔壁老王家的狗", ""),
    ],
)
def test_a_name_in_a_sentence(text: str, name: str) -> None:
    assert people.name_in(text).lower() == name.lower()


@pytest.mark.parametrize(
    ("text", "phones", "name"),
    [
        ("王强 13800138000", ("13800138000",), "王强"),
        ("王女士，13800138000", ("13800138000",), "王女士"),
        ("13800138000", ("13800138000",), ""),
        ("王强", (), "王强"),
        ("慕容雪 13800138000", ("13800138000",), "慕容雪"),
        ("姓名：李梅 手机：13800138000", ("13800138000",), "李梅"),
        ("不知道怎么留", (), ""),
    ],
)
def test_a_name_in_the_answer(text: str, phones: tuple[str, ...], name: str) -> None:
    assert people.name_answered(text, phones) == name
