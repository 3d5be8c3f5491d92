"""Two articles that answer the same question with different figures: shown to staff, never to a citizen.

Found when the index is built. Where both are quotable, the citizen gets the one that was reviewed later; of two that
were reviewed on the same day, none.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import TYPE_CHECKING

from core.text.normalise import normalise
from kb import figures, sections, words
from kb.figures import Figure

if TYPE_CHECKING:
    from kb.published import Published

CITY = "city"
LEAST_ALIKE = 0.8  # share of common content words from which two questions are one
MOST_HOLDERS = 50  # articles that ask alike; more are a form (如何办理), not a question
FREE: Figure = ("0", "元")


@dataclass(frozen=True, slots=True)
class Saying:
    """What is compared of an article."""

    id: str
    subject: str
    region: str
    audience: tuple[str, ...]
    reviewed: date
    effective: date | None
    expires: date | None
    asked: tuple[frozenset[str], ...]  # content words of the title and of each question
    figures: dict[str, frozenset[Figure]]  # by kind of section; the head's under ""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two articles, the kind of section (empty: the head) in which they differ, and what each says there."""

    first: str
    second: str
    kind: str
    first_says: tuple[str, ...]
    second_says: tuple[str, ...]
    same_region: bool
    kept: str  # the one that citizens are given; empty for none, or where each holds in a place of its own


def saying(article: "Published") -> Saying:
    """Return what is compared of an article."""
    found: dict[str, set[Figure]] = defaultdict(set)
    for passage in article.passages:
        kind = sections.kind_of(passage.section)
        if passage.section and not kind:
            continue  # a case of its own, or remarks: they differ for good reasons
        found[kind] |= figures.figures(passage.text)
        if kind == "fee" and figures.free(passage.text):
            found[kind].add(FREE)
    return Saying(
        id=article.id,
        subject=article.subject,
        region=article.region,
        audience=article.audience,
        reviewed=article.reviewed,
        effective=article.effective,
        expires=article.expires,
        asked=tuple(
            filter(None, (frozenset(words.content(normalise(way))) for way in (article.title, *article.questions)))
        ),
        figures={kind: frozenset(each) for kind, each in found.items()},
    )


class Holders:
    """Who may ask alike, by key (`keys`)."""

    def __init__(self, sayings: Iterable[Saying]) -> None:
        """Take what articles say."""
        self._held: dict[str, list[Saying]] = defaultdict(list)
        for each in sayings:
            for key in keys(each):
                self._held[key].append(each)

    def __call__(self, key: str) -> Sequence[Saying]:
        """Return what the articles under a key say."""
        return self._held.get(key, ())


def keys(saying: Saying) -> tuple[str, ...]:
    """Return what an article is looked up by: two that ask alike have one in common.

    Four fifths of the words in common leave one to differ below eight common words, two below twelve: so a key is the
    subject with the words of a question, all of them or without one or two. Longer ones with three others are missed.
    """
    found = set()
    for asked in saying.asked:
        for left_out in range(1 + (len(asked) > 4) + (len(asked) > 9)):
            for kept in combinations(sorted(asked), len(asked) - left_out):
                found.add(hashlib.blake2b("\t".join((saying.subject, *kept)).encode(), digest_size=8).hexdigest())
    return tuple(sorted(found))


def find(sayings: Sequence[Saying]) -> tuple[Conflict, ...]:
    """Return the conflicts among articles, by id."""
    return beside(sayings, Holders(sayings))


def beside(sayings: Iterable[Saying], holders: Callable[[str], Sequence[Saying]]) -> tuple[Conflict, ...]:
    """Return the conflicts of `sayings` with any that `holders` tells of, themselves included, by id."""
    found: dict[tuple[str, str], Conflict] = {}
    for each in sayings:
        others = {
            other.id: other for alike in map(holders, keys(each)) if len(alike) <= MOST_HOLDERS for other in alike
        }
        for id, other in others.items():
            pair = (each, other) if each.id < id else (other, each)
            ids = (pair[0].id, pair[1].id)
            if id != each.id and ids not in found and (conflict := _conflict(*pair)) is not None:
                found[ids] = conflict
    return tuple(found[ids] for ids in sorted(found))


def counterparts(conflicts: Iterable[Conflict], id: str) -> set[str]:
    """Return the articles that say otherwise than `id` in another place."""
    pairs = ({each.first, each.second} for each in conflicts if not each.same_region)
    return {other for pair in pairs if id in pair for other in pair - {id}}


def overruled(conflicts: Iterable[Conflict], quotable: Set[str]) -> set[str]:
    """Return of the articles that may be quoted now those that a citizen is not given, because another contradicts."""
    found: set[str] = set()
    for each in conflicts:
        if each.same_region and {each.first, each.second} <= quotable:
            found |= {each.first, each.second} - {each.kept}
    return found


def _conflict(one: Saying, other: Saying) -> Conflict | None:
    if not (_overlap(one, other) and _ask_alike(one, other)):
        return None
    for kind in one.figures.keys() & other.figures.keys():
        differing = _differing(one.figures[kind], other.figures[kind])
        if differing:
            kept = max(one, other, key=lambda each: each.reviewed).id if one.reviewed != other.reviewed else ""
            same = one.region == other.region
            return Conflict(
                one.id,
                other.id,
                kind,
                _shown(one.figures[kind], differing),
                _shown(other.figures[kind], differing),
                same,
                kept if same else "",
            )
    return None


def _overlap(one: Saying, other: Saying) -> bool:
    in_place = one.region == other.region or CITY in {one.region, other.region}
    begin = max(one.effective or date.min, other.effective or date.min)
    end = min(one.expires or date.max, other.expires or date.max)
    return in_place and begin <= end and bool(set(one.audience) & set(other.audience))


def _ask_alike(one: Saying, other: Saying) -> bool:
    return any(len(a & b) / len(a | b) >= LEAST_ALIKE and len(a & b) > 1 for a in one.asked for b in other.asked)


def _differing(one: frozenset[Figure], other: frozenset[Figure]) -> frozenset[str]:
    """Return the units of which both have figures, and no common one."""
    units = {unit for _, unit in one if unit} & {unit for _, unit in other if unit}
    return frozenset(
        unit for unit in units if not {f for f in one if f[1] == unit} & {f for f in other if f[1] == unit}
    )


def _shown(figures_of: frozenset[Figure], units: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(f"{number}{unit}" for number, unit in figures_of if unit in units))
