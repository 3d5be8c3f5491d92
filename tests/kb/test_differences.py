"""What differs is shown by words, and both texts can be read out of it."""

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.articles.differences import SHOWN, Piece, compare, fields


def marked(before: str, after: str) -> str:
    marks = {"same": "{}", "gone": "[-{}]", "new": "[+{}]"}
    return "".join(marks[each.kind].format(each.text) for each in compare(before, after))


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("带身份证办理。", "带身份证办理。", "带身份证办理。"),
        ("每月提取800元。", "每月提取1200元。", "每月提取[-800][+1200]元。"),
        ("凭发票免费修。", "凭发票免费修。周末不办理。", "凭发票免费修。[+周末不办理。]"),
        ("先取号。再排队。最后办理。", "先取号。最后办理。", "先取号。[-再排队。]最后办理。"),
        ("到窗口办理。", "可以全程网上申请，不用到现场！", "[-到窗口办理。][+可以全程网上申请，不用到现场！]"),
        ("", "新的。", "[+新的。]"),
        ("旧的。", "", "[-旧的。]"),
        ("", "", ""),
    ],
)
def test_a_change_is_shown_where_it_is(before: str, after: str, shown: str) -> None:
    assert marked(before, after) == shown


@given(st.text("甲乙。\n；ab 1", max_size=60), st.text("甲乙。\n；ab 1", max_size=60))
def test_both_texts_can_be_read_from_the_pieces(before: str, after: str) -> None:
    pieces = compare(before, after)
    assert "".join(each.text for each in pieces if each.kind != "new") == before
    assert "".join(each.text for each in pieces if each.kind != "gone") == after
    assert all(each.text for each in pieces)
    assert all(left.kind != right.kind for left, right in pairwise(pieces))


def test_only_the_fields_that_differ_are_listed_in_the_articles_order() -> None:
    before = {"title": "甲", "questions": ["一", "二"], "basis": "《法》"}
    after = {"title": "乙", "questions": ["一", "二"], "basis": "", "attachments": [{"name": "表.pdf"}]}
    assert [each.field for each in fields(before, after)] == ["title", "basis", "attachments"]


def test_a_long_stretch_without_changes_is_skipped() -> None:
    long = "字" * 1000
    (change,) = fields({"body": f"旧的开头。{long}。旧的结尾。"}, {"body": f"新的开头。{long}。新的结尾。"})
    skipped = [each for each in change.pieces if each.kind == "skipped"]
    assert len(skipped) == 1 and 1000 - 3 * SHOWN < int(skipped[0].text) < 1000
    assert Piece("gone", "旧") in change.pieces


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("甲乙" * 3000, "乙丙" * 3000),
        ("甲。" * 1_000, "甲。乙。" * 1_000),
        ("。".join(["甲乙" * 80, "丁"] * 300), "。".join(["甲乙甲" * 80, "丁"] * 300)),
    ],
)
def test_what_is_the_same_over_and_over_is_not_compared_for_hours(before: str, after: str) -> None:
    begun = time.process_time()
    pieces = compare(before, after)
    assert time.process_time() - begun < 5
    assert "".join(each.text for each in pieces if each.kind != "new") == before
    assert "".join(each.text for each in pieces if each.kind != "gone") == after
