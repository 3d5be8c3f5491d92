"""The words that decided a category are words of the text, and those that a reader would name."""

import pytest

from intents.classify import classifier
from intents.reading import read

pytestmark = pytest.mark.usefixtures("warm")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("我家门口的路灯坏了好几天了，晚上很黑", "路灯"),
        ("老板拖欠我三个月工资不给", "拖欠"),
        ("楼下烧烤店油烟太大，每天营业到凌晨两点", "油烟"),
        ("请问异地就医怎么备案", "备案"),
    ],
)
def test_the_word_that_a_reader_would_name_is_among_them(text: str, word: str) -> None:
    (judged,) = classifier().classify([read(text)])
    assert word in judged.words
    assert len(judged.words) <= 4 and all(each in text for each in judged.words)
    assert list(judged.words) == sorted(judged.words, key=text.index)


def test_without_a_category_there_are_none() -> None:
    (judged,) = classifier().classify([read("今天天气真好")])
    assert judged.category is None and judged.words == ()


def test_a_level_above_a_leaf_has_its_words_too() -> None:
    assert "公交" in "".join(classifier().words("投诉公交司机甩站不停车", "transport.bus"))


@pytest.mark.parametrize("text", ["", "。", "12345", "\U0001f600", "水", "水" * 2000])
def test_any_text_can_be_asked_for_its_words(text: str) -> None:
    assert isinstance(classifier().words(text, "utilities.water.outage"), tuple)
