"""One door alone, as the roof assembles it, and the settings that open it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI

from core import problems
from core.settings import settings


def client_of(router: APIRouter, *, url: str = "http://inside", **options: Any) -> httpx.AsyncClient:
    """Return a client of an app that has this door only: nothing of an earlier one is in it."""
    app = FastAPI()
    problems.install(app)
    app.include_router(router)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=url, **options)


@contextmanager
def settings_of(monkeypatch: pytest.MonkeyPatch, **values: str) -> Iterator[pytest.MonkeyPatch]:
    """Set `YITONG_…` for the time of the block, and whatever is set with the monkeypatch meanwhile."""
    for name, value in values.items():
        monkeypatch.setenv(f"YITONG_{name}", value)
    settings.cache_clear()
    yield monkeypatch
    monkeypatch.undo()
    settings.cache_clear()
