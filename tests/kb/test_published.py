"""Only what is published, in force and meant for this place and person is quoted, from the moment it changes."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

import kb
from core import clock, database
from core.auth import SYSTEM
from core.text import encode
from kb import articles, changes, published
from kb.articles import Article
from tests.kb.conftest import Write

QUESTION = "台灯坏了怎么保修"


async def found(session: AsyncSession, **where: Any) -> list[str]:
    return [hit.article for hit in await kb.search(session, QUESTION, **where)]


async def test_drafts_and_withdrawn_articles_are_silent(session: AsyncSession, write: Write) -> None:
    await articles.import_folder(session, write(state="draft"))
    assert await found(session) == []
    await articles.import_folder(session, write(state="published"))
    assert await found(session) == ["lamp-warranty"]
    await articles.withdraw(session, "lamp-warranty", "不再适用", actor=SYSTEM)
    assert await found(session) == []
    assert await kb.answer(session, QUESTION) is None


async def test_days_are_the_citys_and_both_count(session: AsyncSession, write: Write) -> None:
    await articles.import_folder(session, write(effective="2026-05-02", expires="2026-05-03"))
    for moment, quoted in (
        (datetime(2026, 5, 1, 15, 59, tzinfo=UTC), False),
        (datetime(2026, 5, 1, 16, 0, tzinfo=UTC), True),  # midnight in the city
        (datetime(2026, 5, 3, 15, 59, tzinfo=UTC), True),
        (datetime(2026, 5, 3, 16, 0, tzinfo=UTC), False),
    ):
        with clock.set_to(moment):
            assert (await found(session) == ["lamp-warranty"]) is quoted


async def test_what_has_expired_is_not_quoted_to_who_chose_it_either(session: AsyncSession, write: Write) -> None:
    await articles.import_folder(session, write(expires="2026-05-03"))
    with clock.set_to(datetime(2026, 5, 3, 12, tzinfo=UTC)):
        assert await kb.quote(session, "lamp-warranty", QUESTION) is not None
        assert await kb.answer(session, QUESTION) is not None
    with clock.set_to(datetime(2026, 5, 4, 12, tzinfo=UTC)):
        assert await kb.quote(session, "lamp-warranty", QUESTION) is None
        assert await kb.answer(session, QUESTION) is None
        assert await kb.search(session, QUESTION) == []


async def test_a_districts_article_is_silent_in_another(session: AsyncSession, write: Write) -> None:
    await articles.import_folder(session, write(region="dongcheng", audience="[enterprise]"))
    assert await found(session) == ["lamp-warranty"]
    assert await found(session, region="dongcheng") == ["lamp-warranty"]
    assert await found(session, region="xicheng") == []
    assert await found(session, audience="enterprise") == ["lamp-warranty"]
    assert await found(session, audience="citizen") == []


async def test_what_another_process_withdrew_is_silent_at_once(session: AsyncSession, write: Write) -> None:
    await articles.import_folder(session, write())
    assert await found(session) == ["lamp-warranty"]
    # Another process leaves no sign in this one; the index still holds the article.
    await session.execute(update(Article).values(state="withdrawn"))
    assert await found(session) == []


async def test_what_another_process_published_is_found_after_a_second(
    session: AsyncSession, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await found(session) == []
    own = changes.own.count
    await articles.import_folder(session, write())
    changes.own.count = own  # as if another process had done it
    monkeypatch.setattr(published, "CHECK_SECONDS", 0.0)
    await found(session)  # begins to build; the old index serves meanwhile
    building = published.index._building
    if building is not None:
        building[1].result(timeout=30)
    assert await found(session) == ["lamp-warranty"]


async def test_committed_articles_are_found_by_the_next_request(committing: None, write: Write) -> None:
    async with database.transaction() as session:
        await articles.import_folder(session, write())
    async with database.transaction() as session:
        assert await found(session) == ["lamp-warranty"]


async def test_each_encoder_has_an_index_of_its_own(session: AsyncSession, write: Write) -> None:
    await articles.import_folder(session, write())
    assert await found(session) == ["lamp-warranty"]
    with encode.using(encode.HashingEncoder()):
        other = await published.index.current(session)
        assert await found(session) == ["lamp-warranty"]
    await articles.withdraw(session, "lamp-warranty", "不再适用", actor=SYSTEM)
    assert await found(session) == []
    with encode.using(encode.HashingEncoder()):  # what one index has taken up, the other still waits for
        assert await found(session) == []
    assert other.encoder == "hashing:1"
    assert (await published.index.current(session)).encoder == encode.encoder().fingerprint


async def test_an_encoder_whose_numbers_nobody_measured_does_not_find_articles(
    session: AsyncSession, write: Write
) -> None:
    class Tuned(encode.HashingEncoder):
        fingerprint = "city:1"

    await articles.import_folder(session, write())
    with encode.using(Tuned()):
        assert (await published.index.current(session)).encoder == encode.default()[0].fingerprint
        assert await found(session) == ["lamp-warranty"]
