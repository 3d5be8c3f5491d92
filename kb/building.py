"""Writes a large base to disk: what lies in memory of each process becomes one more shard, then one index over all.

One process of a machine does it, `yitong kb index`, which `serve` starts when much is in memory. A shard that is
written stays: whoever is killed goes on with the next.
"""

import asyncio
import fcntl
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import structlog

from core import database
from core.text.encode import Encoder, Vectors
from core.text.vectors import Vectorise, digest
from kb import base, calibration, shards, stored
from kb.shards import Broken, Shard
from kb.stored import Progress

SHARD = 4_000  # articles written at once
READ = 500  # rows read at once
ALIVE = 0.5  # share of a shard's articles below which those left are written anew

Known = Mapping[str, tuple[Shard, int]]  # where an article of this mark was written before

log = structlog.get_logger()


async def build(progress: Progress, *, least: int = base.GROWN) -> bool:
    """Bring the part on disk up to date; return False, doing nothing, while another process does it.

    Nothing is written for a base of up to `least` articles. `progress` is told what is done, how much, of how much.
    Raises OSError where the disk is full.
    """
    used = calibration.reader()
    folder = base.folder(used)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        await _build(folder, used, progress, least)
    return True


async def _build(folder: Path, used: Encoder, progress: Progress, least: int) -> None:
    async with database.transaction() as session:
        listed = set(filter(None, (await base.listing(session)).split("\n")))
    if len(listed) <= least:
        return
    written = await asyncio.to_thread(lambda: list(_shards(folder)))
    kept = [shard for shard in written if len(listed.intersection(shard.marks)) >= ALIVE * len(shard)]
    lacking = sorted(listed.difference(*(shard.marks for shard in kept)))
    # What was written for an earlier version of Yitong, or lies in a shard that goes: its vectors are good still.
    older = [shard for other in base.others(folder) for shard in _shards(other)]
    known = {mark: (shard, at) for shard in [*older, *written] for at, mark in enumerate(shard.marks)}
    for start in range(0, len(lacking), SHARD):
        progress("articles", start, len(lacking))
        entries = await _entries(lacking[start : start + SHARD], used, known)
        if entries:
            path = folder / f"shard-{digest([each.mark for each in entries])}"
            await asyncio.to_thread(shards.write, path, entries)
            kept.append(Shard(path))
    progress("articles", len(lacking), len(lacking))
    if kept:
        await asyncio.to_thread(_join, folder, kept, progress)
    for other in base.others(folder):
        shutil.rmtree(other, ignore_errors=True)


async def _entries(marks: Sequence[str], used: Encoder, known: Known) -> list[shards.Entry]:
    entries: list[shards.Entry] = []
    for start in range(0, len(marks), READ):
        some = marks[start : start + READ]
        async with database.transaction() as session:
            rows = await base.rows(session, some)
        taken = await asyncio.to_thread(base.take, rows, _sparing(some, used, known))
        entries += [base.entry(mark, each) for mark, each in taken.items() if each is not None]
    return entries


def _sparing(marks: Sequence[str], used: Encoder, known: Known) -> Vectorise:
    """Return a function like `used.encode` that takes the vectors of articles from where they were written before."""
    vectors: dict[str, Vectors] = {}
    for shard, number in (known[mark] for mark in marks if mark in known):
        document = shard.document(number)
        vectors.update(zip(document.read().sentences(), document.vectors, strict=True))

    def vectorise(sentences: Sequence[str]) -> Vectors:
        new = [each for each in dict.fromkeys(sentences) if each not in vectors]
        if new:
            vectors.update(zip(new, used.encode(new), strict=True))
        return np.stack([vectors[each] for each in sentences])

    return vectorise


def _join(folder: Path, among: Sequence[Shard], progress: Progress) -> None:
    name = stored.name_of(among)
    if name == stored.current(folder) and stored.opened(folder) is not None:
        return
    joined = stored.join(folder, among, progress)
    stored.put_in_use(folder, joined, base.note(joined))
    log.info("knowledge.joined", articles=len(joined), shards=len(among))


def _shards(folder: Path) -> Iterator[Shard]:
    """Yield the shards that were written whole."""
    for path in sorted(folder.glob("shard-*")):
        try:
            yield Shard(path)
        except (Broken, OSError, ValueError, KeyError) as error:
            log.warning("knowledge.shard_broken", reason=str(error))
