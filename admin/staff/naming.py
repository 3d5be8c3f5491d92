"""Names of what tickets hold as codes: categories, places, departments, channels."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from core.city import city, read_yaml
from intents import categories
from routing import departments

STEP = " › "


def category_path(code: str | None) -> str:
    """Return the names of a category from the first level down; of one that no longer exists, its code."""
    if code is None:
        return ""
    node = categories.tree().get(code)
    return STEP.join(node.path) if node else code


def category_name(code: str | None) -> str:
    """Return the last name of a category."""
    return category_path(code).rpartition(STEP)[2]


def category_code(written: str) -> str:
    """Return the code of the leaf whose path, or as much of its end as only it has, is written; else what was."""
    names = tuple(name.strip() for name in written.split(STEP.strip()))
    found = [leaf.code for leaf in categories.tree().leaves() if leaf.path[-len(names) :] == names]
    return found[0] if len(found) == 1 else written


def department(code: str | None, *, full: bool = False) -> str:
    """Return a department's short (or full) name; of one that no longer exists, its code."""
    if code is None:
        return ""
    tree = departments.tree()
    if code not in tree:
        return code
    return tree.get(code).name if full else tree.get(code).short_name


def place(district: str | None, street: str | None = None) -> str:
    """Return the names of a district and a street office."""
    names = _areas(city().folder)
    return names.get(district or "", district or "") + names.get(street or "", street or "")


def areas() -> list[dict[str, Any]]:
    """Return every district with its streets, as {"code", "name", "streets": [{"code", "name"}]}."""
    return _districts(city().folder)


@lru_cache(maxsize=2)
def _districts(folder: Path) -> list[dict[str, Any]]:
    return [
        {
            "code": district["code"],
            "name": district["name"],
            "streets": [{"code": street["code"], "name": street["name"]} for street in district["streets"]],
        }
        for district in read_yaml(folder / "gazetteer.yaml")["districts"]
    ]


@lru_cache(maxsize=2)
def _areas(folder: Path) -> dict[str, str]:
    found = {}
    for district in _districts(folder):
        found[district["code"]] = district["name"]
        found |= {street["code"]: street["name"] for street in district["streets"]}
    return found
