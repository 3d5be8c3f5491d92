"""Bodies become passages that can be read aloud."""

from kb.passages import pieces, shorten, split


def test_the_head_and_each_section_are_passages() -> None:
    passages = split("先看**这里**。\n## 所需材料\n- [身份证](https://example.org)\n- `照片`\n\n## 空\n## 费用\n不收费")
    assert [(each.section, each.text) for each in passages] == [
        ("", "先看这里。"),
        ("所需材料", "身份证。照片。"),
        ("费用", "不收费。"),
    ]
    assert passages[1].markdown == "## 所需材料\n- [身份证](https://example.org)\n- `照片`"


def test_only_headings_of_the_second_level_divide() -> None:
    text = "# 标题\n答案。\n```\n## 代码\n```\n### 小节\n|甲|乙|\n|-|-|\n|1|2|\n"
    assert [each.text for each in split(text)] == ["标题。答案。## 代码。小节。甲，乙。1，2。"]


def test_markup_is_text_and_nothing_gives_nothing() -> None:
    assert split("<script>alert(1)</script>")[0].text == "<script>alert(1)</script>。"
    assert split("") == ()


def test_a_long_passage_ends_with_a_whole_sentence() -> None:
    assert shorten("一二三。四五六。七八九。", 9) == "一二三。四五六。"
    assert shorten("一二三四五六", 4) == "一二三…"
    assert shorten("短。", 9) == "短。"


def test_pieces_hold_everything_between_sentences() -> None:
    text = "甲乙丙。" * 30 + "丁" * 400
    found = pieces(text, 50)
    assert "".join(found) == text
    assert max(map(len, found)) <= 50
