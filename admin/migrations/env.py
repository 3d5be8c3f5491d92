"""Alembic's environment: the tables of every room, on the database that the settings name."""

from alembic import context
from sqlalchemy import create_engine, pool

from admin import tables
from admin.migrations.filters import ours
from core import database


def run() -> None:
    address = (
        database.url().replace("postgres://", "postgresql://", 1).replace("postgresql://", "postgresql+psycopg://", 1)
    )
    engine = create_engine(address, poolclass=pool.NullPool)
    with engine.connect() as connection:
        # Two processes that start together must not migrate at once.
        connection.exec_driver_sql("select pg_advisory_lock(724217)")
        connection.commit()
        context.configure(connection=connection, target_metadata=tables.metadata, include_object=ours)
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
        connection.exec_driver_sql("select pg_advisory_unlock(724217)")
        connection.commit()
    engine.dispose()


run()
