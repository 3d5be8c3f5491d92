"""A large base lies on disk, and what changed since in memory: what is found, and how well it fits, is the same."""

import asyncio
import json
import os
import random
import signal
import sys
import time
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from core import database
from core.text import encode
from kb import articles, base, building, calibration, candidates, changes, stored
from kb.articles import Article
from kb.articles.model import State
from kb.published import Index, Snapshot

ROOT = Path(__file__).resolve().parents[2]
SOON = 6.0  # seconds; 2 are promised, on a machine that does nothing else
COVERED = Path(__file__).with_name("data") / "covered.jsonl"
QUESTIONS = [
    *(json.loads(line)["question"] for line in COVERED.read_text(encoding="utf-8").splitlines()[:30]),
    "gongjijin zenme tiqu",
    "住房公几金怎么取",
    "台灯坏了怎么保修",
]
# What a child process does first: the encoder that needs no model, and the folder of the test.
CHILD = """
import asyncio, json, os, signal, sys
from pathlib import Path
from core import database, logs
from core.text.encode import HashingEncoder
from kb import base, building, calibration, changes, shards
from kb.published import Index
logs.configure(level="error")
calibration.reader = HashingEncoder
base.folder = lambda used: Path(sys.argv[1])
"""
KILLED = """
write, written = shards.write_whole, []
def killed(folder, fill):
    if len(written) == 3:  # in the middle of the fourth
        folder.with_name("." + folder.name).mkdir()
        os.kill(os.getpid(), signal.SIGKILL)
    written.append(folder)
    write(folder, fill)
shards.write_whole, building.SHARD = killed, 20
asyncio.run(building.build(lambda *_: None, least=0))
"""
WATCHES = """
async def watch():
    index, before = Index(), None
    while True:
        async with database.transaction() as session:
            snapshot = await index.current(session)
        marks = sorted(snapshot.base.marks.values())
        if marks != before:
            found = [each.id for each in snapshot.retrieval.search("台灯坏了怎么保修", 3)]
            print(json.dumps([snapshot.base.marks.get("lamp"), found[0] == "lamp"]), flush=True)
        before = marks
        await asyncio.sleep(0.05)
asyncio.run(watch())
"""


def quiet(what: str, done: int, of: int) -> None:
    """Show nothing."""


def names(folder: Path, pattern: str) -> list[str]:
    return [path.name for path in folder.glob(pattern)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of what is on disk; vectors are made without a model."""
    folder = tmp_path / "knowledge-hashing-1"
    monkeypatch.setattr(base, "folder", lambda used: folder)
    monkeypatch.setattr(calibration, "reader", encode.HashingEncoder)
    return folder


@pytest.fixture
async def city(committing: None, folder: Path) -> Path:
    """The sample city's articles, published."""
    async with database.transaction() as session:
        await articles.load_city(session)
    return folder


@pytest.fixture
def all_proposed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every document is measured: which few are proposed may differ, far behind, and what is measured may not."""
    monkeypatch.setattr(candidates, "WORDS_PROPOSE", 10_000)
    monkeypatch.setattr(candidates, "MEANING_PROPOSES", 10_000)


async def seen(index: Index) -> Snapshot:
    changes.own.count += 1
    async with database.transaction() as session:
        return await index.current(session)


async def seen_joined(index: Index) -> Snapshot:
    """See the base when what was written to disk is open; until then the process goes on with what it has."""
    await seen(index)
    await asyncio.wrap_future(index._opening["hashing:1"][1])
    return await seen(index)


async def in_memory(monkeypatch: pytest.MonkeyPatch) -> Snapshot:
    """The same base as a process sees it that has nothing on disk."""
    with monkeypatch.context() as patched:
        patched.setattr(base, "folder", lambda used: Path("nowhere"))
        return await seen(Index())


def same(one: Snapshot, other: Snapshot) -> None:
    assert dict(one.articles) == dict(other.articles)
    assert one.conflicts == other.conflicts
    for question in QUESTIONS:
        assert one.retrieval.search(question, 50) == other.retrieval.search(question, 50)


async def change(rows: Sequence[dict[str, Any]], chance: random.Random) -> None:
    """Withdraw, change or publish one article, or take it back to what it said first."""
    row = chance.choice(rows)
    what = chance.choice(("withdraw", "change", "new", "back"))
    new: dict[str, Any] = {"state": State.PUBLISHED, "body": row["body"], "digest": row["digest"]}
    if what != "back":
        new["body"] = chance.choice(rows)["body"].replace("元", "元钱") + "\n\n台灯也在这里修。"
        new["digest"] = sha256(new["body"].encode()).hexdigest()
    async with database.transaction() as session:
        if what == "withdraw":
            await session.execute(update(Article).where(Article.id == row["id"]).values(state=State.WITHDRAWN))
        elif what == "new":
            await session.execute(insert(Article).values(row | new | {"id": f"new-{chance.random()}"}))
        else:
            await session.execute(update(Article).where(Article.id == row["id"]).values(**new))
        await changes.record(session)


async def test_what_lies_on_disk_is_found_as_what_lies_in_memory(city: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await building.build(quiet, least=0)
    snapshot = await seen(Index())
    assert snapshot.base.stored is not None
    assert not snapshot.base.taken
    same(snapshot, await in_memory(monkeypatch))


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_changes_afterwards_is_found_as_if_all_were_new(
    city: Path, all_proposed: None, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    await building.build(quiet, least=0)
    async with database.transaction() as session:
        rows = [dict(row) for row in (await session.execute(select(*Article.__table__.c))).mappings()]
    chance, index = random.Random(seed), Index()
    for _ in range(4):
        for _ in range(chance.randrange(1, 8)):
            await change(rows, chance)
        snapshot = await seen(index)
        assert snapshot.base.taken or snapshot.base.masked
        same(snapshot, await in_memory(monkeypatch))
    await building.build(quiet, least=0)
    joined = await seen_joined(index)
    assert joined.base.stored is not snapshot.base.stored
    assert not joined.base.taken
    same(joined, snapshot)


async def test_vectors_in_cells_propose_nearly_the_same(city: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "EXACT", 1_000)
    await building.build(quiet, least=0)
    on_disk, whole = await seen(Index()), await in_memory(monkeypatch)
    assert (city / stored.current(city) / "nearest.faiss").exists()
    firsts = [[each.retrieval.search(question, 1)[0] for each in (on_disk, whole)] for question in QUESTIONS]
    assert sum(one.id == other.id for one, other in firsts) >= 0.95 * len(QUESTIONS)


async def test_a_small_base_stays_in_memory(city: Path) -> None:
    assert await building.build(quiet)
    assert stored.current(city) == ""
    snapshot = await seen(Index())
    assert not snapshot.base.grown()


async def test_what_is_too_much_for_memory_waits_for_the_disk(city: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "MOST", 10)
    monkeypatch.setattr(base, "GROWN", 10)
    index = Index()
    snapshot = await seen(index)
    assert (len(snapshot.base.taken), snapshot.base.waiting) == (10, 165)
    assert index.grown()
    await building.build(quiet, least=0)
    assert (await seen_joined(index)).base.waiting == 0
    assert not index.grown()


async def test_a_build_that_is_killed_goes_on_where_it_stood(city: Path) -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", CHILD + KILLED, str(city), cwd=ROOT)
    assert await process.wait() == -signal.SIGKILL
    assert stored.current(city) == ""
    assert len(names(city, "shard-*")) == 3
    told: list[tuple[str, int, int]] = []
    assert await building.build(lambda what, done, of: told.append((what, done, of)), least=0)
    assert told[0] == ("articles", 0, 175 - 3 * 20)
    assert not names(city, ".*")  # what was half written is gone
    assert not (await seen(Index())).base.taken


async def test_files_that_were_cut_are_refused_and_made_anew(city: Path) -> None:
    await building.build(quiet, least=0)
    [shard] = names(city, "shard-*")
    os.truncate(city / shard / "vectors.npy", 1_000)
    snapshot = await seen(Index())
    assert snapshot.base.stored is None
    assert len(snapshot.base.taken) == 175
    await building.build(quiet, least=0)
    assert (await seen(Index())).base.stored is not None
    (city / stored.current(city) / "about.json").unlink()
    assert (await seen(Index())).base.stored is None
    await building.build(quiet, least=0)
    assert (await seen(Index())).base.stored is not None


async def test_one_process_builds_the_others_go_on(city: Path) -> None:
    begun = asyncio.Event()
    first = asyncio.create_task(building.build(lambda *_: begun.set(), least=0))
    await begun.wait()
    assert not await building.build(quiet, least=0)
    assert await first


async def test_what_an_older_version_wrote_is_not_encoded_again(city: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await building.build(quiet, least=0)
    newer = city.with_name("knowledge-hashing-2")
    monkeypatch.setattr(base, "folder", lambda used: newer)
    monkeypatch.setattr(encode.HashingEncoder, "encode", None)
    await building.build(quiet, least=0)
    assert stored.current(newer)
    assert not names(city.parent, "*-1")


async def test_another_process_sees_each_change_soon(city: Path) -> None:
    await building.build(quiet, least=0)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CHILD + WATCHES, str(city), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        assert json.loads(await asyncio.wait_for(process.stdout.readline(), 60))[0] is None
        async with database.transaction() as session:
            row = dict((await session.execute(select(*Article.__table__.c).limit(1))).mappings().one())
        lamp = row | {"id": "lamp", "title": "台灯坏了怎么保修", "ask": None}
        first, second = ({"body": f"台灯坏了，{where}免费保修。", "digest": 64 * where} for where in "甲乙")
        for statement, mark in (
            (insert(Article).values(lamp | first), f"lamp {16 * '甲'}"),
            (update(Article).where(Article.id == "lamp").values(**second), f"lamp {16 * '乙'}"),
            (update(Article).where(Article.id == "lamp").values(**first), f"lamp {16 * '甲'}"),  # rolled back
            (update(Article).where(Article.id == "lamp").values(state=State.WITHDRAWN), None),
        ):
            async with database.transaction() as session:
                await session.execute(statement)
                await changes.record(session)
            begun = time.monotonic()
            line = await asyncio.wait_for(process.stdout.readline(), SOON)
            assert json.loads(line) == [mark, mark is not None]
            assert time.monotonic() - begun < SOON
    finally:
        process.kill()
        await process.wait()
