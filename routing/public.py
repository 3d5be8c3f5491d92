"""Tickets that everybody may read: those that came through an open door, without a word about who asked."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.privacy import mask_text
from core.settings import settings
from intents import RequestType
from routing.hiding import HIDDEN, without_author
from routing.messages import say
from routing.models import Ticket, TicketCitizen, TicketClock
from routing.policy import ClockKind
from routing.tree import tree

CLOSED = ("closed", "withdrawn")  # a reply that the citizen has not been asked about yet may still be sent back
# A flat: who lives there is known by it. The house and the staircase stay.
_FLAT = re.compile(
    r"(?<![\d-])\d{1,3}-\d{1,2}-\d{3,4}(?![\d-])"
    r"|(?<![\d-])\d{1,3}-\d{3,4}(?!\s?[\d元米人户个天年月岁斤吨点万千度%-])"
    r"|(?:(?<=单元)|(?<=号楼)|(?<=[栋幢座]))[\d零〇一二三四五六七八九]{3,4}(?![\d多余个人元米年])[室号户房]?"
    r"|(?:(?<=房号)|(?<=门牌)|(?<=门牌号)|(?<=楼上)|(?<=楼下)|(?<=隔壁)|(?<=对门))[是为:：]?\d{1,2}-?\d{2,4}(?![\d元米人])"
    r"|(?<!\d)\d{3,4}号?房(?!产)"
    r"|[A-Za-z\d一二三四五六七八九十百零-]{2,8}室"
)
# A number without its area code. Years and tickets' numbers are none.
_LOCAL_NUMBER = re.compile(r"(?<!\d)\d{7,}(?!\d|-\d{6})|(?<![\d-])(?!(?:19|20)\d\d\D)[2-8]\d{2,3}[- ]\d{4}(?![\d-])")


@dataclass(frozen=True, slots=True)
class PublicTicket:
    """What everybody may know of a ticket. `category`: code; `department`: short name; `state_name`: as people say it.

    `updated_at`: when its state or its citizen last moved it; `due_at`: by when it is to be done.
    """

    number: str
    closed: bool
    state_name: str
    category: str | None
    description: str
    department: str | None
    address: str | None
    latitude: float | None
    longitude: float | None
    opened_at: datetime
    updated_at: datetime
    due_at: datetime | None
    result: str | None


async def reported_through(
    session: AsyncSession,
    *,
    channel: str,
    numbers: Sequence[str] | None = None,
    categories: Sequence[str] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    closed: bool | None = None,
    limit: int,
) -> list[PublicTicket]:
    """Return tickets of a door, newest first, for everybody to read.

    Tip-offs and confidential tickets are never among them. Of the others every number, account, introduction and home
    in the words is cut out, whoever's it is: nobody reads them before they are shown (PIPL, articles 6 and 25).
    """
    statement = (
        select(Ticket, TicketCitizen.name, TicketCitizen.phone)
        .outerjoin(TicketCitizen, TicketCitizen.ticket_id == Ticket.id)
        .where(
            Ticket.channel == channel, ~Ticket.confidential, ~Ticket.sealed, Ticket.request_type != RequestType.TIP_OFF
        )
    )
    if numbers is not None:
        statement = statement.where(Ticket.number.in_(numbers))
    if categories is not None:
        statement = statement.where(Ticket.category.in_(categories))
    if since is not None:
        statement = statement.where(Ticket.opened_at >= since)
    if until is not None:
        statement = statement.where(Ticket.opened_at <= until)
    if closed is not None:
        statement = statement.where(Ticket.state.in_(CLOSED) if closed else Ticket.state.not_in(CLOSED))
    rows = (await session.execute(statement.order_by(Ticket.id.desc()).limit(limit))).all()
    due = await _due(session, [row[0].id for row in rows])
    # A thousand descriptions take seconds: beside the requests of others.
    return await asyncio.to_thread(lambda: [_shown(row, name, phone, due.get(row.id)) for row, name, phone in rows])


async def _due(session: AsyncSession, ids: Sequence[int]) -> dict[int, datetime]:
    """Return when the newest clock of each ticket's solution ends."""
    rows = await session.execute(
        select(TicketClock.ticket_id, TicketClock.due_at)
        .where(TicketClock.ticket_id.in_(ids), TicketClock.kind == ClockKind.RESOLVE, TicketClock.void_at.is_(None))
        .order_by(TicketClock.started_at, TicketClock.id)
    )
    return {ticket: due_at for ticket, due_at in rows}


def _shown(ticket: Ticket, name: str | None, phone: str | None, due_at: datetime | None) -> PublicTicket:
    def cut(words: str | None) -> str | None:
        if not words:
            return None
        words = mask_text(without_author(words, name=name, phone=phone, secret=True))
        return _FLAT.sub(HIDDEN, _LOCAL_NUMBER.sub(HIDDEN, words))

    moved = (
        ticket.opened_at,
        ticket.dispatched_at,
        ticket.accepted_at,
        ticket.urged_at,
        ticket.replied_at,
        ticket.surveyed_at,
        ticket.closed_at,
    )
    return PublicTicket(
        number=ticket.number,
        closed=ticket.state in CLOSED,
        state_name=say(f"state.{ticket.state}", settings().locale),
        category=ticket.category,
        description=cut(ticket.description) or "",
        department=tree().get(ticket.lead).short_name if ticket.lead and ticket.lead in tree() else None,
        address=cut(ticket.address),
        latitude=ticket.latitude,
        longitude=ticket.longitude,
        opened_at=ticket.opened_at,
        updated_at=max(moment for moment in moved if moment is not None),
        due_at=due_at,
        result=cut(ticket.result) if ticket.state in {"replied", "closed"} else None,
    )
