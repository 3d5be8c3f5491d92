"""Sentences with what is named in them (`data/entities*.yaml`) and how what is read is compared with it."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from core.text.normalise import normalise
from intents import entities
from intents.understanding import Address, Entities, TimeSpan

DATA = Path(__file__).parent / "data"
NOW = datetime(2026, 6, 10, 2, 30, tzinfo=UTC)  # Wednesday, 10:30 in the city
PLACE = ("district", "road", "crossing", "number", "landmark", "community", "building", "unit", "room")
THINGS = ("phones", "identity_numbers", "licence_plates", "amounts", "organisations", "people")
Fact = tuple[str, str]


def sentences(name: str) -> list[dict[str, Any]]:
    """Return the sentences of a file, each with its expected things."""
    read: list[dict[str, Any]] = yaml.safe_load((DATA / name).read_text(encoding="utf-8"))
    return read


def _place(address: Address) -> str:
    """Return what is known of a place; of one that the gazetteer does not know, its words."""
    known = {field: getattr(address, field, None) for field in PLACE}
    if known["community"]:
        known["landmark"] = None if known["landmark"] == known["community"] else known["landmark"]
    if not any(known[field] for field in ("district", "road", "landmark", "community")) and not address.candidates:
        return address.text
    parts = [f"{field}={value}" for field, value in known.items() if value]
    return " ".join(parts + (["candidates=" + ",".join(address.candidates)] if address.candidates else []))


def _time(span: TimeSpan) -> str:
    return f"{span.start:%Y-%m-%d %H:%M} – {span.end:%Y-%m-%d %H:%M}" if span.start and span.end else span.text


def found(text: str) -> Iterator[Fact]:
    """Yield what the product reads in a text."""
    read: Entities = entities.find(normalise(text))
    yield from (("places", _place(each)) for each in read.addresses)
    yield from (("times", _time(each)) for each in read.times)
    for kind in THINGS:
        yield from ((kind, str(each)) for each in getattr(read, kind, ()))


def expected(sentence: dict[str, Any]) -> Iterator[Fact]:
    """Yield what a sentence is said to name."""
    for place in sentence.get("places", []):
        plain = place.get("text")
        parts = [f"{field}={place[field]}" for field in PLACE if field in place]
        open_one = ["candidates=" + ",".join(place["candidates"])] if "candidates" in place else []
        yield "places", plain or " ".join(parts + open_one)
    for words, edges in sentence.get("times", {}).items():
        yield "times", " – ".join(edges) if edges else words
    for kind in THINGS:
        yield from ((kind, str(value)) for value in sentence.get(kind, []))


def figures(name: str) -> dict[str, tuple[int, int, int]]:
    """Return for each kind, and for `all`, how many things are expected, read, and both."""
    counted: dict[str, list[int]] = {kind: [0, 0, 0] for kind in ("places", "times", *THINGS, "all")}
    for sentence in sentences(name):
        wanted, read = Counter(expected(sentence)), Counter(found(sentence["text"]))
        for column, facts in enumerate((wanted, read, wanted & read)):
            for (kind, _), count in facts.items():
                counted[kind][column] += count
                counted["all"][column] += count
    return {kind: (each[0], each[1], each[2]) for kind, each in counted.items()}
