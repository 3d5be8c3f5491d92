import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import numpy as np
import pytest

import intents
import kb
from admin import sample, warm
from core import live, versions
from core.database import transaction
from core.errors import Unavailable
from core.text import encode, vectors
from core.text.encode import Encoder, Vectors
from intents import classify
from routing import departments

TEXTS = ("小区停水了三天没人管", "路灯坏了，晚上看不见路", "公司拖欠我三个月工资不给")
QUESTION = "怎么提取公积金"


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


class Turned:
    """The vectors of another encoder, turned: among themselves they say the same, beside that one's own, nonsense."""

    fingerprint = "turned:1"

    def __init__(self, other: Encoder) -> None:
        self.dimension = other.dimension
        self._other = other
        self._turn = np.random.default_rng(1).permutation(other.dimension)
        self._kept: dict[str, Vectors] = {}
        for name in ("examples", "statutory", "knowledge", "emergency-examples"):
            path = vectors._path(f"{name}-{other.fingerprint.replace(':', '_')}")
            self._kept |= vectors._known(path, other.dimension)

    def encode(self, texts: Sequence[str]) -> Vectors:
        import hashlib

        digests = [hashlib.sha256(text.encode()).hexdigest()[:32] for text in texts]
        rows = [
            self._kept[digest] if digest in self._kept else self._other.encode([text])[0]
            for digest, text in zip(digests, texts, strict=True)
        ]
        if not rows:
            return np.zeros((0, self.dimension), dtype=np.float32)
        made: Vectors = np.stack(rows)[:, self._turn]
        return made


@pytest.fixture
async def served(committing: None, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Encoder]:
    """A line that has loaded everything with the default encoder; afterwards everything is as it was."""
    await sample.load()
    first = encode.load("bge-small-zh-v1.5")
    for name, value in (("_encoder", first), ("_degraded", None), ("_version", None)):
        monkeypatch.setattr(encode, name, value)
    monkeypatch.setattr(warm, "_loaded", False)
    await warm.load()
    yield first
    await live.hub.stop()


def seen(understood: intents.Understanding) -> object:
    return understood.category and understood.category.code, understood.emergency, understood.statutory


async def answers(text: str) -> tuple[object, ...]:
    """Return what the line says to a text and to a question."""
    understood = await asyncio.to_thread(intents.understand, text)
    ranked = await asyncio.to_thread(departments.rank, category=None, district=None, street=None, text=text)
    async with transaction() as session:
        hits = await kb.search(session, QUESTION)
        answer = await kb.answer(session, QUESTION)
    return seen(understood), ranked[0].code if ranked else None, hits[0].article, answer and answer.article


async def stored() -> versions.Version:
    async with transaction() as session:
        return await versions.store(session, "encoder", files={"model": b"turned"}, figures={}, about={})


async def test_the_encoder_changes_under_a_running_line(served: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests come without pause while a version is put in service and rolled back: each says what it said before."""
    version, turned, load = await stored(), Turned(served), encode.load
    monkeypatch.setattr(encode, "load", lambda name: turned if Path(name).is_dir() else load(name))
    expected = {text: await answers(text) for text in TEXTS}
    answered: asyncio.Queue[int | Exception | None] = asyncio.Queue()
    ended = asyncio.Event()

    async def hammer(text: str) -> None:
        while not ended.is_set():
            version = encode.version()
            try:
                assert await answers(text) == expected[text]
            except Exception as error:
                answered.put_nowait(error)
                raise
            answered.put_nowait(version if encode.version() == version else -1)

    async def until(version: int | None) -> None:
        """Wait until three requests have begun and ended with that version."""
        for _ in range(3):
            while (found := await answered.get()) != version:
                if isinstance(found, Exception):
                    raise found

    following = asyncio.create_task(warm.follow())
    hammering = [asyncio.create_task(hammer(text)) for text in TEXTS]
    await until(None)
    async with transaction() as session:
        await versions.put_in_service(session, version)
    await until(version.id)
    async with transaction() as session:
        await versions.roll_back(session, "encoder")
    await until(None)
    assert encode.version() is None
    ended.set()
    await asyncio.gather(*hammering)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


async def test_a_version_that_cannot_be_loaded_here_leaves_the_line_as_it_is(served: Encoder) -> None:
    version = await stored()
    async with transaction() as session:
        await versions.put_in_service(session, version)
    await warm.load()
    assert encode.encoder() is served
    assert encode.version() is None
    assert str(encode.degraded()).startswith(f"Version {version.id} of the encoder cannot be used here")
    async with transaction() as session:
        await versions.roll_back(session, "encoder")
    await warm.load()
    assert encode.degraded() is None


async def test_a_trained_classifier_is_taken_up_and_given_back(
    served: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[Path | None] = []
    monkeypatch.setattr(classify, "put_in_service", taken.append)
    async with transaction() as session:
        version = await versions.store(session, "categories", files={"m": b"1"}, figures={}, about={})
        await versions.put_in_service(session, version)
        folder = await versions.folder(session, version)
    await warm.load()
    await warm.load()
    async with transaction() as session:
        await versions.roll_back(session, "categories")
    await warm.take_up()
    assert taken == [folder, None]
