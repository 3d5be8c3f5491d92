"""PDF to Markdown: paragraphs, headings by the size of their letters, tables by their lines; no letters, no text."""

import html
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from io import BufferedReader
from itertools import groupby
from typing import BinaryIO, cast

import pdfplumber
from bs4 import BeautifulSoup
from pdfminer.pdfdocument import PDFEncryptionError, PDFPasswordIncorrect
from pdfplumber.page import Page as Sheet
from pdfplumber.utils.exceptions import PdfminerException

from kb.articles.formats import markup
from kb.articles.formats.found import Page, Refused

MOST_PAGES = 300
# Fonts give characters back as the radicals that look the same. Unicode says what those of Kangxi are, but not the
# simplified ones.
_SIMPLIFIED = (
    "⼾户⺠民⺟母⻁虎⻄西⻅见⻆角⻉贝⻋车⻓长⻔门⻘青⻙韦⻚页⻛风⻜飞⻝食⻢马⻣骨⻤鬼⻥鱼⻦鸟⻨麦⻩黄⻬齐⻮齿⻰龙⻳龟"
)
_RADICALS = {chr(code): unicodedata.normalize("NFKC", chr(code)) for code in range(0x2F00, 0x2FD6)} | dict(
    zip(_SIMPLIFIED[::2], _SIMPLIFIED[1::2], strict=True)
)
_LARGER = 1.12  # times the body's size: a heading
_PAGE_NUMBER = re.compile(r"[\s\-—–·第页/共]*\d{1,4}[\s\-—–·第页/共\d]*")


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    size: float
    left: float
    right: float
    top: float
    gap: float  # to the line above, in line heights


@dataclass(frozen=True, slots=True)
class _Table:
    rows: list[list[str]]
    top: float


def read(file: BinaryIO) -> Page:
    """Return a PDF's text. Raises Refused where it is encrypted, broken, too long, or a picture."""
    try:
        with pdfplumber.open(cast(BufferedReader, file)) as document:
            if len(document.pages) > MOST_PAGES:
                raise Refused(f"PDF超过{MOST_PAGES}页，没有导入，请拆分后再导入。")
            pages, empty = [], []
            for number, sheet in enumerate(document.pages, 1):
                pages.append(_page(sheet))
                if not pages[-1] and sheet.images:
                    empty.append(number)
                sheet.close()
            title = " ".join(str((document.metadata or {}).get("Title") or "").split())
    except PdfminerException as error:
        raise _why(error.args[0] if error.args else error) from None
    except (PDFEncryptionError, PDFPasswordIncorrect) as error:
        raise _why(error) from None
    if not any(pages):
        raise Refused("PDF里没有文字，可能是扫描的图片，没有导入；请提供可以选中文字的PDF或原来的文档。")
    page = Page(_markdown(_without_margins(pages)), "" if title.startswith(("Microsoft", "http", "about:")) else title)
    if empty:
        page.notes.append(f"第{'、'.join(map(str, empty))}页是图片，没有文字，请对照原件补上。")
    return page


def _why(error: object) -> Refused:
    if isinstance(error, PDFEncryptionError | PDFPasswordIncorrect):
        return Refused("文件有密码，没有导入；请取消密码后再导入。")
    return Refused("文件损坏，打不开，没有导入；请重新保存后再导入。")


def _page(sheet: Sheet) -> list[_Line | _Table]:
    """Return the lines and tables of one page from top to bottom."""
    tables = [each for each in sheet.find_tables() if len(each.rows) > 1 and len(each.rows[0].cells) > 1]
    words = sheet
    for table in tables:
        words = words.outside_bbox(_within(table.bbox, sheet.bbox))
    found: list[_Line | _Table] = [
        _Table([[_cell(cell) for cell in row] for row in table.extract()], table.bbox[1]) for table in tables
    ]
    before = None
    for line in words.extract_text_lines(x_tolerance_ratio=0.3, return_chars=True):
        if not line["text"].strip():
            continue
        size = Counter(round(char["size"], 1) for char in line["chars"]).most_common(1)[0][0]
        gap = (line["top"] - before) / max(size, 1) if before is not None else 0.0
        before = line["bottom"]
        found.append(_Line(_joined(line["text"]), size, line["x0"], line["x1"], line["top"], gap))
    return sorted(found, key=lambda each: each.top)


def _within(box: tuple[float, ...], page: tuple[float, ...]) -> tuple[float, float, float, float]:
    return (max(box[0], page[0]), max(box[1], page[1]), min(box[2], page[2]), min(box[3], page[3]))


def _cell(text: str | None) -> str:
    return _joined("".join(_glue(line) for line in (text or "").splitlines()))


def _glue(line: str) -> str:
    """Return a line ready to be followed by the next: Latin words are kept apart, Chinese ones are not."""
    line = line.strip()
    return line + " " if line[-1:].isascii() and line[-1:].isalnum() else line


def _joined(text: str) -> str:
    """Return text without the gaps that justified setting leaves between Chinese characters, in usual characters."""
    text = "".join(_RADICALS.get(each, each) for each in text)
    return re.sub(r"(?<=[^\x00-\x7f]) +(?=[^\x00-\x7f])", "", " ".join(text.split()))


def _without_margins(pages: list[list[_Line | _Table]]) -> list[_Line | _Table]:
    """Return everything but page numbers and what stands at the same edge of most pages."""

    def edges(page: list[_Line | _Table]) -> list[_Line]:
        return [each for each in (page[:1] + page[1:][-1:]) if isinstance(each, _Line)]

    often = Counter(each.text for page in pages for each in edges(page))
    running = {text for text, times in often.items() if times >= max(3, len(pages) // 2)}
    kept: list[_Line | _Table] = []
    for page in pages:
        outer = {id(each) for each in edges(page) if each.text in running or _PAGE_NUMBER.fullmatch(each.text)}
        kept += [each for each in page if id(each) not in outer]
    return kept


def _markdown(parts: list[_Line | _Table]) -> str:
    """Return the Markdown of lines and tables, by way of the HTML that every format shares."""
    sizes: Counter[float] = Counter()
    for each in parts:
        if isinstance(each, _Line):
            sizes[each.size] += len(each.text)
    body = sizes.most_common(1)[0][0] if sizes else 1.0
    levels = {
        size: min(level, 6)
        for level, size in enumerate(sorted((s for s in sizes if s > body * _LARGER), reverse=True), 1)
    }
    right = max((each.right for each in parts if isinstance(each, _Line)), default=0.0)
    pieces: list[str] = []
    for level, group in groupby(parts, key=lambda each: levels.get(each.size, 0) if isinstance(each, _Line) else -1):
        several = list(group)
        if level < 0:
            pieces += [_table(rows) for rows in _continued([each for each in several if isinstance(each, _Table)])]
        else:
            tag = f"h{level}" if level else "p"
            lines = [each for each in several if isinstance(each, _Line)]
            pieces += [f"<{tag}>{html.escape(text)}</{tag}>" for text in _paragraphs(lines, right, bool(level))]
    return markup.convert(BeautifulSoup("".join(pieces), "html.parser"))


def _paragraphs(lines: list[_Line], right: float, heading: bool) -> list[str]:
    """Return lines joined into paragraphs: one ends where a line stops short of the margin, or a gap follows."""
    found: list[str] = []
    last: _Line | None = None
    for line in lines:
        short = last is not None and last.right < right - 1.5 * last.size
        apart = line.gap > 1.2 or (short and not heading)
        if last is None or apart:
            found.append("")
        found[-1] = _joined(_glue(found[-1]) + line.text) if found[-1] else line.text
        last = line
    return found


def _continued(tables: list[_Table]) -> list[list[list[str]]]:
    """Return the rows of tables, those that go on over a page as one; a header said again is left out."""
    found: list[list[list[str]]] = []
    for table in tables:
        rows = [row for row in table.rows if any(row)]
        if found and rows and len(found[-1][0]) == len(rows[0]):
            found[-1] += rows[1:] if rows[0] == found[-1][0] else rows
        elif rows:
            found.append(rows)
    return found


def _table(rows: list[list[str]]) -> str:
    return (
        "<table>"
        + "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
        + "</table>"
    )
