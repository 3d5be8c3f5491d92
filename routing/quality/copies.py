"""雷同答复: sentences of a reply that its department has used in replies to other matters."""

import asyncio
import hashlib

import numpy as np
from sqlalchemy import ForeignKey, Index, LargeBinary, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base
from routing.models import Ticket
from routing.quality.checks import Hit, sentences
from routing.quality.rules import quality

COMPARED = 50  # replies that share a sentence, the newest


class ReplySentence(Base):
    """A sentence of a reply, as its digest, so that nothing said is kept twice."""

    __tablename__ = "reply_sentences"
    __table_args__ = (Index("ix_reply_sentences_department_digest", "department", "digest"),)

    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"), primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    department: Mapped[str]
    length: Mapped[int]


async def copied(session: AsyncSession, ticket: Ticket) -> list[Hit]:
    """Keep the sentences of the ticket's reply; return a finding where another matter was replied to in the same words.

    The same words on the same matter are none, nor are they where tickets were merged. From a sealed ticket nothing is
    learnt: a finding names the other ticket.
    """
    said = {
        hashlib.blake2b(each.encode(), digest_size=16).digest(): len(each) for each in sentences(ticket.result or "")
    }
    await forget(session, ticket)
    if not said or ticket.lead is None or ticket.sealed:
        return []
    session.add_all(
        ReplySentence(ticket_id=ticket.id, digest=digest, department=ticket.lead, length=length)
        for digest, length in said.items()
    )
    await session.flush()
    shared = func.sum(ReplySentence.length)
    others = await session.execute(
        select(ReplySentence.ticket_id, shared)
        .join(Ticket, Ticket.id == ReplySentence.ticket_id)
        .where(
            ~Ticket.sealed,
            ReplySentence.department == ticket.lead,
            ReplySentence.digest.in_(said),
            ReplySentence.ticket_id != ticket.id,
        )
        .group_by(ReplySentence.ticket_id)
        .having(shared >= quality().copied_share * sum(said.values()))
        .order_by(ReplySentence.ticket_id.desc())
        .limit(COMPARED)
    )
    for id, length in others.all():
        other = await session.get_one(Ticket, id)
        if not await asyncio.to_thread(_same_matter, ticket, other):
            return [Hit("copied", (other.number,), f"{length / sum(said.values()):.0%}")]
    return []


async def forget(session: AsyncSession, ticket: Ticket) -> None:
    """Forget the sentences of a ticket's reply."""
    await session.execute(delete(ReplySentence).where(ReplySentence.ticket_id == ticket.id))


def _same_matter(ticket: Ticket, other: Ticket) -> bool:
    from core.text.encode import encoder

    if ticket.merged_into in (other.id, other.merged_into or -1) or other.merged_into == ticket.id:
        return True
    first, second = encoder().encode([f"{each.title} {each.description[:200]}" for each in (ticket, other)])
    return float(np.dot(first, second)) >= quality().same_matter_from
