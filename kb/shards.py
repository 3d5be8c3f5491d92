"""Analysed documents on disk, some thousands a folder: written beside, moved into place whole, never changed."""

import json
import mmap
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import structlog

from core.text.encode import Vectors
from kb.documents import Analysed, Document, Text

SEAL = "sizes.json"  # of every other file in the folder, in bytes: written last

log = structlog.get_logger()


class Broken(Exception):
    """A folder that was not written whole, or that something cut."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A document with what else is kept of it.

    `mark` names document and content, without line breaks; `keys` are what it can be found by beside its terms, without
    spaces; `record` is the caller's.
    """

    analysed: Analysed
    mark: str
    keys: tuple[str, ...]
    record: bytes


def write_whole(folder: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a folder, and move it into place when all of it is on the disk. Raises OSError."""
    beside = folder.with_name(f".{folder.name}")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    write(beside)
    files = [path for path in sorted(beside.rglob("*")) if path.is_file()]
    for path in files:
        with path.open("rb") as file:
            os.fsync(file.fileno())
    with (beside / SEAL).open("w") as file:
        json.dump({str(path.relative_to(beside)): path.stat().st_size for path in files}, file)
        file.flush()
        os.fsync(file.fileno())
    shutil.rmtree(folder, ignore_errors=True)
    beside.rename(folder)


def check(folder: Path) -> None:
    """Raise Broken unless the folder holds every file as long as it was written."""
    try:
        sizes = json.loads((folder / SEAL).read_text())
        if any((folder / name).stat().st_size != size for name, size in sizes.items()):
            raise Broken(f"{folder.name} holds a file of another length.")
    except (OSError, ValueError) as error:
        raise Broken(f"{folder.name} is not whole: {error}") from None


def write(folder: Path, entries: Sequence[Entry]) -> None:
    """Write a shard of one entry or more. Raises OSError."""
    write_whole(folder, partial(_write, entries=entries))


def _write(folder: Path, entries: Sequence[Entry]) -> None:
    documents = [entry.analysed.document for entry in entries]
    pieces = [
        piece
        for entry, document in zip(entries, documents, strict=True)
        for piece in (document.plain.encode(), json.dumps(asdict(document.read())).encode(), entry.record)
    ]
    (folder / "texts").write_bytes(b"".join(pieces))
    np.save(folder / "vectors.npy", np.concatenate([document.vectors for document in documents]))
    np.savez(
        folder / "numbers.npz",
        pieces=np.cumsum([0, *map(len, pieces)]),
        vectors=np.cumsum([0, *(len(document.vectors) for document in documents)]),
        ways=np.array([document.ways for document in documents]),
        said=np.array([document.said for document in documents]),
    )
    lines = (f"{' '.join(entry.analysed.terms)}\t{' '.join(entry.keys)}\n" for entry in entries)
    (folder / "terms").write_text("".join(lines), encoding="utf-8")
    names: dict[str, Any] = {
        "ids": [document.id for document in documents],
        "marks": [entry.mark for entry in entries],
        "places": [sorted(document.places) for document in documents],
        "characters": sum(len(document.plain) for document in documents),
        "words": Counter(word for entry in entries for word in entry.analysed.words),
    }
    (folder / "names.json").write_text(json.dumps(names, ensure_ascii=False), encoding="utf-8")


class Shard:
    """A shard that is read: its texts and vectors are mapped into memory, shared by every process."""

    def __init__(self, folder: Path) -> None:
        """Open the folder. Raises Broken."""
        check(folder)
        self.folder = folder
        names = json.loads((folder / "names.json").read_text(encoding="utf-8"))
        self.marks: list[str] = names["marks"]
        self.characters: int = names["characters"]
        self.words: dict[str, int] = names["words"]
        self._ids: list[str] = names["ids"]
        self._places = [frozenset(each) for each in names["places"]]
        with np.load(folder / "numbers.npz") as numbers:
            self.ends, self._pieces = numbers["vectors"], numbers["pieces"]
            self._ways, self.said = numbers["ways"].tolist(), numbers["said"].tolist()
        self.vectors: Vectors = np.asarray(np.load(folder / "vectors.npy", mmap_mode="r"))
        with (folder / "texts").open("rb") as file:
            self._texts = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def __len__(self) -> int:
        return len(self.marks)

    def document(self, number: int) -> Document:
        """Return a document of this shard, counted from 0."""
        return Document(
            self._ids[number],
            self._ways[number],
            self.said[number],
            self._piece(number, 0).decode(),
            self._places[number],
            self.vectors[self.ends[number] : self.ends[number + 1]],
            lambda: _text(self._piece(number, 1)),
        )

    def record(self, number: int) -> bytes:
        """Return what was kept with the document."""
        return self._piece(number, 2)

    def terms(self) -> Iterator[tuple[str, str]]:
        """Yield terms and keys of each document."""
        with (self.folder / "terms").open(encoding="utf-8") as file:
            for line in file:
                terms, _, keys = line.rstrip("\n").partition("\t")
                yield terms, keys

    def _piece(self, number: int, kind: int) -> bytes:
        start, end = self._pieces[3 * number + kind : 3 * number + kind + 2].tolist()
        return self._texts[start:end]


def _text(piece: bytes) -> Text:
    read = json.loads(piece)
    lists = (tuple(read[name]) for name in ("questions", "passages", "not_answered"))
    return Text(read["id"], read["title"], *lists)
