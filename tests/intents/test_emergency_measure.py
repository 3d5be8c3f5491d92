"""A labelled file of dangers is read strictly: a figure over half of it would deceive."""

import json
from pathlib import Path
from typing import Any

import pytest

from core.errors import BadInput
from intents.emergency_measure import figures, judge

FIRE = {"text": "厨房着火了，快来人", "service": "fire", "kind": "fire", "set": "A"}


def _write(path: Path, rows: list[Any]) -> Path:
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows))
    return path


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({**FIRE, "service": ["fire"]}, "is none of"),
        ({**FIRE, "service": "dragon"}, "'dragon' is none of"),
        ({"text": "着火了", "kind": "fire"}, "expected text, service"),
        ({**FIRE, "kind": None}, "expected text, service"),
        ({**FIRE, "set": "together"}, "cannot be called “together”"),
        ("[" * 100_000, "not a JSON object"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, row: Any, said: str) -> None:
    with pytest.raises(BadInput, match=said) as error:
        judge(_write(tmp_path / "dangers.jsonl", [FIRE, row]))
    assert "dangers.jsonl, line 2" in error.value.sentence


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="has no line to judge"):
        judge(_write(tmp_path / "dangers.jsonl", [""]))


def test_lines_are_lines_and_empty_ones_are_passed_over(tmp_path: Path) -> None:
    rows = ["\ufeff", FIRE, "", {**FIRE, "text": "厨房\u2028着火了", "service": None, "set": "B"}]
    found = judge(_write(tmp_path / "dangers.jsonl", rows))
    counted = figures(found)
    assert (counted["A"]["dangers"], counted["B"]["harmless"]) == (1, 1)
    assert list(counted) == ["A", "B", "together"]
