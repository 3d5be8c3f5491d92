"""ZIP files: which entries are read, and how much of each. Nothing is ever written where an entry's name says."""

import stat
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import IO

from kb.articles.formats import packages
from kb.articles.formats.found import Refused
from kb.articles.formats.kinds import LARGEST_FILE

MOST_ENTRIES = 50_000
LARGEST_TOTAL = 5_000_000_000  # bytes unpacked


def entries(package: zipfile.ZipFile) -> Iterator[tuple[str, str, str]]:
    """Yield (entry, name to show, why it is left out or empty). Raises Refused where the whole is left out."""
    found = [each for each in package.infolist() if not each.is_dir()]
    if len(found) > MOST_ENTRIES:
        raise Refused(f"压缩包里超过{MOST_ENTRIES}个文件，没有导入，请拆分。")
    if sum(each.file_size for each in found) > LARGEST_TOTAL:
        raise Refused("压缩包解开后大得不合常理，没有导入。")
    for each in found:
        yield each.filename, shown(each), _why_not(each)


def shown(entry: zipfile.ZipInfo) -> str:
    """Return an entry's name; what old Chinese programs wrote without saying the encoding is GB18030."""
    if entry.flag_bits & 0x800:
        return entry.filename
    raw = entry.filename.encode("cp437", "replace")
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return entry.filename


def _why_not(entry: zipfile.ZipInfo) -> str:
    path = PurePosixPath(entry.filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
        return "路径指向压缩包之外，没有读取。"
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "是指向别处的链接，没有读取。"
    if entry.flag_bits & 1:
        return "文件有密码，没有导入；请取消密码后再导入。"
    if packages.too_dense(entry):
        return "文件解开后大得不合常理，没有导入。"
    if path.suffix.lower() == ".zip":
        return "压缩包里还有压缩包，里面的没有读取；请解开后再导入。"
    if entry.file_size > LARGEST_FILE:
        return f"文件超过{LARGEST_FILE // 1_000_000}兆字节，没有读取，请拆分后再导入。"
    return ""


def unpacked(package: zipfile.ZipFile, entry: str) -> IO[bytes]:
    """Return an entry's bytes as an open file, which vanishes when it is closed. Raises Refused."""
    made = tempfile.SpooledTemporaryFile(max_size=1_000_000)  # noqa: SIM115 - the caller closes it
    size = 0
    with package.open(entry) as source:
        while block := source.read(65_536):
            size += len(block)
            if size > LARGEST_FILE:  # whatever the directory says
                made.close()
                raise Refused("文件解开后大得不合常理，没有导入。")
            made.write(block)
    made.seek(0)
    return made
