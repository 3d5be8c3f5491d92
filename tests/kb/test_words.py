"""Forms of sentences: what asks, what reports, which section is meant."""

import pytest

from kb import words


@pytest.mark.parametrize(
    "text",
    [
        "租房能取公积金吗",
        "多少钱",
        "想给狗上户口",
        "居住证需要哪些材料",
        "户口本能补办不",
        "这合不合规矩",
        "我要办居住证",
    ],
)
def test_a_question_or_a_wish_asks(text: str) -> None:
    assert words.asks(text)


@pytest.mark.parametrize("text", ["我家门口路灯坏了", "护栏歪了好几天", "楼下烧烤店油烟呛人"])
def test_a_report_does_not_ask(text: str) -> None:
    assert not words.asks(text)


def test_another_place_is_what_is_asked_about_and_not_where_somebody_comes_from() -> None:
    assert words.abroad("西安的公积金能贷多少") == {"西安"}
    assert words.abroad("我河南人，能在这里换证吗") == frozenset()
    assert words.abroad("我在深圳干过五年，社保能转过来吗") == frozenset()


def test_reports_are_recognised() -> None:
    assert words.reports("我要投诉公交司机")
    assert not words.reports("被拖欠工资怎么投诉")


@pytest.mark.parametrize(
    ("question", "heading"),
    [
        ("补办身份证要带什么", "所需材料"),
        ("补办身份证多少钱", "费用"),
        ("去哪里办居住证", "办理地点和时间"),
        ("低保要符合什么条件", "办理条件"),
        ("注销公司的流程", "办理流程"),
    ],
)
def test_words_point_to_a_section(question: str, heading: str) -> None:
    headings = ["办理条件", "所需材料", "办理流程", "办理地点和时间", "费用", "注意事项"]
    assert [each for each in headings if words.is_about(question, each)] == [heading]


def test_content_words_carry_the_matter() -> None:
    assert words.content("我想问一下公积金怎么提取") == ["公积金", "提取"]
