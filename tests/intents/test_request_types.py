from pathlib import Path

import pytest
import yaml

from core.text.normalise import normalise
from intents.categories import Node
from intents.counts import people
from intents.request_types import is_courtesy, request_type, urgency
from intents.understanding import RequestType, Urgency

SENTENCES = yaml.safe_load((Path(__file__).parent / "data" / "request_types.yaml").read_text(encoding="utf-8"))
COMPLAINT, CONSULTATION = RequestType.COMPLAINT, RequestType.CONSULTATION


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in SENTENCES.items() for text in texts])
def test_words_say_the_request_type(kind: str, text: str) -> None:
    assert request_type(normalise(text), None) == kind


def test_without_words_it_is_what_the_category_usually_is() -> None:
    assert request_type("路口的标志牌", RequestType.ASSISTANCE) is RequestType.ASSISTANCE
    assert request_type("路口的标志牌", None) is CONSULTATION


def test_plain_words_outweigh_the_category() -> None:
    assert request_type("请问物业费怎么交", COMPLAINT) is CONSULTATION
    assert request_type("我要投诉", CONSULTATION) is COMPLAINT


def test_courtesy_at_the_end_is_no_praise() -> None:
    assert request_type("路灯坏了请派人修，谢谢！", None) is RequestType.ASSISTANCE
    assert is_courtesy("好的，谢谢您！") and not is_courtesy("感谢公交司机")
    assert request_type("谢谢", RequestType.PRAISE) is CONSULTATION


@pytest.mark.parametrize(
    "text", ["刚才有人在公园门口打架", "保安打人", "浴室跑路", "隔壁把泔水倒在人行道", "派出所电话打不通"]
)
def test_a_wrong_that_is_told_is_a_complaint_though_nothing_else_says_so(text: str) -> None:
    assert request_type(text, None) is COMPLAINT
    assert request_type(text, CONSULTATION) is COMPLAINT


@pytest.mark.parametrize("text", ["打架会留案底吗", "医保卡被锁了去哪解", "我叫张三", "离婚冷静期还有几天"])
def test_a_question_about_a_wrong_stays_a_consultation(text: str) -> None:
    assert request_type(text, CONSULTATION) is CONSULTATION


def test_asking_where_to_complain_is_a_consultation() -> None:
    assert request_type("请问去哪里投诉", None) is CONSULTATION


def _leaf(usual: Urgency) -> Node:
    return Node(code="a.b.c", name="c", path=("a", "b", "c"), urgency=usual)


def test_urgency_rises_with_danger_crowds_and_words_and_never_for_a_question() -> None:
    general, urgent = _leaf(Urgency.GENERAL), _leaf(Urgency.URGENT)
    assert urgency("着火了", general, COMPLAINT, emergency=True) is Urgency.CRITICAL
    assert urgency("几十个工人堵在门口讨薪", general, COMPLAINT, emergency=False) is Urgency.CRITICAL
    assert urgency("小区停水了", general, COMPLAINT, emergency=False) is Urgency.URGENT
    assert urgency("水压低", urgent, COMPLAINT, emergency=False) is Urgency.URGENT
    assert urgency("停水通知在哪里看", urgent, CONSULTATION, emergency=False) is Urgency.GENERAL
    assert urgency("树该剪了", None, COMPLAINT, emergency=False) is Urgency.GENERAL


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("工友27人堵在项目部门口讨薪", Urgency.CRITICAL),
        ("三十多户拉了横幅", Urgency.CRITICAL),
        ("我们五个人去讨薪", Urgency.GENERAL),
        ("三十多户反映路灯太暗", Urgency.GENERAL),
    ],
)
def test_a_crowd_that_acts_is_critical(text: str, expected: Urgency) -> None:
    assert urgency(text, None, COMPLAINT, emergency=False, people=people(text)) is expected
