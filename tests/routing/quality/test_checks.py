"""What the quality check reads out of a request and its reply, on sentences of our own."""

import pytest

from routing.quality import checks

LAMP = "建设路12号门前的路灯坏了三天，晚上很黑，请派人来修。"


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


def test_sentences_are_compared_without_numbers_and_courtesy() -> None:
    first = checks.sentences("您好！经我局工作人员11月3日到现场核实该处施工手续齐全并无违规行为。感谢您的来电。")
    second = checks.sentences("经我局工作人员11月29日到现场核实该处施工手续齐全并无违规行为！")
    assert len(first) == 1 and first[0].rstrip("!。") == second[0].rstrip("!。")


def test_a_reply_to_a_question_says_whom_to_ask() -> None:
    body = "经核实，办理居住证需携带身份证和租房合同到社区登记，依据《居住证暂行条例》。"
    assert "no_contact" in {hit.check for hit in checks.of_reply(LAMP, body, request_type="consultation")}
    told = body + "有疑问请致电 0571-88001234。"
    assert "no_contact" not in {hit.check for hit in checks.of_reply(LAMP, told, request_type="consultation")}
    assert "no_contact" not in {hit.check for hit in checks.of_reply(LAMP, body, request_type="praise")}
