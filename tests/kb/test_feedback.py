"""One voice a conversation, article and source; the last word counts; what was asked stands beside it."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import NotFound
from kb import articles, feedback
from kb.feedback import Counts, Source
from tests.kb.conftest import Write

LAMP = "lamp-warranty"


async def test_each_conversation_has_one_voice(session: AsyncSession, write: Write) -> None:
    await articles.import_folder(session, write())
    await feedback.record(session, LAMP, solved=False, conversation="a")
    await feedback.record(session, LAMP, solved=True, conversation="a")
    await feedback.record(session, LAMP, solved=False, conversation="b")
    assert await feedback.counts(session) == {LAMP: Counts(solved=1, unsolved=1)}


async def test_an_agents_word_stands_beside_the_citizens(session: AsyncSession, write: Write) -> None:
    await articles.import_folder(session, write())
    await feedback.record(session, LAMP, solved=False, conversation="a")
    await feedback.record(session, LAMP, solved=True, conversation="a", source=Source.AGENT)
    assert await feedback.counts(session) == {LAMP: Counts(unsolved=1, used=1)}
    assert await feedback.said_by_agent(session, "a") == {LAMP: True}


async def test_what_was_asked_is_sealed_beside_the_word(session: AsyncSession, write: Write) -> None:
    await articles.import_folder(session, write())
    await feedback.record(session, LAMP, solved=False, conversation="a", question="吊灯也能换吗")
    stored = await session.scalar(
        text("select q.question from asked_questions q join article_feedback f on f.question = q.id")
    )
    assert stored and "吊灯".encode() not in bytes(stored)


async def test_a_doubt_waits_until_an_editor_decides(session: AsyncSession, write: Write) -> None:
    await articles.import_folder(session, write())
    for conversation in ("a", "b"):
        await feedback.record(
            session, LAMP, solved=False, conversation=conversation, source=Source.AGENT, question="吊灯能换吗"
        )
    await feedback.record(session, LAMP, solved=False, conversation="c", question="壁灯能换吗")  # a citizen's
    [doubt] = await feedback.doubts(session)
    assert (doubt.text, doubt.times) == ("吊灯能换吗", 2)
    assert await feedback.settle(session, LAMP, doubt.question) == "吊灯能换吗"
    assert await feedback.doubts(session) == []
    with pytest.raises(NotFound):
        await feedback.settle(session, LAMP, doubt.question)


async def test_an_unknown_article_is_refused(session: AsyncSession) -> None:
    with pytest.raises(NotFound):
        await feedback.record(session, "nothing", solved=True, conversation="a")
