"""What DOCX and XLSX are inside: a ZIP of XML parts, looked through before a library opens it."""

import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from defusedxml import DefusedXmlException, ElementTree

from kb.articles.formats.found import Refused

LARGEST_PART = 40_000_000  # bytes of one XML part, unpacked
HIGHEST_RATIO = 200  # unpacked to packed, of what is over a megabyte: text seldom passes 30

# What a program writes of itself where nobody gave a title.
_NO_TITLE = re.compile(
    r"Microsoft Word|PowerPoint|WPS|Untitled|文档\s?\d+|新建|无标题|幻灯片|document\d*$|\.docx?$", re.I
)
_TITLE = "{http://purl.org/dc/elements/1.1/}title"


@contextmanager
def opened(file: BinaryIO) -> Iterator[zipfile.ZipFile]:
    """Open a ZIP whose directory is sound. Raises Refused."""
    try:
        with zipfile.ZipFile(file) as package:
            yield package
    except (zipfile.BadZipFile, EOFError, NotImplementedError, UnicodeDecodeError):
        raise Refused("文件损坏，打不开，没有导入；请重新保存后再导入。") from None


def too_dense(entry: zipfile.ZipInfo) -> bool:
    """Say whether an entry unpacks to implausibly much: a ZIP bomb."""
    return entry.file_size > 1_000_000 and entry.file_size > HIGHEST_RATIO * max(entry.compress_size, 1)


def check_sizes(package: zipfile.ZipFile, folder: str) -> None:
    """Raise Refused where a part of `folder` is encrypted, unpacks to too much, or defines entities of its own."""
    for entry in package.infolist():
        if entry.flag_bits & 1:
            raise Refused("文件有密码，没有导入；请取消密码后再导入。")
        if not entry.filename.lower().endswith((".xml", ".rels")):
            continue
        if too_dense(entry) or (entry.filename.startswith(folder) and entry.file_size > LARGEST_PART):
            raise Refused("文件解开后大得不合常理，没有导入。")
        with package.open(entry) as part:
            try:
                next(ElementTree.iterparse(part, events=("start",), forbid_dtd=True), None)
            except DefusedXmlException:
                raise Refused("文件里有外部引用的定义，可能带有恶意内容，没有导入。") from None
            except ElementTree.ParseError:
                raise Refused("文件损坏，打不开，没有导入；请重新保存后再导入。") from None


def has_macros(package: zipfile.ZipFile) -> bool:
    """Say whether the document carries a VBA project."""
    return any(entry.filename.lower().endswith("vbaproject.bin") for entry in package.infolist())


def title(package: zipfile.ZipFile) -> str:
    """Return the title in the document's properties, empty where a program put its own name there."""
    try:
        with package.open("docProps/core.xml") as part:
            found = ElementTree.fromstring(part.read(1_000_000), forbid_dtd=True).findtext(_TITLE) or ""
    except (KeyError, ElementTree.ParseError, DefusedXmlException):
        return ""
    found = " ".join(found.split())
    return "" if _NO_TITLE.search(found) else found
