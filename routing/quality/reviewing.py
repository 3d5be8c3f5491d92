"""Reading tickets: the request when it was opened or corrected, the reply when it came, all again at the end."""

import asyncio
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock, jobs
from core.auth import SYSTEM, Actor
from core.city import city
from core.database import transaction
from core.text.normalise import clean
from routing import reading
from routing.hiding import hide_author, is_secret
from routing.models import Ticket
from routing.quality import checks, copies, lessons, requests
from routing.quality.checks import CHECKS, Hit
from routing.quality.rules import fingerprint
from routing.quality.tables import UNDECIDED, Finding, QualityReading

SHOWN = 5  # words of a finding that are kept


@jobs.task("quality.review")
async def review_job(number: str) -> None:
    """Read a ticket that was dispatched, replied to, corrected or closed."""
    async with transaction() as session:
        await review_ticket(session, await reading.find(session, number, actor=SYSTEM))


async def review_ticket(session: AsyncSession, ticket: Ticket) -> list[Finding]:
    """Read a ticket and keep what is found; return what is new.

    What a person decided on the same words stays decided, what is no longer found and nobody decided on goes.
    """
    # Two that read one ticket at once would keep the same finding twice; the ticket itself is locked for nobody.
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"quality:{ticket.id}", 0))))
    await session.refresh(ticket)
    found = {(hit.check, _about(hit, ticket)): hit for hit in _joined(await _hits(session, ticket))}
    kept = {
        (each.check, each.about_at): each
        for each in await session.scalars(select(Finding).where(Finding.ticket_id == ticket.id))
    }
    for key, finding in kept.items():
        if finding.state in UNDECIDED and key not in found:
            await session.delete(finding)
        elif finding.state in UNDECIDED:
            finding.evidence = await _evidence(session, ticket, found[key]) | _learnt(finding)
            finding.department, finding.severity = ticket.lead or "", CHECKS[finding.check]
    await session.flush()
    new = [
        await _finding(session, ticket, hit, about)
        for (_, about), hit in found.items()
        if (hit.check, about) not in kept
    ]
    session.add_all(new)
    await _remember(session, ticket)
    await session.flush()
    return new


async def hints(session: AsyncSession, number: str, *, actor: Actor, result: str, basis: str = "") -> list[Hit]:
    """Return what a reply that is being written leaves to be desired. Nothing is kept, nothing refused.

    What is dismissed as a rule (`lessons`) is not hinted at.
    """
    ticket = await reading.find(session, number, actor=actor)
    if not clean(result):
        return []
    found = await asyncio.to_thread(_of_reply, ticket, clean(result), clean(basis))
    return [hit for hit in found if await lessons.learnt(session, hit.check, ticket) is None]


async def conceal(session: AsyncSession, ticket: Ticket) -> None:
    """Cut the author out of what was found and decided on a ticket that becomes secret."""
    for finding in await session.scalars(select(Finding).where(Finding.ticket_id == ticket.id)):
        said = [await hide_author(session, ticket, each) for each in finding.evidence["words"]]
        finding.evidence = finding.evidence | {"words": said}
        finding.reason = await hide_author(session, ticket, finding.reason or "") or None


async def _hits(session: AsyncSession, ticket: Ticket) -> list[Hit]:
    hits = await asyncio.to_thread(requests.of_ticket, ticket)
    if ticket.result:
        hits += await asyncio.to_thread(_of_reply, ticket, ticket.result, ticket.basis or "")
        if ticket.solved and (ticket.satisfied or 5) <= 2:
            hits.append(Hit("unsatisfied", (), str(ticket.satisfied)))
    return hits + await copies.copied(session, ticket)


def _of_reply(ticket: Ticket, result: str, basis: str) -> list[Hit]:
    return checks.of_reply(
        requests.words_of(ticket),
        result,
        basis,
        request_type=ticket.request_type,
        secret=is_secret(request_type=ticket.request_type, confidential=ticket.confidential),
    )


def _joined(hits: Iterable[Hit]) -> list[Hit]:
    """Return one hit a check, with the words of all."""
    by_check: dict[str, Hit] = {}
    for hit in hits:
        before = by_check.get(hit.check)
        by_check[hit.check] = Hit(hit.check, (before.words if before else ()) + hit.words, hit.value)
    return list(by_check.values())


def _about(hit: Hit, ticket: Ticket) -> datetime:
    """Return when what was read came: a later reply is another one, and its faults are new."""
    came = None if hit.check in requests.CHECKS else ticket.replied_at
    return came or ticket.opened_at


async def _evidence(session: AsyncSession, ticket: Ticket, hit: Hit) -> dict[str, object]:
    return {"words": [await hide_author(session, ticket, each) for each in hit.words[:SHOWN]], "value": hit.value}


def _learnt(finding: Finding) -> dict[str, object]:
    return {"lesson": finding.evidence["lesson"]} if "lesson" in finding.evidence else {}


async def _finding(session: AsyncSession, ticket: Ticket, hit: Hit, about: datetime) -> Finding:
    now = clock.now()
    lesson = await lessons.learnt(session, hit.check, ticket)
    evidence = await _evidence(session, ticket, hit)
    quiet = lesson is not None and not lessons.sampled(ticket)
    return Finding(
        ticket_id=ticket.id,
        check=hit.check,
        severity=CHECKS[hit.check],
        department=ticket.lead or "",
        category=lessons.subject(ticket),
        about_at=about,
        evidence=evidence | ({"lesson": lesson.as_json()} if lesson else {}),
        found_at=now,
        day=clock.local(now, city().time_zone).date(),
        state="quiet" if quiet else "open",
    )


async def _remember(session: AsyncSession, ticket: Ticket) -> None:
    values = {
        "read_at": clock.now(),
        "rules": fingerprint(),
        "department": ticket.lead or "",
        "replied": ticket.result is not None,
    }
    statement = insert(QualityReading).values(ticket_id=ticket.id, **values)
    await session.execute(statement.on_conflict_do_update(index_elements=["ticket_id"], set_=values))
