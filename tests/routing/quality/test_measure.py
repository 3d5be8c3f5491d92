"""How often the checks are right on lines of our own, and what a line must look like."""

from pathlib import Path

import pytest

from core.errors import BadInput
from intents import labelled
from routing.quality import measure

HERE = Path(__file__).parent
LEAST = {  # precision and recall, of what was reached on the lines
    "replies.jsonl": (0.8, 0.8),
    "types.jsonl": (0.9, 0.7),  # written to be hard: cue words alone find nothing there
    "elements.jsonl": (0.9, 0.9),
}


@pytest.mark.parametrize("name", sorted(LEAST))
def test_each_check_finds_what_people_found(name: str) -> None:
    precision, recall = LEAST[name]
    figures = measure.by_check(labelled.rows(HERE / name))
    assert figures
    for check, each in figures.items():
        assert (each["precision"], each["recall"]) >= (precision, 0), check
        assert each["recall"] >= recall, check


@pytest.mark.parametrize(
    "row", [{}, {"given": {"request": " "}, "found": []}, {"given": {"request": "路灯"}, "found": ["copied"]}]
)
def test_a_line_that_is_no_case_is_named(row: dict[str, object]) -> None:
    with pytest.raises(BadInput, match="7"):
        measure.by_check([(7, row)])


def test_a_reply_is_nearer_to_its_own_letter() -> None:
    pairs = [
        (row["given"]["request"], row["given"]["result"])
        for _, row in labelled.rows(HERE / "replies.jsonl")
        if not row["found"]
    ]
    figures = measure.separation([letter for letter, _ in pairs], [reply for _, reply in pairs])
    assert figures["auc"] > 0.9 and figures["odd_mistaken"] < 0.3
    with pytest.raises(BadInput, match="too few"):
        measure.separation(["路灯不亮"], ["已修好"])
