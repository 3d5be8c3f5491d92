"""The city's names of places, read from its `gazetteer.yaml` once."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.city import city, read_yaml
from core.errors import BadInput
from core.text.normalise import normalise


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a name may be: district and, where known, street office (codes)."""

    district: str
    street: str | None


@dataclass(frozen=True, slots=True)
class Name:
    """What a name in the gazetteer stands for."""

    kind: str  # district street community road landmark
    name: str  # the official one
    spots: tuple[Spot, ...]


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """All names of the city, and a pattern that finds the longest."""

    names: Mapping[str, Name]
    pattern: re.Pattern[str]


def _read(raw: dict[str, Any]) -> dict[str, Name]:
    names: dict[str, Name] = {}

    def add(kind: str, entry: dict[str, Any], spots: Sequence[Spot]) -> None:
        for said in (entry["name"], *entry.get("aliases", [])):
            known = names.get(said)
            more = known.spots if known and known.kind == kind else ()
            names[said] = Name(kind=kind, name=entry["name"], spots=tuple(dict.fromkeys((*more, *spots))))

    for district in raw["districts"]:
        for street in district["streets"]:
            for community in street["communities"]:
                add("community", {"name": community}, [Spot(district["code"], street["code"])])
    for road in raw["roads"]:
        add("road", road, [Spot(code, None) for code in road["districts"]])
    for landmark in raw["landmarks"]:
        add("landmark", landmark, [Spot(landmark["district"], landmark["street"])])
    for district in raw["districts"]:
        add("district", district, [Spot(district["code"], None)])
        for street in district["streets"]:
            add("street", street, [Spot(district["code"], street["code"])])
    return names


@lru_cache(maxsize=4)
def _gazetteer(folder: Path) -> Gazetteer:
    try:
        names = _read(read_yaml(folder / "gazetteer.yaml"))
    except (KeyError, TypeError) as error:
        raise BadInput(f"gazetteer.yaml: an entry lacks {error} or has the wrong form.") from None
    plain = {normalise(name): entry for name, entry in names.items()}
    longest_first = sorted(plain, key=len, reverse=True)
    return Gazetteer(plain, re.compile("|".join(map(re.escape, longest_first))))


def gazetteer() -> Gazetteer:
    """Return the city's gazetteer, read once. Raises BadInput where it is broken."""
    return _gazetteer(city().folder)


def common(one: Sequence[Spot], other: Sequence[Spot]) -> tuple[Spot, ...]:
    """Return the spots at which both may be; the one that knows the street is kept."""
    both = [
        Spot(a.district, a.street or b.street)
        for a in one
        for b in other
        if a.district == b.district and (a.street is None or b.street is None or a.street == b.street)
    ]
    return tuple(dict.fromkeys(both))
