"""What editors look at: how much is answered, how much of that helped, and what agents use."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from kb import feedback
from kb.articles.lifecycle import today
from kb.articles.model import Article
from kb.feedback import Counts
from kb.questions import NONE, QuestionDay

DAYS = 28


@dataclass(frozen=True, slots=True)
class Figures:
    """Of the last `DAYS` days; shares are None where nothing was asked or said."""

    since: date
    asked: int
    unanswered: int
    said: Counts
    by_day: tuple[tuple[date, int], ...]  # unanswered questions

    @property
    def answered_share(self) -> float | None:
        """Return the share of the questions that an article answered."""
        return 1 - self.unanswered / self.asked if self.asked else None

    @property
    def solved_share(self) -> float | None:
        """Return the share of the citizens' words that say 解决了."""
        words = self.said.solved + self.said.unsolved
        return self.said.solved / words if words else None


@dataclass(frozen=True, slots=True)
class Rated:
    """An article and what was said of it."""

    article: str
    title: str
    said: Counts


async def figures(session: AsyncSession) -> Figures:
    """Return the figures of the last `DAYS` days."""
    since = today() - timedelta(days=DAYS - 1)
    none = func.sum(QuestionDay.times).filter(QuestionDay.article == NONE)
    query = select(QuestionDay.day, func.sum(QuestionDay.times), none).where(QuestionDay.day >= since)
    days = {
        day: (asked, without or 0) for day, asked, without in await session.execute(query.group_by(QuestionDay.day))
    }
    said = (await feedback.counts(session, since=since)).values()
    return Figures(
        since=since,
        asked=sum(asked for asked, _ in days.values()),
        unanswered=sum(without for _, without in days.values()),
        said=Counts(
            solved=sum(each.solved for each in said),
            unsolved=sum(each.unsolved for each in said),
            used=sum(each.used for each in said),
            wrong=sum(each.wrong for each in said),
        ),
        by_day=tuple(
            (day, days.get(day, (0, 0))[1]) for day in (since + timedelta(days=number) for number in range(DAYS))
        ),
    )


async def rated(session: AsyncSession, *, by_use: bool = False) -> Sequence[Rated]:
    """Return the articles that anyone spoke of in the last `DAYS` days, those that helped least first.

    An agent's word counts as a citizen's does. `by_use`: those that agents used most first.
    """
    said = await feedback.counts(session, since=today() - timedelta(days=DAYS - 1))
    rows = await session.execute(select(Article.id, Article.title).where(Article.id.in_(said)))
    found = [Rated(id, title, said[id]) for id, title in rows]
    if by_use:
        return sorted(found, key=lambda each: (-each.said.used, each.said.wrong, each.article))
    return sorted(found, key=_need)


def _need(each: Rated) -> tuple[int, int, str]:
    against, helped = each.said.unsolved + each.said.wrong, each.said.solved + each.said.used
    return helped - against, -against, each.article
