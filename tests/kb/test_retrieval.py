"""Words and meaning together, on a corpus small enough to see through."""

import numpy as np

from core.text.encode import HashingEncoder
from kb import calibration
from kb.retrieval import LONGEST, Retrieval, Text

TEXTS = [
    Text("dog", "狗证怎么办理", ("养狗要登记吗",), ("带免疫证明到派出所登记。", "费用 每年一百元。")),
    Text("rent", "租房提取公积金", (), ("手机申请就行。",)),
    Text("bare", passages=("水费单在营业厅打印。",)),
]


def retrieval(texts: list[Text]) -> Retrieval:
    encoder = HashingEncoder()
    return Retrieval(texts, encoder=encoder, order=calibration.order("articles", encoder.fingerprint))


def test_the_document_that_says_it_comes_first() -> None:
    index = retrieval(TEXTS)
    assert len(index) == 3
    for question, expected in (("养狗登记", "dog"), ("公积金 租房", "rent"), ("打印水费单", "bare")):
        found = index.search(question, 2)
        assert found[0].id == expected
        assert len(found) == 2
        assert found[0].score >= found[1].score


def test_what_is_measured_of_a_document() -> None:
    [found] = [each for each in retrieval(TEXTS).search("狗证怎么办理", 3) if each.id == "dog"]
    assert found.asked == np.float32(1.0)
    assert found.second < found.asked
    assert (found.coverage, found.unmatched, found.elsewhere) == (1.0, 0.0, 0.0)
    assert 0 < found.lexical < 1
    assert len(found.passages) == 2


def test_traditional_and_full_width_characters_are_the_same_words() -> None:
    plain, odd = (retrieval(TEXTS).search(question, 1)[0] for question in ("养狗要登记吗", "養狗要登記嗎"))
    assert plain == odd


def test_odd_questions_find_little_and_break_nothing() -> None:
    index = retrieval(TEXTS)
    for question in ("", "   ", "<b></b>", "\u200b"):
        assert index.search(question, 5) == []
    for question in ("😀", '" OR 1=1 --', "title:(* AND )", "很长" * 10_000, "\x00"):
        index.search(question, 5)
    assert index.search("狗证" * LONGEST, 5) == index.search("狗证" * LONGEST * 2, 5)
    assert retrieval([]).search("狗证", 5) == []


def test_a_document_of_another_place_comes_behind_one_of_no_place() -> None:
    encoder = HashingEncoder()
    texts = [Text("there", passages=("C4市水费单在营业厅打印。",)), Text("any", passages=("水费单在营业厅打印。",))]
    found = Retrieval(texts, encoder=encoder, order=calibration.order("texts", encoder.fingerprint)).search(
        "A7县打印水费单", 2
    )
    assert {each.id: each.elsewhere for each in found} == {"there": 1.0, "any": 0.0}
    assert found[0].id == "any"


def test_what_was_typed_by_its_sound_is_found_and_told() -> None:
    [found] = retrieval(TEXTS).search("zufang gongjijin", 1)
    assert found.id == "rent"
    assert found.query.corrected == (("zufang gongjijin", "租房公积金"),)
