"""The line learns from its own tickets: labels, a candidate, a comparison, a version; and back again."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from admin import warm
from core import clock, jobs, ledger, versions
from core.database import transaction
from core.errors import BadInput, Unavailable
from core.settings import ROOT, settings
from core.text import encode
from core.text.encode import HashingEncoder
from intents import classify, training
from intents.reading import read
from routing import learning
from routing.models import Ticket
from routing.rules import rules
from tests.history import FUME, small_city, told
from tests.routing.conftest import MONDAY

NIGHT = MONDAY.replace(hour=19, minute=10)  # 03:10 in the city

pytestmark = pytest.mark.usefixtures("committing")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_city(tmp_path_factory.mktemp("city") / "small")


@pytest.fixture(autouse=True)
def city(small: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Four categories and the encoder without a model; what is in service is the shipped default, before and after."""
    before = encode.encoder()
    monkeypatch.setenv("YITONG_CITY", str(small))
    monkeypatch.setenv("YITONG_ENCODER", "hashing")
    settings.cache_clear()
    encode.put_in_service(HashingEncoder())
    classify.put_in_service(None)
    yield
    monkeypatch.undo()
    settings.cache_clear()
    encode.put_in_service(before)
    classify.put_in_service(None)


async def lived(count: int, *, seed: int = 1, begin: datetime = MONDAY) -> None:
    """Let as many closed tickets be there, a minute apart; how a ticket becomes a label, test_labels tells."""
    async with transaction() as session:
        for number, (text, code) in enumerate(zip(*told(count, seed=seed), strict=True)):
            at = begin + timedelta(minutes=number)
            values = {"request_type": "complaint", "urgency": "general", "channel": "web", "confidential": False}
            session.add(
                Ticket(
                    **values,
                    number=f"{seed}-{number}",
                    code_digest=b"",
                    category=code,
                    title=text,
                    description=text,
                    elements={},
                    attachments=[],
                    state="closed",
                    lead="urban_management",
                    co_handlers=[],
                    opened_at=at,
                    dispatched_at=at,
                    closed_at=at,
                    changed_at=at,
                )
            )


async def serving() -> int | None:
    async with transaction() as session:
        version = await versions.in_service(session, "categories")
    return version.id if version else None


async def test_settled_tickets_make_a_version_that_serves_because_it_is_better() -> None:
    await lived(260)
    with clock.set_to(NIGHT):
        outcome = await learning.train_on_tickets()
    assert outcome.in_service and outcome.against == []
    assert await serving() == outcome.version
    async with transaction() as session:
        version = await versions.get(session, "categories", outcome.version)
        events = [event.kind for event in await ledger.history(session, "models:categories")]
    assert version.about["source"] == "tickets" and version.about["until"] == "2026-11-23T05:49:00+00:00"
    assert version.figures["candidate"]["leaf_macro_f1"] > version.figures["serving"]["leaf_macro_f1"]
    assert events == ["stored", "put_in_service"]


async def test_a_worse_one_is_kept_and_does_not_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "reasons_against", lambda *_, **__: ["macro-F1 of the third level falls"])
    outcome = await learning.train(*told(100), about={"source": "test"})
    assert not outcome.in_service and outcome.against == ["macro-F1 of the third level falls"]
    assert await serving() is None
    async with transaction() as session:
        (version,) = await versions.listing(session, "categories")
    assert version.state == versions.State.CANDIDATE
    assert version.figures["against"] == outcome.against


async def test_too_little_to_compare_on_changes_nothing() -> None:
    outcome = await learning.train(*told(60), about={"source": "test"})
    assert not outcome.in_service
    assert any("12 texts to compare on, 50 are needed" in each for each in outcome.against)


async def test_rolling_back_brings_the_one_before_and_at_last_the_shipped_default() -> None:
    first = await learning.train(*told(260), about={"source": "test"})
    async with transaction() as session:
        again = await versions.store(session, "categories", files={"categories.npz": b"x"}, figures={}, about={})
        await versions.put_in_service(session, again)
    async with transaction() as session:
        assert await versions.roll_back(session, "categories") is not None
    assert await serving() == first.version
    async with transaction() as session:
        assert await versions.roll_back(session, "categories") is None
    assert await serving() is None


async def test_no_settled_ticket_is_nothing_to_learn_from() -> None:
    with pytest.raises(BadInput, match="No ticket has been settled yet"):
        await learning.train_on_tickets()
    assert await serving() is None


async def test_one_that_was_put_in_service_meanwhile_is_not_overtaken(monkeypatch: pytest.MonkeyPatch) -> None:
    original = training.train

    def slow(*args: object, **kwargs: object) -> training.Trained:
        async def meanwhile() -> None:
            async with transaction() as session:
                made = await versions.store(session, "categories", files={"categories.npz": b"y"}, figures={}, about={})
                await versions.put_in_service(session, made)

        asyncio.run_coroutine_threadsafe(meanwhile(), loop).result()
        return original(*args, **kwargs)  # type: ignore[arg-type]

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(training, "train", slow)
    outcome = await learning.train(*told(260), about={"source": "test"})
    assert outcome.against == ["another version was put in service meanwhile"]
    assert await serving() != outcome.version


async def test_a_process_without_the_right_encoder_refuses_to_train() -> None:
    encode.put_in_service(HashingEncoder(), degraded="Its files are missing.")
    with pytest.raises(Unavailable, match=r"Nothing is trained\. Its files are missing"):
        await learning.train(*told(100), about={"source": "test"})
    async with transaction() as session:
        wanted = await versions.store(session, "encoder", files={"m": b"1"}, figures={}, about={})
        await versions.put_in_service(session, wanted)
    encode.put_in_service(HashingEncoder())
    with pytest.raises(Unavailable, match="has not taken up yet"):
        await learning.train(*told(100), about={"source": "test"})


async def test_an_encoder_that_was_put_in_service_meanwhile_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    original = training.train

    def slow(*args: object, **kwargs: object) -> training.Trained:
        encode.put_in_service(HashingEncoder())
        return original(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(training, "train", slow)
    with pytest.raises(Unavailable, match="has not taken up yet"):
        await learning.train(*told(260), about={"source": "test"})
    async with transaction() as session:
        assert await versions.listing(session, "categories") == []


class TestByNight:
    async def test_it_is_due_when_enough_was_settled_since_the_last_time(self) -> None:
        few = rules().learning.new_labels - 1
        await lived(few)
        with clock.set_to(NIGHT):
            async with transaction() as session:
                assert not await learning.is_due(session)
        await lived(1, seed=2, begin=MONDAY + timedelta(hours=6))
        with clock.set_to(NIGHT):
            await learning.nightly()
            await jobs.run_due()
            assert await serving() is None  # 40 are too few to compare on
            async with transaction() as session:
                assert len(await versions.listing(session, "categories")) == 1
                assert not await learning.is_due(session)

    async def test_another_encoder_makes_it_due(self) -> None:
        async with transaction() as session:
            about = {"source": "tickets", "until": MONDAY.isoformat(), "made_by": "another"}
            await versions.store(session, "categories", files={"categories.npz": b"z"}, figures={}, about=about)
            assert await learning.is_due(session)

    async def test_a_version_from_a_file_that_serves_makes_it_due_for_another_encoder_once(self) -> None:
        async with transaction() as session:
            about = {"source": "file", "file": "tickets", "made_by": "another"}
            made = await versions.store(session, "categories", files={"categories.npz": b"z"}, figures={}, about=about)
            await versions.put_in_service(session, made)
            assert await learning.is_due(session)
            about |= {"made_by": encode.encoder().fingerprint}
            await versions.store(session, "categories", files={"categories.npz": b"y"}, figures={}, about=about)
            assert not await learning.is_due(session)

    async def test_a_file_called_tickets_does_not_end_it(self, tmp_path: Path) -> None:
        rows = (json.dumps({"text": text, "label": code}) for text, code in zip(*told(60), strict=True))
        (tmp_path / "tickets").write_text("\n".join(rows))
        await learning.train_on_file(tmp_path / "tickets")
        async with transaction() as session:
            (version,) = await versions.listing(session, "categories")
            assert not await learning.is_due(session)
        assert (version.about["source"], version.about["file"]) == ("file", "tickets")

    async def test_a_process_without_the_right_encoder_never_trains(self) -> None:
        await lived(rules().learning.new_labels)
        encode.put_in_service(HashingEncoder(), degraded="Its files are missing.")
        with clock.set_to(NIGHT):
            await learning.train_by_night()
        async with transaction() as session:
            assert not await learning.is_due(session)
            assert await versions.listing(session, "categories") == []

    async def test_by_day_nothing_is_ordered(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def due(_: object) -> bool:
            raise AssertionError("not to be asked")

        monkeypatch.setattr(learning, "is_due", due)
        with clock.set_to(MONDAY):
            await learning.nightly()


async def test_another_process_trains_and_this_one_hears_of_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, data_folder: Path
) -> None:
    texts, codes = told(260)
    file = tmp_path / "history.jsonl"
    rows = ({"text": text, "label": code} for text, code in zip(texts, codes, strict=True))
    file.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    changed = asyncio.Event()
    loop = asyncio.get_running_loop()
    original = classify.put_in_service

    def heard(trained: Path | None) -> None:
        original(trained)
        if trained is not None:
            loop.call_soon_threadsafe(changed.set)

    monkeypatch.setattr(classify, "put_in_service", heard)
    before = classify.classifier()
    following = asyncio.create_task(warm.follow())
    train = ["intents", "train", "--labelled", str(file), "--json"]
    command = [sys.executable, "-m", "admin", "--data", str(data_folder), *train]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    ended = await asyncio.to_thread(subprocess.run, command, env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["in_service"] is True
    try:
        await asyncio.wait_for(changed.wait(), 60)
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
    assert classify.classifier() is not before
    assert classify.classifier().confidences([read("饭馆子呛死人")])[2].confidence(0, FUME) > 0.5
