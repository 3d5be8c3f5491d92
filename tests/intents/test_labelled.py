import json
from pathlib import Path

import pytest

from core.errors import BadInput
from intents import labelled


def _rows(count: int) -> str:
    return "".join(json.dumps({"text": f"路灯{number}坏了", "label": "light"}) + "\n" for number in range(count))


def test_lines_are_read_in_their_order_and_empty_ones_left_out(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    file.write_text("\ufeff\n" + _rows(12) + "  \n", encoding="utf-8")
    read = labelled.load(file, text="text", label="label")
    assert len(read.texts) == len(read.labels) == 12 and read.texts[3] == "路灯3坏了"


def test_two_rows_are_too_few(tmp_path: Path) -> None:
    file = tmp_path / "two.jsonl"
    file.write_text(_rows(2), encoding="utf-8")
    with pytest.raises(BadInput, match=r"two\.jsonl: 2 labelled lines are too few"):
        labelled.load(file, text="text", label="label")


def test_a_file_of_200_megabytes_is_refused_before_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "large.jsonl"
    with file.open("wb") as made:
        made.truncate(200_000_000)  # a hole: no disk is used
    with pytest.raises(BadInput, match=r"large\.jsonl has 200 MB, more than the 150 MB"):
        labelled.load(file, text="text", label="label")


def test_a_line_without_end_is_named(tmp_path: Path) -> None:
    file = tmp_path / "one.jsonl"
    file.write_text(_rows(1) + "x" * 300_000, encoding="utf-8")
    with pytest.raises(BadInput, match=r"one\.jsonl, line 2: longer than"):
        labelled.load(file, text="text", label="label")


def test_another_encoding_and_deep_nesting_are_sentences(tmp_path: Path) -> None:
    file = tmp_path / "old.jsonl"
    file.write_bytes('{"text": "路灯"}'.encode("gb18030"))
    with pytest.raises(BadInput, match="UTF-8"):
        labelled.load(file, text="text", label="label")
    file.write_bytes(_rows(4).encode() + b'{"text": "\xff"}\n' + _rows(9).encode())
    with pytest.raises(BadInput, match=r"old\.jsonl, line 5: not UTF-8"):
        labelled.load(file, text="text", label="label")
    file.write_text("[" * 100_000, encoding="utf-8")
    with pytest.raises(BadInput, match="line 1: not a JSON object"):
        labelled.load(file, text="text", label="label")


def test_true_is_no_label_and_spaces_around_one_are_not_part_of_it(tmp_path: Path) -> None:
    file = tmp_path / "labels.jsonl"
    file.write_text(_rows(12) + '{"text": "路灯", "label": "light "}', encoding="utf-8")
    assert set(labelled.load(file, text="text", label="label").labels) == {"light"}
    file.write_text('{"text": "路灯", "label": true}', encoding="utf-8")
    with pytest.raises(BadInput, match="line 1: the column “label” must be a text"):
        labelled.load(file, text="text", label="label")
