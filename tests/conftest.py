"""Every test runs on a real, migrated PostgreSQL in a temporary folder; nothing but loopback is reached."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the line itself has it; before anything loads numpy

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings as examples
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from core import database, logs
from core.settings import settings

# How long an example takes depends on what else the machine does; nothing is timed in a test.
examples.register_profile("untimed", deadline=None)
examples.load_profile("untimed")

_WRITERS = (
    "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    " and state = 'idle in transaction' and backend_xid is not null"
)
APPEND_ONLY = ("events", "ledger_checkpoints")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--screenshots", metavar="FOLDER", help="keep the pictures that the browser story takes")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests with a real Rasa unless `-m` names them: they want an installation of its own."""
    if "rasa" not in (config.option.markexpr or ""):
        left_out = [item for item in items if item.get_closest_marker("rasa")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session", autouse=True)
def data_folder(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A data folder of this run's own, with a space in its name; no setting of the person who runs the tests counts.

    Vectors are kept from run to run: they are named by what they were made from.
    """
    folder = tmp_path_factory.mktemp("yi tong")
    (folder / "cache").symlink_to(request.config.cache.mkdir("vectors"))
    for name in [name for name in os.environ if name.startswith("YITONG_")]:
        del os.environ[name]
    os.environ["YITONG_DATA"] = str(folder)
    settings.cache_clear()
    logs.configure(level="warning")  # an error that is logged unconfigured is drawn with all its variables, for minutes
    yield folder


@pytest.fixture(scope="session")
def migrated(data_folder: Path) -> None:
    from admin import migrate

    migrate.upgrade()


@pytest.fixture
async def session(migrated: None) -> AsyncIterator[AsyncSession]:
    """A session whose transaction is rolled back: for services, which never commit."""
    async with database.engine().connect() as connection:
        outer = await connection.begin()
        async with AsyncSession(bind=connection, expire_on_commit=False) as made:
            yield made
        await outer.rollback()


@pytest.fixture
async def committing(migrated: None, data_folder: Path) -> AsyncIterator[None]:
    """For tests that commit (endpoints, jobs, the worker): every table is emptied afterwards.

    Refuses to begin beside a fixture that keeps a transaction open, as `line` does for its whole module: emptying the
    tables would wait for it, and it for the end of the test.
    """
    async with database.transaction() as made:
        if await made.scalar(text(_WRITERS)):
            pytest.fail("Another fixture keeps a transaction open (`session`, `line`): commit in a module of its own.")
    yield
    async with database.transaction() as made:
        tables = await made.scalars(
            text(
                "select quote_ident(tablename) from pg_tables where schemaname = 'public' "
                "and tablename not in ('alembic_version')"
            )
        )
        for table in APPEND_ONLY:
            await made.execute(text(f"alter table {table} disable trigger events_append_only"))
        await made.execute(text(f"truncate {', '.join(tables)} restart identity cascade"))
        for table in APPEND_ONLY:
            await made.execute(text(f"alter table {table} enable trigger events_append_only"))
    (data_folder / "ledger.signed").unlink(missing_ok=True)


@pytest.fixture(scope="session", autouse=True)
async def _engine_closed(data_folder: Path) -> AsyncIterator[None]:
    yield
    await database.dispose()


@pytest.fixture(scope="session")
def trainable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default encoder in its trainable form, a sentence-transformers folder with real weights (extra `models`)."""
    pytest.importorskip("sentence_transformers")
    import torch

    from core.text import bert, encode, models

    torch.set_num_threads(1)  # on a machine with other work, threads that wait for each other are many times slower
    folder = tmp_path_factory.mktemp("trainable") / "bge"
    name = "bge-small-zh-v1.5"
    bert.restore(models.find(name), folder, beside=encode.load(name))
    return folder
