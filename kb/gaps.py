"""What the base lacks: questions clustered by night, and what editors do about each cluster.

A cluster is open, has a draft in hand, was dismissed, is not for this line to answer, or is closed: its questions are
answered now. What was settled comes back when it has grown by half.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Identity, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock, ledger, live
from core.auth import Actor, Permission
from core.database import Base
from core.errors import BadInput, Conflict, NotFound
from kb.articles.drafts import TOPIC
from kb.questions import Question, QuestionDay

GROWN = 1.5  # of the size at which a cluster was settled: from there it comes back
SAMPLES = 50  # questions of a cluster that are shown, and asked again


class Kind(StrEnum):
    """What is wrong with how the base answers."""

    UNANSWERED = "unanswered"
    BADLY_RATED = "badly_rated"
    OFTEN_ASKED = "often_asked"


class Stand(StrEnum):
    """Where a cluster stands."""

    OPEN = "open"
    DRAFTING = "drafting"
    DISMISSED = "dismissed"
    NOT_OURS = "not_ours"  # 本线不答
    CLOSED = "closed"


SETTLED = (Stand.DISMISSED, Stand.NOT_OURS, Stand.CLOSED)


class Cluster(Base):
    """Questions that ask the same, as the last night found them."""

    __tablename__ = "question_clusters"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(index=True)
    typical: Mapped[int] = mapped_column(BigInteger)  # id of the question that is most like the others
    size: Mapped[int]  # how often it was asked in five weeks (badly rated: how many said so)
    week: Mapped[int]  # of these in the last seven days
    weekly_before: Mapped[float]  # a week, in the four weeks before
    department: Mapped[str | None]  # code; whose duty it probably is
    nearest: Mapped[list[str]]  # articles
    article: Mapped[str]  # the one that is being written or changed for it; empty for none
    based_on: Mapped[int]  # that article's version when this began, 0 for a new one
    answered: Mapped[int]  # of its samples, how many that article answers now
    settled_size: Mapped[int]
    reason: Mapped[str]  # why it was dismissed
    decided_by: Mapped[str]
    changed_at: Mapped[datetime]


async def get(session: AsyncSession, id: int, *, lock: bool = False) -> Cluster:
    """Return a cluster. Raises NotFound."""
    found = await session.get(Cluster, id, populate_existing=True, with_for_update=lock)
    if found is None:
        raise NotFound("没有这组问题，可能已经重新归类。")
    return found


async def listing(session: AsyncSession, states: Sequence[Stand], *, limit: int = 50) -> Sequence[tuple[Cluster, str]]:
    """Return clusters in `states` with their typical question: the fastest grown first, then the largest."""
    query = (
        select(Cluster, Question.question)
        .join(Question, Question.id == Cluster.typical)
        .where(Cluster.state.in_(states))
        .order_by((Cluster.week - Cluster.weekly_before).desc(), Cluster.size.desc(), Cluster.id)
        .limit(limit)
    )
    return [(cluster, question) for cluster, question in await session.execute(query)]


async def counts(session: AsyncSession) -> dict[str, int]:
    """Return how many clusters stand where."""
    rows = await session.execute(select(Cluster.state, func.count()).group_by(Cluster.state))
    found = {state: count for state, count in rows}
    return {stand.value: found.get(stand.value, 0) for stand in Stand}


async def samples(session: AsyncSession, id: int) -> Sequence[tuple[Question, int]]:
    """Return the questions of a cluster, and how often each was asked: the most typical first, then the most asked."""
    cluster = await get(session, id)
    times = func.coalesce(func.sum(QuestionDay.times), 0)
    query = (
        select(Question, times)
        .outerjoin(QuestionDay, QuestionDay.question == Question.id)
        .where(Question.cluster == id)
        .group_by(Question.id)
        .order_by((Question.id == cluster.typical).desc(), times.desc(), Question.id)
        .limit(SAMPLES)
    )
    return [(question, count) for question, count in await session.execute(query)]


async def begin(session: AsyncSession, id: int, *, article: str, based_on: int, actor: Actor) -> Cluster:
    """Note that `article` is being written or changed for the cluster. Raises Forbidden, NotFound, Conflict."""
    cluster = await _decided(session, id, actor)
    cluster.state, cluster.article, cluster.based_on = Stand.DRAFTING, article, based_on
    cluster.answered, cluster.reason = 0, ""
    await note(session, cluster, "drafted", actor, article=article)
    return cluster


async def dismiss(session: AsyncSession, id: int, reason: str, *, not_ours: bool, actor: Actor) -> Cluster:
    """Put the cluster away until it has grown by half. `not_ours`: the line does not answer such questions.

    Raises Forbidden, NotFound, Conflict where it is settled already, BadInput without a reason.
    """
    cluster = await _decided(session, id, actor)
    if not reason.strip():
        raise BadInput("请写明理由。")
    cluster.reason = reason.strip()
    settle(cluster, Stand.NOT_OURS if not_ours else Stand.DISMISSED)
    await note(session, cluster, "dismissed", actor, state=cluster.state)
    return cluster


async def reopen(session: AsyncSession, id: int, *, actor: Actor) -> Cluster:
    """Take a settled cluster up again. Raises Forbidden, NotFound, Conflict where it is not settled."""
    actor.must(Permission.KNOWLEDGE_EDIT)
    cluster = await get(session, id, lock=True)
    if cluster.state not in SETTLED:
        raise Conflict("这组问题没有处理完，不用重新打开。")
    open_again(cluster)
    await note(session, cluster, "reopened", actor)
    return cluster


def settle(cluster: Cluster, state: Stand) -> None:
    """Put the cluster away, at the size that it has."""
    cluster.state, cluster.settled_size = state, cluster.size


def open_again(cluster: Cluster) -> None:
    """Let the cluster stand among the open ones."""
    cluster.state, cluster.article, cluster.based_on = Stand.OPEN, "", 0


async def note(session: AsyncSession, cluster: Cluster, step: str, actor: Actor, **data: object) -> None:
    """Write what happened to the cluster into the ledger, and tell the open lists."""
    cluster.decided_by, cluster.changed_at = str(actor), clock.now()
    await session.flush()
    about = {"size": cluster.size, **data}
    await ledger.append(session, subject=f"gap:{cluster.id}", kind=f"gap.{step}", actor=actor, data=about)
    await live.announce(session, TOPIC, f"gap.{step}", gap=cluster.id)


async def _decided(session: AsyncSession, id: int, actor: Actor) -> Cluster:
    actor.must(Permission.KNOWLEDGE_EDIT)
    cluster = await get(session, id, lock=True)
    if cluster.state != Stand.OPEN:
        raise Conflict("这组问题已经有人处理了。")
    return cluster
