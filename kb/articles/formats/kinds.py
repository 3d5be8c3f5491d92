"""What a file is, by what it begins with: its name may lie."""

import re
from typing import BinaryIO

from kb.articles.formats import packages
from kb.articles.formats.found import Refused

# Bytes of one file; text takes many times its size to read.
LARGEST = {"pdf": 50_000_000, "docx": 50_000_000, "xlsx": 50_000_000, "csv": 50_000_000, "zip": 1_000_000_000}
LARGEST_TEXT = 5_000_000
LARGEST_FILE = max(LARGEST["pdf"], LARGEST["docx"], LARGEST["xlsx"])

SUFFIXES = {
    ".md": "markdown", ".markdown": "markdown", ".txt": "markdown", ".html": "html", ".htm": "html", ".xhtml": "html",
    ".shtml": "html", ".csv": "csv", ".tsv": "csv", ".docx": "docx", ".docm": "docx", ".xlsx": "xlsx", ".xlsm": "xlsx",
    ".pdf": "pdf", ".zip": "zip",
}  # fmt: skip
_NAMES = {
    "markdown": "文本",
    "html": "网页",
    "csv": "表格文本",
    "docx": "Word文档",
    "xlsx": "Excel工作簿",
    "pdf": "PDF",
}

_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\x00", b"MM\x00*", b"RIFF")
_PACKED = (b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"BZh", b"\xfd7zXZ")
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_PASSWORD = "文件有密码，没有导入；请取消密码后再导入。"


def kind(file: BinaryIO, suffix: str) -> tuple[str, str]:
    """Return (kind, a note or empty) of an open file. Raises Refused for what is not read, with what to do about it."""
    size = file.seek(0, 2)
    file.seek(0)
    head = file.read(4096)
    if not size or not head.strip(b"\x00 \r\n\t\xef\xbb\xbf"):
        raise Refused("文件是空的，没有导入。")
    found = _binary(file, head) or _text(head, suffix)
    limit = LARGEST.get(found, LARGEST_TEXT)
    if size > limit:
        raise Refused(f"文件超过{limit // 1_000_000}兆字节，没有读取，请拆分后再导入。")
    expected = SUFFIXES.get(suffix)
    lies = found != "zip" and expected != found and not (expected == "markdown" and found == "html")
    return found, f"扩展名是“{suffix or '无'}”，内容是{_NAMES[found]}，按内容读取。" if lies else ""


def _binary(file: BinaryIO, head: bytes) -> str:
    if b"%PDF-" in head[:1024]:
        return "pdf"
    if head.startswith(b"PK\x05\x06"):
        raise Refused("压缩包是空的，没有导入。")
    if head.startswith(b"PK\x03\x04"):
        return _package(file)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        file.seek(0)
        if _ENCRYPTED_PACKAGE in file.read(LARGEST_FILE):
            raise Refused(_PASSWORD)
        raise Refused("是旧格式的Office文件，没有导入；请用Word或WPS另存为.docx或.xlsx后再导入。")
    if head.startswith(b"{\\rtf"):
        raise Refused("是RTF文件，没有导入；请用Word或WPS另存为.docx后再导入。")
    if head.startswith(_PICTURES):
        raise Refused("是图片，里面的文字读不出来，没有导入；请提供有文字的文档。")
    if head.startswith(_PACKED):
        raise Refused("这种压缩包不能读取，请改用ZIP。")
    return ""


def _package(file: BinaryIO) -> str:
    with packages.opened(file) as package:
        names = set(package.namelist())
    if "word/document.xml" in names:
        return "docx"
    if "xl/workbook.xml" in names:
        return "xlsx"
    if any(name.startswith(("ppt/", "xl/", "word/")) for name in names) or "mimetype" in names:
        raise Refused("这种Office文件不能读取，没有导入；请另存为.docx、.xlsx或PDF后再导入。")
    return "zip"


def _text(head: bytes, suffix: str) -> str:
    if b"\x00" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Refused("不是能读取的文档，没有导入。")
    if re.match(rb"MIME-Version:", head, re.IGNORECASE):
        raise Refused("是单个文件的网页存档，没有导入；请另存为.html或.docx后再导入。")
    if re.search(rb"<!doctype html|<html[\s>]", head, re.IGNORECASE):
        return "html"
    expected = SUFFIXES.get(suffix, "")
    if expected in {"html", "csv", "markdown"}:
        return expected
    if expected or suffix in {".doc", ".xls", ".wps", ".et"}:
        raise Refused(f"扩展名是“{suffix}”，内容却不是，文件可能已损坏，没有导入。")
    raise Refused("不是能读取的文档，没有导入。")


def decode(raw: bytes) -> str:
    """Return text in UTF-8 or UTF-16 with a mark, UTF-8 without, or GB18030. Raises Refused."""
    encodings = ("utf-16",) if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text.replace("\r\n", "\n").replace("\r", "\n")
        break
    raise Refused("不是UTF-8或GB18030编码的文本，没有读取。")
