"""Given back to the bot: it goes on where citizen and agent were, and asks nothing that the agent was told."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from bot import conversations, forgotten, handover
from bot.engine.agreed import Agreed
from core import clock
from tests.bot.talking import Line


@pytest.fixture
async def talk(line: Any) -> AsyncIterator[Line]:
    async with line() as made:
        await made.duty()
        yield made


async def said_after(made: Line, agreed: Agreed | None = None) -> list[str]:
    """Give back, and return what the bot then says."""
    before = len(await conversations.messages(made.session, made.id))
    await handover.give_back(made.session, made.id, actor=made.agent, agreed=agreed)
    return [message.text for message in (await conversations.messages(made.session, made.id))[before:]]


async def test_what_the_agent_was_told_is_in_the_form_and_not_asked_again(talk: Line) -> None:
    await talk.say("楼上半夜装修吵得睡不着")
    await talk.say("转人工")
    await handover.take(talk.session, talk.id, actor=talk.agent)
    await handover.say(talk.session, talk.id, actor=talk.agent, text="请问在哪里？怎么联系您？")
    await talk.say("望江区南山路18号")
    await talk.say("我叫王小明，电话13800138000")
    said = await said_after(talk)
    form = (await talk.state())["form"]
    assert (form["place"]["text"], form["place"]["district"]) == ("望江区南山路18号", "wangjiang")
    assert (form["name"], form["phone"]) == ("王小明", "13800138000")
    assert len(said) > 1 and not any(words in "".join(said[1:]) for words in ("在哪里", "怎么称呼", "哪个区"))


async def test_what_an_agent_was_told_who_then_kept_silent_is_in_the_form_too(talk: Line) -> None:
    await talk.say("楼上半夜装修吵得睡不着")
    await talk.say("转人工")
    await handover.take(talk.session, talk.id, actor=talk.agent)
    await talk.say("望江区南山路18号")
    with clock.set_to(clock.now() + timedelta(hours=1), running=True):
        assert await forgotten.put_back(talk.session, talk.id)
    assert (await talk.state())["form"]["place"]["text"] == "望江区南山路18号"


async def test_with_nothing_open_nothing_is_begun(talk: Line) -> None:
    await talk.say("人工")
    await handover.take(talk.session, talk.id, actor=talk.agent)
    await talk.say("望江区南山路18号门口的路灯坏了三天")
    await handover.say(talk.session, talk.id, actor=talk.agent, text="已经在修了，今晚就好。")
    said = await said_after(talk)
    assert len(said) == 1 and (await talk.state())["form"] is None


async def test_a_word_that_came_as_it_was_given_back_is_answered_by_the_bot(talk: Line) -> None:
    await talk.say("人工")
    await handover.take(talk.session, talk.id, actor=talk.agent)
    await handover.say(talk.session, talk.id, actor=talk.agent, text="还有别的事吗？")
    await talk.say("望江区南山路18号门口的路灯坏了三天")
    said = await said_after(talk)
    assert len(said) > 1 and "路灯" in (await talk.state())["form"]["description"]


async def test_what_the_agent_passes_on_begins_the_form(talk: Line) -> None:
    await talk.say("人工")
    await handover.take(talk.session, talk.id, actor=talk.agent)
    await talk.say("有个事")
    agreed = Agreed(
        description="望江区南山路18号门口路灯不亮",
        category="utilities.lighting.lamp_out",
        address="南山路18号",
        district="wangjiang",
        happened="三天前",
        name="王先生",
        phone="13800138000",
    )
    said = await said_after(talk, agreed)
    assert "南山路18号" in said[-1] and "13800138000" in said[-1]
    assert (await talk.state())["expects"] == "confirm"
    replies = await talk.say("确认")
    assert "ticket" in [str(reply.type) for reply in replies]


async def test_what_the_agent_wrote_holds_over_what_the_bot_had_understood(talk: Line) -> None:
    await talk.say("望江区南山路18号的路灯坏了三天")
    await talk.say("人工")
    await handover.take(talk.session, talk.id, actor=talk.agent)
    await said_after(talk, Agreed(address="南海路18号", district="wangjiang"))
    place = (await talk.state())["form"]["place"]
    assert place["text"] == "南海路18号"


async def test_what_was_said_with_the_wish_counts_and_the_agents_account_is_not_lengthened(talk: Line) -> None:
    await talk.say("望江区南山路18号，半夜装修吵人，转人工")
    await handover.take(talk.session, talk.id, actor=talk.agent)
    await talk.say("我姓王，电话13800138000，我已经跟物业说过很多次了没有用")
    said = await said_after(talk, Agreed(description="楼上夜间装修噪声扰民"))
    form = (await talk.state())["form"]
    assert form["description"] == "楼上夜间装修噪声扰民"
    assert form["place"]["text"] == "望江区南山路18号" and form["phone"] == "13800138000"
    assert "哪里" not in "".join(said)


async def test_english_goes_on_in_english(talk: Line) -> None:
    await talk.say("The street light outside my home is broken")
    await talk.say("agent please")
    await handover.take(talk.session, talk.id, actor=talk.agent)
    said = await said_after(talk)
    assert said and all(text.isascii() or "“" in text for text in said)


async def test_what_nobody_can_answer_is_not_asked_back_about(talk: Line) -> None:
    await talk.say("人工")
    await handover.take(talk.session, talk.id, actor=talk.agent)
    await talk.say("我先去忙")
    assert len(await said_after(talk)) == 1
