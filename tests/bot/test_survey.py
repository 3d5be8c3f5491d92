"""The three questions after a reply, answered in the conversation: what was said is what is counted."""

from typing import Any

import pytest
from sqlalchemy import select

from bot.engine import survey
from core.text.normalise import normalise
from routing.models import Ticket


@pytest.mark.parametrize(
    ("text", "contacted", "solved", "satisfied"),
    [
        ("联系过了，但是没解决，1分", True, False, 1),
        ("没有人联系过我，解决了，四分", False, True, 4),
        ("已经修好了，非常满意", None, True, 5),
        ("没修好，很不满意", None, False, 1),
        ("打过电话了，不满意", True, None, 2),
        ("十分满意", None, None, 5),
        ("等了5分钟", None, None, None),
        ("解决了吗", None, None, None),
    ],
)
def test_what_a_sentence_answers(text: str, contacted: bool | None, solved: bool | None, satisfied: int | None) -> None:
    said = survey.read(normalise(text))
    assert (said.contacted, said.solved, said.satisfied) == (contacted, solved, satisfied)


@pytest.mark.parametrize(
    "text", ["南山路的路灯没修好", "等了5分钟", "解决了吗", "好的谢谢", "没解决", "又坏了，没解决"]
)
def test_other_words_are_no_answer(text: str) -> None:
    assert not survey.answered(normalise(text))


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (["评价", "否", "是", "5"], (False, True, 5)),
        (["评价", "是", "否", "1"], (True, False, 1)),
        (["没人联系，也没解决，2分"], (False, False, 2)),
        (["没修好", "没有人联系", "非常不满意"], (False, False, 1)),
    ],
)
async def test_each_of_the_three_is_asked_and_kept_as_said(line: Any, said: list[str], kept: tuple[Any, ...]) -> None:
    async with line() as talking:
        await talking.say("南山路18号路灯坏了三天了，我叫王强13800138000")
        await talking.say("确认")
        number, _ = await talking.ticket()
        await talking.reply_to_ticket()
        for text in said:
            await talking.say(text)
        ticket = (await talking.session.scalars(select(Ticket).where(Ticket.number == number))).one()
        assert (ticket.contacted, ticket.solved, ticket.satisfied) == kept
