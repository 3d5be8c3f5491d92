"""Two at once: one decides, the other is told, and no version is counted twice."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from core.auth import SYSTEM
from core.database import transaction
from core.errors import YitongError
from kb import articles
from kb.articles import drafts
from tests.kb.conftest import Write
from tests.kb.writing import EDITOR, FIELDS, HE, MARKET, ZHOU, published, submitted, written

pytestmark = pytest.mark.usefixtures("committing")

Step = Callable[[AsyncSession], Awaitable[object]]


async def both(*steps: Step) -> list[str]:
    """Do all at once, each in a transaction of its own; return what became of each, sorted."""

    async def one(step: Step) -> str:
        try:
            async with transaction() as session:
                await step(session)
        except YitongError as error:
            return error.slug
        return "done"

    return sorted(await asyncio.gather(*(one(step) for step in steps)))


async def test_two_publishers(write: Write) -> None:
    async with transaction() as session:
        edition = (await submitted(session)).edition
    outcome = await both(
        *(
            lambda session, actor=actor: articles.publish(session, "lamp", edition=edition, actor=actor)  # type: ignore[misc]
            for actor in (ZHOU, HE)
        )
    )
    assert outcome == ["done", "not-found"]
    async with transaction() as session:
        assert [each.version for each in await articles.history(session, "lamp")] == [1]


async def test_one_publishes_while_another_edits() -> None:
    async with transaction() as session:
        edition = (await submitted(session)).edition
    outcome = await both(
        lambda session: articles.publish(session, "lamp", edition=edition, actor=ZHOU),
        lambda session: drafts.save(
            session, "lamp", FIELDS | {"title": "台灯"}, edition=edition, based_on=None, actor=EDITOR
        ),
    )
    assert outcome in (["conflict", "done"], ["done", "not-found"])


async def test_two_authors_begin_a_draft() -> None:
    outcome = await both(
        *(
            lambda session, actor=actor: drafts.save(  # type: ignore[misc]
                session, "lamp", FIELDS | {"title": actor.name}, edition=0, based_on=None, actor=actor
            )
            for actor in (MARKET, EDITOR)
        )
    )
    assert outcome == ["conflict", "done"]


async def test_two_import_the_same_document() -> None:
    outcome = await both(*[lambda session: drafts.propose(session, "lamp", FIELDS, actor=SYSTEM)] * 2)
    assert outcome == ["done", "done"]
    async with transaction() as session:
        draft = await drafts.get(session, "lamp", actor=EDITOR)
        assert draft is not None and draft.edition == 1


async def test_an_import_changes_the_article_that_is_being_published(write: Write) -> None:
    async with transaction() as session:
        await published(session, id="lamp-warranty")
        edition = (await submitted(session, id="lamp-warranty", title="台灯保修")).edition
    folder = write()
    outcome = await both(
        lambda session: articles.publish(session, "lamp-warranty", edition=edition, actor=ZHOU),
        lambda session: articles.import_folder(session, folder),
    )
    assert outcome in (["conflict", "done"], ["done", "done"])
    async with transaction() as session:
        article = await articles.get(session, "lamp-warranty")
        versions = [each.version for each in await articles.history(session, "lamp-warranty")]
    assert versions == list(range(article.version, 0, -1))


async def test_one_withdraws_while_another_rolls_back() -> None:
    async with transaction() as session:
        await published(session)
        await written(session, title="台灯保修")
        await published(session)
    outcome = await both(
        lambda session: articles.withdraw(session, "lamp", "条例废止", actor=ZHOU),
        lambda session: articles.republish(session, "lamp", 1, "恢复", actor=HE),
    )
    assert outcome == ["done", "done"]
    async with transaction() as session:
        assert [each.version for each in await articles.history(session, "lamp")] == [4, 3, 2, 1]
