"""The process that reads: a request a line on standard input, what it finds on standard output, an `end` after each.

python -m kb.articles.formats.worker
"""

import dataclasses
import json
import os
import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any, BinaryIO, cast

import yaml

from kb.articles.formats import archive, kinds, markup, packages, pdf, sheets, word
from kb.articles.formats.found import Found, Merged, Page, Refused
from kb.articles.formats.sections import settle
from kb.articles.reading import front_matter

LONGEST_BODY = 300_000  # characters of one article

Answer = Found | Merged | Refused

_UNFIT = re.compile("[\x00\ud800-\udfff]")  # no text: no database keeps it


def main() -> None:
    """Serve until standard input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # a library that prints must not spoil the answers
    for line in sys.stdin:
        for answer in _serve(json.loads(line)):
            answers.write(json.dumps(answer) + "\n")
        answers.write('{"end": true}\n')
        answers.flush()


def _serve(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    try:
        if request["list"]:
            with open(request["path"], "rb") as file, packages.opened(file) as package:
                for entry, name, why in archive.entries(package):
                    yield {"entry": entry, "name": name, "why": why}
        else:
            for answer in _read(request["path"], request["entry"], request["name"]):
                yield _as_json(answer)
    except Refused as refused:
        yield _as_json(refused)
    except MemoryError:
        yield _as_json(Refused("读取时占用内存过多，没有导入，请拆分后再导入。"))
    except RecursionError:
        yield _as_json(Refused("内容嵌套得太深，没有导入，请另存后再导入。"))
    except RuntimeError as error:  # zipfile says so of a password
        encrypted = "encrypted" in str(error) or "password" in str(error)
        yield _as_json(Refused("文件有密码，没有导入；请取消密码后再导入。") if encrypted else _broken(error))
    except Exception as error:  # whatever a library trips over in a file is a fact about the file
        yield _as_json(_broken(error))


def _broken(error: Exception) -> Refused:
    return Refused(f"文件损坏，读不懂（{type(error).__name__}），没有导入；请重新保存后再导入。")


def _as_json(answer: Answer) -> dict[str, Any]:
    if isinstance(answer, Refused):
        return {"refused": answer.sentence, "place": answer.place}
    return {"merged" if isinstance(answer, Merged) else "found": _fit(dataclasses.asdict(answer))}


def _fit(value: Any) -> Any:
    """Return the value without characters that are no text: one of them must not end the import of a folder."""
    if isinstance(value, str):
        return _UNFIT.sub("", value)
    if isinstance(value, dict):
        return {_fit(key): _fit(each) for key, each in value.items()}
    return [_fit(each) for each in value] if isinstance(value, list | tuple) else value


def _read(path: str, entry: str | None, name: str) -> Iterator[Answer]:
    if entry is None:
        with open(path, "rb") as file:
            yield from read(file, name)
    else:
        with _archive(path) as package, archive.unpacked(package, entry) as unpacked:
            yield from read(unpacked, name)


_open: tuple[tuple[str, int, int], zipfile.ZipFile] | None = None


class _archive:
    """The ZIP at `path`, kept open: ten thousand entries must not mean reading its directory as often."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __enter__(self) -> zipfile.ZipFile:
        global _open
        now = os.stat(self.path)
        what = (self.path, now.st_mtime_ns, now.st_size)
        if _open is None or _open[0] != what:
            if _open is not None:
                _open[1].close()
            _open = (what, zipfile.ZipFile(self.path))
        return _open[1]

    def __exit__(self, *_: object) -> None:
        """Leave it open."""


def read(file: IO[bytes], name: str) -> Iterator[Answer]:
    """Yield the articles of one open file. Raises Refused where it holds none."""
    suffix = PurePosixPath(name).suffix.lower()
    source = cast(BinaryIO, file)
    kind, note = kinds.kind(source, suffix)
    source.seek(0)
    if kind == "zip":
        raise Refused("内容是压缩包，扩展名却不是.zip，没有导入；请改名后再导入。")
    if kind in {"csv", "xlsx"}:
        rows = sheets.read_csv(kinds.decode(source.read())) if kind == "csv" else sheets.read_xlsx(source)
        for each in rows:
            if note and isinstance(each, Found):
                yield dataclasses.replace(each, notes=(note, *each.notes))
            else:
                yield each
        return
    if kind == "markdown":
        text = kinds.decode(source.read())
        if text.lstrip("\n").startswith("---\n"):
            yield _own(text)
            return
        page = Page(text)
    elif kind == "html":
        page = markup.read(kinds.decode(source.read()))
    else:
        page = (word if kind == "docx" else pdf).read(source)
    yield _article(page, name, ([note] if note else []) + page.notes)


def _own(text: str) -> Found:
    """Return a Markdown file that names its fields in its front matter."""
    try:
        fields = front_matter(text)
    except ValueError as error:
        raise Refused(str(error)) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise Refused("文件开头的属性写法不对，请检查缩进和冒号。", f"line {mark.line + 2}" if mark else "") from None
    return Found(json.loads(json.dumps(fields, default=str)), whole=True)


def _article(page: Page, name: str, notes: list[str]) -> Found:
    title, body = settle(page.markdown, page.title)
    if not any(line.strip() and not line.startswith("#") for line in body.splitlines()):
        raise Refused("没有正文，没有导入。")
    if len(body) > LONGEST_BODY:
        raise Refused(f"正文超过{LONGEST_BODY // 10_000}万字，不像一篇文章，没有导入，请拆分后再导入。")
    return Found({"title": (title or Path(name).stem)[:300], "body": body}, notes=tuple(notes))
