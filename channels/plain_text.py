"""Replies for doors that show nothing but text: choices as numbered lines, long texts in pieces."""

import re
from collections.abc import Callable, Sequence

from bot.contract import Reply, ReplyType

# Where a long text may be cut, the best place first.
_BREAKS = (re.compile(r"\n\n"), re.compile(r"\n"), re.compile(r"[。！？；.!?;]"), re.compile(r"[，、, ]"))


def labels(reply: Reply) -> list[str]:
    """Return what a reply lets the citizen choose from, in the order in which 1, 2, 3 … choose it; maybe nothing."""
    if reply.type not in {ReplyType.CHOICE, ReplyType.HANDOFF}:
        return []
    return [str(option["label"]) for option in reply.data.get("options", [])]


def written(reply: Reply) -> str:
    """Return a reply as text to read: its sentence, then its choices, one a line; what an answer lists line by line."""
    choices = [f"{number}. {label}" for number, label in enumerate(labels(reply), start=1)]
    return "\n".join([*(_answer(reply) if reply.type is ReplyType.ANSWER else [reply.text]), *choices])


def _answer(reply: Reply) -> list[str]:
    """Return the lines of an answer: steps are numbered, other things that it lists have a dot, links their address."""
    items, links = reply.data.get("items", []), reply.data.get("links", [])
    if not items and not links:
        return [reply.text]
    lines = [reply.data["passage"]]
    if items:
        marks = [f"{place}. " if reply.data["kind"] == "steps" else "· " for place in range(1, len(items) + 1)]
        lines = [reply.data["lead"], *(mark + item for mark, item in zip(marks, items, strict=True))]
    given = [link["url"] if link["label"] == link["url"] else f"{link['label']}：{link['url']}" for link in links]
    return [*filter(None, lines), *given, reply.data["source"]]


def pieces(texts: Sequence[str], *, longest: int, size: Callable[[str], int] = len) -> list[str]:
    """Return the texts in as few pieces as fit into `longest` by `size`, cut between texts, lines or sentences."""
    made: list[str] = []
    for text in texts:
        for part in _cut(text.strip(), longest, size):
            joined = f"{made[-1]}\n\n{part}" if made else part
            if made and size(joined) <= longest:
                made[-1] = joined
            else:
                made.append(part)
    return made


def utf8_size(text: str) -> int:
    """Return the bytes that a text takes on the wire."""
    return len(text.encode())


def _cut(text: str, longest: int, size: Callable[[str], int]) -> list[str]:
    parts: list[str] = []
    while text and size(text) > longest:
        fits = _fitting(text, longest, size)
        end = next((found for each in _BREAKS if (found := _last_end(each, text[:fits])) > fits // 2), fits)
        parts.append(text[:end].rstrip())
        text = text[end:].lstrip()
    return [*parts, text] if text else parts


def _fitting(text: str, longest: int, size: Callable[[str], int]) -> int:
    """Return how many characters from the start fit, at least one."""
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if size(text[:middle]) <= longest else (low, middle - 1)
    return low


def _last_end(pattern: re.Pattern[str], text: str) -> int:
    return max((found.end() for found in pattern.finditer(text)), default=0)
