from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from structlog.testing import capture_logs

from core import database
from core.auth import Staff
from core.database import transaction
from core.errors import BadInput, Unavailable
from core.settings import settings


@pytest.mark.parametrize(
    "impossible", [Staff.login == "nul\x00", Staff.id == 2**80], ids=["a NUL character", "a number beyond all bounds"]
)
async def test_a_value_that_fits_no_column_is_the_callers_mistake(migrated: None, impossible: object) -> None:
    with pytest.raises(BadInput, match="不能使用"):
        async with transaction() as session:
            await session.execute(select(Staff).where(impossible))  # type: ignore[arg-type]


async def test_more_requests_than_connections_are_told_to_come_again(
    migrated: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowded = create_async_engine(database.sqlalchemy_url(), pool_size=1, max_overflow=0, pool_timeout=0.01)
    monkeypatch.setattr(database, "_engine", crowded)
    monkeypatch.setattr(database, "_sessions", async_sessionmaker(crowded))
    async with transaction() as session:
        await session.execute(text("select 1"))
        with pytest.raises(Unavailable, match="人太多"):
            async with transaction() as other:
                await other.execute(text("select 1"))
    await crowded.dispose()


async def test_the_operators_own_database_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def restart(_data: Path) -> None:
        raise AssertionError

    monkeypatch.setattr(database.embedded, "restart", restart)
    monkeypatch.setattr(settings(), "database_url", SecretStr("postgresql://elsewhere/yitong"))
    with capture_logs() as logs:
        await database.revive()
    assert logs == []
