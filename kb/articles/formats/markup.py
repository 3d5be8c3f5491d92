"""HTML to Markdown: text, headings, lists, links and tables; nothing that runs, nothing of the page around it."""

import re
from typing import Any

from bs4 import BeautifulSoup, Comment, Tag
from markdownify import MarkdownConverter

from kb.articles.formats.found import Page, Refused

LARGEST_TABLE = 5_000  # rows that one article can hold

_NOT_TEXT = [
    "script", "style", "template", "noscript", "iframe", "object", "embed", "applet", "svg", "math", "canvas", "video",
    "audio", "img", "picture", "input", "button", "select", "textarea", "nav", "aside", "link", "meta", "head",
]  # fmt: skip
# Where the content stands on a page: HTML's own elements, then the names that the usual government systems write.
_CONTENT = ["article", "main", "[role=main]", "#UCAP-CONTENT", ".TRS_Editor", "#zoom", ".article-content"]
_LINK = re.compile(r"(https?://|tel:|mailto:)", re.IGNORECASE)
_BLOCK_START = re.compile(r"^(\s*)(#{1,6}(?=\s|$)|[-+*](?=\s)|>|\d{1,9}[.)](?=\s))", re.MULTILINE)


class _Converter(MarkdownConverter):
    """Markdown as `kb.passages.split` reads it: pipe tables with a header row, `##` headings, no needless escapes."""

    def __init__(self) -> None:
        super().__init__(heading_style="ATX", bullets="-", strip=["b", "i"])

    def escape(self, text: str, parent_tags: Any) -> str:
        text = re.sub(r"([\\*`]|(?<![^\W_])_|_(?![^\W_])|\[(?=[^\]]*\]\())", r"\\\1", text)
        return _BLOCK_START.sub(lambda found: f"{found[1]}\\{found[2]}" if not found[2][0].isdigit() else
                                f"{found[1]}{found[2][:-1]}\\{found[2][-1]}", text)  # fmt: skip

    def convert_a(self, el: Tag, text: str, parent_tags: Any) -> str:
        href = str(el.get("href") or "").strip()
        if not text.strip() or not _LINK.match(href) or re.search(r"[\s<>()]", href) or href == text.strip():
            return text
        return f"[{text.strip()}]({href})"

    def convert_table(self, el: Tag, text: str, parent_tags: Any) -> str:
        return f"\n\n{text.strip()}\n\n"

    def convert_td(self, el: Tag, text: str, parent_tags: Any) -> str:
        return f" {' '.join(text.split()).replace('|', chr(92) + '|')} |"

    convert_th = convert_td

    def convert_tr(self, el: Tag, text: str, parent_tags: Any) -> str:
        rule = "" if el.find_previous_sibling("tr") else f"\n|{' --- |' * len(el.find_all('td', recursive=False))}"
        return f"|{text}{rule}\n"


def read(html: str) -> Page:
    """Return the page's content as Markdown, and the title that it gives itself."""
    soup = BeautifulSoup(html, "html.parser")
    title = _own_title(soup)
    for each in soup(_NOT_TEXT):
        each.decompose()
    for each in soup.find_all(_around):
        each.decompose()
    for comment in soup(string=lambda text: isinstance(text, Comment)):
        comment.extract()
    content = next(
        (found for name in _CONTENT if (found := soup.select_one(name)) and found.get_text(strip=True)), None
    )
    chosen = content or soup.body or soup
    if content is not None and not chosen.find("h1") and (heading := soup.find("h1")):
        title = " ".join(heading.get_text().split()) or title
    return Page(convert(chosen), title)


def convert(soup: Tag) -> str:
    """Return the Markdown of an element."""
    top = soup.find("h1", class_="title")
    if top is not None:
        _lower(soup, top)
    for table in reversed(soup.find_all("table")):  # the inner ones first
        _grid(table)
    return re.sub(r"\n{3,}", "\n\n", str(_Converter().convert_soup(soup))).strip()


def _own_title(soup: BeautifulSoup) -> str:
    """Return the title as the page's head gives it; `ArticleTitle` is the field of Chinese government sites."""
    named = soup.find("meta", attrs={"name": re.compile("^ArticleTitle$", re.IGNORECASE)})
    text = str(named.get("content") or "") if named else soup.title.get_text() if soup.title else ""
    return " ".join(re.split(r"[_|]", text)[0].split())


def _around(tag: Tag) -> bool:
    """Say whether the element is hidden, or head and foot of the page and not of the article."""
    if tag.name in {"header", "footer"}:
        return tag.find_parent(["article", "main"]) is None
    style = str(tag.get("style") or "").replace(" ", "").lower()
    return tag.has_attr("hidden") or "display:none" in style or "visibility:hidden" in style


def _lower(soup: Tag, top: Tag) -> None:
    """Set every other heading one level below the document's own title."""
    for heading in soup.find_all(re.compile("^h[1-5]$")):
        if heading is not top:
            heading.name = f"h{int(heading.name[1]) + 1}"


def _grid(table: Tag) -> None:
    """Make a plain grid of a table: a cell over several rows stands in each of them. One that only lays out is undone.

    A table holds nothing but rows of equally many cells afterwards.
    """
    rows = _own(table, ["tr"])
    if table.find("table") or max((len(row.find_all(["td", "th"], recursive=False)) for row in rows), default=0) < 2:
        for each in [*_own(table, ["tbody", "thead", "tfoot", "tr", "td", "th", "caption"]), table]:
            each.name = "div"
        return
    if len(rows) > LARGEST_TABLE:
        raise Refused(f"有一张表超过{LARGEST_TABLE}行，不像一篇文章，没有导入；请拆分，或另存为问答列表。")
    cells = _cells(rows)
    for caption in _own(table, ["caption"]):
        caption.name = "p"
        table.insert_before(caption.extract())
    table.clear()
    made = BeautifulSoup("", "html.parser")
    width = max(map(len, cells), default=0)
    for row in cells:
        line = made.new_tag("tr")
        for text in row + [""] * (width - len(row)):
            cell = made.new_tag("td")
            cell.string = text
            line.append(cell)
        table.append(line)


def _own(table: Tag, names: list[str]) -> list[Tag]:
    return [each for each in table.find_all(names) if each.find_parent("table") is table]


def _cells(rows: list[Tag]) -> list[list[str]]:
    found: list[list[str]] = []
    over: dict[int, tuple[int, str]] = {}  # column: rows that a cell above still covers, and its text
    for row in rows:
        line: list[str] = []
        for cell in row.find_all(["td", "th"], recursive=False):
            while over.get(len(line), (0, ""))[0]:
                line.append(_below(over, len(line)))
            text = " ".join(cell.get_text(" " if cell.find(["p", "br", "li"]) else "").split())
            down, across = _span(cell, "rowspan"), _span(cell, "colspan")
            for part in range(across):
                if down > 1:
                    over[len(line)] = (down - 1, text if part == 0 else "")
                line.append(text if part == 0 else "")
        while over.get(len(line), (0, ""))[0]:
            line.append(_below(over, len(line)))
        if any(line):
            found.append(line)
    return found


def _below(over: dict[int, tuple[int, str]], column: int) -> str:
    left, text = over[column]
    over[column] = (left - 1, text)
    return text


def _span(cell: Tag, name: str) -> int:
    value = str(cell.get(name) or "1")
    return min(max(int(value), 1), 100) if value.isdecimal() else 1
