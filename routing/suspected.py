"""Pairs of open tickets that are probably one matter, for the whole centre, and what people said of them.

Each ticket is compared once, when it has its vector (`topics.gather`). Whoever merges a pair, or says that it is two
matters (判为不同), settles it: told apart, the two are not shown to each other again.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, ColumnElement, Index, delete, func, or_, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, Mapped, aliased, mapped_column

from core import clock, jobs
from core.auth import Actor, Permission
from core.database import Base, transaction
from routing import nearby, reading, workflow
from routing.models import Ticket
from routing.rules import rules

ENDED = (*workflow.FINISHED, "merged")
SETTLED_DAYS = 30  # of which it is shown how often people agreed
CLEARED_BACK = timedelta(days=1)  # how long a worker may have been away before pairs stay until they are read
_MARK = re.compile(r"([01]\.\d{1,20})_(\d{1,18})_(\d{1,18})", re.ASCII)


class SuspectedPair(Base):
    """Two tickets, the one that was opened first standing first. `verdict`: one, apart; None while nobody has said.

    No foreign keys: to write a pair would wait for whoever holds either ticket, and two who merge for each other.
    """

    __tablename__ = "suspected_pairs"
    __table_args__ = (
        Index("ix_suspected_pairs_waiting", "score", "second_id", "first_id", postgresql_where=text("verdict is null")),
        Index("ix_suspected_pairs_settled_at", "settled_at", postgresql_where=text("verdict is not null")),
    )

    first_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    second_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False, index=True)
    score: Mapped[float | None]  # None: people spoke of a pair that nobody suspected
    similarity: Mapped[float | None]
    metres: Mapped[int | None]
    found_at: Mapped[datetime]
    verdict: Mapped[str | None]
    settled_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Suspected:
    """A pair as it is shown; `first` was opened before `second`."""

    first: Ticket
    second: Ticket
    pair: SuspectedPair

    @property
    def mark(self) -> str:
        """Return where the list goes on behind this pair."""
        return f"{self.pair.score!r}_{self.pair.second_id}_{self.pair.first_id}"


async def look(session: AsyncSession, ticket: Ticket) -> None:
    """Keep the open tickets that are probably the same matter as this one, which has its vector."""
    if ticket.sealed or ticket.state in ENDED or ticket.encoder is None:
        return
    vector = (await session.scalars(select(Ticket.embedding).where(Ticket.id == ticket.id))).one()
    found = await nearby.alike(session, ticket, vector, least=rules().near.suspected_from)
    rows = [
        {
            "first_id": min(ticket.id, each.id),
            "second_id": max(ticket.id, each.id),
            "score": each.score,
            "similarity": each.similarity,
            "metres": each.metres,
            "found_at": clock.now(),
        }
        for each in found
    ]
    if rows:
        await session.execute(insert(SuspectedPair).values(rows).on_conflict_do_nothing())


async def settle(session: AsyncSession, one: Ticket, other: Ticket, verdict: str) -> bool:
    """Keep what a person said of two tickets: `one` or `apart`. Return whether that had not been said yet."""
    first, second = sorted((one.id, other.id))
    said = {"verdict": verdict, "settled_at": clock.now()}
    kept = insert(SuspectedPair).values(first_id=first, second_id=second, found_at=clock.now(), **said)
    changed = kept.on_conflict_do_update(
        index_elements=["first_id", "second_id"],
        set_=said,
        where=SuspectedPair.verdict.is_distinct_from(verdict),
    ).returning(SuspectedPair.first_id)
    return await session.scalar(changed) is not None


async def hand_over(session: AsyncSession, ticket: Ticket, master: Ticket) -> None:
    """Let what a ticket was suspected to be one with be asked of the master that it follows from now on."""
    values = {"ticket": ticket.id, "master": master.id}
    await session.execute(
        text(
            "insert into suspected_pairs (first_id, second_id, score, similarity, found_at)"
            " select least(other, :master), greatest(other, :master), score, similarity, found_at from"
            " (select first_id + second_id - :ticket as other, score, similarity, found_at from suspected_pairs"
            " where (first_id = :ticket or second_id = :ticket) and verdict is null) mine where other <> :master"
            " on conflict do nothing"
        ),
        values,
    )
    own = or_(SuspectedPair.first_id == ticket.id, SuspectedPair.second_id == ticket.id)
    await session.execute(delete(SuspectedPair).where(own, SuspectedPair.verdict.is_(None)))


async def listing(session: AsyncSession, *, actor: Actor, limit: int = 50, after: str = "") -> list[Suspected]:
    """Return pairs that nobody has settled, both still open, the likeliest first. Raises Forbidden.

    `after`: the mark of a pair behind which the list goes on; what is none begins it anew.
    Of each ticket that with the likeliest other: six on one matter are at most six pairs, not fifteen.
    """
    actor.must(Permission.TICKET_DISPATCH)
    first = aliased(Ticket)
    statement = (
        select(first, Ticket, SuspectedPair)
        .join(first, first.id == SuspectedPair.first_id)
        .join(Ticket, Ticket.id == SuspectedPair.second_id)
        .where(
            SuspectedPair.verdict.is_(None),
            # A sealed ticket is in no list of others', so no pair with one is: whoever sees the one then sees both.
            reading.visible_to(actor),
            ~Ticket.sealed,
            ~first.sealed,
            first.state.not_in(ENDED),
            Ticket.state.not_in(ENDED),
            ~(_likelier(SuspectedPair.first_id) & _likelier(SuspectedPair.second_id)),
        )
        .order_by(SuspectedPair.score.desc(), SuspectedPair.second_id.desc(), SuspectedPair.first_id.desc())
    )
    if place := _MARK.fullmatch(after):
        statement = statement.where(
            tuple_(SuspectedPair.score, SuspectedPair.second_id, SuspectedPair.first_id)
            < tuple_(float(place[1]), int(place[2]), int(place[3]))
        )
    rows = await session.execute(statement.limit(limit))
    return [Suspected(one, two, pair) for one, two, pair in rows]


def _likelier(id: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """Return the condition under which one of a pair's tickets (`id`) is more like another that is open."""
    pair, other = aliased(SuspectedPair), aliased(Ticket)
    statement = select(pair.first_id).join(other, other.id == pair.first_id + pair.second_id - id)
    return statement.where(
        or_(pair.first_id == id, pair.second_id == id),
        pair.verdict.is_(None),
        tuple_(pair.score, pair.second_id, pair.first_id)
        > tuple_(SuspectedPair.score, SuspectedPair.second_id, SuspectedPair.first_id),
        ~other.sealed,
        other.state.not_in(ENDED),
    ).exists()


async def agreed(session: AsyncSession, *, actor: Actor) -> tuple[int, int]:
    """Return of how many suspected pairs people said lately that they are one matter, and of how many that it is two.

    That is what `near.suspected_from` reaches in this city.
    """
    actor.must(Permission.TICKET_DISPATCH)
    lately = select(SuspectedPair.verdict, func.count()).where(
        SuspectedPair.verdict.is_not(None),
        SuspectedPair.score.is_not(None),
        SuspectedPair.settled_at > clock.now() - timedelta(days=SETTLED_DAYS),
    )
    counted = {verdict: count for verdict, count in await session.execute(lately.group_by(SuspectedPair.verdict))}
    return counted.get("one", 0), counted.get("apart", 0)


@jobs.sweep("duplicates.ended", seconds=3600)
async def clear() -> None:
    """Delete unsettled pairs of tickets that have ended: lists leave them out, but would have to pass by them."""
    async with transaction() as session:
        ended = select(Ticket.id).where(Ticket.changed_at > clock.now() - CLEARED_BACK, Ticket.state.in_(ENDED))
        for side in (SuspectedPair.first_id, SuspectedPair.second_id):
            await session.execute(delete(SuspectedPair).where(side.in_(ended), SuspectedPair.verdict.is_(None)))
