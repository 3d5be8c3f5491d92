"""Where it is: names out of the city's gazetteer, put together to addresses.

The longest name wins. Names that stand together narrow each other down (a road in two districts and a district's name
leave one); what stays open is said with `candidates`, and never guessed. A district that is said before a road holds,
also where the gazetteer has that road in another one only: there may be a second road of the name.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.city import city, read_yaml
from core.errors import BadInput
from core.text.normalise import normalise
from core.text.segment import words
from intents.understanding import Address

LONGEST = 4000  # characters read of one text
MOST_WORDS = 3  # of a name that the gazetteer does not know; more are a sentence that happens to end like one
PLOTS = frozenset({"landmark", "community"})  # kinds of names that stand for one piece of ground
_NUMBER = r"[\d一二三四五六七八九十百零两a-z]{1,6}"
_HOUSE = re.compile(
    rf"(?:(?P<number>{_NUMBER}号(?:院|之{_NUMBER})?)(?!线|楼|文|通知|公告|门(?!口)))?"
    rf"(?P<rest>(?:{_NUMBER}(?:区|期))?(?:{_NUMBER}(?:栋|幢|号楼|座|弄|排))?(?:{_NUMBER}单元)?(?:{_NUMBER}(?:楼|层|室|户))?)"
    r"(?P<side>(?:[东南西北]{1,2}(?:门|侧|边|口|面))?(?:路口|交叉口|交汇处|附近|对面|旁边?|门口|边上|沿线|地铁口)?)"
)
_JOINT = re.compile(r"[\s,，、]{0,2}(?:的|里的|和|与|跟|上的?|路段|小区|内|同|靠近|靠|到)?[\s,，]{0,1}")
# A place that the gazetteer does not know, as people write one.
_LOOSE = re.compile(
    r"(?:[a-z]?\d{0,2}[\u4e00-\u9fff]{0,4}?[省市区县镇乡]|街道)*"
    r"[\u4e00-\u9fffa-z\d]{1,10}?(?:大道|大街|路|街|巷|弄|胡同|小区|花园|家园|公寓|新村|广场|大厦|家属院|苑|庄园|社区|村|屯)"
)
# Behind a road: the name of a block that the gazetteer does not know (学府路书香里小区).
_BLOCK = re.compile(
    r"(?![和与跟及到往从这那])(?![\u4e00-\u9fff]{0,5}(?:[有是在了的旁]|对面|附近|门口|上面|边上))"
    r"[\u4e00-\u9fff]{2,6}?(?:小区|花园|家园|公寓|新村|大厦|家属院|广场|社区)"
)
_LEADS = re.compile(
    r".*(?:我家住?|[我咱]们?|住在?|家住|位于|地址是?|地点是?|就在|在|到|从|去|于|叫|请问|[的是有，和与把被给让对将个座条这那]|就|了|投诉|举报|反映)"
)
_NOT_NAMES = re.compile(
    r"^(?:[我你他们咱]*|[这那本该某各每整全]个?|一|老旧|老|新|旧|附近|旁边|楼下|隔壁|对面|整个|自己|农|城中|马|公|铁|道|修|走|一条|"
    r"半|问|网|思|销|出|门|上|下|前面|后面|很多|大|小|高档|安置|封闭|住宅|人行|十字|丁字|学校|商业|步行|美食|过|条)"
    r"(?:路|街|巷|弄|小区|花园|公寓|广场|大厦|家园|村|社区|苑|屯|家属院)$"
)
_SURE_ALONE = re.compile(r"(?:小区|花园|家园|公寓|新村|大厦|家属院|苑|庄园|大道)$")


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
    district_names: Mapping[str, str]


def _read(raw: dict[str, Any]) -> tuple[dict[str, Name], dict[str, str]]:
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
    return names, {district["code"]: district["name"] for district in raw["districts"]}


@lru_cache(maxsize=4)
def _gazetteer(folder: Path) -> Gazetteer:
    try:
        names, districts = _read(read_yaml(folder / "gazetteer.yaml"))
    except (KeyError, TypeError) as error:
        raise BadInput(f"gazetteer.yaml: an entry lacks {error} or has the wrong form.") from None
    plain = {normalise(name): entry for name, entry in names.items()}
    longest_first = sorted(plain, key=len, reverse=True)
    return Gazetteer(plain, re.compile("|".join(map(re.escape, longest_first))), districts)


def gazetteer() -> Gazetteer:
    """Return the city's gazetteer, read once. Raises BadInput where it is broken."""
    return _gazetteer(city().folder)


def _common(one: Sequence[Spot], other: Sequence[Spot]) -> tuple[Spot, ...]:
    """Return the spots at which both may be; the one that knows the street is kept."""
    both = [
        Spot(a.district, a.street or b.street)
        for a in one
        for b in other
        if a.district == b.district and (a.street is None or b.street is None or a.street == b.street)
    ]
    return tuple(dict.fromkeys(both))


@dataclass(slots=True)
class _Group:
    """Names that stand together and one address."""

    start: int
    end: int
    spots: tuple[Spot, ...]
    kinds: dict[str, str]
    number: str | None = None

    def add_block(self, plain: str) -> None:
        """Take in the name of an unknown block that stands directly behind a road."""
        block = _BLOCK.match(plain, self.end) if "road" in self.kinds and self.kinds.keys().isdisjoint(PLOTS) else None
        if block and not _NOT_NAMES.match(block[0]):
            house = _HOUSE.match(plain, block.end())
            assert house is not None  # every part of it may be empty
            self.end, self.kinds["landmark"] = house.end(), block[0]
            self.number = self.number or house["number"]

    def address(self, plain: str, only: str | None) -> Address:
        """Return the address; `only` is the one district that the rest of the text names."""
        spots = self.spots
        if only is not None:
            spots = tuple(spot for spot in spots if spot.district == only) or self._elsewhere(only)
        districts = tuple(dict.fromkeys(spot.district for spot in spots))
        streets = {spot.street for spot in spots}
        sure = len(districts) == 1
        return Address(
            text=plain[self.start : self.end],
            district=districts[0] if sure else None,
            street=streets.pop() if sure and len(streets) == 1 else None,
            road=self.kinds.get("road"),
            number=self.number,
            landmark=self.kinds.get("landmark") or self.kinds.get("community"),
            candidates=() if sure else districts,
        )

    def _elsewhere(self, only: str) -> tuple[Spot, ...]:
        """Return the spots where the text names a district and the gazetteer others: of a road either may be."""
        bare_road = self.kinds.keys() <= {"road"}
        return (Spot(only, None), *self.spots) if bare_road else self.spots


def _groups(plain: str, known: Gazetteer) -> list[_Group]:
    groups: list[_Group] = []
    for match in known.pattern.finditer(plain):
        entry = known.names[match[0]]
        house = _HOUSE.match(plain, match.end())
        assert house is not None  # every part of it may be empty
        last = groups[-1] if groups else None
        if last and _JOINT.fullmatch(plain, last.end, match.start()):
            together = _common(last.spots, entry.spots)
            if not together and match.start() == last.end and entry.kind == "road" and "road" not in last.kinds:
                together = last.spots  # 朝霞区南山路: what the citizen says of the district holds
            if together and (entry.kind not in last.kinds or entry.kind == "road"):
                last.spots, last.end = together, house.end()
                last.kinds.setdefault(entry.kind, entry.name)
                last.number = last.number or house["number"]
                continue
        groups.append(_Group(match.start(), house.end(), entry.spots, {entry.kind: entry.name}, house["number"]))
    for number, group in enumerate(groups):
        group.add_block(plain[: groups[number + 1].start] if number + 1 < len(groups) else plain)
    return groups


def _loose(plain: str) -> tuple[Address, ...]:
    found = []
    for match in _LOOSE.finditer(plain):
        lead = _LEADS.match(match[0])
        start = match.start() + (lead.end() if lead and lead.end() < len(match[0]) else 0)
        said = plain[start : match.end()]
        house = _HOUSE.match(plain, match.end())
        assert house is not None
        numbered = bool(house["number"] or house["rest"])
        named = len(said) > 3 and _SURE_ALONE.search(said)
        sure = numbered or named or re.search("[区县镇]", said[:-1])
        a_sentence = len(words(re.split("[省市区县镇乡]", said)[-1])) > MOST_WORDS
        if _NOT_NAMES.match(said) or len(said) < 3 or not sure or a_sentence:
            continue
        found.append(Address(text=plain[start : house.end()], number=house["number"]))
    return tuple(found)


def find(plain: str) -> tuple[Address, ...]:
    """Return the addresses in a normalised text, in order; what the gazetteer does not know only as its words."""
    plain = plain[:LONGEST]
    groups = _groups(plain, gazetteer())
    named = {spot.district for group in groups if "district" in group.kinds for spot in group.spots}
    only = named.pop() if len(named) == 1 else None
    found = tuple(group.address(plain, only) for group in groups)
    # A district's bare name adds nothing beside an address in it.
    telling = tuple(each for each in found if each.road or each.landmark or each.street or each.candidates)
    loose = _loose(plain) if not telling else ()
    if loose and only:
        return tuple(Address(text=each.text, district=only, number=each.number) for each in loose)
    return telling or loose or found


def resolve(text: str) -> tuple[Address, ...]:
    """Return the addresses that a citizen's text names. Raises BadInput only where the gazetteer is broken."""
    return find(normalise(text))
