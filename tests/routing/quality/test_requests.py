"""A complaint that was filed as a question, and elements that nobody wrote down."""

import pytest

from intents import RequestType
from routing.models import Ticket
from routing.quality import requests
from tests.routing.conftest import draft

NOISE = "请问楼下KTV每天唱到凌晨两三点，已经半年了，到底有没有人管？"


def _ticket(**changes: object) -> Ticket:
    values = {"title": "", "elements": {}, "happened": None}
    return Ticket(**(values | changes))


def test_what_happened_is_no_question_however_it_is_asked() -> None:
    (hit,) = requests.drift(NOISE, RequestType.CONSULTATION)
    kind, probable = hit.value.split()
    assert kind == "complaint" and float(probable) >= 0.8 and "每天" in hit.words


@pytest.mark.parametrize(
    "question", ["请问噪音扰民的标准是多少分贝，夜间几点以后算？", "拖欠工资申请劳动仲裁需要准备什么材料？"]
)
def test_a_question_about_complaints_stays_one(question: str) -> None:
    assert requests.drift(question, RequestType.CONSULTATION) == []


def test_what_is_filed_as_a_complaint_has_not_drifted() -> None:
    assert requests.drift(NOISE, RequestType.COMPLAINT) == []


@pytest.mark.parametrize(
    ("fields", "missing"),
    [
        ({"description": "路灯不亮好几天了，晚上看不见路。"}, "where"),
        ({"description": "建设路12号的路灯不亮好几天了。"}, None),
        ({"description": "路灯不亮好几天了，晚上看不见路。", "address": "幸福路口"}, None),
        ({"description": "灯坏了", "address": "幸福路口"}, "what"),
    ],
)
def test_what_a_category_asks_for_must_be_there(fields: dict[str, str], missing: str | None) -> None:
    hits = requests.of_ticket(_ticket(request_type="assistance", category="utilities.lighting.lamp_out", **fields))
    assert [hit.value for hit in hits if hit.check == "missing"] == ([missing] if missing else [])


def test_a_question_needs_no_place() -> None:
    asked = _ticket(request_type="consultation", category="utilities.lighting.lamp_out", description="路灯归谁管")
    assert requests.of_ticket(asked) == []


def test_a_title_that_repeats_the_beginning_is_read_once() -> None:
    said = draft()
    assert (
        requests.words_of(_ticket(title=said.description[:8] + "…", description=said.description)) == said.description
    )
