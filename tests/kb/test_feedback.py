"""One voice a conversation and article; the last word counts."""

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import NotFound
from kb import articles, feedback
from kb.feedback import Counts
from tests.kb.conftest import Write


async def test_each_conversation_has_one_voice(session: AsyncSession, write: Write) -> None:
    await articles.import_folder(session, write())
    await feedback.record(session, "lamp-warranty", solved=False, conversation="a")
    await feedback.record(session, "lamp-warranty", solved=True, conversation="a")
    await feedback.record(session, "lamp-warranty", solved=False, conversation="b")
    assert await feedback.counts(session) == {"lamp-warranty": Counts(solved=1, unsolved=1)}


async def test_an_unknown_article_is_refused(session: AsyncSession) -> None:
    with pytest.raises(NotFound):
        await feedback.record(session, "nothing", solved=True, conversation="a")
