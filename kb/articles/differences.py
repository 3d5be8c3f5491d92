"""What differs between two texts of an article, piece by piece, so that a person sees it at a glance.

Sentences are matched first, then the words of those that changed: a line of Chinese is a whole paragraph.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

import rjieba

from kb.articles.fields import FIELDS

Kind = Literal["same", "gone", "new", "skipped"]

SHOWN = 60  # characters of an unchanged stretch that are shown on each side of what is skipped
ALIKE = 0.4  # share of common words below which a sentence is another one: shown whole, not word by word
MOST_WORDS = 3000  # of one changed stretch; a longer one is shown whole

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
    return _joined(_compared(_SENTENCE.findall(before), _SENTENCE.findall(after), by_words=True))


def _compared(before: Sequence[str], after: Sequence[str], *, by_words: bool) -> Iterator[Piece]:
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for what, start, end, new_start, new_end in matcher.get_opcodes():
        old, new = "".join(before[start:end]), "".join(after[new_start:new_end])
        if what == "equal":
            yield Piece("same", old)
        elif what == "replace" and by_words:
            yield from _worded(old, new)
        else:
            yield Piece("gone", old)
            yield Piece("new", new)


def _worded(old: str, new: str) -> Iterator[Piece]:
    words, new_words = rjieba.cut(old), rjieba.cut(new)
    alike = len(words) + len(new_words) <= MOST_WORDS and (
        SequenceMatcher(None, words, new_words, autojunk=False).ratio() >= ALIKE
    )
    if alike:
        yield from _compared(words, new_words, by_words=False)
    else:
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
