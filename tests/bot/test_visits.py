"""A thread of years, read from its end: a page of it, the present visit, and what a person is handed of it."""

import json
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import event, insert
from sqlalchemy.ext.asyncio import AsyncSession

from bot import conversations, handover, visits
from bot.contract import Reply, ReplyType
from bot.queue import open_entry
from bot.tables import Conversation, StoredMessage
from core import clock
from core.auth import Actor, Role
from core.clock import set_to

AGENT = Actor(kind="staff", id=7, role=Role.AGENT, name="林晓")
YEARS = 5000


async def thread(session: AsyncSession, *sentences: str, apart: timedelta = timedelta(minutes=1)) -> str:
    """A conversation of these sentences, `apart` from each other, the last one a moment ago."""
    conversation, _ = await conversations.open(session, channel="web")
    now = clock.now()
    rows = [
        {
            "conversation_id": conversation.id,
            "sender": "citizen",
            "text": sentence,
            "data": "{}",
            "at": now - apart * (len(sentences) - number),
        }
        for number, sentence in enumerate(sentences)
    ]
    await session.execute(insert(StoredMessage), rows)
    return conversation.id


async def handed(session: AsyncSession, id: str) -> dict[str, object]:
    await handover.request(session, id, "asked")
    return await handover.context(session, id, actor=AGENT)


def texts(messages: Sequence[object]) -> list[str]:
    return [each["text"] if isinstance(each, dict) else each.text for each in messages]  # type: ignore[attr-defined]


async def test_a_long_thread_is_read_page_by_page_from_its_end(session: AsyncSession) -> None:
    id = await thread(session, *(f"第{number}句" for number in range(250)))
    last, more = await visits.latest(session, id)
    assert (texts(last)[0], texts(last)[-1], len(last), more) == ("第150句", "第249句", visits.LISTED, True)
    first, more = await visits.latest(session, id, before=last[-1].id - 200)
    assert (texts(first)[0], len(first), more) == ("第0句", 49, False)


async def test_what_was_said_in_another_visit_or_is_in_a_ticket_is_no_part_of_the_matter(session: AsyncSession) -> None:
    id = await thread(session, "去年的路灯", "楼上漏水", "转人工", apart=timedelta(hours=3))
    with set_to(clock.now() + timedelta(minutes=1)):
        await conversations.receive(session, id, text="门口的井盖也没了", key=None, data={})
        assert (await handed(session, id))["told"] == ["门口的井盖也没了"]
        receipt = Reply(ReplyType.TICKET, "登记好了", {"number": "1", "code": "7KQ4MX"})
        await conversations.store(session, id, sender="bot", replies=[receipt])
        await conversations.receive(session, id, text="还有楼道灯", key=None, data={})
        news = Reply(ReplyType.TICKET, "已派给市城管局", {"number": "1"})
        await conversations.store(session, id, sender="bot", replies=[news])
        assert (await handover.context(session, id, actor=AGENT))["told"] == ["还有楼道灯"]


async def test_who_asked_at_night_and_is_taken_in_the_morning_is_in_one_visit(session: AsyncSession) -> None:
    id = await thread(session, "楼上漏水", "漏到床上了")
    await handed(session, id)
    with set_to(clock.now() + timedelta(hours=11)):
        await conversations.receive(session, id, text="在吗", key=None, data={})
        assert (await handover.context(session, id, actor=AGENT))["told"] == ["楼上漏水", "漏到床上了", "在吗"]


async def test_news_of_a_ticket_cut_off_nothing_that_was_told_to_the_agent(session: AsyncSession) -> None:
    id = await thread(session, "转人工")
    await handover.request(session, id, "asked")
    entry = await open_entry(session, id)
    assert entry is not None
    entry.taken_at, entry.staff_id = clock.now(), AGENT.id
    await conversations.receive(session, id, text="望江区南山路18号路灯坏了三天", key=None, data={})
    await conversations.store(
        session, id, sender="bot", replies=[Reply(ReplyType.TICKET, "您的工单已派给市城管局", {"number": "1"})]
    )
    await conversations.receive(session, id, text="我叫王芳，13800138000", key=None, data={})
    form = (await handover.whispered(session, id, actor=AGENT)).form
    assert form is not None and "南山路18号" in form["place"]["text"] and form["phone"] == "13800138000"


async def test_what_the_line_says_is_readable_before_the_conversation_is_taken_and_tells_no_name(
    session: AsyncSession,
) -> None:
    id = await thread(session, "路灯坏了", "王芳，13800138000")
    row = await session.get(Conversation, id)
    assert row is not None
    row.state = json.dumps({"form": {"description": "路灯坏了", "name": "王芳", "phone": "13800138000"}})
    asks, reads = (
        "请留一下您的姓名和手机号。I am here at once.",
        "联系方式：王芳 13800138000，查询码7KQ4MX。可以登记吗？",
    )
    replies = [Reply(ReplyType.TEXT, asks), Reply(ReplyType.TEXT, reads)]
    await conversations.store(session, id, sender="bot", replies=replies)
    context = await handed(session, id)
    shown = texts(context["messages"])  # type: ignore[arg-type]
    assert asks in shown
    assert not any(secret in json.dumps(context, default=str, ensure_ascii=False) for secret in ("王芳", "7KQ4MX"))


async def test_of_a_thread_of_years_a_page_is_read_and_no_more(session: AsyncSession) -> None:
    id = await thread(session, *["路灯坏了"] * YEARS)
    loaded: list[StoredMessage] = []

    def note(row: StoredMessage, _: object) -> None:
        loaded.append(row)

    event.listen(StoredMessage, "load", note)
    try:
        found = await handed(session, id)
    finally:
        event.remove(StoredMessage, "load", note)
    assert found["more"] and len(loaded) <= visits.LISTED + 1
