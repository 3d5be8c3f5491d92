"""An article's body as passages: the head, where the answer stands, and each section under a `##` heading."""

import re
from dataclasses import dataclass
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

_ENDS = "。！？!?；;：:"


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of an article. `section` is its heading, empty for the head; `text` can be read aloud."""

    section: str
    text: str
    markdown: str


@lru_cache(maxsize=1)
def parser() -> MarkdownIt:
    """Return the reader of articles' Markdown; markup in it stays text."""
    return MarkdownIt("commonmark", {"html": False}).enable("table")


def split(body: str) -> tuple[Passage, ...]:
    """Return the passages of a Markdown body in their order; a section without text is left out."""
    tokens = parser().parse(body)
    lines = body.splitlines()
    starts = [(0, 0, "")]  # (token, line, heading)
    for index, token in enumerate(tokens):
        if token.type == "heading_open" and token.tag == "h2" and token.level == 0 and token.map:
            starts.append((index, token.map[0], inline(tokens[index + 1])))
    passages = []
    for (first, line, heading), (last, end, _) in zip(
        starts, [*starts[1:], (len(tokens), len(lines), "")], strict=True
    ):
        text = _aloud(tokens[first + 3 if heading else first : last])
        if text:
            passages.append(Passage(heading, text, "\n".join(lines[line:end]).strip()))
    return tuple(passages)


def inline(token: Token) -> str:
    """Return the words of an inline token: links and emphasis without their marks."""
    parts = []
    for child in token.children or ():
        if child.type in {"text", "code_inline"}:
            parts.append(child.content)
        elif child.type in {"softbreak", "hardbreak"}:
            parts.append(" " if parts and parts[-1][-1:].isascii() else "")
        elif child.type == "image":
            parts.append(child.content)
    return "".join(parts).strip()


def _aloud(tokens: list[Token]) -> str:
    """Return the text of block tokens as sentences: each paragraph, item or table row ends with a stop."""
    sentences: list[str] = []
    cells: list[str] | None = None
    for token in tokens:
        if token.type == "tr_open":
            cells = []
        elif token.type == "tr_close":
            sentences.append("，".join(filter(None, cells or ())))
            cells = None
        elif token.type == "inline":
            (sentences if cells is None else cells).append(inline(token))
        elif token.type in {"fence", "code_block"}:
            sentences.append(" ".join(token.content.split()))
    return "".join(each if each[-1] in _ENDS else each + "。" for each in sentences if each)


def shorten(text: str, longest: int) -> str:
    """Return whole sentences from the beginning of `text`, at most `longest` characters; a longer first one is cut."""
    if len(text) <= longest:
        return text
    cut = max(text.rfind(end, 0, longest) for end in "。！？!?；;")
    return text[: cut + 1] if cut > 0 else text[: longest - 1] + "…"


def pieces(text: str, longest: int = 160) -> list[str]:
    """Return `text` cut between sentences into pieces of about `longest` characters, so that no vector blurs many."""
    found = [""]
    for sentence in re.split(r"(?<=[。！？!?；;\n])", text):
        for start in range(0, len(sentence), longest):
            part = sentence[start : start + longest]
            if found[-1] and len(found[-1]) + len(part) > longest:
                found.append("")
            found[-1] += part
    return [each.strip() for each in found if each.strip()]
