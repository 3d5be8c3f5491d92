"""The text of an HTML mail, line by line as it is shown."""

import re
from html.parser import HTMLParser

LONGEST_HTML = 200_000  # characters that are read; what Word puts before a letter's first line is a quarter of it

_HIDDEN = frozenset({"script", "style", "head", "title", "template"})
_LINES = frozenset({"address", "article", "blockquote", "br", "dd", "div", "dl", "dt", "footer", "header", "hr", "li"})
_LINES |= {"h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "pre", "section", "table", "tr", "ul"}
_CELLS = frozenset({"td", "th"})


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.hidden: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _HIDDEN:
            self.hidden.append(tag)
        elif tag in _LINES:
            self.parts.append("\n")
        elif tag in _CELLS:
            self.parts.append(" ")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _LINES:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if self.hidden and tag == self.hidden[-1]:
            self.hidden.pop()
        elif tag == "body":  # a <head> that was never closed hides nothing behind it
            self.hidden.clear()
        elif tag in _LINES and tag != "br":
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.parts.append(re.sub(r"\s+", " ", data))


def text_of(html: str) -> str:
    """Return what a reader of the HTML sees, without styles, scripts and pictures."""
    parser = _Text()
    parser.feed(html[:LONGEST_HTML])
    parser.close()
    lines = (" ".join(line.split()) for line in "".join(parser.parts).split("\n"))
    return re.sub(r"\n{2,}", "\n", "\n".join(lines)).strip()
