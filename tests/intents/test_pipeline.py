import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from intents import RequestType, Urgency, understand, understand_all

pytestmark = pytest.mark.usefixtures("warm")

MIXED = st.text(
    alphabet=st.sampled_from("我家着火了路灯坏请问3５号楼人民路昨晚十一点半万元块公司A皖é😀<>&'\";-\n\t\x00\u200b。，"),
    max_size=60,
)


def test_one_sentence_is_understood_whole() -> None:
    made = understand("望江区滨江大道12号路灯昨晚坏了，请派人修，电话13800138000")
    assert made.request_type is RequestType.ASSISTANCE
    assert made.category is not None and made.category.code == "utilities.lighting.lamp_out"
    assert made.entities.addresses[0].district == "wangjiang"
    assert made.entities.phones == ("13800138000",)
    assert made.entities.times[0].text == "昨晚"
    assert made.emergency is None and made.statutory is None
    assert made.evidence


def test_many_are_understood_like_each_alone() -> None:
    """Rounding differs a little in a batch, what is understood does not."""
    danger, question = "楼道里的电动车着火了", "请问异地就医怎么备案，电话13800138000"
    texts = ["路灯坏了", danger, "", "how do I renew my ID card", "谢谢", question]
    for made, alone in zip(understand_all(texts), map(understand, texts), strict=True):
        assert (made.text, made.request_type, made.emergency, made.entities, made.evidence[:1]) == (
            alone.text, alone.request_type, alone.emergency, alone.entities, alone.evidence[:1]
        )  # fmt: skip
        assert (made.category and made.category.code) == (alone.category and alone.category.code)
    assert understand_all([]) == []


def test_danger_comes_first_and_is_critical() -> None:
    made = understand("家里闻到很大的煤气味，法院管不管")
    assert made.emergency is not None and made.emergency.service == "gas"
    assert made.urgency is Urgency.CRITICAL and made.statutory is None


def test_traditional_characters_and_a_voice_transcript_are_understood_alike() -> None:
    assert understand("我家門口的路燈壞了").category == understand("我家门口的路灯坏了").category
    spoken = understand("喂你好我想反映一下就是我们小区楼下那个烧烤店每天晚上油烟特别大窗户都不敢开")
    assert spoken.category is not None and spoken.category.code.startswith("environment.")


def test_another_language_is_read_by_its_known_words_or_left_open() -> None:
    known = understand("How do I apply for a passport?")
    assert known.category is not None and known.category.code.startswith("public_security.")
    assert understand("Guten Tag, wie geht es Ihnen heute?").category is None


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "\n", "😀😀😀", "<script>alert(1)</script>", "'; drop table users; --", "\x00\u200b\ufeff", "？" * 300,
        "0" * 10_000, "路灯坏了" * 2_500, "a" * 10_000, "<b>" * 3_000, "第" + "一" * 5_000 + "万元", "&amp;" * 2_000,
        "۱۲۳ مرحبا", "ß" * 50, "\ud800", "110105194912310021" * 200, "1点" * 3_000, "人民路" * 3_000,
    ],
)  # fmt: skip
def test_odd_texts_are_understood_without_complaint(text: str) -> None:
    made = understand(text)
    assert made.text == text
    json.dumps(made.as_json(), ensure_ascii=False)


@given(text=st.one_of(st.text(max_size=200), MIXED))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_makes_it_fail(text: str) -> None:
    made = understand(text)
    assert made.category is None or 0 <= made.category.confidence <= 1
    assert json.dumps(made.as_json())


def test_courtesy_is_no_matter() -> None:
    assert understand("好的，谢谢").category is None
