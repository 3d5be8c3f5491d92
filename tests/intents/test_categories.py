from pathlib import Path
from typing import Any

import pytest
import yaml

from core.errors import BadInput
from intents import categories


def _tree() -> dict[str, Any]:
    leaf = {
        "code": "water.supply.outage",
        "name": "停水",
        "definition": "家里没有自来水。",
        "request_type": "assistance",
        "urgency": "urgent",
        "ask": ["where", "when"],
        "examples": [f"停水了第{number}天" for number in range(8)],
    }
    supply = {"code": "water.supply", "name": "供水", "children": [leaf]}
    return {"code": "water", "name": "水", "children": [supply]}


def _write(folder: Path, tree: Any) -> Path:
    (folder / "water.yaml").write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")
    return folder


def _leaf(tree: dict[str, Any]) -> dict[str, Any]:
    leaf: dict[str, Any] = tree["children"][0]["children"][0]
    return leaf


def test_a_sound_file_becomes_a_tree(tmp_path: Path) -> None:
    tree = categories.load(_write(tmp_path, _tree()))
    assert list(tree) == ["water", "water.supply", "water.supply.outage"]
    leaf = tree["water.supply.outage"]
    assert leaf.path == ("水", "供水", "停水")
    assert leaf.level == 3
    assert tree.leaves() == (leaf,)
    assert [node.code for node in tree.ancestors(leaf.code)] == list(tree)
    assert tree["water"].children == ("water.supply",)
    assert tree.get("air") is None


def test_an_inner_category_is_usually_what_most_of_its_leaves_are(tmp_path: Path) -> None:
    raw = _tree()
    for number, kind in enumerate(["complaint", "complaint"]):
        more = {**_leaf(_tree()), "code": f"water.supply.more{number}", "request_type": kind}
        raw["children"][0]["children"].append(more)
    tree = categories.load(_write(tmp_path, raw))
    assert tree.usual_request_type("water") == "complaint"
    assert tree.usual_request_type("water.supply.outage") == "assistance"


@pytest.mark.parametrize("key", ["definition", "request_type", "urgency", "ask", "examples", "name", "code"])
def test_a_missing_key_is_named_with_its_file(tmp_path: Path, key: str) -> None:
    tree = _tree()
    del _leaf(tree)[key]
    with pytest.raises(BadInput, match=rf"water\.yaml.*`{key}` is missing"):
        categories.load(_write(tmp_path, tree))


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("request_type", "question", "question"),
        ("urgency", "soon", "soon"),
        ("ask", ["weather"], "weather"),
        ("ask", "where", "list"),
        ("examples", ["停水了"] * 8, "8 are needed"),
        ("examples", ["停水了", ""], "example 2"),
        ("examples", [3], "example 1"),
        ("definition", " ", "not empty"),
        ("code", "water.outage", "parent's code"),
        ("code", "water.supply.停水", "parent's code"),
        ("colour", "blue", "`colour` is unknown"),
    ],
)
def test_a_wrong_value_is_named_with_its_file_and_key(tmp_path: Path, key: str, value: Any, said: str) -> None:
    tree = _tree()
    _leaf(tree)[key] = value
    with pytest.raises(BadInput, match=said) as error:
        categories.load(_write(tmp_path, tree))
    assert error.value.sentence.startswith("water.yaml: ")
    assert key in error.value.sentence


def test_a_code_used_twice_is_refused(tmp_path: Path) -> None:
    tree = _tree()
    tree["children"][0]["children"].append(_leaf(_tree()))
    with pytest.raises(BadInput, match="used twice"):
        categories.load(_write(tmp_path, tree))


@pytest.mark.parametrize("tree", [None, [], "water", {"code": "water", "name": "水", "children": []}])
def test_what_is_no_tree_is_refused(tmp_path: Path, tree: Any) -> None:
    with pytest.raises(BadInput, match=r"water\.yaml"):
        categories.load(_write(tmp_path, tree))


def test_broken_yaml_and_an_empty_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no category file"):
        categories.load(tmp_path)
    (tmp_path / "water.yaml").write_text("code: [", encoding="utf-8")
    with pytest.raises(BadInput, match=r"water\.yaml"):
        categories.load(tmp_path)


def test_the_sample_city_has_the_tree_that_the_issue_asks_for() -> None:
    tree = categories.tree()
    levels = [sum(node.level == level for node in tree.values()) for level in (1, 2, 3)]
    assert levels[0] >= 14 and levels[1] >= 90 and levels[2] >= 290
