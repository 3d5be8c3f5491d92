"""Questions without an answer are counted, sealed, and listed for the editors."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kb import unanswered


async def test_the_same_question_is_counted_not_repeated(session: AsyncSession) -> None:
    for question in ("钓鱼要办证吗", "釣魚要辦證嗎", "火星怎么去"):
        await unanswered.record(session, question, conversation="c1")
    await unanswered.record(session, "钓鱼要办证吗")
    first, second = await unanswered.listing(session)
    assert (first.question, first.times, first.conversation) == ("钓鱼要办证吗", 3, None)
    assert (second.question, second.times) == ("火星怎么去", 1)
    assert len(await unanswered.listing(session, limit=1)) == 1


async def test_an_empty_question_is_not_kept(session: AsyncSession) -> None:
    await unanswered.record(session, " <b> ")
    assert await unanswered.listing(session) == []


async def test_numbers_are_masked_and_words_are_sealed(session: AsyncSession) -> None:
    await unanswered.record(session, "我是13812345678，钓鱼要办证吗" + "吗" * 1000)
    [kept] = await unanswered.listing(session)
    assert "13812345678" not in kept.question
    assert len(kept.question) == unanswered.LONGEST
    stored = await session.scalar(text("select question from unanswered_questions"))
    assert "钓鱼".encode() not in bytes(stored)
