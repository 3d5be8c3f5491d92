"""Folders of files that are there whole or not at all, and that are named by what they hold."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from core.errors import Unavailable


@contextmanager
def written_whole(made: Path) -> Iterator[Path]:
    """Give a new folder beside `made` and move it there at the end: whole or not at all.

    Raises Unavailable where the disk refuses.
    """
    try:
        made.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=made.parent, prefix=f".{made.name}-"))
    except OSError as error:
        raise Unavailable(f"The folder {made.parent} cannot be written ({error.strerror}).") from None
    try:
        yield fresh
        if made.exists():  # damaged, or another process was quicker
            os.rename(made, fresh.with_name(f"{fresh.name}-old"))
        with suppress(FileExistsError, NotADirectoryError):
            os.rename(fresh, made)
    except OSError as error:
        raise Unavailable(f"The folder {made.parent} cannot be written ({error.strerror}).") from None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(fresh.with_name(f"{fresh.name}-old"), ignore_errors=True)


def append(path: Path, content: bytes) -> None:
    """Add to the end of a file, which is made with its folders where it is not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.write(content)


def digest_of(files: Mapping[str, bytes]) -> str:
    """Return the name of a set of files by relative path."""
    return digest({name: hashlib.sha256(content).hexdigest() for name, content in files.items()})


def digest(files: Mapping[str, str]) -> str:
    """Return the name of a set of files, from the sha256 of each in hex."""
    return hashlib.sha256(json.dumps(sorted(files.items())).encode()).hexdigest()


def held(folder: Path) -> dict[str, str]:
    """Return the sha256, in hex, of each file below the folder by its relative path."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                found[path.relative_to(folder).as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
    return found
