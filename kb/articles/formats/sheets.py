"""Question lists, XLSX or CSV: one row, one article, whatever the columns are called."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

import openpyxl

from kb.articles.formats import packages
from kb.articles.formats.found import Found, Merged, Refused
from kb.articles.reading import CSV_KEYS, CSV_OPTIONAL, from_row

LARGEST_LIST = 20_000  # rows with something in them, of one file
WIDEST = 60  # columns looked at
SHORTEST_SHARED = 20  # characters of an answer that two questions share on purpose, and not as two say `可以。`
_HEADER_WITHIN = 10  # rows: a title and remarks may stand above the header

# What columns are called in the lists of hotlines and counters; a field may have several, the first with text counts.
COLUMNS = {
    "id": "id|编号|文章编号|知识编号",
    "title": "title|question|问题|标准问题|标准问|问|标题|知识标题|咨询问题|常见问题|问题标题|问题描述|事项名称|事项",
    "questions": "questions|alternatives|其他问法|相似问|相似问法|相似问题|扩展问|别名|同义问法|其它问法",
    "body": "answer|body|答案|回答|答复|标准答案|标准答复|答|解答|答复内容|答复口径|知识内容|内容|办理说明",
    "department": "department|部门|责任部门|承办单位|主管部门|归口部门|归口单位|牵头单位|业务部门|提供单位|办理部门",
    "basis": "basis|依据|政策依据|法律依据|办理依据|设定依据|文件依据|法规依据|来源",
    "region": "region|地区|区域|适用区域|适用地区|行政区|行政区划|适用范围|所属区",
    "subject": "subject|category|主题|类别|分类|问题分类|所属类别|业务类别|知识分类|领域",
    "audience": "audience|对象|适用对象|服务对象|适用人群|面向对象",
    "reviewed": "reviewed|审核日期|核对日期|更新日期|更新时间",
    "review_due": "review_due|复核日期|下次复核|复核期限",
    "effective": "effective|生效日期|生效时间|施行日期|开始日期",
    "expires": "expires|失效日期|失效时间|有效期至|有效期|截止日期",
}  # fmt: skip
# Columns that are a section of the answer, under the heading that the line knows.
SECTIONS = {
    "办理条件": "条件|办理条件|申请条件|受理条件",
    "所需材料": "材料|所需材料|申请材料|办理材料|申报材料",
    "办理流程": "流程|办理流程|办事流程|办理步骤|步骤",
    "办理地点和时间": "地点|办理地点|办理时间|办公时间|受理地点|联系电话|咨询电话",
    "费用": "费用|收费|收费标准|是否收费",
    "注意事项": "注意事项|温馨提示",
}
_KNOWN = {name: key for table in (COLUMNS, SECTIONS) for key, names in table.items() for name in names.split("|")}

Row = tuple[str, list[str]]  # where it is, and its cells


def read_xlsx(file: BinaryIO) -> Iterator[Found | Merged | Refused]:
    """Yield the articles of a workbook, sheet by sheet. Raises Refused where it holds no question list."""
    with packages.opened(file) as package:
        packages.check_sizes(package, "xl/")
        notes = ("工作簿带有宏，只取了文字，宏没有读取。",) if packages.has_macros(package) else ()
    file.seek(0)
    book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
    rows = []
    lists = []
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            continue
        sheet.reset_dimensions()  # what a file says of its own size may be wrong
        found = _list(
            (f"{sheet.title} 第{number}行", [_cell(value) for value in values])
            for number, values in enumerate(sheet.iter_rows(values_only=True, max_col=WIDEST), 1)
        )
        if found:
            lists.append(found)
            rows.append(len(found[1]))
            if sum(rows) > LARGEST_LIST:
                raise _too_long()
    if not lists:
        raise _no_list()
    for header, body in lists:
        yield from _articles(header, body, notes)


def read_csv(text: str) -> Iterator[Found | Merged | Refused]:
    """Yield the articles of a CSV text: with the complete header the city's own articles, else a question list."""
    sample = text[:4096]
    delimiter = max(",\t;", key=sample.splitlines()[0].count) if sample.strip() else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[Row] = []
    broken = None
    while True:
        try:
            cells = next(reader, None)
        except csv.Error:
            broken = Refused("引号或逗号不成对，从这一行起无法继续读取。", f"line {reader.line_num}")
            break
        if cells is None:
            break
        rows.append((f"line {reader.line_num}", [each.strip() for each in cells]))
        if len(rows) > LARGEST_LIST:
            raise _too_long()
    header = rows[0][1] if rows else []
    if set(CSV_KEYS) <= set(header) <= set(CSV_KEYS + CSV_OPTIONAL):
        yield from _complete(header, rows[1:])
    elif found := _list(rows):
        yield from _articles(*found, ())
    else:
        raise broken or _no_list()
    if broken:
        yield broken


def _complete(header: list[str], rows: list[Row]) -> Iterator[Found | Refused]:
    for place, cells in rows:
        if not any(cells):
            continue
        if len(cells) != len(header):
            yield Refused("列数和表头不一致，请检查逗号和引号。", place)
        else:
            yield Found(from_row(dict(zip(header, cells, strict=True))), place, whole=True)


def _list(rows: Iterable[Row]) -> tuple[list[str], list[Row]] | None:
    """Return (header as keys, rows below it), or None where no row names a question and an answer."""
    header: list[str] | None = None
    body: list[Row] = []
    for number, (place, cells) in enumerate(rows):
        if header is None:
            keys = [_KNOWN.get(re.sub(r"[\s*（(].*|[\s：:]", "", each).lower(), "") for each in cells]
            if "title" in keys and "body" in keys:
                header = keys
            elif number >= _HEADER_WITHIN:
                return None
        elif any(cells):
            body.append((place, cells))
            if len(body) > LARGEST_LIST:
                raise _too_long()
    return (header, body) if header else None


def _articles(header: list[str], rows: list[Row], notes: tuple[str, ...]) -> Iterator[Found | Merged | Refused]:
    """Yield one article a row; a row whose answer stands above gives its question to that article."""
    merged: list[Merged] = []
    kept: dict[tuple[str, ...], tuple[str, dict[str, Any]]] = {}
    for place, cells in rows:
        fields = _fields(header, cells)
        if not fields.get("title") or not fields.get("body"):
            yield Refused("问题或答案是空的，没有导入。", place)
            continue
        same = "".join(fields["body"].split())
        others = tuple(str(fields.get(key, "")) for key in COLUMNS if key not in {"id", "title", "questions", "body"})
        key = (same, *others) if len(same) >= SHORTEST_SHARED else (place,)
        if key in kept:
            into, first = kept[key]
            first["questions"] = _unlike(first["title"], [*first["questions"], fields["title"], *fields["questions"]])
            merged.append(Merged(place, into))
        else:
            kept[key] = (place, fields)
    for place, fields in kept.values():
        yield Found(fields, place, notes)
    yield from merged


def _fields(header: list[str], cells: list[str]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    sections: dict[str, list[str]] = {}
    for key, text in zip(header, cells, strict=False):
        if key in SECTIONS and text:
            sections.setdefault(key, []).append(text)
        elif key and text and key not in fields:
            fields[key] = text
    fields["title"] = " ".join(str(fields.get("title", "")).split())
    fields["questions"] = _unlike(fields["title"], re.split(r"[|；;\n]", str(fields.get("questions", ""))))
    if "body" in fields:
        fields["body"] = "\n\n".join(
            [_paragraphs([fields["body"]])] + [f"## {name}\n\n{_paragraphs(text)}" for name, text in sections.items()]
        )
    return fields


def _unlike(title: str, questions: Iterable[str]) -> list[str]:
    found = dict.fromkeys(" ".join(each.split()) for each in questions)
    return [each for each in found if each and each != title]


def _paragraphs(cells: list[str]) -> str:
    """Return the cells' lines as paragraphs of Markdown; a `#` in a cell is no heading."""
    lines = [re.sub(r"^#", r"\\#", line.strip()) for text in cells for line in text.splitlines()]
    return "\n\n".join(filter(None, lines))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if hasattr(value, "isoformat"):
        return str(value.isoformat())[:10]
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _too_long() -> Refused:
    return Refused(f"列表超过{LARGEST_LIST}行，没有导入；请拆成几个文件，或确认这是不是问答列表。")


def _no_list() -> Refused:
    return Refused("没有找到问答列表的表头：要有“问题”和“答案”两列（或 id、title、answer 等全部列名），没有导入。")
