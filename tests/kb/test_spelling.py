"""Questions typed by sound are read by the words of the corpus, and nothing else is touched."""

import pytest

from kb.spelling import Spelling

SPELLING = Spelling({"公积金": 9, "住房": 5, "提取": 5, "社保": 4, "居住证": 3, "上网": 2, "etc": 2}, 10)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("gongjijin zenme tiqu", "公积金怎么提取"),
        ("gongjijinzenmetiqu", "公积金怎么提取"),
        ("住房公几金", "住房公积金"),
        ("社宝怎么交", "社保怎么交"),
        ("居住正怎么办", "居住证怎么办"),
    ],
)
def test_what_was_meant_is_read(typed: str, meant: str) -> None:
    text, corrected = SPELLING.correct(typed)
    assert text == meant
    assert corrected


@pytest.mark.parametrize(
    "typed",
    ["公积金怎么提取", "设备怎么申请", "etc怎么办", "my name is tom", "wifi", "我要去上班", "住房公积金少不少", ""],
)
def test_what_is_a_word_or_means_nothing_stays(typed: str) -> None:
    assert SPELLING.correct(typed) == (typed, ())


def test_what_was_typed_and_meant_is_told() -> None:
    assert SPELLING.correct("社宝怎么交")[1] == (("社宝", "社保"),)
