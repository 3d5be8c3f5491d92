from dataclasses import replace
from typing import Any

import pytest

import intents
from bot import handover
from bot.engine import talk
from intents import Emergency, Understanding

LITTLE = frozenset({"我在家", "快点", "救命", "着火了", "漏气了"})


@pytest.fixture
def alarmed_by_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that takes little for danger."""

    async def understand(text: str) -> Understanding:
        found = intents.understand(text)
        return replace(found, emergency=Emergency("police", "110", text, "robbery")) if text in LITTLE else found

    monkeypatch.setattr(talk, "understand", understand)


async def test_a_short_answer_to_the_forms_question_alone_is_asked_about_before_it_is_an_alarm(
    line: Any, alarmed_by_little: None
) -> None:
    async with line() as made:
        await made.say("楼上装修太吵了，天天早上六点开始")
        assert (await made.state())["expects"] == "where"
        assert [reply.text for reply in await made.say("我在家")] == ["现在有人有危险吗？"]
        await made.say("没有危险的")
        state = await made.state()
        assert state["alarm"] is None and state["form"] is not None and state["expects"] == "where"


@pytest.mark.parametrize("cry", ["救命", "着火了", "漏气了"])
async def test_a_true_cry_in_a_form_is_heard_at_once(line: Any, alarmed_by_little: None, cry: str) -> None:
    async with line() as made:
        await made.say("楼上装修太吵了，天天早上六点开始")
        assert str((await made.say(cry))[0].type) == "emergency"


async def test_hurry_after_an_alarm_is_no_alarm_of_another_kind(line: Any, alarmed_by_little: None) -> None:
    async with line() as made:
        await made.say("救命")
        await made.say("快点")
        assert (await made.state())["alarm"]["reason"] == "救命"


async def test_an_agent_sees_the_alarm_in_queue_and_context_until_it_is_given_back(line: Any) -> None:
    async with line() as made:
        await made.duty()
        await made.say("救命")
        await made.say("在南山路18号，电话13800138000")
        waiting = await handover.waiting(made.session)
        assert waiting[0].alarm and waiting[0].alarm["place"] == "南山路18号" and waiting[0].alarm["reason"] == "救命"
        await made.say("我爸没气了")
        context = await handover.context(made.session, made.id, actor=made.agent)
        assert context["alarm"]["service"] == "ambulance" and context["alarm"]["place"] == "南山路18号"
        await handover.take(made.session, made.id, actor=made.agent)
        await handover.give_back(made.session, made.id, actor=made.agent)
        assert (await made.state())["alarm"] is None
