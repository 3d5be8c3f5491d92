"""Documents as offices write them, made by the tests themselves."""

import io
import shutil
import subprocess
import zipfile
from collections.abc import Sequence
from html import escape
from pathlib import Path

import openpyxl
import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_STYLES = ["Title", *(f"heading {level}" for level in range(1, 7))]

Table = list[list[str]]
Block = tuple[int, str] | str | Table
"""(level, heading) with level 0 for the title, a paragraph, or a table."""


def docx(blocks: Sequence[Block], *, macro: bool = False, core: str = "", document: str | None = None) -> bytes:
    """Return a DOCX: as little of one as Word opens."""
    body = "".join(map(_block, blocks))
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="S{level}"><w:name w:val="{name}"/></w:style>'
        for level, name in enumerate(_STYLES)
    )
    parts = {
        "[Content_Types].xml": "<Types xmlns='http://schemas.openxmlformats.org/package/2006/content-types'>"
        "<Default Extension='xml' ContentType='application/xml'/></Types>",
        "_rels/.rels": _relation("officeDocument", "word/document.xml"),
        "word/_rels/document.xml.rels": _relation("styles", "styles.xml"),
        "word/document.xml": document or f"<w:document {_W}><w:body>{body}</w:body></w:document>",
        "word/styles.xml": f"<w:styles {_W}>{styles}</w:styles>",
    }
    if core:
        parts["docProps/core.xml"] = (
            "<c:coreProperties xmlns:c='http://schemas.openxmlformats.org/package/2006/metadata/core-properties' "
            f"xmlns:dc='http://purl.org/dc/elements/1.1/'><dc:title>{core}</dc:title></c:coreProperties>"
        )
    if macro:
        parts["word/vbaProject.bin"] = "Sub AutoOpen()"
    return zipped(parts)


def zipped(parts: dict[str, str | bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return made.getvalue()


def _relation(kind: str, target: str) -> str:
    relation = f"<Relationship Id='r1' Type='{_OFFICE}/{kind}' Target='{target}'/>"
    return f"<Relationships xmlns='{_RELATIONS}'>{relation}</Relationships>"


def _block(block: Block) -> str:
    if isinstance(block, list):
        return _table(block)
    return _paragraph(block[1], block[0]) if isinstance(block, tuple) else _paragraph(block)


def _paragraph(text: str, level: int | None = None) -> str:
    style = f'<w:pPr><w:pStyle w:val="S{level}"/></w:pPr>' if level is not None else ""
    return f'<w:p>{style}<w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r></w:p>'


def _table(rows: Table) -> str:
    cells = ("".join(f"<w:tc>{_paragraph(cell)}</w:tc>" for cell in row) for row in rows)
    return "<w:tbl>" + "".join(f"<w:tr>{row}</w:tr>" for row in cells) + "</w:tbl>"


def xlsx(sheets: dict[str, Sequence[Sequence[object]]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    made = io.BytesIO()
    book.save(made)
    book.close()
    return made.getvalue()


def html(blocks: Sequence[Block]) -> str:
    found = []
    for block in blocks:
        if isinstance(block, list):
            rows = ("".join(f"<td>{escape(cell)}</td>" for cell in row) for row in block)
            found.append("<table>" + "".join(f"<tr>{row}</tr>" for row in rows) + "</table>")
        elif isinstance(block, tuple):
            found.append(f"<h{block[0] + 1}>{escape(block[1])}</h{block[0] + 1}>")
        else:
            found.append(f"<p>{escape(block)}</p>")
    return "".join(found)


def markdown(blocks: Sequence[Block]) -> str:
    found = []
    for block in blocks:
        if isinstance(block, list):
            lines = [f"| {' | '.join(row)} |" for row in block]
            found.append("\n".join([lines[0], "|" + " --- |" * len(block[0]), *lines[1:]]))
        else:
            found.append(f"{'#' * (block[0] + 1)} {block[1]}" if isinstance(block, tuple) else block)
    return "\n\n".join(found)


def pdf(folder: Path, page: str) -> bytes:
    """Return the page as Chromium prints it."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    source, target = folder / "page.html", folder / "page.pdf"
    source.write_text(
        f"<meta charset=utf-8><style>td{{border:1px solid}}table{{border-collapse:collapse}}</style>{page}"
    )
    subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}",
         f"--print-to-pdf={target}", "--no-pdf-header-footer", source.as_uri()],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    return target.read_bytes()


def picture_pdf() -> bytes:
    """Return a PDF of one page that is a picture, as a scanner makes it."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R/Resources<</XObject<</I 5 0 R>>>>>>",
        b"<</Length 24>>stream\n90 0 0 90 5 5 cm /I Do  \nendstream",
        b"<</Type/XObject/Subtype/Image/Width 1/Height 1/ColorSpace/DeviceGray/BitsPerComponent 8/Length 1>>"
        b"stream\n\x80\nendstream",
    ]
    made = b"%PDF-1.4\n"
    places = []
    for number, each in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"trailer\n<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(made)
    return made + b"xref\n0 6\n0000000000 65535 f \n" + table + trailer
