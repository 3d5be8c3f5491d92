"""Findings: kept with the words they stand on, listed, counted, confirmed or dismissed with a reason."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, ForeignKey, Identity, Index, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock, jobs
from core.auth import SYSTEM, Actor, Permission
from core.city import city
from core.database import Base, transaction
from core.errors import BadInput, Conflict, NotFound
from core.privacy import Sealed
from core.text.normalise import clean
from routing import reading
from routing.hiding import hide_author, is_secret
from routing.messages import say
from routing.models import SealedJson, Ticket
from routing.quality import checks, copies
from routing.quality.checks import CHECKS, Hit

MOST = 200
STANDS = ("open", "confirmed", "dismissed")


class Finding(Base):
    """Something that a check found on a ticket. `evidence`: its words and value; `reason`: why it was decided so."""

    __tablename__ = "quality_findings"
    __table_args__ = (
        Index("uq_quality_findings_ticket_check", "ticket_id", "check", unique=True),
        Index("ix_quality_findings_state_id", "state", "id"),
        Index("ix_quality_findings_department_id", "department", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"))
    check: Mapped[str]
    severity: Mapped[int]
    department: Mapped[str]
    evidence: Mapped[dict[str, Any]] = mapped_column(SealedJson)
    found_at: Mapped[datetime]
    day: Mapped[date] = mapped_column(index=True)
    state: Mapped[str]
    reason: Mapped[str | None] = mapped_column(Sealed)
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Shown:
    """A finding with its ticket."""

    finding: Finding
    ticket: Ticket


@jobs.task("quality.review")
async def review_job(number: str) -> None:
    """Review a ticket that was replied to."""
    async with transaction() as session:
        await review_ticket(session, await reading.find(session, number, actor=SYSTEM))


async def review_ticket(session: AsyncSession, ticket: Ticket) -> list[Finding]:
    """Read a ticket with its reply and keep what is found; what a person has decided on stays decided."""
    if not ticket.result:
        return []
    secret = is_secret(request_type=ticket.request_type, confidential=ticket.confidential)
    hits = await asyncio.to_thread(
        checks.review,
        request=f"{ticket.title} {ticket.description}",
        request_type=ticket.request_type,
        result=ticket.result,
        basis=ticket.basis or "",
        secret=secret,
    )
    hits += await copies.copied(session, ticket)
    if ticket.solved and (ticket.satisfied or 5) <= 2:
        hits.append(Hit("unsatisfied", (), str(ticket.satisfied)))
    by_check: dict[str, Hit] = {}
    for hit in hits:
        before = by_check.get(hit.check)
        by_check[hit.check] = Hit(hit.check, (before.words if before else ()) + hit.words, hit.value)
    await session.execute(delete(Finding).where(Finding.ticket_id == ticket.id, Finding.state == "open"))
    decided = set(await session.scalars(select(Finding.check).where(Finding.ticket_id == ticket.id)))
    found = [await _finding(session, ticket, hit) for hit in by_check.values() if hit.check not in decided]
    session.add_all(found)
    await session.flush()
    return found


async def hints(session: AsyncSession, number: str, *, actor: Actor, result: str, basis: str = "") -> list[Hit]:
    """Return what a reply that is being written leaves to be desired. Nothing is kept, nothing refused."""
    ticket = await reading.find(session, number, actor=actor)
    if not clean(result):
        return []
    secret = is_secret(request_type=ticket.request_type, confidential=ticket.confidential)
    request = f"{ticket.title} {ticket.description}"
    return await asyncio.to_thread(checks.of_reply, request, clean(result), clean(basis), secret=secret)


async def listing(
    session: AsyncSession,
    *,
    actor: Actor,
    state: str = "open",
    check: str = "",
    department: str = "",
    limit: int = 30,
    before: int | None = None,
) -> Sequence[Shown]:
    """Return findings on tickets that the actor sees, newest first; `before`: the id of the last of the page before."""
    statement = select(Finding, Ticket).join(Ticket, Ticket.id == Finding.ticket_id).where(reading.visible_to(actor))
    statement = statement.where(*_narrowed(state, check, department))
    if before:
        statement = statement.where(Finding.id < before)
    rows = await session.execute(statement.order_by(Finding.id.desc()).limit(min(limit, MOST)))
    return [Shown(finding, ticket) for finding, ticket in rows]


async def numbers(session: AsyncSession, *, actor: Actor, state: str = "open", department: str = "") -> dict[str, int]:
    """Return how many findings of each check stand so; each number is the length of its list."""
    statement = select(Finding.check, func.count()).join(Ticket, Ticket.id == Finding.ticket_id)
    narrowed = (reading.visible_to(actor), *_narrowed(state, "", department))
    counted: dict[str, int] = {
        str(check): int(count)
        for check, count in await session.execute(statement.where(*narrowed).group_by(Finding.check))
    }
    return {check: counted.get(check, 0) for check in CHECKS}


async def decide(session: AsyncSession, id: int, *, actor: Actor, confirmed: bool, reason: str) -> Finding:
    """Confirm or dismiss a finding, with a reason; dismissals are kept as labels. Raises Conflict the second time."""
    actor.must(Permission.TICKET_RULE)
    reason = clean(reason)[:1000]
    if not reason:
        raise BadInput(say("refused.empty", wanted=say("words.reason")))
    finding = await session.get(Finding, id, with_for_update=True, populate_existing=True)
    if finding is None:
        raise NotFound(say("refused.no_finding"))
    if finding.state != "open":
        raise Conflict(say("refused.decided"))
    finding.state = "confirmed" if confirmed else "dismissed"
    finding.reason, finding.decided_by, finding.decided_at = reason, str(actor), clock.now()
    await session.flush()
    return finding


async def _finding(session: AsyncSession, ticket: Ticket, hit: Hit) -> Finding:
    now = clock.now()
    return Finding(
        ticket_id=ticket.id,
        check=hit.check,
        severity=CHECKS[hit.check],
        department=ticket.lead or "",
        evidence={"words": [await hide_author(session, ticket, each) for each in hit.words[:5]], "value": hit.value},
        found_at=now,
        day=clock.local(now, city().time_zone).date(),
        state="open",
    )


def _narrowed(state: str, check: str, department: str) -> list[ColumnElement[bool]]:
    conditions = []
    if state in STANDS:
        conditions.append(Finding.state == state)
    if check:
        conditions.append(Finding.check == check)
    if department:
        conditions.append(Finding.department == department)
    return conditions
