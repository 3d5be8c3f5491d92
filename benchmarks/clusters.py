"""How well questions are put together: matters that chose the threshold, matters that report, and a dense base.

    python -m benchmarks.clusters

Of every two questions: precision is the share of those put together that are of one matter, recall the share of those
of one matter that are put together.
"""

import json
from collections import Counter
from math import comb
from pathlib import Path

from kb import clusters

DATA = Path("tests/kb/data")


def lines(name: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (DATA / f"{name}.jsonl").read_text().splitlines()]


def report(name: str, labelled: list[tuple[str, str]]) -> None:
    groups = clusters.group([question for question, _ in labelled])
    matters = [Counter(labelled[place][1] for place in group) for group in groups]
    together = sum(comb(len(group), 2) for group in groups)
    right = sum(comb(count, 2) for each in matters for count in each.values())
    whole = sum(comb(count, 2) for count in Counter(matter for _, matter in labelled).values())
    purity = sum(max(each.values()) for each in matters) / len(labelled)
    print(
        f"{name:20}{len(groups):5} ({len({matter for _, matter in labelled})})  purity {purity:.3f}"
        f"  precision {right / together:.3f}  recall {right / whole:.3f}"
    )


def main() -> None:
    written = [(line["question"], line["matter"]) for line in lines("clusters")]
    matters = list(dict.fromkeys(matter for _, matter in written))
    for name, rest in (("chosen on", 1), ("reported", 0)):
        report(name, [each for each in written if matters.index(each[1]) % 2 == rest])
    asked = [*lines("covered"), *lines("spoken_covered")]
    report("by article", [(line["question"], line["article"]) for line in asked])


if __name__ == "__main__":
    main()
