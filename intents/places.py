"""Where it is: names out of the city's gazetteer, put together to addresses.

The longest name wins. Names that stand together narrow each other down (a road in two districts and a district's name
leave one); what stays open is said with `candidates`, and never guessed. A district that is said before a road holds,
also where the gazetteer has that road in another one only: there may be a second road of the name.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from core.city import city
from core.text.normalise import normalise
from core.text.segment import words
from intents import misspelt, organisations
from intents.gazetteer import Gazetteer, Name, Spot, common, gazetteer
from intents.understanding import Address

LONGEST = 4000  # characters read of one text
MOST_WORDS = 3  # of a name that the gazetteer does not know; more are a sentence that happens to end like one
SHORT = 2  # characters of a name that must be words of their own: 一中 stands in 统一中心 too
PLOTS = frozenset({"landmark", "community"})  # kinds of names that stand for one piece of ground
_DIGITS = r"\d零一二三四五六七八九十百两"
_NUMBER = rf"[{_DIGITS}a-z]{{1,6}}"
_METRES = rf"[{_DIGITS}百千]{{1,5}}多?(?:米|公里|千米)"  # 往南50米
_SIDE = (
    r"(?:[东南西北]{1,2}(?:门|侧|边|口|面))?(?:[a-z]\d?(?:出入口|出口|口)|\d号(?:出入口|出口|口))?"
    r"(?:路口|交叉口|交口|交汇处|交界处|十字路口|丁字路口|附近|对面|对过|旁边?|门口|门前|楼下|边上|沿线|一带|地铁口|之间)?"
    rf"(?:[往向朝](?:[东南西北]{{1,2}}|里|前)(?:走|大?约|约)?{_METRES}(?:左右|处)?)?"
)
# 18号楼 is a building; behind a road 18号楼上, 18号楼下 are upstairs and downstairs of its number 18.
_NO_BUILDING = rf"(?:(?!{_NUMBER}号楼)|(?<=[路街巷弄道])(?={_NUMBER}号楼[上下]))"
_HOUSE = re.compile(
    rf"(?:{_NO_BUILDING}(?P<number>{_NUMBER}(?:[-—]\d{{1,4}})?号(?:院|之{_NUMBER}|[甲乙丙丁](?![方醇醛烷]))?)"
    r"(?!线|文|通知|公告|门(?![口前])|出?口|院?楼(?![上下])))?"
    rf"(?P<rest>(?:[东南西北]区|{_NUMBER}(?:区|期))?"
    rf"(?:(?P<compact>\d{{1,3}}[-—]\d{{1,2}}[-—]\d{{3,4}}|\d{{1,3}}[-—]\d{{3,4}})(?!\d)(?:室|号|房)?"
    rf"|(?P<building>{_NUMBER}(?:栋|幢|号楼|座|弄|排|#楼?|楼(?=[{_DIGITS}]{{1,3}}(?:单元|门))))?"
    rf"(?P<unit>{_NUMBER}(?:单元|门(?=\d)))?(?P<floor>{_NUMBER}(?:楼|层))?"
    rf"(?P<room>(?:{_NUMBER}[室房](?!产|型|主|东|屋|价|贷|内|间)|(?<=[栋幢楼座元])\d{{3,4}}(?![\d.年块元户人万吨度])))?))"
    rf"(?P<side>{_SIDE})"
)
_PLOT = re.compile(
    rf"小区(?={_NUMBER}(?:[-—]|号|栋|幢|座|排|弄|#|单元)|[东南西北]{{1,2}}(?:门|侧|边|口|面)|门口|附近|对面)"
)
_JOINT = re.compile(
    r"[\s,，、]{0,2}(?:的|里的|和|与|跟|同|及|上的?|路段|小区|内|靠近|近|靠|往|到|至|[-~—])?[\s,，]{0,1}"
)
# A place that the gazetteer does not know, as people write one.
_LOOSE = re.compile(
    r"(?:[a-z]?\d{0,2}[\u4e00-\u9fff]{0,4}?[省市区县镇乡]|街道)*"
    r"[\u4e00-\u9fffa-z\d]{1,10}?(?:大道|大街|路|街|巷|弄|胡同|小区|花园|家园|公寓|新村|广场|大厦|家属院|苑|庄园|社区|村|屯"
    r"|公园|市场|医院|[中小]学)"
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
    r"半|问|网|思|销|出|门|上|下|前面|后面|很多|大|小|高档|安置|居民|村民|业主|本|老|城区|农村|城市|拆迁|新建|在建|其他|其它|封闭|住宅|人行|十字|丁字|学校|商业|步行|美食|过|条)"
    r"(?:路|街|巷|弄|小区|花园|公寓|广场|大厦|家园|村|社区|苑|屯|家属院)$"
)
_SURE_ALONE = re.compile(r"(?:小区|花园|家园|公寓|新村|大厦|家属院|苑|庄园|大道)$")


@dataclass(slots=True)
class _Group:
    """Names that stand together and one address."""

    start: int
    end: int
    spots: tuple[Spot, ...]
    kinds: dict[str, str]
    house: dict[str, Any] = field(default_factory=dict)  # number, building, unit, room, crossing

    def take(self, house: re.Match[str], number: str | None = None) -> None:
        """Take in what stands behind a name: house number, building, unit, room."""
        self.end = max(self.end, house.end())
        compact = re.split("[-—]", house["compact"]) if house["compact"] else []
        told = {
            "number": number or house["number"],
            "building": compact[0] if compact else house["building"],
            "unit": compact[1] if len(compact) == 3 else house["unit"],
            "room": compact[-1] if compact else house["room"],
        }
        self.house |= {key: self.house.get(key) or value for key, value in told.items()}

    def take_block(self, plain: str) -> None:
        """Take in the name of an unknown block that stands directly behind a road."""
        block = _BLOCK.match(plain, self.end) if "road" in self.kinds and self.kinds.keys().isdisjoint(PLOTS) else None
        if block and not _NOT_NAMES.match(block[0]):
            self.kinds["landmark"] = block[0]
            self.take(_house(plain, block.end()))

    def address(self, plain: str, only: str | None) -> Address:
        """Return the address; `only` is the one district that the rest of the text names."""
        spots = self.spots
        if only is not None:
            spots = tuple(spot for spot in spots if spot.district == only) or self._elsewhere(only)
        districts = tuple(dict.fromkeys(spot.district for spot in spots))
        streets = {spot.street for spot in spots}
        sure = len(districts) == 1
        made = Address(
            text=plain[self.start : self.end].strip(" ,，.。"),
            district=districts[0] if sure else None,
            street=streets.pop() if sure and len(streets) == 1 else None,
            road=self.kinds.get("road"),
            landmark=self.kinds.get("landmark") or self.kinds.get("community"),
            community=self.kinds.get("community"),
            candidates=() if sure else districts,
        )
        return replace(made, **self.house)

    def _elsewhere(self, only: str) -> tuple[Spot, ...]:
        """Return the spots where the text names a district and the gazetteer others: of a road either may be."""
        bare_road = self.kinds.keys() <= {"road"}
        return (Spot(only, None), *self.spots) if bare_road else self.spots


@dataclass(frozen=True, slots=True)
class _Named:
    """A name of the gazetteer where it stands in a text."""

    start: int
    end: int
    entry: Name
    number: str | None = None


def _house(plain: str, start: int) -> re.Match[str]:
    found = _HOUSE.match(plain, start)
    assert found is not None  # every part of it may be empty
    return found


def _edges(plain: str) -> frozenset[int]:
    """Return the places between two words."""
    edges, place = {0}, 0
    for word in words(plain):
        place = plain.find(word, place) + len(word)
        edges.add(place)
        edges.add(place - len(word))
    return frozenset(edges)


def _of_another_city(plain: str, match: re.Match[str]) -> bool:
    """Say whether another city or county stands directly before a name: 邻县火车站."""
    before = plain[: match.start()]
    return before.endswith(("市", "县")) and not before.endswith(normalise(city().name))


def _named(plain: str, known: Gazetteer) -> list[_Named]:
    """Return the names in a text, well spelt or not, in their order; a short one must be a word of its own."""
    exact = list(known.pattern.finditer(plain))
    edges = _edges(plain) if any(len(match[0]) <= SHORT for match in exact) else frozenset()
    found = [
        _Named(match.start(), match.end(), known.names[match[0]])
        for match in exact
        if (len(match[0]) > SHORT or edges.issuperset(match.span())) and not _of_another_city(plain, match)
    ]
    found += [
        _Named(guess.start, guess.end, known.names[guess.name], guess.number) for guess in misspelt.find(plain, known)
    ]
    return sorted(found, key=lambda each: each.start)


def _joins(group: _Group, named: _Named, plain: str) -> bool:
    """Say whether a name stands with the group and means the same place; take it in if so."""
    if not _JOINT.fullmatch(plain, group.end, named.start):
        return False
    entry = named.entry
    together = common(group.spots, entry.spots)
    if not together and named.start == group.end and entry.kind == "road" and "road" not in group.kinds:
        together = group.spots  # 朝霞区南山路: what the citizen says of the district holds
    if not together or (entry.kind in group.kinds and entry.kind != "road"):
        return False
    group.spots = together
    if group.kinds.setdefault(entry.kind, entry.name) != entry.name:
        group.house.setdefault("crossing", entry.name)
    return True


def _groups(plain: str, known: Gazetteer) -> list[_Group]:
    groups: list[_Group] = []
    for named in _named(plain, known):
        if not groups or not _joins(groups[-1], named, plain):
            groups.append(_Group(named.start, named.end, named.entry.spots, {named.entry.kind: named.entry.name}))
        groups[-1].end = named.end
        behind = _PLOT.match(plain, named.end) if named.entry.kind in PLOTS else None  # 丁香花园小区3号楼
        groups[-1].take(_house(plain, behind.end() if behind else named.end), named.number)
    for number, group in enumerate(groups):
        group.take_block(plain[: groups[number + 1].start] if number + 1 < len(groups) else plain)
    return groups


def _loose(plain: str) -> tuple[Address, ...]:
    found = []
    for match in _LOOSE.finditer(plain):
        lead = _LEADS.match(match[0])
        start = match.start() + (lead.end() if lead and lead.end() < len(match[0]) else 0)
        start += 1 if plain[start] in "镇区县市乡" else 0
        said = plain[start : match.end()]
        house = _house(plain, match.end())
        numbered = bool(house["number"] or house["rest"])
        named = len(said) > 3 and _SURE_ALONE.search(said)
        sure = numbered or named or re.search("[区县镇]", said[:-1])
        own = re.split("(?<![小社])[省市区县镇乡]", said)[-1]
        parts = words(own)
        a_sentence = len(parts) > MOST_WORDS or (not numbered and organisations.are_no_name(own))
        if _NOT_NAMES.match(own) or len(said) < 3 or not sure or a_sentence:
            continue
        group = _Group(start, match.end(), (), {})
        group.take(house)
        found.append(replace(Address(text=plain[start : group.end].strip(" ,，")), **group.house))
    longest = {each.text: each for each in found}
    return tuple(
        each for text, each in longest.items() if not any(text != other and text in other for other in longest)
    )


def _says_less(one: Address, other: Address) -> bool:
    """Say whether everything that one address knows is known of another, which knows more."""
    mine, its = (
        {(key, getattr(each, key)) for key in Address.__slots__ if key != "text" and getattr(each, key)}
        for each in (one, other)
    )
    return mine < its


def _once(addresses: tuple[Address, ...]) -> Iterator[Address]:
    """Leave out what is said again elsewhere with more of it, or in the same words."""
    seen = set()
    for address in addresses:
        fields = replace(address, text="")
        again = fields in seen and (address.road or address.landmark or address.district)
        if not again and not any(_says_less(address, other) for other in addresses):
            yield address
        seen.add(fields)


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
        return tuple(replace(each, district=only) for each in loose)
    return tuple(_once(telling or loose or found))


def resolve(text: str) -> tuple[Address, ...]:
    """Return the addresses that a citizen's text names. Raises BadInput only where the gazetteer is broken."""
    return find(normalise(text))
