"""The night's work on questions: cluster those of five weeks, and ask again what an article was written for."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import func, literal, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock, ledger, live
from core.auth import SYSTEM
from core.city import city
from kb import answers, changes, clusters, gaps
from kb.articles.drafts import TOPIC
from kb.articles.lifecycle import today
from kb.articles.model import Article, Draft, State
from kb.feedback import Feedback
from kb.gaps import Cluster, Kind, Stand
from kb.published import index
from kb.questions import NONE, Question, QuestionDay

SUBJECT = "gaps"  # in the ledger: the night's work
WEEK = timedelta(days=7)
WEEKS = 5  # this one and the four before
# From how many in five weeks on editors are shown a cluster: questions, for badly rated ones voices.
FEWEST = {Kind.UNANSWERED: 3, Kind.BADLY_RATED: 2, Kind.OFTEN_ASKED: 20}
NEAREST = 3

DepartmentOf = Callable[[str], str | None]


@dataclass(slots=True)
class _Asked:
    """One question of the five weeks: its cluster so far, and how often it was what on which day."""

    id: int
    text: str
    cluster: int | None
    days: dict[Kind, Counter[date]] = field(default_factory=lambda: {kind: Counter() for kind in Kind})

    def times(self, kind: Kind) -> int:
        return self.days[kind].total()


async def is_due(session: AsyncSession) -> bool:
    """Say whether nothing was clustered yet on this day of the city."""
    query = select(func.max(ledger.Event.at)).where(ledger.Event.subject == SUBJECT)
    last = await session.scalar(query)
    return last is None or clock.local(last, city().time_zone).date() < today()


async def gather(session: AsyncSession, department_of: DepartmentOf) -> int:
    """Cluster the questions of five weeks anew and return how many clusters there are.

    A cluster keeps its name, and what was decided about it, where most of its questions are the same.
    `department_of`: names the department whose duty a question probably is, or None; called in a thread.
    """
    asked = await _asked(session)
    groups = await asyncio.to_thread(clusters.group, [each.text for each in asked])
    found = [(members, kind) for members in ([asked[place] for place in group] for group in groups)
             if (kind := _kind(members)) is not None]  # fmt: skip
    found.sort(key=lambda each: (-sum(one.times(each[1]) for one in each[0]), each[0][0].id))
    # Before anything is written: who asks one of these questions meanwhile would wait for it.
    departments = await asyncio.to_thread(lambda: [department_of(members[0].text) for members, _ in found])
    nearest = [
        [hit.article for hit in await answers.search(session, members[0].text, limit=NEAREST)] for members, _ in found
    ]
    taken: set[int] = set()
    for (members, kind), department, articles in zip(found, departments, nearest, strict=True):
        cluster = await _cluster(session, members, taken)
        taken.add(cluster.id)
        cluster.department, cluster.nearest = department, articles
        await _describe(session, cluster, members, kind)
    await _empty(session, taken)
    await ledger.append(session, subject=SUBJECT, kind="gaps.gathered", actor=SYSTEM, data={"clusters": len(found)})
    await live.announce(session, TOPIC, "gaps.gathered")
    return len(found)


async def ask_again(session: AsyncSession) -> int:
    """Ask the questions again for which an article was published meanwhile; return how many clusters that closed.

    A cluster all of whose samples are answered closes; one whose draft was thrown away, or whose article does not
    answer all of them, is open again. What was published waits for the index that holds it.
    """
    waiting = select(Cluster).where(Cluster.state == Stand.DRAFTING).order_by(Cluster.id)
    rows = (await session.scalars(waiting.with_for_update(skip_locked=True))).all()
    if not rows:
        return 0
    indexed = (await index.current(session)).revision == await changes.revision(session)
    closed = 0
    for cluster in rows:
        article = await session.get(Article, cluster.article, populate_existing=True)
        if article is not None and article.state == State.PUBLISHED and article.version > cluster.based_on:
            closed += await _asked_again(session, cluster) if indexed else False
        elif await session.scalar(select(Draft.id).where(Draft.id == cluster.article)) is None:
            gaps.open_again(cluster)
            await gaps.note(session, cluster, "draft_lost", SYSTEM)
    return closed


async def _asked_again(session: AsyncSession, cluster: Cluster) -> bool:
    asked = [question.question for question, _ in await gaps.samples(session, cluster.id)]
    found = [await answers.answer(session, each) for each in asked]
    # What was answered before, and did not help, must be answered by the article that was written for it.
    any_article = cluster.kind == Kind.UNANSWERED
    cluster.answered = sum(each is not None and (any_article or each.article == cluster.article) for each in found)
    if cluster.answered == len(asked):
        gaps.settle(cluster, Stand.CLOSED)
        await gaps.note(session, cluster, "closed", SYSTEM, article=cluster.article)
        return True
    gaps.open_again(cluster)
    await gaps.note(session, cluster, "still_open", SYSTEM, answered=cluster.answered)
    return False


async def _asked(session: AsyncSession) -> list[_Asked]:
    """Return the questions of the five weeks, the most asked first, as many as can be clustered."""
    since = today() - WEEKS * WEEK
    unsolved = (Feedback.question.is_not(None), Feedback.solved.is_(False), Feedback.day > since)
    every = union_all(
        select(QuestionDay.question.label("id"), QuestionDay.times.label("times")).where(QuestionDay.day > since),
        select(Feedback.question, literal(1)).where(*unsolved),
    ).subquery()
    # Chosen by the database: the questions of five weeks are millions.
    order = (func.sum(every.c.times).desc(), every.c.id.desc())
    most = (await session.scalars(select(every.c.id).group_by(every.c.id).order_by(*order).limit(clusters.MOST))).all()
    days: dict[int, dict[Kind, Counter[date]]] = {id: {kind: Counter() for kind in Kind} for id in most}
    asked = select(QuestionDay.question, QuestionDay.day, QuestionDay.article, QuestionDay.times)
    asked = asked.where(QuestionDay.day > since, QuestionDay.question.in_(most))
    for question, day, article, times in await session.execute(asked):
        days[question][Kind.UNANSWERED if article == NONE else Kind.OFTEN_ASKED][day] += times
    rated = select(Question.id, Feedback.day, func.count()).join(Feedback, Feedback.question == Question.id)
    rated = rated.where(*unsolved, Question.id.in_(most)).group_by(Question.id, Feedback.day)
    for question, day, voices in await session.execute(rated):
        days[question][Kind.BADLY_RATED][day] += voices
    rows = await session.execute(
        select(Question.id, Question.question, Question.cluster).where(Question.id.in_(most)).order_by(Question.id)
    )
    return [_Asked(id, text, cluster, days[id]) for id, text, cluster in rows]


def _kind(members: Sequence[_Asked]) -> Kind | None:
    """Return what is wrong with how these are answered; None where that is too little to be shown."""
    times = {kind: sum(each.times(kind) for each in members) for kind in Kind}
    worse = Kind.UNANSWERED if times[Kind.UNANSWERED] >= times[Kind.BADLY_RATED] else Kind.BADLY_RATED
    return next((kind for kind in (worse, *Kind) if times[kind] >= FEWEST[kind]), None)


async def _cluster(session: AsyncSession, members: Sequence[_Asked], taken: set[int]) -> Cluster:
    """Return the cluster that most of the questions were in before, or a new one."""
    before: Counter[int] = Counter()
    for each in members:
        if each.cluster is not None and each.cluster not in taken:
            before[each.cluster] += sum(count.total() for count in each.days.values())
    for id, _ in sorted(before.items(), key=lambda entry: (-entry[1], entry[0])):
        found = await session.get(Cluster, id, populate_existing=True, with_for_update=True)
        if found is not None:
            return found
    made = Cluster(
        kind="", state=Stand.OPEN, typical=members[0].id, size=0, week=0, weekly_before=0.0, department=None,
        nearest=[], article="", based_on=0, answered=0, settled_size=0, reason="", decided_by="",
        changed_at=clock.now(),
    )  # fmt: skip
    session.add(made)
    await session.flush()
    return made


async def _describe(session: AsyncSession, cluster: Cluster, members: Sequence[_Asked], kind: Kind) -> None:
    days: Counter[date] = sum((each.days[kind] for each in members), Counter())
    cluster.kind, cluster.typical, cluster.size = kind, members[0].id, days.total()
    cluster.week = _within(days, today() - WEEK)
    cluster.weekly_before = (cluster.size - cluster.week) / (WEEKS - 1)
    ids = [each.id for each in members]
    await session.execute(
        update(Question).where(Question.cluster == cluster.id, Question.id.not_in(ids)).values(cluster=None)
    )
    await session.execute(update(Question).where(Question.id.in_(ids)).values(cluster=cluster.id))
    if cluster.state in gaps.SETTLED and cluster.size >= gaps.GROWN * cluster.settled_size:
        gaps.open_again(cluster)
        await gaps.note(session, cluster, "grown", SYSTEM)


async def _empty(session: AsyncSession, taken: set[int]) -> None:
    """Drop open clusters that there are no more; what was decided about others is kept, should they come back."""
    rows = await session.scalars(select(Cluster).where(Cluster.id.not_in(taken)).with_for_update())
    for each in rows:
        each.size, each.week, each.weekly_before = 0, 0, 0.0
        if each.state == Stand.OPEN:
            await session.delete(each)
    await session.flush()


def _within(days: Mapping[date, int], since: date) -> int:
    return sum(times for day, times in days.items() if day > since)
