import json
import sys
from pathlib import Path
from typing import Any

import pytest

from core.errors import BadInput, Unavailable
from intents.evaluate import evaluate

WATER = ["停水了没有水", "水管漏水了", "自来水发黄", "水费太贵", "水压太低", "家里没水了"]
LIGHT = ["路灯不亮了", "路灯坏了一周", "路灯白天亮着", "街上没有灯", "灯杆歪了", "路灯忽明忽暗"]


def _write(path: Path, rows: list[Any]) -> Path:
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    rows = [{"text": text, "label": "water"} for text in WATER] + [{"text": text, "label": "light"} for text in LIGHT]
    return _write(tmp_path / "train.jsonl", rows)


def test_a_labelled_file_is_fitted_and_measured(sound: Path) -> None:
    figures = evaluate(sound, sound)
    assert list(figures) == ["macro_f1", "accuracy", "classes", "learnt_too", "train_seconds", "texts_per_second"]
    assert figures["macro_f1"] == figures["accuracy"] == 1
    assert figures["learnt_too"] == 12  # all of them: such figures mean nothing, and it is said
    assert figures["classes"] == 2 and figures["texts_per_second"] > 0


def test_the_columns_can_be_named(tmp_path: Path) -> None:
    rows = [{"body": text, "unit": number % 2} for number, text in enumerate(WATER + LIGHT)]
    file = _write(tmp_path / "train.jsonl", rows)
    assert evaluate(file, file, text="body", label="unit")["classes"] == 2


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"text": "停水"}, "“label” is missing"),
        ({"label": "water"}, "“text” is missing"),
        ({"text": "", "label": "water"}, "not empty"),
        ({"text": None, "label": "water"}, "not empty"),
        ("{broken", "not a JSON object"),
        ("[1]", "not a JSON object"),
    ],
)
def test_a_broken_line_is_named_with_its_file_and_number(tmp_path: Path, sound: Path, row: Any, said: str) -> None:
    file = _write(tmp_path / "broken.jsonl", [{"text": "停水", "label": "water"}, row])
    with pytest.raises(BadInput, match=said) as error:
        evaluate(file, sound)
    assert "broken.jsonl, line 2" in error.value.sentence


def test_one_class_an_empty_file_and_a_missing_one_are_refused(tmp_path: Path, sound: Path) -> None:
    single = _write(tmp_path / "single.jsonl", [{"text": text, "label": "water"} for text in WATER * 2])
    with pytest.raises(BadInput, match=r"single\.jsonl.*at least two labels"):
        evaluate(single, sound)
    with pytest.raises(BadInput, match=r"empty\.jsonl"):
        evaluate(_write(tmp_path / "empty.jsonl", []), sound)
    with pytest.raises(BadInput, match=r"none\.jsonl"):
        evaluate(tmp_path / "none.jsonl", sound)


def test_a_label_that_only_the_test_has_counts_as_an_error(tmp_path: Path, sound: Path) -> None:
    rows = [{"text": "停水了没有水", "label": "water"}] * 9 + [{"text": "煤气漏了", "label": "gas"}]
    figures = evaluate(sound, _write(tmp_path / "gas.jsonl", rows))
    assert figures["accuracy"] == 0.9 and figures["macro_f1"] < 0.9


def test_tuning_says_what_it_needs(sound: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(Unavailable, match="models"):
        evaluate(sound, sound, tune=True)


def test_a_tuned_encoder_votes_beside_the_linear_model(sound: Path) -> None:
    pytest.importorskip("torch")
    steps: list[tuple[int, int]] = []
    figures = evaluate(sound, sound, tune=True, progress=lambda done, all_of: steps.append((done, all_of)))
    assert list(figures) == ["macro_f1", "accuracy", "classes", "learnt_too", "train_seconds", "texts_per_second"]
    assert figures["macro_f1"] == 1
    assert steps[-1][0] == steps[-1][1] == len(steps)
