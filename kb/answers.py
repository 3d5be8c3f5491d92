"""Search over the published articles, and the one passage that answers a question, with its source, or None."""

import asyncio
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.city import city
from core.text.encode import encoder, using
from kb import calibration, contradictions, following, quoting
from kb.contradictions import Conflict
from kb.published import Published, index, still
from kb.quoting import LONGEST_ANSWER, Answer
from kb.retrieval import Found

__all__ = ["LONGEST_ANSWER", "Answer", "Hit", "answer", "conflicts", "follow", "quote", "search"]

CANDIDATES = 50  # documents looked at, from which those of another district or time are dropped
RELATED = 3
# Articles of one subject whose scores are nearer than this: which is meant, only the citizen knows (docs/knowledge.md).
CLOSE = 0.055
# Share of the threshold from which on it is asked which of several is meant, where to answer it would be too unsure.
DOUBT = 0.5
CITY = "city"  # region of what holds everywhere


@dataclass(frozen=True, slots=True)
class Hit:
    """One article that fits, with the passage that fits best; `section` is empty for the head."""

    article: str
    title: str
    section: str
    passage: str
    score: float
    basis: str
    department: str
    corrected: tuple[tuple[str, str], ...] = ()  # what was typed wrong in the query, and what it was read as

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values, as the command line prints them."""
        return {key: value for key, value in asdict(self).items() if key != "corrected"}


async def search(
    session: AsyncSession, query: str, *, limit: int = 5, region: str | None = None, audience: str | None = None
) -> list[Hit]:
    """Return up to `limit` published articles that fit `query`, best first; none where nothing fits.

    `region`: a district's code, which leaves out what holds in another; `audience`: `citizen` or `enterprise`.
    """
    hits = []
    with using(calibration.reader()):
        fitting = _fitting(await _found(session, query, region=region, audience=audience))
    for article, found in fitting[:limit]:
        passage = article.passages[quoting.section_asked(article, found.query.text) or _nearest(found)]
        hits.append(
            Hit(
                article=article.id,
                title=article.title,
                section=passage.section,
                passage=passage.text,
                score=round(found.score, 4),
                basis=article.basis,
                department=article.department,
                corrected=found.query.corrected,
            )
        )
    return hits


async def answer(session: AsyncSession, question: str, *, region: str | None = None, known: str = "") -> Answer | None:
    """Return the passage that answers `question`, or None: for what the base lacks, and for what is no question.

    None is common and no failure: the caller then asks on, or opens a ticket; so it is for what is asked of a
    well-known place elsewhere. `known`: what the citizen said before, by lines, which may tell a condition. What an
    answer has in `ask` or `regions` must be asked first; the rule of a district is quoted only to who is there.
    """
    with using(calibration.reader()) as used:
        candidates = await _found(session, question, region=region, decided=True)
        fitting = _fitting(candidates[1:])
    if not candidates:
        return None
    curve = calibration.curve("answer", used.fingerprint)
    probability = curve.probability(calibration.measures([found for _, found in candidates]))
    first = candidates[0]
    elsewhere = contradictions.counterparts(await conflicts(session), first[0].id)
    close = [
        article
        for article, found in fitting
        if (article.subject == first[0].subject and first[1].score - found.score < CLOSE) or article.id in elsewhere
    ]
    if first[1].abroad or probability < curve.threshold * (DOUBT if close else 1):
        return None
    regions = _regions([first[0], *close]) if region is None else ()
    chosen = next((each for each in (first[0], *close) if region and each.region == region), first[0])
    near = [each for each in close if each.region in {CITY, region} and chosen.region in {CITY, each.region}]
    quoted = quoting.quoted(chosen, first[1].query.text, score=round(probability, 4), known=known)
    return replace(
        quoted,
        related=tuple((each.id, each.title) for each, _ in fitting[:RELATED]),
        near=tuple((each.id, each.title) for each in near[:RELATED]),
        corrected=first[1].query.corrected,
        regions=regions,
    )


async def quote(
    session: AsyncSession, id: str, question: str, *, known: str = "", choice: str = "", kind: str = ""
) -> Answer | None:
    """Return what the article `id`, which the citizen chose, says to `question`; None where nothing may quote it.

    `choice`, `kind`: what was chosen of what the answer before offered (`kb.quoting.quoted`).
    """
    article = await _in_hand(session, id)
    return quoting.quoted(article, question, known=known, choice=choice, kind=kind) if article else None


async def follow(session: AsyncSession, id: str, text: str) -> Answer | None:
    """Return what the article `id`, which has just answered, says to a few words that go on about it.

    None where they are about something else, or where it says nothing of that.
    """
    article = await _in_hand(session, id)
    return following.follow(article, text) if article else None


async def conflicts(session: AsyncSession) -> tuple[Conflict, ...]:
    """Return pairs of published articles that contradict each other, for staff to put right."""
    return (await index.current(session)).conflicts


async def _in_hand(session: AsyncSession, id: str) -> Published | None:
    article = (await index.current(session)).articles.get(id)
    return article if article and article.holds(_today()) and await still(session, [article]) else None


def _regions(articles: list[Published]) -> tuple[str, ...]:
    """Return the districts whose own rule is among those that fit alike."""
    return tuple(dict.fromkeys(each.region for each in articles if each.region != CITY))


async def _found(
    session: AsyncSession, query: str, *, region: str | None, audience: str | None = None, decided: bool = False
) -> list[tuple[Published, Found]]:
    """Return what may be quoted here and now, best first, whether it fits or not.

    `decided`: without what another article contradicts, unless it is the one that was reviewed later.
    """
    snapshot = await index.current(session)
    found = await asyncio.to_thread(snapshot.retrieval.search, query, CANDIDATES)
    today = _today()
    articles = [snapshot.articles[each.id] for each in found]
    sound = await still(session, [each for each in articles if each.holds(today, region=region, audience=audience)])
    overruled = contradictions.overruled(snapshot.conflicts, sound) if decided else set()
    sound -= overruled
    return [(article, each) for article, each in zip(articles, found, strict=True) if article.id in sound]


def _today() -> date:
    return clock.local(clock.now(), city().time_zone).date()


def _fitting(candidates: list[tuple[Published, Found]]) -> list[tuple[Published, Found]]:
    curve = calibration.curve("search", encoder().fingerprint)
    return [(article, found) for article, found in candidates if curve.probability(found.measures()) >= curve.threshold]


def _nearest(found: Found) -> int:
    return max(range(len(found.passages)), key=found.passages.__getitem__)
