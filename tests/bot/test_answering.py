"""Answers that the sample city does not give: a district's own rule, and a model that words them."""

from pathlib import Path
from typing import Any

import pytest

from bot import conversations
from kb import articles, writing
from kb.writing import Written

FRONT = """---
id: {id}
subject: 试验
title: 阳台种向日葵要备案吗
department: urban_management
basis: 《试验办法》
region: {region}
reviewed: 2026-06-01
review_due: 2027-06-01
---
{body}
"""


async def rules(session: Any, folder: Path) -> None:
    for district, body in (("wangjiang", "阳台种向日葵要到街道备案。"), ("songling", "阳台种向日葵不用备案。")):
        (folder / f"{district}.md").write_text(FRONT.format(id=f"sunflower-{district}", region=district, body=body))
    assert not (await articles.import_folder(session, folder)).problems


async def test_the_district_is_asked_where_rules_differ(line: Any, tmp_path: Path) -> None:
    async with line() as made:
        await rules(made.session, tmp_path)
        [asked] = await made.say("阳台种向日葵要备案吗")
        assert {option["label"] for option in asked.data["options"]} == {"望江区", "松岭区", "其他区"}
        answer, _ = await made.say("松岭区")
        assert answer.text.startswith("阳台种向日葵不用备案。")
        answer, _ = await made.say("请问阳台种向日葵要不要备案")  # the district is known now
        assert answer.text.startswith("阳台种向日葵不用备案。")


async def test_nobody_gets_another_districts_rule(line: Any, tmp_path: Path) -> None:
    async with line() as made:
        await rules(made.session, tmp_path)
        await made.say("阳台种向日葵要备案吗")
        [none] = await made.say("其他区")
        assert "没有查到可靠的答案" in none.text


async def test_a_district_that_is_named_is_not_asked(line: Any, tmp_path: Path) -> None:
    async with line() as made:
        await rules(made.session, tmp_path)
        answer, _ = await made.say("望江区阳台种向日葵要备案吗")
        assert answer.text.startswith("阳台种向日葵要到街道备案。")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (Written("您在手机上申请就行。"), "您在手机上申请就行。"),
        (Written("", (("送您一万元。", "figures"),), "invented"), "连续缴存满三个月"),
    ],
)
async def test_a_model_s_words_are_said_and_what_was_cut_is_kept_for_staff(
    line: Any, monkeypatch: pytest.MonkeyPatch, written: Written, said: str
) -> None:
    async def write(question: str, passages: Any) -> Written:
        assert ("费用", "不收费。") in passages
        return written

    monkeypatch.setattr(writing, "enabled", lambda: True)
    monkeypatch.setattr(writing, "write", write)
    async with line() as made:
        answer, solved = await made.say("租房怎么提取公积金？")
        assert answer.text.startswith(said)
        assert "why" not in answer.data
        assert solved.text == "这样解决了吗？"
        kept = await conversations.messages(made.session, made.id)
        [why] = [message.why["written"] for message in kept if "written" in message.why]
        assert why == written.as_json()


@pytest.mark.parametrize(
    ("channel", "typed", "begins"),
    [
        ("web", "租房怎么提取公几金", "按“公积金”查找："),
        ("web", "zufang zenme tiqu gongjijin", "按“租房怎么提取公积金”查找："),
        ("web", "租房怎么提取公积金", ""),
        ("web", "租房提取公积金怎么伴里", ""),  # 怎么办 says nothing of the matter
        ("voice", "租房怎么提取公几金", ""),  # both sound alike
    ],
)
async def test_what_was_read_otherwise_is_said_once(line: Any, channel: str, typed: str, begins: str) -> None:
    async with line(channel=channel) as made:
        answer, _ = await made.say(typed)
        assert (answer.text.count("查找"), answer.data["lead"]) == (len(begins) > 0, begins)
        assert answer.data["passage"].startswith(f"{begins}\n连续缴存".strip())
        for more in ("那要带什么材料", typed):
            assert all("查找" not in each.text for each in await made.say(more))


async def test_a_question_back_says_it_too(line: Any) -> None:
    async with line() as made:
        [asked] = await made.say("医疗宝险断缴怎么办")
        assert asked.text == "按“医疗保险”查找：\n您现在有新单位吗？"
        answer, _ = await made.say("没有新单位")
        assert "查找" not in answer.text
        kept = await conversations.messages(made.session, made.id)
        [corrected] = [message.why["corrected"] for message in kept if "corrected" in message.why]
        assert corrected == [["医疗宝险", "医疗保险"]]


async def test_what_nobody_can_read_is_still_said_to_be_so(line: Any) -> None:
    async with line() as made:
        for text in ("asdfghjkl", "drop table users"):
            [said] = await made.say(text)
            assert "没看懂" in said.text
