"""Alembic's environment: runs the revisions on the database that the settings name.

The rooms' tables are not imported: revisions are written by hand, and tests/admin/test_migrations.py compares the two.
"""

from alembic import context
from sqlalchemy import create_engine, pool

from core import database


def run() -> None:
    engine = create_engine(database.sqlalchemy_url(), poolclass=pool.NullPool, hide_parameters=True)
    with engine.connect() as connection:
        # Two processes that start together must not migrate at once.
        connection.exec_driver_sql("select pg_advisory_lock(724217)")
        connection.commit()
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
        connection.exec_driver_sql("select pg_advisory_unlock(724217)")
        connection.commit()
    engine.dispose()


run()
