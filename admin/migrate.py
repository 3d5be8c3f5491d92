"""Migrations: run by `serve` on the embedded server, and only by `migrate` elsewhere."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, pool

from core import database
from core.settings import ROOT


def _configuration() -> Config:
    made = Config()
    # ConfigParser reads % as its own sign; a folder's name may hold one.
    made.set_main_option("script_location", str(ROOT / "admin" / "migrations").replace("%", "%%"))
    return made


def upgrade() -> None:
    """Bring the database to the newest revision."""
    command.upgrade(_configuration(), "head")


def pending() -> bool:
    """Say whether the database is behind the code."""
    address = (
        database.url().replace("postgres://", "postgresql://", 1).replace("postgresql://", "postgresql+psycopg://", 1)
    )
    engine = create_engine(address, poolclass=pool.NullPool)
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    engine.dispose()
    return current != ScriptDirectory.from_config(_configuration()).get_current_head()
