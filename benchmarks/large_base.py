"""A base of a million passages: how long it takes to build, to search, and until a change is found.

    YITONG_DATA=FOLDER python -m benchmarks.large_base make [--passages 1000000]
    YITONG_DATA=FOLDER python -m benchmarks.large_base build     (killed, it goes on where it stood)
    YITONG_DATA=FOLDER python -m benchmarks.large_base measure

FOLDER is one that may be thrown away. The articles are the sample city's, recombined: title and subject of one, half of
the sentences and a fifth of the questions of others, and an office with a made-up name in each. Their vectors are no
encoder's: a text has the mean of the real vectors of the sentences in it, with noise. Encoding 2,000,000 sentences
would take hours and say nothing about searching them. What is asked are the questions of `tests/kb/data`, with real
vectors; the encoder's time is left out.
"""

import argparse
import asyncio
import hashlib
import json
import random
import re
import resource
import time
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from core.text.encode import Encoder, Vectors

DATA = Path("tests/kb/data")
ASKED = 1_000
NOISE = 0.3  # length of what is added to a vector of length one
_PIECE = re.compile(r"(?<=[。！？；\s])")


class Recombined:
    """Stands in for an encoder: real vectors of the sample's sentences and of questions, means of them for all else."""

    def __init__(self, encoder: Encoder) -> None:
        from benchmarks.answers import documents
        from core.text import vectors

        self.fingerprint, self.dimension = f"{encoder.fingerprint}:recombined", encoder.dimension
        self._encoder = encoder
        self.seconds = self.worked = 0.0  # that real encoding took, and that the processor worked on it
        held = {
            piece for text in documents() for whole in (*text.asked(), *text.passages) for piece in self._pieces(whole)
        }
        sentences = sorted(held)
        self._known = dict(zip(sentences, vectors.kept("large", encoder)(sentences), strict=True))
        self._random = np.random.default_rng(0)

    def encode(self, texts: Sequence[str]) -> Vectors:
        if len(texts) <= 2:  # a question, and its other wording
            begun, began = time.perf_counter(), time.thread_time()
            encoded = self._encoder.encode(texts)
            self.seconds += time.perf_counter() - begun
            self.worked += time.thread_time() - began
            return encoded
        rows = self._random.standard_normal((len(texts), self.dimension)).astype(np.float32)
        rows *= NOISE / np.linalg.norm(rows, axis=1, keepdims=True)
        for row, text in zip(rows, texts, strict=True):
            known = [self._known[piece] for piece in self._pieces(text) if piece in self._known]
            if known:
                mean = np.mean(known, axis=0)
                row += mean / np.linalg.norm(mean)
        unit: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit

    @staticmethod
    def _pieces(text: str) -> list[str]:
        return [piece.strip() for piece in _PIECE.split(text) if piece.strip()]


def synthetic(passages: int) -> Iterator[dict[str, Any]]:
    """Yield rows of `articles` with so many passages in all."""
    from core import clock
    from core.city import city
    from kb.articles import reading
    from kb.passages import split

    sample = [read.document for read in reading.folder(city().folder / "articles")]  # type: ignore[union-attr]
    sections = [[(each.section, Recombined._pieces(each.text)) for each in split(one.body)] for one in sample]
    sentences = [sentence for one in sections for _, some in one for sentence in some]
    questions = [question for one in sample for question in one.questions]
    signs = sorted({sign for sentence in sentences for sign in sentence if "\u4e00" <= sign <= "\u9fff"})
    chance, made, number, now = random.Random(0), 0, 0, clock.now()
    while made < passages:
        base = number % len(sample)
        parts = []
        for place, (heading, own) in enumerate(sections[base]):
            said = [chance.choice(sentences) if chance.random() < 0.5 else sentence for sentence in own]
            if not place:
                said.append(f"由{''.join(chance.choices(signs, k=3))}中心办理。")
            parts.append(f"## {heading}\n{''.join(said)}" if heading else "".join(said))
        asked = [chance.choice(questions) if chance.random() < 0.2 else each for each in sample[base].questions]
        body = "\n".join(parts)
        yield {
            "id": f"large-{number:07}",
            "subject": sample[base].subject,
            "title": sample[base].title,
            "questions": asked,
            "body": body,
            "department": sample[base].department,
            "basis": sample[base].basis,
            "region": "city",
            "audience": ["citizen"],
            "reviewed": date(2026, 6, 1),
            "review_due": date(2027, 6, 1),
            "sample": True,
            "state": "published",
            "version": 1,
            "digest": hashlib.sha256(body.encode()).hexdigest(),
            "updated_at": now,
        }
        made += len(parts)
        number += 1


async def make(passages: int) -> None:
    from sqlalchemy import insert

    from admin import migrate
    from core import database
    from kb import changes
    from kb.articles import Article

    await asyncio.to_thread(migrate.upgrade)
    rows = synthetic(passages)
    begun, made = time.monotonic(), 0
    while some := [row for row, _ in zip(rows, range(2_000), strict=False)]:
        async with database.transaction() as session:
            await session.execute(insert(Article), some)
            await changes.record(session)
        made += len(some)
    print(f"{made} articles in {time.monotonic() - begun:.0f} s")


async def build() -> None:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from kb import building

    begun = time.monotonic()
    with Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()) as bar:
        tasks: dict[str, Any] = {}

        def show(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=of)
                print(f"{time.monotonic() - begun:.0f} s: {what}", flush=True)
            bar.update(tasks[what], completed=done)

        await building.build(show)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"built in {time.monotonic() - begun:.0f} s, at most {peak:.1f} GB")


def memory() -> str:
    read = dict(line.split(":") for line in Path("/proc/self/smaps_rollup").read_text().splitlines()[1:])
    own, every = (int(read[name].split()[0]) / 1e6 for name in ("Anonymous", "Rss"))
    return f"{own:.2f} GB of its own, {every - own:.2f} GB mapped from files and shared"


async def measure(used: Recombined) -> None:
    from core import database
    from kb import base
    from kb.published import index

    begun = time.monotonic()
    async with database.transaction() as session:
        snapshot = await index.current(session)
    stored = snapshot.base.stored
    assert stored is not None
    count = sum(len(shard.vectors) for shard in stored.shards)
    passages = sum(sum(shard.said) for shard in stored.shards)
    print(f"{len(stored)} articles, {passages} passages, {count} vectors, {len(stored.held)} words")
    print(f"opened in {time.monotonic() - begun:.1f} s; {memory()}; {size_of(base.folder(used)) / 1e9:.1f} GB on disk")
    await asyncio.to_thread(search, used, snapshot.retrieval)
    print(memory())
    propose(used, stored)
    await updates()


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def questions() -> list[str]:
    lines = [line for path in sorted(DATA.glob("*.jsonl")) for line in path.read_text(encoding="utf-8").splitlines()]
    asked = [json.loads(line)["question"] for line in lines if '"question"' in line]
    return random.Random(0).sample(asked, min(len(asked), ASKED))


def search(used: Recombined, retrieval: Any) -> None:
    asked = questions()
    for name in ("first", "second"):
        took, worked = [], []
        for question in asked:
            used.seconds, used.worked = 0.0, 0.0
            begun, began = time.perf_counter(), time.thread_time()
            retrieval.search(question, 50)
            took.append(1000 * (time.perf_counter() - begun - used.seconds))
            worked.append(1000 * (time.thread_time() - began - used.worked))
        for kind, times in (("by the clock", took), ("of the processor", worked)):
            half, most = np.quantile(times, (0.5, 0.99))
            print(f"{name} pass over {len(asked)} questions: p50 {half:.1f} ms, p99 {most:.1f} ms {kind}")


def propose(used: Recombined, stored: Any) -> None:
    """Say how many of the ten nearest vectors are proposed."""
    asked = np.concatenate([used.encode([each]) for each in questions()[:50]])
    exact = np.concatenate([shard.vectors @ asked.T for shard in stored.shards])
    best = np.argpartition(-exact, 10, axis=0)[:10].T
    _, found = stored.candidates._nearest.search(asked, 100)
    share = np.mean([len(set(one) & set(other)) / 10 for one, other in zip(best.tolist(), found.tolist(), strict=True)])
    print(f"of the 10 nearest vectors {share:.3f} are among the 100 proposed")


async def updates() -> None:
    """Change the base as another process would, and time how long this one takes to see it."""
    from sqlalchemy import update

    from core import database
    from kb import changes
    from kb.articles import Article
    from kb.published import index

    for number in range(6):
        id, withdrawn = f"large-{number // 2:07}", number % 2
        body = f"{uuid4().hex}号窗口可以办理。"
        new: dict[str, Any] = {"body": body, "digest": hashlib.sha256(body.encode()).hexdigest(), "state": "published"}
        own = changes.own.count
        async with database.transaction() as session:
            await session.execute(
                update(Article).where(Article.id == id).values(**({"state": "withdrawn"} if withdrawn else new))
            )
            await changes.record(session)
        changes.own.count = own  # as if another process had done it
        begun = time.monotonic()
        slowest = 0.0
        while True:
            asked = time.monotonic()
            async with database.transaction() as session:
                snapshot = await index.current(session)
            slowest = max(slowest, time.monotonic() - asked)
            there = snapshot.articles.get(id)
            if there is None if withdrawn else there is not None and there.digest == new["digest"]:
                break
            await asyncio.sleep(0.05)
        took = time.monotonic() - begun
        what = "withdrawn" if withdrawn else "changed"
        print(f"{what}: seen after {took:.2f} s; the longest wait for a snapshot {slowest:.2f} s")


async def run(step: str, passages: int) -> None:
    from core import database, logs
    from core.text.encode import encoder
    from kb import calibration

    logs.configure(level="info")
    used = Recombined(encoder())
    calibration.reader = lambda: used
    try:
        if step == "make":
            await make(passages)
        elif step == "build":
            await build()
        else:
            await measure(used)
    finally:
        await database.dispose()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("step", choices=("make", "build", "measure"))
    arguments.add_argument("--passages", type=int, default=1_000_000)
    given = arguments.parse_args()
    asyncio.run(run(given.step, given.passages))


if __name__ == "__main__":
    main()
