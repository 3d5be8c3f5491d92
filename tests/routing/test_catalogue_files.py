"""Tables of the catalogue that cannot be used: each is refused in a sentence, and as much of it as cannot be used."""

import io
import zipfile
from datetime import date

import openpyxl
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import BadInput
from routing import catalogue_files, catalogue_imports
from tests.routing.conftest import SUPERVISOR

LAMP = "utilities.lighting.lamp_out"
HEADINGS = "类目编码,区域,主办单位,协办单位,依据,生效日期\n"

pytestmark = pytest.mark.usefixtures("monday")


def packed(**parts: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return made.getvalue()


def workbook(*, sheet: bytes | None = None) -> bytes:
    """A workbook of one sheet (`sheet`: the XML in its place), None: of a chart alone."""
    book = openpyxl.Workbook()
    if sheet is None:
        book.remove(book.worksheets[0])
        book.create_chartsheet("图")
    made, changed = io.BytesIO(), io.BytesIO()
    book.save(made)
    with zipfile.ZipFile(made) as parts, zipfile.ZipFile(changed, "w") as file:
        for part in parts.namelist():
            is_sheet = sheet is not None and part.startswith("xl/worksheets/sheet")
            file.writestr(part, sheet if is_sheet and sheet is not None else parts.read(part))
    return changed.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        b"PK no workbook",
        b"\xff\xfe\x00",
        b"a,b\n1,2\n",
        packed(nothing=b"of a workbook"),
        packed(much=b" " * (catalogue_files.LARGEST_UNPACKED + 1)),
        workbook(),
        workbook(sheet=b"<worksheet><sheetData><row>"),
        workbook(sheet=b'<!DOCTYPE x [<!ENTITY a "aa">]><worksheet><sheetData><row>&a;</row></sheetData></worksheet>'),
        (HEADINGS + f"{LAMP},全市,市住建局,,{'长' * 200_000},\n").encode(),
        (HEADINGS + f"{LAMP},全市,市住建局,,移交协议,\n" * (catalogue_files.MOST_LINES + 1)).encode(),
    ],
    ids=[
        "empty",
        "blank lines",
        "no workbook",
        "no text",
        "other headings",
        "another archive",
        "unpacks to too much",
        "a chart alone",
        "cut off",
        "entities",
        "a cell without end",
        "too many lines",
    ],
)
def test_a_file_that_is_no_catalogue_is_refused_in_a_sentence(content: bytes) -> None:
    with pytest.raises(BadInput) as refused:
        catalogue_files.read(content)
    assert refused.value.sentence.endswith("。")


@pytest.mark.parametrize("day", ["2020-01-01", "9999-12-31", "2026-13-45"])
async def test_a_day_that_cannot_be_meant_is_said_of_its_line_and_the_others_are_shown(
    session: AsyncSession, day: str
) -> None:
    table = HEADINGS + f"{LAMP},全市,市住建局,,移交协议,{day}\n{LAMP},朝霞区,市住建局,,移交协议,\n"
    found = await catalogue_imports.plan(session, catalogue_files.read(table.encode()))
    assert [line.number for line in found.problems] == [2] and [line.number for line in found.changes] == [3]


def test_the_first_day_of_a_file_is_that_of_lines_that_name_none() -> None:
    table = HEADINGS + f"{LAMP},全市,市住建局,,移交协议,\n{LAMP},朝霞区,市住建局,,移交协议,2027-02-01\n"
    lines = catalogue_files.read(table.encode(), effective_from=date(2027, 1, 1))
    assert [line.change and line.change.effective_from for line in lines] == [date(2027, 1, 1), date(2027, 2, 1)]


async def test_a_formula_without_its_result_is_refused_with_its_place_and_takes_no_row_back(
    session: AsyncSession,
) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for line in (HEADINGS.strip().split(","), [LAMP, "全市", "=对照表!A1", "", "移交协议"]):
        sheet.append(line)
    sheet["H2"] = "=1+1"  # under no heading: nothing is read of it
    made = io.BytesIO()
    book.save(made)  # as programs that do not count save it: the formula alone
    (line,) = catalogue_files.read(made.getvalue())
    assert line.change is None and line.problem.startswith("C2 里是公式")
    with pytest.raises(BadInput, match="C2"):
        await catalogue_imports.save(session, [line], actor=SUPERVISOR, reason="换目录", seen=None)


def test_a_formula_with_its_result_is_read_as_that() -> None:
    said = {"A": f"<v>{LAMP}</v>", "B": "<v>全市</v>", "C": "<f>对照表!A1</f><v>市住建局</v>", "E": "<v>移交协议</v>"}
    cells = [f'<c r="{at}2" t="str">{each}</c>' for at, each in said.items()]
    headings = "".join(
        f'<c r="{at}1" t="str"><v>{title}</v></c>'
        for at, title in zip("ABCDEF", HEADINGS.strip().split(","), strict=True)
    )
    rows = f'<row r="1">{headings}</row><row r="2">{"".join(cells)}</row>'
    namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    sheet = f'<worksheet xmlns="{namespace}"><sheetData>{rows}</sheetData></worksheet>'
    (line,) = catalogue_files.read(workbook(sheet=sheet.encode()))
    assert line.change is not None and line.change.lead == "housing"
