"""A line of a benchmark's own: an embedded PostgreSQL in a temporary folder, migrated, and gone at the end."""

import logging
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CACHE = Path.home() / ".cache" / "yitong-benchmarks"  # vectors that earlier runs made; nothing else is kept


@contextmanager
def own_line() -> Iterator[Path]:
    """Give a data folder with a migrated database; no setting of the person who measures counts."""
    from admin import migrate
    from core.settings import settings

    logging.getLogger("alembic").setLevel(logging.WARNING)
    folder = Path(tempfile.mkdtemp(prefix="yitong-benchmark-"))
    CACHE.mkdir(parents=True, exist_ok=True)
    (folder / "cache").symlink_to(CACHE)
    for name in [name for name in os.environ if name.startswith("YITONG_")]:
        del os.environ[name]
    os.environ["YITONG_DATA"] = str(folder)
    settings.cache_clear()
    try:
        migrate.upgrade()
        yield folder
    finally:
        _stop(folder / "postgresql" / "postmaster.pid")
        shutil.rmtree(folder, ignore_errors=True)


def _stop(server: Path) -> None:
    if server.exists():
        os.kill(int(server.read_text().splitlines()[0]), signal.SIGINT)
    while server.exists():
        time.sleep(0.1)
