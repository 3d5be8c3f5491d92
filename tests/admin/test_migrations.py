"""The migrations make exactly the tables that the code declares."""

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncSession

from admin import tables
from admin.migrations.filters import ours


async def test_the_migrated_schema_is_the_declared_one(session: AsyncSession) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(
            connection, opts={"include_object": ours, "compare_type": True, "target_metadata": tables.metadata}
        )
        return list(compare_metadata(context, tables.metadata))

    assert await (await session.connection()).run_sync(differences) == []
