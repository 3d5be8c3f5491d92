"""Migrations: run by `serve` on the embedded server, and only by `migrate` elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, pool
from sqlalchemy.exc import ArgumentError, OperationalError

from core import database
from core.errors import Unavailable
from core.ledger import protection
from core.settings import ROOT


def _configuration() -> Config:
    made = Config()
    # ConfigParser reads % as its own sign; a folder's name may hold one.
    made.set_main_option("script_location", str(ROOT / "admin" / "migrations").replace("%", "%%"))
    return made


@contextmanager
def _reached() -> Iterator[None]:
    try:
        yield
    except (OperationalError, ArgumentError) as error:
        raise Unavailable(
            "PostgreSQL does not answer at YITONG_DATABASE_URL; check the address, and that the server runs."
        ) from error


@_reached()
def upgrade(application: str | None = None) -> None:
    """Bring the database to the newest revision, and renew what the roles of web and worker may do.

    `application`: a role that they sign in with from now on. Raises Unavailable where the database does not answer,
    BadInput where the role cannot be granted.
    """
    command.upgrade(_configuration(), "head")
    with psycopg.connect(database.url()) as connection:
        for role in dict.fromkeys([*protection.granted(connection), *([application] if application else [])]):
            protection.grant(connection, role)


@_reached()
def pending() -> bool:
    """Say whether the database is behind the code. Raises Unavailable where it does not answer."""
    engine = create_engine(database.sqlalchemy_url(), poolclass=pool.NullPool)
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    engine.dispose()
    return current != ScriptDirectory.from_config(_configuration()).get_current_head()
