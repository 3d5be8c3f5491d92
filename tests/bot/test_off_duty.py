"""A city whose people keep office hours: outside them a citizen is told from when on somebody is there."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot import duty
from bot.duty import Opening
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
