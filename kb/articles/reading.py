"""The city's own files to documents: Markdown with front matter. A bad one becomes a line of the report."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from core.errors import BadInput
from kb.articles.document import Document, mistakes

LARGEST_BYTES = 1_000_000  # of one file
CSV_KEYS = ("id", "subject", "title", "questions", "answer", "department", "basis", "region", "reviewed", "review_due")
CSV_OPTIONAL = ("not_answered", "audience", "effective", "expires", "sample", "state")


@dataclass(frozen=True, slots=True)
class Problem:
    """Why one file or row was left out: where (`key`, or `line 3`), and a sentence for its author."""

    file: str
    place: str
    sentence: str

    def as_json(self) -> dict[str, str]:
        """Return plain JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Read:
    """A sound document and where it was found."""

    file: str
    place: str
    document: Document


def folder(path: Path) -> Iterator[Read | Problem]:
    """Yield every `*.md` below `path`, in order of names, or the one file that `path` is.

    Raises BadInput where there is no such folder or file.
    """
    if not path.exists():
        raise BadInput(f"找不到 {path}，请检查路径。")
    root = path.resolve()
    files = [root] if root.is_file() else sorted(root.rglob("*.md"))
    base = root.parent if root.is_file() else root
    for each in files:
        name = str(each.relative_to(base))
        if not each.resolve().is_relative_to(base):
            yield Problem(name, "", "文件指向文件夹之外，没有读取。")
            continue
        if not each.is_file():
            continue
        yield from _markdown(each, name)


def _text(path: Path) -> str:
    """Return the file's text: UTF-8, with or without a byte order mark, or GB18030. Raises ValueError (a sentence)."""
    if path.stat().st_size > LARGEST_BYTES:
        raise ValueError("文件超过1兆字节，没有读取，请拆分后再导入。")
    raw = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            break
        return text.replace("\r\n", "\n")
    raise ValueError("不是UTF-8或GB18030编码的文本，没有读取。")


def _markdown(path: Path, name: str) -> Iterator[Read | Problem]:
    try:
        text = _text(path)
        fields = front_matter(text)
    except ValueError as error:
        yield Problem(name, "", str(error))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        yield Problem(name, f"line {mark.line + 2}" if mark else "", "文件开头的属性写法不对，请检查缩进和冒号。")
    else:
        yield from _document(name, "", fields)


def front_matter(text: str) -> dict[str, Any]:
    """Return the fields of a Markdown file with front matter. Raises ValueError (a sentence) or yaml.YAMLError."""
    head, mark, body = text.lstrip("\n").removeprefix("---\n").partition("\n---\n")
    if not text.lstrip("\n").startswith("---\n") or not mark:
        raise ValueError("文件开头要有用 --- 围起的属性，后面是正文。")
    fields = yaml.load(head, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    if not isinstance(fields, dict):
        raise ValueError("文件开头的属性要写成“名称: 值”。")
    return {str(key): value for key, value in fields.items()} | {"body": body}


def from_row(row: dict[str, str]) -> dict[str, Any]:
    """Return the fields of a row with the complete header."""
    fields: dict[str, Any] = {key: value.strip() for key, value in row.items() if value.strip()}
    fields["body"] = fields.pop("answer", "")
    for key in ("questions", "not_answered", "audience"):
        if key in fields:
            fields[key] = [part.strip() for part in fields[key].split("|") if part.strip()]
    return fields


def _document(name: str, place: str, fields: dict[str, Any]) -> Iterator[Read | Problem]:
    try:
        document = Document.model_validate(fields)
    except ValidationError as error:
        for key, sentence in mistakes(error):
            yield Problem(name, " ".join(filter(None, (place, key))), sentence)
    else:
        yield Read(name, place, document)
