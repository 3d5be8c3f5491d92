"""What is published, where each article lies (in memory, or on disk where the base is large), and what contradicts.

A mark is an article's id and the beginning of its content's digest: who has the mark has the content.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.settings import settings
from core.text import vectors
from core.text.encode import Encoder
from core.text.vectors import Vectorise
from kb import contradictions, words
from kb.articles.model import Article, State
from kb.contradictions import MOST_HOLDERS, Conflict, Holders, Saying
from kb.documents import Analysed, Text, analyse
from kb.indexed import Published
from kb.passages import Passage
from kb.shards import Entry
from kb.stored import Stored

FORMAT = 1  # of what is on disk, with the code that reads texts: another number, another folder
GROWN = 2_000  # articles in memory from which on they are written to disk
MOST = 5_000  # articles taken into memory; more wait until they are on disk
PREFIX = 16  # digits of a digest


@dataclass(frozen=True, slots=True)
class Taken:
    """An article as it lies in memory: what is quoted, compared and searched of it."""

    published: Published
    saying: Saying
    analysed: Analysed


@dataclass(frozen=True, slots=True)
class Record:
    """What is kept on disk of an article beside what is searched."""

    published: Published
    saying: Saying


@dataclass(frozen=True, slots=True)
class Base:
    """The published articles at one moment."""

    marks: Mapping[str, str]  # by id, of every article that is found
    taken: Mapping[str, Taken]  # by mark: those in memory
    empty: frozenset[str]  # marks of articles without a passage, which are not found
    stored: Stored | None
    masked: Set[int]  # documents of the stored part that are no more
    conflicts: tuple[Conflict, ...]
    waiting: int  # articles that are not found yet, for they are too many

    def grown(self) -> bool:
        """Say whether it is time to write what lies in memory to disk."""
        return len(self.taken) + self.waiting > GROWN or (
            self.stored is not None and len(self.masked) > max(GROWN, len(self.stored) // 2)
        )


class Articles(Mapping[str, Published]):
    """The articles of a base by id, those on disk read when they are asked for."""

    def __init__(self, base: Base) -> None:
        """Look into `base`."""
        self._base = base

    def __getitem__(self, id: str) -> Published:
        return record(self._base, self._base.marks[id]).published

    def __iter__(self) -> Iterator[str]:
        return iter(self._base.marks)

    def __len__(self) -> int:
        return len(self._base.marks)


def mark(id: str, digest: str) -> str:
    """Return the mark of an article with this content."""
    return f"{id} {digest[:PREFIX]}"


async def listing(session: AsyncSession) -> str:
    """Return the marks of all published articles by lines: one row, however many they are."""
    line = Article.id + " " + func.left(Article.digest, PREFIX)
    return await session.scalar(select(func.string_agg(line, "\n")).where(Article.state == State.PUBLISHED)) or ""


async def rows(session: AsyncSession, marks: Sequence[str]) -> Sequence[Any]:
    """Return the rows of the articles with these marks that are published still, whatever they say now."""
    if not marks:
        return []
    ids = [each.partition(" ")[0] for each in marks]
    wanted = select(*Article.__table__.c).where(Article.state == State.PUBLISHED, Article.id.in_(ids))
    return (await session.execute(wanted.order_by(Article.id))).all()


def lacking(listed: str, stored: Stored | None, present: Base | None) -> list[str]:
    """Return the marks listed that lie neither on disk nor in memory."""
    on_disk = stored.numbers if stored else {}
    taken, empty = (present.taken, present.empty) if present else ({}, frozenset())
    return [each for each in listed.split("\n") if each and not (each in on_disk or each in taken or each in empty)]


def take(rows: Sequence[Any], vectorise: Vectorise) -> dict[str, Taken | None]:
    """Return by mark what is to be in memory of rows of `articles`; None for one without a passage."""
    read = {mark(row.id, row.digest): Published.of(row) for row in rows}
    held = {each: published for each, published in read.items() if published.passages}
    analysed = analyse([published.text() for published in held.values()], vectorise)
    found: dict[str, Taken | None] = dict.fromkeys(read)
    for (each, published), document in zip(held.items(), analysed, strict=True):
        found[each] = Taken(published, contradictions.saying(published), document)
    return found


def changed(listed: str, new: Mapping[str, Taken | None], *, stored: Stored | None, present: Base | None) -> Base:
    """Return the base of the marks listed, made of what is on disk, what was `present` and what is `new`."""
    marks = {each.partition(" ")[0]: each for each in listed.split("\n") if each}
    marks |= {each.partition(" ")[0]: each for each in new}  # what changed since the list was made
    pool: dict[str, Taken | None] = {**(present.taken if present else {}), **new}
    pool |= dict.fromkeys(present.empty) if present else {}
    on_disk = stored.numbers if stored else {}
    in_memory = sorted(each for each in marks.values() if each in pool and each not in on_disk)
    taken = {each: held for each in in_memory if (held := pool[each]) is not None}
    empty = frozenset(each for each in marks.values() if each in pool and pool[each] is None)
    found = {id: each for id, each in marks.items() if each in taken or each in on_disk}
    masked = set(range(len(stored) if stored else 0)).difference(on_disk.get(each, -1) for each in found.values())
    waiting = len(marks) - len(found) - len(empty)
    made = Base(found, taken, empty, stored, masked, (), waiting)
    return replace(made, conflicts=_conflicts(made, present))


def record(base: Base, mark: str) -> Record:
    """Return what is quoted and compared of the article with this mark, one of `base`."""
    if (held := base.taken.get(mark)) is not None:
        return Record(held.published, held.saying)
    assert base.stored is not None
    return on_disk(base.stored, base.stored.numbers[mark])


def entry(mark: str, taken: Taken) -> Entry:
    """Return what is written to disk of an article."""
    kept = _records().dump_json(Record(taken.published, taken.saying))
    return Entry(taken.analysed, mark, contradictions.keys(taken.saying), kept)


def on_disk(stored: Stored, number: int) -> Record:
    """Return what was written to disk of an article."""
    return _records().validate_json(stored.record(number))


def note(stored: Stored) -> bytes:
    """Return the contradictions among all articles on disk, as `changed` goes on from them."""
    every = Base({mark.partition(" ")[0]: mark for mark in stored.numbers}, {}, frozenset(), stored, set(), (), 0)
    sayings = (on_disk(stored, number).saying for number in stored.numbers.values())
    return _noted().dump_json(contradictions.beside(sayings, _holders(every)))


def folder(used: Encoder) -> Path:
    """Return where the part on disk lies: a folder for each encoder and way to read articles."""
    read = [field.name for kind in (Published, Saying, Passage, Text) for field in fields(kind)]
    way = vectors.digest(FORMAT, words.WORDS.read_text(encoding="utf-8"), read)
    return settings().data.expanduser() / "cache" / f"knowledge-{vectors.digest(used.fingerprint)}-{way}"


def others(folder: Path) -> list[Path]:
    """Return the folders of the same encoder in which articles were read another way."""
    alike = folder.parent.glob(f"{folder.name.rpartition('-')[0]}-*")
    return sorted(each for each in alike if each != folder and each.is_dir())


def _conflicts(made: Base, present: Base | None) -> tuple[Conflict, ...]:
    """Return those known, without what changed, and those of what changed."""
    known: tuple[Conflict, ...] = ()
    before: Mapping[str, str] = {}
    if present is not None and present.stored is made.stored:
        known, before = present.conflicts, present.marks
    elif made.stored is not None:
        known = _noted().validate_json(made.stored.note())
        before = {mark.partition(" ")[0]: mark for mark in made.stored.numbers}
    touched = {each.partition(" ")[0] for each in set(made.marks.values()).symmetric_difference(before.values())}
    kept = [each for each in known if each.first not in touched and each.second not in touched]
    sayings = (record(made, made.marks[id]).saying for id in sorted(touched & made.marks.keys()))
    found = contradictions.beside(sayings, _holders(made))
    return tuple(sorted([*kept, *found], key=lambda each: (each.first, each.second)))


def _holders(base: Base) -> Callable[[str], Sequence[Saying]]:
    in_memory, stored = Holders(each.saying for each in base.taken.values()), base.stored
    read = lru_cache(maxsize=10_000)(lambda number: on_disk(stored, number).saying) if stored else None

    def holders(key: str) -> Sequence[Saying]:
        if stored is None or read is None:
            return in_memory(key)
        held = stored.candidates.under(key, most=2 * MOST_HOLDERS) - base.masked
        return [*in_memory(key), *map(read, held)]

    return holders


@lru_cache(maxsize=1)
def _records() -> TypeAdapter[Record]:
    return TypeAdapter(Record)


@lru_cache(maxsize=1)
def _noted() -> TypeAdapter[tuple[Conflict, ...]]:
    return TypeAdapter(tuple[Conflict, ...])
