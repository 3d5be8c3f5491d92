"""Search over the published articles, and the one passage that answers a question, with its source, or None."""

import asyncio
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.city import city
from core.text.encode import encoder, using
from core.text.normalise import normalise
from kb import calibration, words
from kb.passages import shorten
from kb.published import Published, index, still
from kb.retrieval import LONGEST, Found

LONGEST_ANSWER = 200  # characters; about forty seconds read aloud
CANDIDATES = 50  # documents looked at, from which those of another district or time are dropped
RELATED = 3
# Articles of one subject whose scores are nearer than this: which is meant, only the citizen knows (docs/knowledge.md).
CLOSE = 0.03


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


@dataclass(frozen=True, slots=True)
class Answer:
    """What the base says to a question. `text` can be read aloud, `full` is the whole article in Markdown."""

    article: str
    title: str
    section: str
    text: str
    full: str
    basis: str
    department: str
    reviewed: date
    score: float  # how sure the line is that this answers, between 0 and 1
    related: tuple[tuple[str, str], ...]  # (id, title) of other articles that fit
    near: tuple[tuple[str, str], ...] = ()  # those of the same subject that fit nearly as well: any may be meant
    corrected: tuple[tuple[str, str], ...] = ()  # what was typed wrong in the question, and what it was read as


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
        passage = article.passages[_asked_section(found.query.text, article) or _nearest(found)]
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


async def answer(session: AsyncSession, question: str, *, region: str | None = None) -> Answer | None:
    """Return the passage that answers `question`, or None: for what the base lacks, and for what is no question.

    None is common and no failure: the caller then asks on, or opens a ticket.
    """
    with using(calibration.reader()) as used:
        candidates = await _found(session, question, region=region)
        fitting = _fitting(candidates[1:])
    if not candidates:
        return None
    curve = calibration.curve("answer", used.fingerprint)
    probability = curve.probability(calibration.measures([found for _, found in candidates]))
    if probability < curve.threshold:
        return None
    first = candidates[0]
    near = [
        article
        for article, found in fitting
        if article.subject == first[0].subject and first[1].score - found.score < CLOSE
    ]
    quoted = _quoted(
        first[0],
        first[1].query.text,
        score=round(probability, 4),
        related=tuple((each.id, each.title) for each, _ in fitting[:RELATED]),
        near=tuple((each.id, each.title) for each in near[:RELATED]),
    )
    return replace(quoted, corrected=first[1].query.corrected)


async def quote(session: AsyncSession, id: str, question: str) -> Answer | None:
    """Return what the article `id`, which the citizen chose, says to `question`; None where nothing may quote it."""
    article = (await index.current(session)).articles.get(id)
    if article is None or not article.holds(_today()) or not await still(session, [article]):
        return None
    return _quoted(article, question, score=1.0, related=(), near=())


def _quoted(
    article: Published,
    question: str,
    *,
    score: float,
    related: tuple[tuple[str, str], ...],
    near: tuple[tuple[str, str], ...],
) -> Answer:
    passage = article.passages[_asked_section(question, article)]
    return Answer(
        article=article.id,
        title=article.title,
        section=passage.section,
        text=shorten(passage.text, LONGEST_ANSWER),
        full="\n\n".join(each.markdown for each in article.passages),
        basis=article.basis,
        department=article.department,
        reviewed=article.reviewed,
        score=score,
        related=related,
        near=near,
    )


async def _found(
    session: AsyncSession, query: str, *, region: str | None, audience: str | None = None
) -> list[tuple[Published, Found]]:
    """Return what may be quoted here and now, best first, whether it fits or not."""
    snapshot = await index.current(session)
    found = await asyncio.to_thread(snapshot.retrieval.search, query, CANDIDATES)
    today = _today()
    articles = [snapshot.articles[each.id] for each in found]
    sound = await still(session, [each for each in articles if each.holds(today, region=region, audience=audience)])
    return [(article, each) for article, each in zip(articles, found, strict=True) if article.id in sound]


def _today() -> date:
    return clock.local(clock.now(), city().time_zone).date()


def _fitting(candidates: list[tuple[Published, Found]]) -> list[tuple[Published, Found]]:
    curve = calibration.curve("search", encoder().fingerprint)
    return [(article, found) for article, found in candidates if curve.probability(found.measures()) >= curve.threshold]


def _asked_section(question: str, article: Published) -> int:
    """Return the place of the section that the question's words point to, else of the head, where the answer is."""
    plain = normalise(question[: 2 * LONGEST])[:LONGEST]
    return next((place for place, each in enumerate(article.passages) if words.is_about(plain, each.section)), 0)


def _nearest(found: Found) -> int:
    return max(range(len(found.passages)), key=found.passages.__getitem__)
