"""How processes learn that the base changed: one row whose mark is new after every change."""

from uuid import uuid4

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base


class Own:
    """How often this process changed the base itself: whoever indexes it here looks at once and waits for that."""

    count = 0


own = Own()


class KnowledgeRevision(Base):
    """The one row. The mark is random, so that a base restored from a backup never looks unchanged."""

    __tablename__ = "knowledge_revision"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    mark: Mapped[str]


async def alone(session: AsyncSession) -> None:
    """Wait until no other transaction writes articles: two must not both add one, or count its versions."""
    await session.execute(text("select pg_advisory_xact_lock(hashtextextended('kb.import', 1))"))


async def record(session: AsyncSession) -> None:
    """Give the base a new mark in the caller's transaction."""
    mark = uuid4().hex
    await session.execute(
        insert(KnowledgeRevision)
        .values(id=1, mark=mark)
        .on_conflict_do_update(index_elements=["id"], set_={"mark": mark})
    )
    own.count += 1


async def revision(session: AsyncSession) -> str:
    """Return the present mark, empty for a base that nothing was ever put into."""
    return await session.scalar(select(KnowledgeRevision.mark).where(KnowledgeRevision.id == 1)) or ""
