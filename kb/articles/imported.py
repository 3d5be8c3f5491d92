"""What was imported before, so that a run that was cut off goes on and one that is repeated changes nothing."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.database import Base


class ImportedFile(Base):
    """A file that was taken whole and without a remark; with the same mark it is not read again."""

    __tablename__ = "imported_files"

    key: Mapped[str] = mapped_column(primary_key=True)  # `Source.key`
    mark: Mapped[str]  # of its content, the options, and the version of the reader
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)  # of the report, when it comes again
    at: Mapped[datetime]


class ImportedArticle(Base):
    """What a file said of an article when it was last imported, whatever staff made of it since."""

    __tablename__ = "imported_articles"

    id: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str]  # of all that was imported
    wording: Mapped[str] = mapped_column(index=True)  # digest of title and text: the same document again has the same
    at: Mapped[datetime]


async def known_files(session: AsyncSession, keys: Collection[str]) -> dict[str, ImportedFile]:
    """Return what is known of these files."""
    rows = await session.scalars(select(ImportedFile).where(ImportedFile.key.in_(keys)))
    return {each.key: each for each in rows}


async def known_articles(session: AsyncSession, ids: Collection[str]) -> dict[str, str]:
    """Return the digests of what was imported, by article."""
    rows = await session.execute(select(ImportedArticle.id, ImportedArticle.digest).where(ImportedArticle.id.in_(ids)))
    return {id: digest for id, digest in rows}


async def same_wording(session: AsyncSession, wordings: Collection[str]) -> dict[str, str]:
    """Return the article that has each of these wordings."""
    rows = await session.execute(
        select(ImportedArticle.wording, ImportedArticle.id)
        .where(ImportedArticle.wording.in_(wordings))
        .order_by(ImportedArticle.id.desc())
    )
    return {wording: id for wording, id in rows}


async def keep(session: AsyncSession, table: type[ImportedFile | ImportedArticle], rows: list[dict[str, Any]]) -> None:
    """Write rows, over those of the same key."""
    if not rows:
        return
    key = table.__mapper__.primary_key[0].name
    statement = insert(table).values([row | {"at": clock.now()} for row in rows])
    changed = {column.name: statement.excluded[column.name] for column in table.__table__.columns if column.name != key}
    await session.execute(statement.on_conflict_do_update(index_elements=[key], set_=changed))
