"""What the quality check reads out of a request and its reply, on sentences of our own."""

import json
from pathlib import Path

import pytest

from routing.quality import CHECKS, checks

LAMP = "建设路12号门前的路灯坏了三天，晚上很黑，请派人来修。"
SAMPLE = [json.loads(line) for line in (Path(__file__).parent / "replies.jsonl").read_text("utf-8").splitlines()]
LEAST = 0.8  # of recall and of precision, for each check on the sample


def _found(request: str, result: str, basis: str = "《城市照明管理规定》", *, secret: bool = False) -> set[str]:
    return {hit.check for hit in checks.of_reply(request, result, basis, secret=secret)}


def test_a_good_reply_has_no_findings() -> None:
    assert _found(LAMP, "经现场核实，建设路12号门前路灯因灯头损坏不亮，11月23日已更换灯头，路灯恢复照明。") == set()


def test_a_promise_wants_a_date() -> None:
    body = "经现场核实，建设路路灯灯杆倾斜，路灯线路需要重做，我局将尽快安排维修路灯"
    assert _found(LAMP, body + "。") == {"promise_without_date"}
    assert _found(LAMP, body + "，11月30日前完成。") == set()


@pytest.mark.parametrize("reply", ["您好，您的来信已收悉，已转相关部门处理。", "感谢您的来电，正在处理中。"])
def test_phrases_alone_are_no_reply(reply: str) -> None:
    assert "empty" in _found(LAMP, reply)


@pytest.mark.parametrize("reply", ["已更换灯头，恢复照明。", "已重新更换灯头。"])
def test_a_short_reply_that_names_a_deed_is_not_empty(reply: str) -> None:
    assert "empty" not in _found(LAMP, reply)


@pytest.mark.parametrize("reply", ["已处理。", "已办结，请知悉。"])
def test_a_short_reply_that_names_no_deed_is_empty(reply: str) -> None:
    assert "empty" in _found(LAMP, reply)


def test_a_report_must_not_be_told_to_whom_it_is_about() -> None:
    told = "经核实，举报人李先生反映的情况属实，该店违规经营，已责令停业整改并处罚。"
    assert "reveals_author" in _found("举报某店违规经营", told, secret=True)
    assert "reveals_author" not in _found("投诉某店违规经营", told)


def test_a_complaint_that_was_filed_as_a_question_is_seen() -> None:
    request = "我要投诉物业公司乱收费，多次反映没人管，请严肃查处。"
    found = checks.review(request=request, request_type="consultation", result="经核实，物业收费项目已公示整改。")
    assert [hit.value for hit in found if hit.check == "type_drift"] == ["complaint"]
    again = checks.review(request=request, request_type="complaint", result="经核实，物业收费项目已公示整改。")
    assert "type_drift" not in {hit.check for hit in again}


def test_sentences_are_compared_without_numbers_and_courtesy() -> None:
    first = checks.sentences("您好！经我局工作人员11月3日到现场核实该处施工手续齐全并无违规行为。感谢您的来电。")
    second = checks.sentences("经我局工作人员11月29日到现场核实该处施工手续齐全并无违规行为！")
    assert len(first) == 1 and first[0].rstrip("!。") == second[0].rstrip("!。")


@pytest.mark.parametrize("check", sorted({each for row in SAMPLE for each in row["found"]}))
def test_each_check_finds_what_people_found_in_the_sample(check: str) -> None:
    assert check in CHECKS
    judged = [(check in row["found"], check in {hit.check for hit in checks.review(**row["given"])}) for row in SAMPLE]
    right = sum(wanted and found for wanted, found in judged)
    assert right >= LEAST * sum(wanted for wanted, _ in judged)
    assert right >= LEAST * sum(found for _, found in judged)
