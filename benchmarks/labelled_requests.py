"""Requests of which it is known whose duty they are: the sample city's own, taken out of what it knows, and letters."""

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
LETTERS = ROOT.parent / "shared/data/letters_departments.jsonl"
HELD_OUT = 2  # sentences of a category
FEWEST = 10  # of which the tree must keep eight; categories with less are left alone
OUTDATED = 10  # one row in so many


@dataclass(frozen=True)
class Request:
    text: str
    right: frozenset[str]
    district: str | None = None
    street: str | None = None
    group: str = "all"


def _order(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def held_out(folder: Path) -> list[tuple[str, int, str]]:
    """Copy the sample city without two sentences of each category; return all, those first: leaf, place, words."""
    shutil.copytree(ROOT / "cities/sample", folder)
    taken = []
    for file in sorted((folder / "taxonomy").glob("*.yaml")):
        raw = yaml.safe_load(file.read_text(encoding="utf-8"))
        for leaf in _leaves(raw):
            sentences = sorted(set(leaf["examples"]), key=_order)
            if len(sentences) < FEWEST:
                continue
            taken += [(leaf["code"], place, words) for place, words in enumerate(sentences)]
            leaf["examples"] = sentences[HELD_OUT:]
        file.write_text(yaml.safe_dump(raw, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return taken


def _leaves(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "examples" in node:
        yield node
    for child in node.get("children", ()):
        yield from _leaves(child)


def truth(*, outdated: bool) -> tuple[Any, set[tuple[str, str]]]:
    """Return the catalogue that is right, and the keys of the rows that the line's own has wrong."""
    from routing.catalogue import catalogue

    right, moved = catalogue(), set()
    rows = [row for row in right if row.area == "*" and not row.lead.startswith("@") and row.co_handlers]
    for row in rows[::OUTDATED] if outdated else ():
        if row.co_handlers[0] != "hotline_centre":
            right = right.with_row(replace(row, lead=row.co_handlers[0], co_handlers=(row.lead,)))
            moved.add(row.key)
    return right, moved


def requests_of(sentences: Sequence[tuple[str, int, str]], part: range, *, outdated: bool) -> list[Request]:
    """Return the sentences with a street of the city each, and whose duty they are there; the centre's own left out.

    `outdated`: of the rows alone that the line's catalogue has wrong.
    """
    from core.city import city, read_yaml
    from routing.tree import tree

    right, moved = truth(outdated=outdated)
    gazetteer = read_yaml(city().folder / "gazetteer.yaml")["districts"]
    places = [(each["code"], street["code"]) for each in gazetteer for street in each["streets"]]
    found = []
    for code, place, words in sentences:
        if place not in part:
            continue
        district, street = places[int(_order(words), 16) % len(places)]
        assigned = right.find(category=code, district=district, street=street)
        if assigned is None or assigned.lead is None or tree().get(assigned.lead).kind == "centre":
            continue
        if assigned.row.key in moved or not outdated:
            found.append(Request(words, frozenset({assigned.lead}), district, street))
    return sorted(found, key=lambda each: _order(each.text))


def letters(file: Path) -> list[Request]:
    known = yaml.safe_load((ROOT / "benchmarks/dispatching_letters.yaml").read_text(encoding="utf-8"))
    found = []
    for line in file.read_text(encoding="utf-8").splitlines():
        letter = json.loads(line)
        right = {code for name in letter["institution"].split(",") for code in known.get(name, ())}
        if right:
            group = "bus" if right == {"bus_group"} else "rest"
            found.append(Request(f"{letter['title']}。{letter['content']}", frozenset(right), group=group))
    return sorted(found, key=lambda each: _order(each.text))
