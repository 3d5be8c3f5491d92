"""预警: who has been told that a clock runs down, until the clock has ended or they have said that they know.

One row a clock and recipient: the newest warning takes the place of the one before, so the list holds what is pressing
now and grows with the running clocks only.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, Select, SmallInteger, delete, func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock, live, rows
from core.auth import Actor, Permission
from core.database import Base
from routing import reading
from routing.models import Ticket, TicketClock
from routing.policy import ClockKind, Told
from routing.tree import tree

CENTRE = "centre"  # the recipient that is no department's code
COUNTED = 1000  # beyond that the number is not worth its counting


class TicketWarning(Base):
    """What a recipient (a department's code, or `centre`) was last told of a clock; `seen_at`: they know."""

    __tablename__ = "ticket_warnings"
    __table_args__ = (Index("ix_ticket_warnings_open", "recipient", "at", postgresql_where=text("seen_at is null")),)

    clock_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("ticket_clocks.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    recipient: Mapped[str] = mapped_column(primary_key=True)
    percent: Mapped[int] = mapped_column(SmallInteger)
    at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
    seen_by: Mapped[str | None]


_KEEP = text(
    "insert into ticket_warnings (clock_id, recipient, percent, at) "
    "select clock_id, recipient, percent, :at from unnest(cast(:ids as bigint[]), cast(:recipients as text[]), "
    "cast(:percents as smallint[])) as told(clock_id, recipient, percent) on conflict (clock_id, recipient) "
    "do update set percent = excluded.percent, at = excluded.at, seen_at = null, seen_by = null"
)


@dataclass(frozen=True, slots=True)
class Warned:
    """A warning with its clock and ticket; `readable`: whether the reader may open the ticket."""

    warning: TicketWarning
    clock: TicketClock
    ticket: Ticket
    readable: bool


def recipients(ticket: Ticket, kind: str, told: Iterable[Told]) -> list[str]:
    """Return who hears of a clock: codes of departments, or `centre`.

    The centre answers for the callback and for a ticket that no department leads yet.
    """
    lead = ticket.lead if kind != ClockKind.CALLBACK and ticket.lead and ticket.lead in tree() else None
    found: list[str] = []
    for each in told:
        match each:
            case Told.LEAD:
                found.append(lead or CENTRE)
            case Told.CO_HANDLERS:
                found.extend(ticket.co_handlers if lead else ())
            case Told.PARENT:
                parent = tree().get(lead).parent if lead else None
                if parent is not None:
                    found.append(CENTRE if tree().get(parent).kind == "centre" else parent)
            case Told.CENTRE:
                found.append(CENTRE)
    return list(dict.fromkeys(found))


async def keep(session: AsyncSession, told: Sequence[tuple[TicketClock, int, Sequence[str]]]) -> None:
    """Write (clock, percent, recipients) each into the recipients' lists, and announce it once to every recipient."""
    found = [(row.id, recipient, percent) for row, percent, whom in told for recipient in whom]
    if not found:
        return
    ids, recipients, percents = map(list, zip(*found, strict=True))
    values = {"ids": ids, "recipients": recipients, "percents": percents, "at": clock.now()}
    await session.execute(_KEEP, values)
    topics = ("desk" if each == CENTRE else f"department:{each}" for each in dict.fromkeys(recipients))
    news = [{"topic": topic, "kind": "ticket.warned"} for topic in topics]
    await rows.call(session, live.announcements(news))


async def forget(session: AsyncSession, rows: Iterable[TicketClock]) -> None:
    """Take clocks that have ended, or begun anew, out of every list."""
    warned = [row.id for row in rows if row.warned and row.id is not None]
    if warned:
        await session.execute(delete(TicketWarning).where(TicketWarning.clock_id.in_(warned)))


async def listing(session: AsyncSession, *, actor: Actor, limit: int = 50) -> list[Warned]:
    """Return what the actor has been told and not said to know, newest first."""
    statement = _open(actor).add_columns(TicketClock, Ticket, reading.visible_to(actor).label("readable"))
    statement = statement.join(TicketClock, TicketClock.id == TicketWarning.clock_id)
    statement = statement.join(Ticket, Ticket.id == TicketClock.ticket_id)
    rows = await session.execute(statement.order_by(TicketWarning.at.desc(), TicketWarning.clock_id).limit(limit))
    return [Warned(*row) for row in rows.all()]


async def count(session: AsyncSession, *, actor: Actor) -> int:
    """Return how many warnings the actor has not said to know, `COUNTED` where there are as many or more."""
    found = _open(actor).with_only_columns(TicketWarning.clock_id).limit(COUNTED).subquery()
    return await session.scalar(select(func.count()).select_from(found)) or 0


async def see(session: AsyncSession, clock_ids: Iterable[int], *, actor: Actor) -> int:
    """Say that the actor's office knows of these clocks, and return how many warnings that settled."""
    done = await session.execute(
        update(TicketWarning)
        .where(
            TicketWarning.recipient == _recipient(actor),
            TicketWarning.clock_id.in_(list(clock_ids)),
            TicketWarning.seen_at.is_(None),
        )
        .values(seen_at=clock.now(), seen_by=str(actor))
        .returning(TicketWarning.clock_id)
    )
    return len(done.all())


def _recipient(actor: Actor) -> str:
    """Return under which name the actor is warned; one that nobody has where they see no ticket."""
    return CENTRE if actor.may(Permission.TICKET_READ_ALL) else actor.department or ""


def _open(actor: Actor) -> Select[TicketWarning]:
    # A sealed ticket is not even named to who may not see it.
    shown = select(TicketClock.id).join(Ticket, Ticket.id == TicketClock.ticket_id)
    shown = shown.where(TicketClock.id == TicketWarning.clock_id, or_(~Ticket.sealed, reading.visible_to(actor)))
    mine = TicketWarning.recipient == _recipient(actor), TicketWarning.seen_at.is_(None)
    return select(TicketWarning).where(*mine, shown.exists())
