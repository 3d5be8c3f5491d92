"""Letters sorted by the shipped category tree alone, without one letter to learn from.

    python3 benchmarks/few_shot.py [LETTERS.jsonl] [--mapping MAPPING.yaml]

LETTERS has lines of {"text", "label"} (default: ../shared/data/messages_7class.jsonl). MAPPING says which of the labels
each category belongs to (default: seven_classes.yaml). A letter gets the label whose categories are the likeliest
together. Prints accuracy, macro-F1 and, for each label, how many of its letters got which.
"""

import argparse
import json
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BATCH = 256
LETTERS = ROOT.parent / "shared/data/messages_7class.jsonl"


def label_of(code: str, categories: dict[str, str | None]) -> str | None:
    """Return the label of a category: that of the longest code above it that the mapping has."""
    parts = code.split(".")
    above = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
    return next((categories[each] for each in above if each in categories), None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("letters", nargs="?", type=Path, default=LETTERS)
    parser.add_argument("--mapping", type=Path, default=ROOT / "benchmarks/seven_classes.yaml")
    chosen = parser.parse_args()

    import yaml
    from sklearn.metrics import accuracy_score, confusion_matrix, f1_score

    from intents.classify import classifier
    from intents.reading import read_all

    mapping = yaml.safe_load(chosen.mapping.read_text(encoding="utf-8"))
    rows = [json.loads(line) for line in chosen.letters.read_text(encoding="utf-8").splitlines() if line.strip()]
    labels, guessed = mapping["classes"], []
    for start in range(0, len(rows), BATCH):
        leaves = classifier().confidences(read_all([row["text"] for row in rows[start : start + BATCH]]))[-1]
        belong = [label_of(code, mapping["categories"]) for code in leaves.codes]
        columns = {label: [column for column, each in enumerate(belong) if each == label] for label in labels}
        sums = {label: leaves.raw[:, columns[label]].sum(axis=1) for label in labels}
        together = [[sums[label][row] for label in labels] for row in range(len(leaves.raw))]
        guessed += [labels[each.index(max(each))] for each in together]
    told = [row["label"] for row in rows]
    print(f"letters   {len(rows)}")
    print(f"accuracy  {accuracy_score(told, guessed):.4f}")
    print(f"macro-F1  {f1_score(told, guessed, labels=labels, average='macro'):.4f}")
    for label, line in zip(labels, confusion_matrix(told, guessed, labels=labels), strict=True):
        print(label, *line, sep="\t")


if __name__ == "__main__":
    python = ROOT / ".venv/bin/python"
    if Path(sys.prefix) != ROOT / ".venv" and python.exists():
        os.execv(python, [str(python), __file__, *sys.argv[1:]])
    sys.path.insert(0, str(ROOT))
    main()
