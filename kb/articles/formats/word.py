"""DOCX to Markdown. Macros and pictures are never looked at."""

from typing import BinaryIO

import mammoth
from bs4 import BeautifulSoup

from kb.articles.formats import markup, packages
from kb.articles.formats.found import Page

# Besides mammoth's own: the title style, and what Chinese editors call the same styles.
_STYLES = "\n".join(
    [f"p[style-name='{name}'] => h1.title:fresh" for name in ("Title", "标题", "文档标题", "公文标题")]
    + [f"p[style-name='标题 {level}'] => h{level}:fresh" for level in range(1, 7)]
    + ["u => ", "strike => s"]
)


def read(file: BinaryIO) -> Page:
    """Return a document's text as Markdown. Raises Refused."""
    with packages.opened(file) as package:
        title = packages.title(package)
        macros = packages.has_macros(package)
        packages.check_sizes(package, "word/")
    file.seek(0)
    html = mammoth.convert_to_html(
        file,
        style_map=_STYLES,
        convert_image=mammoth.images.img_element(lambda image: {}),
        include_embedded_style_map=False,
    ).value
    soup = BeautifulSoup(html, "html.parser")
    for each in soup(["img", "sup"]):
        each.decompose()
    page = Page(markup.convert(soup), title)
    if macros:
        page.notes.append("文档带有宏，只取了文字，宏没有读取。")
    return page
