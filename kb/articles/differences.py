"""What differs between two texts of an article, piece by piece, so that a person sees it at a glance.

Sentences are matched first, then the words of those that changed: a line of Chinese is a whole paragraph.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

import rjieba

from kb.articles.fields import FIELDS

Kind = Literal["same", "gone", "new", "skipped"]

SHOWN = 60  # characters of an unchanged stretch that are shown on each side of what is skipped
ALIKE = 0.4  # share of common words below which a sentence is another one: shown whole, not word by word
MOST_WORK = 30_000_000  # steps of matching in one text, about a second; what would take more is shown whole

_SENTENCE = re.compile(r"[^。！？!?；;\n]*[。！？!?；;\n]+|[^。！？!?；;\n]+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text: unchanged, taken out, put in; or a mark for an unchanged one that is not shown."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """A field that differs."""

    field: str
    pieces: tuple[Piece, ...]


def fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """Return the fields in which two contents differ, in the order of the article's fields."""
    found = []
    for field in (*FIELDS[1:], "attachments"):  # the id is the same
        old, new = _text(before.get(field)), _text(after.get(field))
        if old != new:
            found.append(Change(field, tuple(_shortened(compare(old, new)))))
    return found


def compare(before: str, after: str) -> list[Piece]:
    """Return the pieces of both texts in their order; taking out the new ones gives `before`, the gone ones `after`."""
    return _joined(_sentences(_SENTENCE.findall(before), _SENTENCE.findall(after), _Matching()))


class _Matching:
    """Matches lists while that takes no longer than `MOST_WORK` in all: the same line over and over takes hours."""

    def __init__(self) -> None:
        self._left = MOST_WORK

    def of(self, before: Sequence[str], after: Sequence[str]) -> "SequenceMatcher[str] | None":
        """Return what matches the two lists, None where that would take too long."""
        held = Counter(after)
        pairs = sum(count * held[each] for each, count in Counter(before).items())
        work = min(len(before), len(after)) * (len(before) + pairs)  # at worst a search for every one of them
        if work > self._left:
            return None
        self._left -= work
        return SequenceMatcher(None, before, after, autojunk=False)


def _sentences(before: Sequence[str], after: Sequence[str], matching: _Matching) -> Iterator[Piece]:
    matcher = matching.of(before, after)
    if matcher is None:
        yield from _replaced("".join(before), "".join(after))
        return
    for same, old, new in _stretches(matcher, before, after):
        if same:
            yield Piece("same", old)
        elif old and new:
            yield from _words(old, new, matching)
        else:
            yield from _replaced(old, new)


def _words(old: str, new: str, matching: _Matching) -> Iterator[Piece]:
    words, new_words = rjieba.cut(old), rjieba.cut(new)
    matcher = matching.of(words, new_words)
    if matcher is None or matcher.ratio() < ALIKE:
        yield from _replaced(old, new)
        return
    for same, gone, came in _stretches(matcher, words, new_words):
        if same:
            yield Piece("same", gone)
        else:
            yield from _replaced(gone, came)


def _stretches(
    matcher: "SequenceMatcher[str]", before: Sequence[str], after: Sequence[str]
) -> Iterator[tuple[bool, str, str]]:
    for what, start, end, new_start, new_end in matcher.get_opcodes():
        yield what == "equal", "".join(before[start:end]), "".join(after[new_start:new_end])


def _replaced(old: str, new: str) -> Iterator[Piece]:
    yield Piece("gone", old)
    yield Piece("new", new)


def _joined(pieces: Iterator[Piece]) -> list[Piece]:
    """Return the pieces without empty ones, neighbours of one kind as one; what is gone stands before what is new."""
    found: list[Piece] = []
    changed = {"gone": "", "new": ""}

    def settle() -> None:
        found.extend(Piece(kind, text) for kind, text in changed.items() if text)  # type: ignore[arg-type]
        changed.update(gone="", new="")

    for piece in pieces:
        if piece.kind != "same":
            changed[piece.kind] += piece.text
        elif piece.text:
            settle()
            same = found.pop().text if found and found[-1].kind == "same" else ""
            found.append(Piece("same", same + piece.text))
    settle()
    return found


def _shortened(pieces: list[Piece]) -> Iterator[Piece]:
    for place, piece in enumerate(pieces):
        if piece.kind != "same" or len(piece.text) <= 3 * SHOWN:
            yield piece
            continue
        if place:
            yield Piece("same", piece.text[:SHOWN])
        yield Piece("skipped", str(len(piece.text) - SHOWN * ((place > 0) + (place < len(pieces) - 1))))
        if place < len(pieces) - 1:
            yield Piece("same", piece.text[-SHOWN:])


def ask_lines(ask: Mapping[str, Any]) -> str:
    """Return what an article asks back as lines: the question, then `reply | words、words | section` for each."""
    choices = [
        " | ".join((each["label"], "、".join(each.get("words") or ()), each["section"])) for each in ask["choices"]
    ]
    return "\n".join([ask["question"], *choices])


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return ask_lines(value)
    if value is None or value is False:
        return ""
    if isinstance(value, list | tuple):
        return "\n".join(each["name"] if isinstance(each, dict) else str(each) for each in value)
    return str(value)
