"""The part of a large base that lies on disk: shards, and one tantivy index and one FAISS file over all of them.

It never changes: what was published since lies in memory beside it, until `kb.building` has joined another.
"""

import json
import math
import os
import shutil
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import structlog
import tantivy

from core.text import vectors
from core.text.segment import words as segment
from kb import candidates, shards, words
from kb.candidates import Candidates
from kb.documents import Document
from kb.shards import Broken, Shard
from kb.spelling import Spelling

CURRENT = "current"  # the file that names the join in use
NOTE = "note"
EXACT = 50_000  # vectors that are looked through one by one; more are sorted into cells
PROBED = 32  # cells that are looked into
TRAINED = 40  # vectors a cell that it is learnt from
ADDED = 20_000  # vectors sorted at once
Progress = Callable[[str, int, int], None]  # what is done, how much of it, of how much

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Counts:
    """What one document adds to the counts of its part."""

    words: frozenset[str]
    terms: frozenset[str]
    characters: int


class Sum(Mapping[str, int]):
    """Counts of words in what is stored and in what changed since, without a copy of the former. 0 for any other."""

    def __init__(self, stored: Mapping[str, int], fresh: Mapping[str, int], gone: Mapping[str, int]) -> None:
        """Take the counts of what is stored, of what came, and of what is stored and no more."""
        self._stored = stored
        self._changes = Counter(fresh)
        self._changes.subtract(gone)

    def __getitem__(self, word: str) -> int:
        return self._stored.get(word, 0) + self._changes[word]

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and self[word] > 0

    def __iter__(self) -> Iterator[str]:
        return (word for word in self._stored.keys() | self._changes.keys() if word in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def changed(self) -> Set[str]:
        """Return the words whose counts are others than in what is stored."""
        return self._changes.keys()


class Stored:
    """A part on disk."""

    def __init__(self, folder: Path, name: str) -> None:
        """Open the join of this name. Raises Broken."""
        self.name = name
        shards.check(folder / name)
        about = json.loads((folder / name / "about.json").read_text(encoding="utf-8"))
        self.shards = [Shard(folder / each) for each in about["shards"]]
        self.held: Mapping[str, int] = Counter(about["words"])
        self.characters: int = about["characters"]
        self._starts = [0, *accumulate(len(shard) for shard in self.shards)]
        marks = [mark for shard in self.shards for mark in shard.marks]
        self.numbers = {mark: number for number, mark in enumerate(marks)}
        self.candidates = Candidates(
            tantivy.Index.open(str(folder / name / "tantivy")), _nearest(folder / name, self.shards), self._owners()
        )
        self.spelling = Spelling(self.held, len(self))
        self._counted: dict[int, Counts] = {}
        self._folder = folder

    def __len__(self) -> int:
        return self._starts[-1]

    def document(self, number: int) -> Document:
        """Return one of the documents."""
        shard, place = self._place(number)
        return shard.document(place)

    def record(self, number: int) -> bytes:
        """Return what was kept with the document."""
        shard, place = self._place(number)
        return shard.record(place)

    def note(self) -> bytes:
        """Return what was noted when it was put in use. Raises OSError."""
        return (self._folder / self.name / NOTE).read_bytes()

    def counts(self, number: int) -> Counts:
        """Return what a document adds to the counts: needed of those that are no more."""
        if number not in self._counted:
            plain = self.document(number).plain
            held = frozenset(words.terms(plain))
            self._counted[number] = Counts(frozenset(segment(plain)), held, len(plain))
        return self._counted[number]

    def _place(self, number: int) -> tuple[Shard, int]:
        place = bisect_right(self._starts, number) - 1
        return self.shards[place], number - self._starts[place]

    def _owners(self) -> Any:
        sizes = [np.diff(shard.ends) for shard in self.shards]
        return np.repeat(np.arange(len(self), dtype=np.int32), np.concatenate(sizes))


def current(folder: Path) -> str:
    """Return the name of the join that is to be used, empty where there is none."""
    try:
        return (folder / CURRENT).read_text()
    except OSError:
        return ""


def opened(folder: Path) -> Stored | None:
    """Return the part that is to be used; None where there is none, or a broken one."""
    try:
        name = current(folder)
        if not name:
            return None
        stored = Stored(folder, name)
        stored.note()
        return stored
    except (Broken, OSError, ValueError, KeyError, RuntimeError) as error:
        log.warning("knowledge.index_broken", reason=str(error))
        return None


def name_of(among: Sequence[Shard]) -> str:
    """Return the name of the join of these shards."""
    return f"join-{vectors.digest(sorted(shard.folder.name for shard in among))}"


def join(folder: Path, among: Sequence[Shard], progress: Progress) -> Stored:
    """Make one index over one shard or more, and return it opened; nobody uses it yet. Raises OSError."""
    name = name_of(among)
    shards.write_whole(folder / name, partial(_join, among=among, progress=progress))
    return Stored(folder, name)


def put_in_use(folder: Path, joined: Stored, note: bytes) -> None:
    """Let every process use a join, with a note for its readers, and remove what it replaces. Raises OSError.

    Who still reads what is removed has it open: it stays until they let go.
    """
    _write(folder / joined.name / NOTE, note)
    _write(folder / CURRENT, joined.name.encode())
    used = {joined.name, CURRENT, *(shard.folder.name for shard in joined.shards)}
    for path in folder.iterdir():
        if path.is_dir() and path.name not in used:
            shutil.rmtree(path, ignore_errors=True)


def _write(path: Path, content: bytes) -> None:
    beside = path.with_name(f".{path.name}")
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.rename(path)


def _join(folder: Path, among: Sequence[Shard], progress: Progress) -> None:
    size = sum(map(len, among))
    (folder / "tantivy").mkdir()
    index = tantivy.Index(candidates.schema(), path=str(folder / "tantivy"))
    candidates.write(index, _numbered(among, progress, size))
    held: Counter[str] = Counter()
    for shard in among:
        held.update(shard.words)
    about = {
        "shards": [shard.folder.name for shard in among],
        "words": held,
        "characters": sum(shard.characters for shard in among),
    }
    (folder / "about.json").write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")
    if sum(len(shard.vectors) for shard in among) >= EXACT:
        faiss.write_index(_cells(among, progress), str(folder / "nearest.faiss"))


def _numbered(among: Sequence[Shard], progress: Progress, size: int) -> Iterator[tuple[int, str, str]]:
    number = 0
    for shard in among:
        for terms, keys in shard.terms():
            yield number, terms, keys
            number += 1
        progress("words", number, size)


def _cells(among: Sequence[Shard], progress: Progress) -> Any:
    """Sort the vectors into twice as many cells as the square root of their number, one byte a dimension."""
    total = sum(len(shard.vectors) for shard in among)
    cells = 2 * math.isqrt(total)
    step = max(1, total // (TRAINED * cells))
    learnt = np.concatenate([shard.vectors[::step] for shard in among])
    dimension = learnt.shape[1]
    nearest = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatIP(dimension), dimension, cells, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
    )
    progress("cells", 0, total)
    faiss.omp_set_num_threads(os.cpu_count() or 1)
    nearest.train(np.ascontiguousarray(learnt))
    for shard in among:
        for start in range(0, len(shard.vectors), ADDED):
            nearest.add(np.ascontiguousarray(shard.vectors[start : start + ADDED]))
        progress("cells", nearest.ntotal, total)
    return nearest


def _nearest(folder: Path, among: Sequence[Shard]) -> Any:
    path = folder / "nearest.faiss"
    if path.exists():
        nearest: Any = faiss.read_index(str(path), faiss.IO_FLAG_MMAP | faiss.IO_FLAG_READ_ONLY)
        nearest.nprobe = PROBED
        return nearest
    nearest = faiss.IndexFlatIP(among[0].vectors.shape[1])
    for shard in among:
        nearest.add(np.ascontiguousarray(shard.vectors))
    return nearest
