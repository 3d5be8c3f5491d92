"""Questions are counted by day and by the article that answered, sealed, and listed for the editors."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from kb import questions

MONDAY = datetime(2026, 11, 23, 2, tzinfo=UTC)


async def test_the_same_question_is_counted_not_repeated(session: AsyncSession) -> None:
    for question in ("钓鱼要办证吗", "釣魚要辦證嗎", "火星怎么去", "钓鱼要办证吗"):
        await questions.record(session, question)
    first, second = await questions.listing(session)
    assert (first.question, first.times) == ("钓鱼要办证吗", 3)
    assert (second.question, second.times) == ("火星怎么去", 1)
    assert len(await questions.listing(session, limit=1)) == 1


async def test_each_day_counts_for_itself(session: AsyncSession) -> None:
    for days in (0, 0, 1):
        with clock.set_to(MONDAY + timedelta(days=days)):
            await questions.record(session, "钓鱼要办证吗")
    monday = MONDAY.date()
    [kept] = await questions.listing(session, until=monday)
    assert (kept.times, kept.last) == (2, monday)
    [kept] = await questions.listing(session, since=monday + timedelta(days=1))
    assert kept.times == 1


async def test_a_question_that_nobody_has_asked_for_a_year_is_forgotten(session: AsyncSession) -> None:
    for days, question in ((0, "火星怎么去"), (0, "钓鱼要办证吗"), (300, "钓鱼要办证吗")):
        with clock.set_to(MONDAY + timedelta(days=days)):
            await questions.record(session, question)
    with clock.set_to(MONDAY + timedelta(days=400)):
        await questions.forget(session)
        [left] = await questions.listing(session)
    assert (left.question, left.times) == ("钓鱼要办证吗", 1)
    assert await session.scalar(text("select count(*) from asked_questions")) == 1


async def test_what_was_answered_is_listed_with_its_article_and_not_among_the_unanswered(session: AsyncSession) -> None:
    await questions.record(session, "台灯坏了怎么保修", article="lamp-warranty")
    assert await questions.listing(session) == []
    [kept] = await questions.listing(session, answered=True)
    assert (kept.question, kept.article) == ("台灯坏了怎么保修", "lamp-warranty")


async def test_an_empty_question_is_not_kept(session: AsyncSession) -> None:
    await questions.record(session, " <b> ")
    assert await questions.listing(session) == []


async def test_numbers_are_masked_and_words_are_sealed(session: AsyncSession) -> None:
    await questions.record(session, "我是13812345678，钓鱼要办证吗" + "吗" * 1000)
    [kept] = await questions.listing(session)
    assert "13812345678" not in kept.question
    assert len(kept.question) == questions.LONGEST
    stored = await session.scalar(text("select question from asked_questions"))
    assert "钓鱼".encode() not in bytes(stored)
