"""Whoever is in the middle of something goes on with it after the program was renewed."""

import json
from pathlib import Path
from typing import Any

from bot import conversations

DATA = Path(__file__).parent / "data"


async def test_a_citizen_in_the_middle_of_a_form_goes_on_without_a_question_asked_again(line: Any) -> None:
    async with line() as made:
        conversation = await conversations.get(made.session, made.id)
        conversation.state = (DATA / "state_1.json").read_text()
        replies = await made.say("张三13800138000")
        said = "".join(reply.text for reply in replies)
        assert [str(reply.type) for reply in replies] == ["text", "choice"]
        assert "请您核对" in said and "南山路18号" in said and "张三 13800138000" in said
        state = await made.state()
        assert state["version"] > json.loads((DATA / "state_1.json").read_text())["version"]
        assert state["waiting"] == [{"text": "滨江大道20号的垃圾桶满了没人清", "question": False}]
        opened = await made.say("确认")
        assert "工单号" in opened[0].text
        assert (await made.state())["form"]["place"]["text"] == "滨江大道20号"
