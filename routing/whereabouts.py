"""Where a ticket is, as others are compared with it: road, landmark and house number out of its address."""

import re
from dataclasses import dataclass, replace

from core.text.normalise import normalise
from core.text.segment import words
from intents import Address, places

LONGEST_HOUSE = 5  # digits
SHORTEST_LANDMARK, LONGEST_LANDMARK = 3, 20  # characters of one that the gazetteer does not know

_DIGITS = re.compile(r"\d+")
# What stands behind the name of a place that the gazetteer does not know.
_BEHIND = re.compile(r"[a-z\d零一二三四五六七八九十百]+(?:号|栋|幢|座|单元|楼|室|层|排|弄).*$")
_UNNAMED_ROAD = re.compile(r"(?:路|街|巷|弄|大道|胡同)$")


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """A place as far as it is known. `district`, `street`: codes; `road`, `landmark`: names; degrees."""

    district: str | None = None
    street: str | None = None
    road: str | None = None
    landmark: str | None = None
    house: int | None = None
    latitude: float | None = None
    longitude: float | None = None


def read(
    address: str | None,
    *,
    district: str | None = None,
    street: str | None = None,
    latitude: float | None = None,
    longitude: float | None = None,
) -> Whereabouts:
    """Return the whereabouts of a ticket with this address. What is known besides holds."""
    known = Whereabouts(district=district, street=street, latitude=latitude, longitude=longitude)
    if not address:
        return known
    plain = normalise(address)
    found = places.find(plain)
    best = next((each for each in found if each.landmark or each.road), found[0] if found else None)
    if best is None:
        return known
    road, landmark = best.road, best.landmark
    if road is None and landmark is None:
        road, landmark = _as_said(best)
    if district is None:
        known = replace(known, district=best.district, street=best.street)
    return replace(known, road=road, landmark=landmark, house=_house(best))


def _as_said(address: Address) -> tuple[str | None, str | None]:
    """Return road or landmark of a place that only the citizen names."""
    said = re.split("(?<![小社])[省市区县镇乡]", _BEHIND.sub("", address.text))[-1]
    if not SHORTEST_LANDMARK <= len(said) <= LONGEST_LANDMARK or len(words(said)) > places.MOST_WORDS:
        return None, None
    return (said, None) if _UNNAMED_ROAD.search(said) else (None, said)


def _house(address: Address) -> int | None:
    digits = _DIGITS.search(normalise(address.number or ""))
    return int(digits[0]) if digits and len(digits[0]) <= LONGEST_HOUSE else None
