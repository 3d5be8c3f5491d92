"""PostgreSQL, everywhere: one engine a process, sessions, and the base of every table.

Endpoints and jobs own the transaction (`async with transaction() as session`); services never commit.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any, ClassVar

import structlog
from sqlalchemy import DateTime, MetaData, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DataError, DBAPIError, OperationalError, TimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from core import embedded
from core.errors import BadInput, Unavailable
from core.settings import settings

log = structlog.get_logger()


class Base(DeclarativeBase):
    """Base of every table; constraint names follow one rule so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[str]: JSONB,
    }


_engine: AsyncEngine | None = None
_sessions: async_sessionmaker[AsyncSession] | None = None
_around: ContextVar[AsyncSession | None] = ContextVar("transaction around", default=None)


def url() -> str:
    """Return the libpq address of the database: the operator's, or the embedded server's (started when it is not)."""
    given = settings().database_url
    return given.get_secret_value() if given else embedded.start(settings().data)


async def revive() -> None:
    """Start the embedded server again where it died, and say in the log where it does not start.

    The operator's own is the operator's to start.
    """
    if settings().database_url:
        return
    try:
        await asyncio.to_thread(embedded.restart, settings().data)
    except Exception as error:  # the caller asks again
        log.error("database.down", error=str(error))


def sqlalchemy_url() -> str:
    """Return the address as SQLAlchemy wants it, with psycopg as the driver."""
    return url().replace("postgres://", "postgresql://", 1).replace("postgresql://", "postgresql+psycopg://", 1)


def engine() -> AsyncEngine:
    """Return this process's engine, made at the first call."""
    global _engine, _sessions
    if _engine is None:
        _engine = create_async_engine(
            sqlalchemy_url(),
            hide_parameters=True,  # an error must not carry what a citizen said into the log
            pool_size=settings().database_pool,
            max_overflow=settings().database_pool,
            pool_pre_ping=True,
        )
        _sessions = async_sessionmaker(_engine, expire_on_commit=False)
    return _engine


async def dispose() -> None:
    """Close this process's connections."""
    global _engine, _sessions
    if _engine is not None:
        await _engine.dispose()
        _engine = _sessions = None


@asynccontextmanager
async def around() -> AsyncIterator[AsyncSession]:
    """Give a session whose transaction every `transaction()` inside the block joins: all of it commits, or nothing.

    For what must be written with whatever a called function writes, as the answer to a request with the request's work.
    """
    async with transaction() as session:
        token = _around.set(session)
        try:
            yield session
        finally:
            _around.reset(token)


@asynccontextmanager
async def transaction() -> AsyncIterator[AsyncSession]:
    """Give a session; commit at the end of the block, roll back when it raises. Inside `around`, join its transaction.

    Raises Unavailable when the database does not answer or all connections are taken, BadInput when a value fits no
    column (a NUL character, a number beyond all bounds), which only a caller can have sent.
    """
    if (joined := _around.get()) is not None:
        async with joined.begin_nested():
            yield joined
        return
    engine()
    assert _sessions is not None
    try:
        async with _sessions() as session, session.begin():
            yield session
    except OperationalError as error:
        raise Unavailable("数据库暂时连接不上，请稍后再试。") from error
    except TimeoutError as error:
        raise Unavailable("现在使用的人太多，请稍后再试。") from error
    except DataError as error:
        raise BadInput("内容里有不能使用的字符或数字，请改正后再试。") from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise Unavailable("数据库连接中断，请稍后再试。") from error
        raise


async def ready() -> bool:
    """Say whether the database answers and has been migrated."""
    try:
        async with transaction() as session:
            await session.execute(text("select 1 from alembic_version"))
    except (Unavailable, DBAPIError):
        return False
    return True
