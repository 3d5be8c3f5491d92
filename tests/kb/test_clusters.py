"""Questions that ask the same stand together, and others do not."""

import json
from collections import Counter
from pathlib import Path

from kb import clusters

LINES = [json.loads(line) for line in (Path(__file__).parent / "data/clusters.jsonl").read_text().splitlines()]


def reported() -> list[dict[str, str]]:
    """The matters that did not choose the threshold."""
    matters = list(dict.fromkeys(line["matter"] for line in LINES))
    return [line for line in LINES if matters.index(line["matter"]) % 2 == 0]


def test_clusters_are_of_one_matter_and_few_are_torn() -> None:
    lines = reported()
    groups = clusters.group([line["question"] for line in lines])
    matters = [Counter(lines[place]["matter"] for place in group) for group in groups]
    purity = sum(max(each.values()) for each in matters) / len(lines)
    assert purity >= 0.95
    assert len(groups) <= 1.35 * len({line["matter"] for line in lines})


def test_the_same_questions_make_the_same_clusters() -> None:
    asked = [line["question"] for line in LINES[:30]]
    assert clusters.group(asked) == clusters.group(asked)


def test_a_question_alone_and_one_without_words_are_groups_of_their_own() -> None:
    assert clusters.group([]) == []
    assert clusters.group(["？"]) == [[0]]
    assert sorted(clusters.group(["钓鱼要办证吗", "火星怎么去"])) == [[0], [1]]
