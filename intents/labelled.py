"""Labelled files: one JSON object a line, as a city exports its own history."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import BadInput

MOST_MEGABYTES = 150  # about 200,000 letters; a model is not better for more, and a machine of 4 GB still fits one
LONGEST_LINE = 200_000  # characters; a longer one is no letter but a file that is not JSONL
_FOREIGN = re.compile(r"[\udc80-\udcff]")  # what Python makes of a byte that is not UTF-8
FEWEST = 10  # lines from which something can be learnt


@dataclass(frozen=True, slots=True)
class Labelled:
    """Texts and their labels, line by line."""

    texts: list[str]
    labels: list[str]
    lines: list[int]  # where in the file each stands


def load(path: Path, *, text: str, label: str, fewest: int = FEWEST) -> Labelled:
    """Return the texts and labels of a JSONL file; `text` and `label` name its columns.

    Raises BadInput, naming file and line, where the file is missing, too large or no UTF-8, a line is broken or lacks a
    column, or fewer than `fewest` lines are labelled.
    """
    made = Labelled([], [], [])
    for number, row in rows(path):
        for column in (text, label):
            if column not in row:
                raise BadInput(f"{path}, line {number}: the column “{column}” is missing.")
            if isinstance(row[column], bool) or not isinstance(row[column], str | int) or not str(row[column]).strip():
                raise BadInput(f"{path}, line {number}: the column “{column}” must be a text that is not empty.")
        made.texts.append(str(row[text]))
        made.labels.append(str(row[label]).strip())
        made.lines.append(number)
    if len(made.texts) < fewest:
        raise BadInput(f"{path}: {len(made.texts)} labelled lines are too few; at least {fewest} are needed.")
    return made


def rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the JSON objects of a file with the numbers of their lines; empty lines are passed over.

    Raises BadInput, naming file and line, where the file is missing, too large or no UTF-8, or a line is broken.
    """
    for number, line in _lines(path):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            raise BadInput(f"{path}, line {number}: not a JSON object.")
        yield number, row


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines that hold something, with their numbers."""
    try:
        megabytes = path.stat().st_size / 1e6
        if megabytes > MOST_MEGABYTES:
            raise BadInput(
                f"{path} has {megabytes:.0f} MB, more than the {MOST_MEGABYTES} MB that are read; take the newest part."
            )
        with path.open(encoding="utf-8-sig", errors="surrogateescape") as file:
            number = 0
            while line := file.readline(LONGEST_LINE + 1):
                number += 1
                if len(line) > LONGEST_LINE:
                    raise BadInput(f"{path}, line {number}: longer than {LONGEST_LINE} characters; not a JSONL file.")
                if _FOREIGN.search(line):
                    raise BadInput(f"{path}, line {number}: not UTF-8 text; save the file as UTF-8 and try again.")
                if line.strip():
                    yield number, line
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from None
