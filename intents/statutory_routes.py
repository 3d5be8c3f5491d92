"""The statutory routes as the city wrote them, and the words that say that a text belongs to one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core.city import city, read_yaml
from core.errors import BadInput

WORDS = Path(__file__).parent / "data" / "statutory_words.yaml"
HEAD = 300  # characters in which strong words are looked for
_KEYS = {"code", "name", "explanation", "route", "examples", "near_misses"}


@dataclass(frozen=True, slots=True)
class Route:
    """What is no matter for a ticket, why, and where the law sends it."""

    code: str
    name: str
    explanation: str
    route: str
    phone: str | None
    examples: tuple[str, ...]
    near_misses: tuple[str, ...]


@lru_cache(maxsize=4)
def _routes(folder: Path) -> Mapping[str, Route]:
    found: dict[str, Route] = {}
    for row, raw in enumerate(read_yaml(folder / "statutory.yaml"), 1):
        if not isinstance(raw, dict) or not _KEYS <= raw.keys() <= _KEYS | {"phone"}:
            missing = ", ".join(sorted(_KEYS - set(raw))) if isinstance(raw, dict) else "everything"
            raise BadInput(f"statutory.yaml: entry {row} lacks {missing or 'nothing, but has an unknown key'}.")
        found[raw["code"]] = Route(
            **{key: raw[key] for key in ("code", "name", "explanation", "route")},
            phone=str(raw["phone"]) if "phone" in raw else None,
            examples=tuple(raw["examples"]),
            near_misses=tuple(raw["near_misses"]),
        )
    return found


def routes() -> Mapping[str, Route]:
    """Return the statutory routes by code. Raises BadInput where `statutory.yaml` is broken."""
    return _routes(city().folder)


@dataclass(frozen=True, slots=True)
class Words:
    """What says that a text belongs to a route, and what is blanked before it is looked for."""

    says: re.Pattern[str]
    unless: re.Pattern[str]

    def excused(self, plain: str) -> bool:
        """Say whether the head of a normalised text has what is blanked."""
        return self.unless.search(plain[:HEAD]) is not None

    def say(self, plain: str) -> bool:
        """Say whether the head of a normalised text has words of the route."""
        return self.says.search(self.unless.sub("〇", plain[:HEAD])) is not None


@lru_cache(maxsize=1)
def words() -> Mapping[str, Words]:
    """Return the words of each route by its code."""
    return {
        code: Words(re.compile("|".join(raw["says"])), re.compile("|".join(raw["unless"])))
        for code, raw in read_yaml(WORDS).items()
    }
