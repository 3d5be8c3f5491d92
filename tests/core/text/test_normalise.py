import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.normalise import clean, normalise
from core.text.segment import terms


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("路燈壞了", "路灯坏了"),
        ("１３８００１３８０００", "13800138000"),
        ("<script>alert(1)</script>路灯<b>坏了</b>", "alert(1) 路灯 坏了"),
        ("  路灯\u200b坏\u0000了 \r\n\r\n 三天 ", "路灯坏了\n三天"),
        ("路灯坏了，三天！", "路灯坏了，三天！"),
        ("ＡＢＣ路", "abc路"),
        ("3<5 而 7>2", "3<5 而 7>2"),
        ("&lt;b&gt;", "<b>"),
        ("", ""),
    ],
)
def test_one_form(text: str, normal: str) -> None:
    assert normalise(text) == normal


@given(st.text(max_size=300))
def test_any_text_is_taken_and_is_normal_the_second_time(text: str) -> None:
    assert "\u0000" not in clean(text)
    terms(normalise(text))


def test_two_character_words_are_terms_whatever_the_segmentation() -> None:
    assert "路灯" in terms("路灯坏了")
    assert "公积" in terms("住房公积金")
