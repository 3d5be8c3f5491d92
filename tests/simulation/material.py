"""What simulated citizens talk about: the city's own examples, articles and places, and words of our own."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

import yaml

from core.city import city, read_yaml
from core.text.normalise import normalise
from intents import RequestType, emergency_rules, entities, statutory_routes
from intents.categories import tree

FOLDER = Path(__file__).parent
LONGEST = 45  # characters of an example that is said aloud
EMERGENCIES = Path(emergency_rules.__file__).parent / "data" / "emergency_examples.jsonl"


@lru_cache(maxsize=1)
def phrases() -> dict[str, Any]:
    """Return `phrases.yaml`."""
    content: dict[str, Any] = yaml.safe_load((FOLDER / "phrases.yaml").read_text())
    return content


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is, and what must be found of it in the ticket; `district` where the citizen knows it."""

    text: str
    mark: str
    district: str = ""  # name


@dataclass(slots=True)
class Matter:
    """What happened, and what the citizen knows of it by element."""

    category: str
    sentence: str
    others: tuple[str, ...]  # other wordings of the same subject
    place: Place
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Material:
    """Everything to choose from."""

    matters: tuple[tuple[str, tuple[str, ...]], ...]  # category, sentences
    questions: tuple[str, ...]
    statutory: tuple[str, ...]
    emergencies: tuple[str, ...]
    roads: tuple[tuple[str, str], ...]  # name, district where there is but one
    communities: tuple[tuple[str, str], ...]

    def matter(self, chance: Random) -> Matter:
        """Return a matter with a place, a time and whatever its category asks for."""
        category, sentences = chance.choice(self.matters)
        sentence = chance.choice(sentences)
        facts = {"when": chance.choice(phrases()["when"])}
        for element in tree()[category].ask:
            if element in phrases() and element not in facts:
                facts[element] = chance.choice(phrases()[element])
        others = tuple(each for each in sentences if each != sentence)
        return Matter(category, sentence, others, self.place(chance), facts)

    def place(self, chance: Random) -> Place:
        """Return a road with a number, a community, either with its district, or a spot that no map has."""
        kind = chance.random()
        if kind < 0.08:
            said = chance.choice(phrases()["nowhere"])
            return Place(said, said)
        if kind < 0.3:
            name, district = chance.choice(self.communities)
            return Place(name, name, district)
        name, district = chance.choice(self.roads)
        said = f"{name}{chance.randint(2, 180)}号"
        return Place(f"{district}{said}" if district and chance.random() < 0.3 else said, said, district)


@lru_cache(maxsize=1)
def material() -> Material:
    """Return what the city in use has to talk about."""
    raw = read_yaml(city().folder / "gazetteer.yaml")
    districts = {each["code"]: each["name"] for each in raw["districts"]}
    communities = [
        (community, district["name"])
        for district in raw["districts"]
        for street in district["streets"]
        for community in street["communities"]
    ]
    roads = [
        (each["name"], districts[each["districts"][0]] if len(each["districts"]) == 1 else "") for each in raw["roads"]
    ]
    emergencies = [json.loads(line) for line in EMERGENCIES.read_text().splitlines()]
    return Material(
        matters=tuple(_matters()),
        questions=tuple(_questions(city().folder / "articles")),
        statutory=tuple(
            each for route in statutory_routes.routes().values() for each in route.examples if len(each) <= LONGEST
        ),
        emergencies=tuple(each["text"] for each in emergencies if each["service"] and len(each["text"]) <= LONGEST),
        roads=tuple(roads),
        communities=tuple(communities),
    )


def _matters() -> list[tuple[str, tuple[str, ...]]]:
    """Return of every leaf that is no question the examples that name no place, number or time of their own."""
    leaves = [leaf for leaf in tree().leaves() if leaf.request_type is not RequestType.CONSULTATION]
    found = [(leaf.code, tuple(each for each in leaf.examples if _bare(each))) for leaf in leaves]
    return [each for each in found if each[1]]


def _bare(example: str) -> bool:
    named = entities.find(normalise(example))
    said = (named.addresses, named.phones, named.times, named.licence_plates, named.amounts, named.organisations)
    return len(example) <= LONGEST and not any(said) and not example.endswith(("？", "吗", "呢", "?"))


def _questions(folder: Path) -> list[str]:
    questions: list[str] = []
    for file in sorted(folder.rglob("*.md")):
        head: dict[str, Sequence[str]] = yaml.safe_load(file.read_text().split("---")[1])
        questions += [each for each in head["questions"] if len(each) <= LONGEST]
    return questions
