"""Whoever wrote a tip-off cannot be found by what is left of their words."""

import time

import pytest

from routing.hiding import HIDDEN, without_author


def secret(text: str, *, name: str | None = None, phone: str | None = None) -> str:
    return without_author(text, name=name, phone=phone, secret=True)


@pytest.mark.parametrize(
    "written",
    [
        "13800138000",
        "１３８００１３８０００",
        "138.0013.8000",
        "138 - 0013 - 8000",
        "1 3 8 0 0 1 3 8 0 0 0",
        "+86 138·0013·8000",
        "幺三八零零幺三八零零零",
        "第一13800138000",
        "0571-88001234",
        "110101199003077715",
        "110101 19900307 771X",
        "６２２２０２１２３４５６７８９０１２３",
        "微信号：wang_jianguo88",
        "微信wxid-1234567",
        "QQ 12345678",
        "wang.jianguo@example.com",
    ],
)
@pytest.mark.parametrize("given", [None, "13900139000"])
def test_every_number_and_account_in_a_secret_text_is_cut_out(written: str, given: str | None) -> None:
    left = secret(f"厂里夜里偷排，请联系{written}，谢谢", phone=given)
    assert HIDDEN in left
    assert not [figure for figure in "380７６wq九" if figure in left]
    assert left.startswith("厂里夜里偷排，请联系") and left.endswith("，谢谢")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("我是王建国，厂里偷排", "王先生"),
        ("我是王建国举报厂里偷排", "王先生"),
        ("本人王建国，厂里偷排", "王先生"),
        ("我叫王建国，厂里偷排", None),
        ("我是王建国，厂里偷排", None),
        ("我姓王，厂里偷排", None),
        ("厂里偷排，姓名：王建国", None),
        ("厂里偷排，请找王先生", "王建国"),
    ],
)
def test_an_introduction_is_cut_out_whatever_name_was_given(text: str, name: str | None) -> None:
    left = secret(text, name=name)
    assert "王" not in left and "建国" not in left
    assert "厂里偷排" in left


@pytest.mark.parametrize(
    "text",
    [
        "厂房在12号，2026-11-22 10:30开始，金额12000元，罚款13.50元",
        "我是想举报这家厂",
        "一二三路的三八超市",
        "微信公众号",
    ],
)
def test_what_is_no_person_stays(text: str) -> None:
    assert secret(text, name="王先生", phone="13800138000") == text


def test_an_open_author_is_masked_however_the_number_is_written_and_others_stay() -> None:
    left = without_author(
        "王小明，１３８.0013.8000，老板13900139000", name="王小明", phone="138 0013 8000", secret=False
    )
    assert left == "王**，138****8000，老板13900139000"


@pytest.mark.parametrize(
    "text", ["1 " * 5000, "138-" * 2500, "a" * 10_000, "我叫" * 5000, "微信" * 5000, "一" * 10_000]
)
def test_a_long_monotonous_text_takes_no_time(text: str) -> None:
    began = time.process_time()
    secret(text, name="王小明", phone="13800138000")
    assert time.process_time() - began < 1
