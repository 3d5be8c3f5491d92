import pytest

from admin import warm
from core.errors import Unavailable


async def test_what_could_not_be_loaded_is_loaded_later(monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    async def load() -> None:
        assert not warm.loaded()
        tries.append(1)
        if len(tries) < 3:
            raise Unavailable("down")

    monkeypatch.setattr(warm, "_load", load)
    monkeypatch.setattr(warm, "_loaded", False)
    monkeypatch.setattr(warm, "RETRY_SECONDS", 0)
    await warm.load()
    assert len(tries) == 3
    assert warm.loaded()
