"""Everyday words are also read as the official ones, and the exact word still wins."""

from pathlib import Path

import pytest

from core.errors import BadInput
from core.text.encode import HashingEncoder
from kb import calibration, synonyms
from kb.retrieval import Retrieval, Text


def test_the_longest_everyday_words_are_replaced() -> None:
    meant = synonyms.meaning("小孩上户口要什么")
    assert meant.other == "新生儿落户要什么"
    assert "出生登记" in meant.words["户口"]


def test_a_question_in_official_words_is_left_alone() -> None:
    assert synonyms.meaning("住房公积金怎么提取") == synonyms.Meaning({})


def test_an_everyday_word_finds_the_official_one_and_the_exact_word_wins() -> None:
    encoder = HashingEncoder()
    texts = [Text("official", passages=("新生儿落户到派出所。",)), Text("other", passages=("水费单在营业厅打印。",))]
    order = calibration.order("texts", encoder.fingerprint)
    assert Retrieval(texts, encoder=encoder, order=order).search("娃上户口", 2)[0].id == "official"
    texts.append(Text("exact", passages=("娃上户口到派出所。",)))
    assert Retrieval(texts, encoder=encoder, order=order).search("娃上户口", 2)[0].id == "exact"


def test_the_table_is_sound() -> None:
    everyday = [word for _, words in synonyms.groups(synonyms.SYNONYMS) for word in words]
    assert len(everyday) == len(set(everyday))


@pytest.mark.parametrize("bad", ["a: b", "- [x]", "- {official: 公积金}", "- {official: 公积金, everyday: 钱}"])
def test_a_broken_group_is_named(tmp_path: Path, bad: str) -> None:
    (tmp_path / "synonyms.yaml").write_text(bad, encoding="utf-8")
    with pytest.raises(BadInput, match=r"synonyms\.yaml"):
        synonyms.groups(tmp_path / "synonyms.yaml")
