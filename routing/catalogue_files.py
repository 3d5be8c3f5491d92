"""The catalogue as a table that offices keep: CSV or XLSX, headings in Chinese or English, names or codes."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any
from zipfile import BadZipFile, ZipFile

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from core.city import city, read_yaml
from core.errors import BadInput
from core.text.normalise import clean
from intents import categories
from routing.catalogue import DISTRICT, EVERYWHERE, STREET, Catalogue
from routing.catalogue_checks import Change
from routing.messages import say
from routing.tree import tree

# Heading → field; the first of each is what an export writes.
HEADINGS: dict[str, tuple[str, ...]] = {
    "category": ("类目编码", "category"),
    "name": ("类目", "事项", "诉求类别", "name"),
    "area": ("区域", "area"),
    "lead": ("主办单位", "主办", "lead"),
    "co_handlers": ("协办单位", "协办", "co_handlers"),
    "basis": ("依据", "办理依据", "basis"),
    "effective_from": ("生效日期", "effective_from"),
    "effective_to": ("失效日期", "effective_to"),
}
WHOLE_CITY = ("*", "全市", "")
PLACEHOLDERS = {DISTRICT: "所在区", STREET: "所在街道"}
STEP = " › "
MOST_LINES = 20_000
LARGEST = 4 * 1024 * 1024  # bytes
LARGEST_UNPACKED = 64 * 1024 * 1024  # of a workbook; what is packed tighter than any table was made to fill the memory


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a file: the change that it asks for, or why it cannot be read."""

    number: int
    change: Change | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Uncounted:
    """A cell of a workbook with a formula of which no value was kept: to read it as empty would end a row."""

    place: str  # as the table program names it: C5


def written(rows: Catalogue) -> list[list[str]]:
    """Return the catalogue as a table, its headings first, in the order of the category tree."""
    names, order = _district_names(), {code: place for place, code in enumerate(categories.tree())}
    table = [[titles[0] for titles in list(HEADINGS.values())[:6]]]
    for row in sorted(rows, key=lambda row: (order.get(row.category, len(order)), row.area != EVERYWHERE, row.area)):
        node = categories.tree().get(row.category)
        area = "全市" if row.area == EVERYWHERE else names.get(row.area, row.area)
        name = STEP.join(node.path) if node else ""
        others = "；".join(_shown(code) for code in row.co_handlers)
        table.append([row.category, name, area, _shown(row.lead), others, row.basis])
    return table


def as_csv(rows: Catalogue) -> bytes:
    """Return the catalogue as CSV that Excel opens (UTF-8 with its mark)."""
    made = io.StringIO()
    csv.writer(made).writerows(written(rows))
    return made.getvalue().encode("utf-8-sig")


def as_xlsx(rows: Catalogue) -> bytes:
    """Return the catalogue as a workbook."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("派单目录")
    for line in written(rows):
        sheet.append(line)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def read(content: bytes, *, effective_from: date | None = None) -> list[Line]:
    """Return the lines of a CSV or XLSX file; `effective_from`: the first day of lines that name none.

    A line whose lead is empty ends its row. Raises BadInput for a file that is no table, has no heading for category,
    lead and basis, or is too large.
    """
    if len(content) > LARGEST:
        raise BadInput(say("refused.catalogue.large", megabytes=LARGEST // 1024 // 1024))
    table = _workbook(content) if content.startswith(b"PK") else _text(content)
    try:
        lines = [(at, cells) for at, cells in enumerate(table, 1) if any(str(cell or "").strip() for cell in cells)]
    except csv.Error:  # a cell longer than any basis
        raise BadInput(say("refused.catalogue.file")) from None
    if len(lines) > MOST_LINES:
        raise BadInput(say("refused.catalogue.large", megabytes=LARGEST // 1024 // 1024))
    fields = _fields(lines[0][1]) if lines else {}
    if not ({"category", "name"} & fields.keys() and {"lead", "basis"} <= fields.keys()):
        raise BadInput(say("refused.catalogue.headings"))
    return [
        _line(number, {key: _cell(cells, at) for key, at in fields.items()}, effective_from)
        for number, cells in lines[1:]
    ]


def _text(content: bytes) -> Iterable[Sequence[Any]]:
    for encoding in ("utf-8-sig", "gb18030"):  # what Excel writes, with and without being asked
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        first = text.partition("\n")[0]
        return csv.reader(io.StringIO(text, newline=""), delimiter="\t" if "\t" in first and "," not in first else ",")
    raise BadInput(say("refused.catalogue.file"))


def _workbook(content: bytes) -> list[Sequence[Any]]:
    try:
        with ZipFile(io.BytesIO(content)) as parts:
            unpacked = sum(part.file_size for part in parts.infolist())
        if unpacked > LARGEST_UNPACKED:
            raise BadInput(say("refused.catalogue.large", megabytes=LARGEST // 1024 // 1024))
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        formulas = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
        for each in (book, formulas):
            each.worksheets[0].reset_dimensions()
        values = islice(book.worksheets[0].iter_rows(values_only=True), MOST_LINES + 2)
        return list(map(_counted, values, formulas.worksheets[0].iter_rows()))
    except (BadZipFile, InvalidFileException, LookupError, AttributeError, TypeError, ValueError, SyntaxError, OSError):
        raise BadInput(say("refused.catalogue.file")) from None


def _counted(values: Sequence[Any], cells: Sequence[Any]) -> Sequence[Any]:
    """Return a line's values; in place of what a formula did not give, where that stands."""
    if not any(cell.data_type == "f" for cell in cells):
        return values
    return [
        Uncounted(cell.coordinate) if value is None and cell.data_type == "f" else value
        for value, cell in zip(values, cells, strict=True)
    ]


def _fields(heading: Sequence[Any]) -> dict[str, int]:
    titles = {str(cell or "").strip().lower(): at for at, cell in enumerate(heading)}
    return {key: titles[name] for key, names in HEADINGS.items() for name in reversed(names) if name in titles}


def _cell(cells: Sequence[Any], at: int) -> Any:
    value = cells[at] if at < len(cells) else None
    return clean(value) if isinstance(value, str) else value


def _line(number: int, cells: dict[str, Any], effective_from: date | None) -> Line:
    uncounted = [each.place for each in cells.values() if isinstance(each, Uncounted)]
    if uncounted:
        return Line(number, None, say("refused.catalogue.formula", places=say("list.separator").join(uncounted)))
    try:
        lead = str(cells.get("lead") or "")
        return Line(
            number,
            Change(
                category=_category(str(cells.get("category") or ""), str(cells.get("name") or "")),
                area=_area(str(cells.get("area") or "")),
                lead=_code(lead) if lead else None,
                co_handlers=codes(str(cells.get("co_handlers") or "")),
                basis=str(cells.get("basis") or ""),
                effective_from=_day(cells.get("effective_from")) or effective_from,
                effective_to=_day(cells.get("effective_to")),
            ),
        )
    except BadInput as refused:
        return Line(number, None, refused.sentence)


def codes(written: str) -> tuple[str, ...]:
    """Return the departments that are written with signs between them, by code or name. Raises BadInput."""
    return tuple(dict.fromkeys(_code(each) for each in _listed(written)))


def _listed(written: str) -> list[str]:
    for sign in "；、，,\n":
        written = written.replace(sign, ";")
    return [each.strip() for each in written.split(";") if each.strip()]


def _category(code: str, name: str) -> str:
    if code:
        return code
    names = tuple(each.strip() for each in name.replace(">", "›").replace("/", "›").split("›"))
    found = [each for each, node in categories.tree().items() if node.path[-len(names) :] == names]
    if len(found) != 1:
        raise BadInput(say("refused.catalogue.name", name=name or "–"))
    return found[0]


def _area(written: str) -> str:
    if written in WHOLE_CITY:
        return EVERYWHERE
    return {name: code for code, name in _district_names().items()}.get(written, written)


def _code(written: str) -> str:
    """Return the code of a department that is named by code, name or short name. Raises BadInput."""
    named = {name: code for code, name in PLACEHOLDERS.items()} | {"@区": DISTRICT, "@街道": STREET}
    if written in named or written in PLACEHOLDERS:
        return named.get(written, written)
    found = [each.code for each in tree() if written in (each.code, each.name, each.short_name)]
    if len(found) != 1:
        raise BadInput(say("refused.catalogue.department", code=written))
    return found[0]


def _shown(code: str) -> str:
    return PLACEHOLDERS.get(code) or (tree().get(code).short_name if code in tree() else code)


def _day(written: Any) -> date | None:
    if written is None or written == "":
        return None
    if isinstance(written, datetime):
        return written.date()
    if isinstance(written, date):
        return written
    try:
        return date(*(int(part) for part in str(written).replace("/", "-").replace(".", "-").split("-")))
    except (TypeError, ValueError):
        raise BadInput(say("refused.catalogue.day", day=str(written))) from None


def _district_names() -> dict[str, str]:
    return {each["code"]: each["name"] for each in read_yaml(city().folder / "gazetteer.yaml")["districts"]}
