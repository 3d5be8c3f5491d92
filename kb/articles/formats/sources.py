"""Which files an import reads: one file, a folder with all below it, or what a ZIP holds."""

import hashlib
import os
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from core.errors import BadInput
from kb.articles.formats.found import Refused
from kb.articles.formats.kinds import LARGEST, LARGEST_FILE
from kb.articles.formats.process import Reader

# What belongs to a saved page or a system and is nobody's document: passed over without a word.
_NOT_DOCUMENTS = {".css", ".js", ".map", ".woff", ".woff2", ".ttf", ".ico", ".ini", ".db", ".lnk", ".tmp", ".json"}


@dataclass(frozen=True, slots=True)
class Source:
    """One file to read. `name` is shown, `key` stays the same from run to run and names its articles."""

    path: Path
    name: str
    key: str
    entry: str | None = None  # in the ZIP at `path`
    refused: str = ""  # why it is not read, empty where it is
    packed: str = ""  # the mark of the ZIP it is in

    def mark(self) -> str:
        """Return what is another when the file's content is. Raises OSError."""
        if self.entry is not None:
            return hashlib.sha256(f"{self.packed}\x00{self.entry}".encode("utf-8", "surrogatepass")).hexdigest()
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def sources(path: Path, reader: Reader) -> Iterator[Source]:
    """Yield the files in order of names. Raises BadInput where there is no such file or folder."""
    if not path.exists():
        raise BadInput(f"找不到 {path}，请检查路径。")
    root = path.resolve()
    base = root if root.is_dir() else root.parent
    for each in _files(root):
        name = legible(os.fsencode(each.relative_to(base)))
        key = f"{legible(os.fsencode(base.name))}/{name}"
        why = _why_not(each, base)
        if not why and each.suffix.lower() == ".zip":
            yield from _packed(each, name, key, reader)
        else:
            yield Source(each, name, key, refused=why)


def _files(root: Path) -> Iterator[Path]:
    if root.is_file():
        yield root
        return
    for folder, below, names in os.walk(root):  # links to folders are not followed
        below[:] = sorted(each for each in below if not _passed_over(each))
        yield from (Path(folder, each) for each in sorted(names) if not _passed_over(each))


def _passed_over(name: str) -> bool:
    return name.startswith((".", "~$", "__MACOSX")) or os.path.splitext(name)[1].lower() in _NOT_DOCUMENTS


def _why_not(path: Path, base: Path) -> str:
    try:
        if not path.resolve(strict=True).is_relative_to(base):
            return "文件指向文件夹之外，没有读取。"
        if not path.is_file():
            return "不是普通文件，没有读取。"
        limit = LARGEST["zip"] if path.suffix.lower() == ".zip" else LARGEST_FILE
        if path.stat().st_size > limit:
            return f"文件超过{limit // 1_000_000}兆字节，没有读取，请拆分后再导入。"
        with path.open("rb"):
            return ""
    except (OSError, RuntimeError):
        return "文件打不开，没有读取，请检查权限和链接。"


def _packed(path: Path, name: str, key: str, reader: Reader) -> Iterator[Source]:
    mark = Source(path, name, key).mark()
    try:
        for entry, inside, why in list(reader.entries(path)):  # all, before the reader is asked for a file
            shown = legible(inside.encode("utf-8", "surrogatepass"))
            if why or not any(_passed_over(part) for part in PurePosixPath(shown).parts):
                yield Source(path, f"{name}/{shown}", f"{key.removesuffix(path.suffix)}/{shown}", entry, why, mark)
    except Refused as refused:
        yield Source(path, name, key, refused=refused.sentence)


def legible(raw: bytes) -> str:
    """Return a file's name as text that can be printed and stored, whatever its bytes are."""
    for encoding in ("utf-8", "gb18030"):
        try:
            text = raw.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        text = raw.decode("utf-8", "replace")
    return "".join("\ufffd" if unicodedata.category(each) in {"Cc", "Cf", "Cs"} else each for each in text)
