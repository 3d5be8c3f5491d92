"""A city whose people keep office hours: outside them a citizen is told from when on somebody is there."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot import duty
from bot.duty import Opening
from bot.queue import CALLBACK, open_entry
from core import clock

SUNDAY = datetime(2026, 11, 22, 20, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
OFFICE = {"days": [1, 2, 3, 4, 5], "periods": ["9:00-12:00", "13:30-17:30"]}


@pytest.fixture
def office_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    hours = Opening.model_validate({"opening": OFFICE, "source": "本市排班"})
    changed = duty.rules().model_copy(update={"hours": hours})
    monkeypatch.setattr(duty, "rules", lambda: changed)


@pytest.mark.usefixtures("office_hours")
async def test_outside_office_hours_they_hear_from_when_on_and_are_called_back_then(line: Any) -> None:
    with clock.set_to(SUNDAY, running=True):
        async with line() as made:
            [reply] = await made.say("转人工")
            assert "现在不是人工服务时间，11月23日09:00起有同事在" in reply.text
            assert [each["label"] for each in reply.data["options"]] == ["请回电", "帮我登记", "我等着"]
            await made.say("请回电")
            [reply] = await made.say("13800138000")
            assert "11月23日09:00" in reply.text and "13800138000" in reply.text


@pytest.mark.usefixtures("office_hours")
async def test_who_is_there_all_the_same_takes_it(line: Any) -> None:
    with clock.set_to(SUNDAY, running=True):
        async with line() as made:
            await made.duty()
            [reply] = await made.say("转人工")
            assert "第1位" in reply.text and "不是人工服务时间" not in reply.text


@pytest.mark.parametrize("wish", ["给我回电话13800138000", "能不能打我手机13800138000", "回个电话给我13800138000"])
async def test_who_waits_may_be_called_back_at_any_moment_and_the_form_goes_on(line: Any, wish: str) -> None:
    async with line() as made:
        await made.duty()
        await made.say("我家楼上半夜装修吵得睡不着")
        await made.say("转人工")
        replies = await made.say(wish)
        assert "轮到您时同事会打13800138000" in replies[0].text
        assert replies[-1].data["element"] == "where" and (await made.state())["form"]["phone"] == "13800138000"
        entry = await open_entry(made.session, made.id)
        assert entry is not None and entry.reason == CALLBACK


@pytest.mark.parametrize("told", ["给我回电话13800138000", "他老是半夜给我打电话骚扰我"])
async def test_nobody_is_called_back_who_waits_for_nobody(line: Any, told: str) -> None:
    async with line() as made:
        await made.duty()
        await made.say("我家楼上半夜装修吵得睡不着")
        assert not any("轮到您" in reply.text for reply in await made.say(told))
