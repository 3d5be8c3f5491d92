"""Headings of any depth become `##` sections named so that a passage says where it stands; the title is told apart."""

import re
from dataclasses import dataclass

from markdown_it import MarkdownIt

LONGEST_NAME = 120  # of a section, in characters

_PARSER = MarkdownIt("commonmark", {"html": False}).enable("table")
_NUMERAL = "[一二三四五六七八九十百]+"
# How official documents number their parts (GB/T 9704): 一、 then （一）; laws have 第一章, 第一节.
_NUMBERED = (
    re.compile(rf"第{_NUMERAL}章[\s　]*[^。；，：:]{{1,40}}"),
    re.compile(rf"第{_NUMERAL}节[\s　]*[^。；，：:]{{1,40}}"),
    re.compile(rf"{_NUMERAL}、[^。；：:]{{1,40}}"),
    re.compile(rf"[（(]{_NUMERAL}[）)][^。；：:]{{1,40}}"),
)
_TITLE_LINE = re.compile(
    r"[^。；：:？?！!]{4,60}(通知|公告|通告|公示|指南|须知|办法|规定|细则|条例|方案|意见|流程|说明|解读|问答|答记者问|手册|规程|目录)"
    r"([（(].{1,12}[）)])?"
)
_EMPHASIS = re.compile(r"^(\*\*|__)(.*)\1$")


@dataclass(frozen=True, slots=True)
class _Heading:
    level: int
    text: str
    first: int  # line
    after: int  # the line after it


def settle(markdown: str, given: str = "") -> tuple[str, str]:
    """Return (title, body) of a document in Markdown.

    The title is the first heading where it stands above all others (one of a lower level only where no title is given
    and no text precedes it), else `given`, else a first line that reads like the title of a notice, else empty.
    Where a document has no headings, its numbered lines (一、 （一）) are taken.
    """
    lines = markdown.splitlines()
    headings, paragraphs = _blocks(markdown)
    title, headings, dropped = _title(lines, headings, paragraphs, given)
    if not headings:
        headings = _numbered(paragraphs)
    return title, _write(lines, headings, dropped)


def _blocks(markdown: str) -> tuple[list[_Heading], list[_Heading]]:
    """Return the headings, and the paragraphs of one line (as headings without a level)."""
    headings, paragraphs = [], []
    tokens = _PARSER.parse(markdown)
    for index, token in enumerate(tokens):
        if token.level or not token.map or token.type not in {"heading_open", "paragraph_open"}:
            continue
        text = " ".join(tokens[index + 1].content.split())
        if token.type == "heading_open" and text:
            headings.append(_Heading(int(token.tag[1]), _bare(text), *token.map))
        elif token.type == "paragraph_open" and token.map[1] - token.map[0] == 1:
            paragraphs.append(_Heading(0, _bare(text), *token.map))
    return headings, paragraphs


def _bare(text: str) -> str:
    found = _EMPHASIS.match(text.strip())
    return (found.group(2) if found else text).strip()


def _title(
    lines: list[str], headings: list[_Heading], paragraphs: list[_Heading], given: str
) -> tuple[str, list[_Heading], _Heading | None]:
    """Return the title, the headings below it, and the block that is the title and no part of the body."""
    if headings:
        first = headings[0]
        above = all(each.level > first.level for each in headings[1:])
        if above and (first.level == 1 or not (given or _text(lines[: first.first]))):
            return first.text, headings[1:], first
        return given, headings, None
    for each in paragraphs[:3]:
        if _TITLE_LINE.fullmatch(each.text):
            return each.text, [], each
    return given, [], None


def _numbered(paragraphs: list[_Heading]) -> list[_Heading]:
    found = []
    for each in paragraphs:
        level = next((level for level, form in enumerate(_NUMBERED, 1) if form.fullmatch(each.text)), 0)
        if level:
            found.append(_Heading(level, each.text, each.first, each.after))
    return found


def _write(lines: list[str], headings: list[_Heading], dropped: _Heading | None) -> str:
    """Return the body: the head, then each section that has text under the names of all headings it stands below."""
    if dropped is not None:
        lines = [*lines]
        lines[dropped.first : dropped.after] = [""] * (dropped.after - dropped.first)
    parts = [_text(lines[: headings[0].first if headings else len(lines)])]
    above: list[_Heading] = []
    for index, heading in enumerate(headings):
        above = [each for each in above if each.level < heading.level] + [heading]
        end = headings[index + 1].first if index + 1 < len(headings) else len(lines)
        text = _text(lines[heading.after : end])
        if text:
            name = "：".join(each.text.rstrip("：:") for each in above)
            parts.append(f"## {name[-LONGEST_NAME:]}\n\n{text}")
    return "\n\n".join(filter(None, parts))


def _text(lines: list[str]) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines)).strip("\n")
