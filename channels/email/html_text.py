"""The text of an HTML mail, line by line as it is shown.

Tags are found by one pattern that goes over the text once: the standard library's parser takes time with the square of
a mail that is made for it, and anybody may send one.
"""

import re
from html import unescape

LONGEST_HTML = 200_000  # characters that are read; what Word puts before a letter's first line is a quarter of it

_TAG = re.compile(r"<(/?)([a-z][a-z0-9:]*)[^<>]*>|<[!?/][^<>]*>", re.IGNORECASE)
_HIDDEN = frozenset({"script", "style", "head", "title", "template"})
_LINES = frozenset({"address", "article", "blockquote", "br", "dd", "div", "dl", "dt", "footer", "header", "hr", "li"})
_LINES |= {"h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "pre", "section", "table", "tr", "ul"}
_CELLS = frozenset({"td", "th"})


def text_of(html: str) -> str:
    """Return what a reader of the HTML sees, without styles, scripts and pictures."""
    html = " ".join(_without_comments(html[:LONGEST_HTML]).split())
    parts, at, hidden = [], 0, ""
    for tag in _TAG.finditer(html):
        if not hidden:
            parts.append(unescape(html[at : tag.start()]))
        at, name, closes = tag.end(), (tag[2] or "").lower(), bool(tag[1])
        if hidden:
            hidden = "" if (closes and name == hidden) or name == "body" else hidden
        elif name in _HIDDEN and not closes:
            hidden = name
        parts.append("\n" if name in _LINES else " " if name in _CELLS else "")
    if not hidden:
        parts.append(unescape(html[at:]))
    lines = (" ".join(line.split()) for line in "".join(parts).split("\n"))
    return "\n".join(filter(None, lines))


def _without_comments(html: str) -> str:
    parts, at = [], 0
    while (begin := html.find("<!--", at)) >= 0:
        parts.append(html[at:begin])
        end = html.find("-->", begin)
        at = len(html) if end < 0 else end + 3
    return "".join([*parts, html[at:]])
