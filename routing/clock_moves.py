"""A changed calendar or limit moves the clocks that run, by a job that may be killed at any moment.

Tickets are read in the order of their ids, some at a time, each batch in one transaction with how far it came. What
will move is shown before by `routing.clock_effects`.
"""

import asyncio
import hashlib
import json
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock, jobs
from core.auth import SYSTEM
from core.database import transaction
from core.settings import settings
from routing import clock_rows, clock_versions, clocks, steps, timing
from routing.calendar import calendar, shipped
from routing.clock_effects import limit_of
from routing.clock_versions import ClockVersion
from routing.clocks import Course
from routing.messages import say
from routing.models import Ticket, TicketClock
from routing.policy import ClockKind, Policy, Unit

BATCH = 500  # clocks that the job looks at in one transaction

LABELS = ("request_type", "urgency", "category", "lead")


@jobs.task("clocks.recount")
async def recount(version: int, again: bool = False) -> None:
    """Count the running clocks anew for a saved version; one that was killed goes on where it was.

    `again`: look at all once more, for clocks that were started by what held before.
    """
    async with transaction() as session:
        await clock_versions.take_up(session)
        row = await session.get(ClockVersion, version)
        if row is None or (row.recounted_at is not None and not again):
            return
        if again and row.recounted_at is not None:
            row.recounted_to, row.recounted_at = 0, None
    while await _recount_some(version):
        pass


async def _recount_some(version: int) -> bool:
    """Look at the next tickets; say whether there may be more."""
    async with transaction() as session:
        row = await session.get_one(ClockVersion, version, with_for_update=True)
        limits = _limits_of(row)
        found = (
            await session.execute(
                select(TicketClock, Ticket.request_type, Ticket.urgency, Ticket.category, Ticket.lead)
                .join(Ticket, Ticket.id == TicketClock.ticket_id)
                .where(
                    TicketClock.ticket_id > row.recounted_to,
                    TicketClock.met_at.is_(None),
                    TicketClock.void_at.is_(None),
                )
                .order_by(TicketClock.ticket_id, TicketClock.kind)
                .limit(BATCH)
            )
        ).all()
        later = await _superseded(session, row)
        moving = {each[0].ticket_id for each in found if _moves(each, limits, later)}
        for ticket_id in sorted(moving):
            row.moved += await _move(session, ticket_id, limits, later)
        if len(found) < BATCH:
            row.recounted_at = clock.now()
            return False
        # The last ticket may have clocks that did not fit; it is looked at again.
        last, before = found[-1][0].ticket_id, found[0][0].ticket_id
        row.recounted_to = last - 1 if last > before else last
        return True


def _limits_of(version: ClockVersion) -> Policy | None:
    """Return the policy that a version gives to running clocks, None where they keep their limits."""
    if version.kind != "policy":
        return None
    return clock_versions.proposed("policy", version.content)[0].policy


async def _superseded(session: AsyncSession, version: ClockVersion) -> datetime | None:
    """Return when a later version of the limits was saved: clocks that began since then are not this one's."""
    if version.kind != "policy":
        return None
    return await session.scalar(
        select(ClockVersion.made_at)
        .where(ClockVersion.kind == "policy", ClockVersion.id > version.id)
        .order_by(ClockVersion.id)
        .limit(1)
    )


def _moves(found: Any, limits: Policy | None, later: datetime | None) -> bool:
    """Say whether a clock would end otherwise, or act otherwise: the points of the escalation may have changed."""
    row = found[0]
    if later is not None and row.started_at >= later:
        return False
    amount, unit = row.amount, row.unit
    if limits is not None:
        limit = limit_of(limits, dict(found._mapping) | {"kind": row.kind})
        if limit is None:
            return True
        amount, unit = limit.amount, limit.unit
    end = clocks.ends(Course(row.started_at, amount, Unit(unit), clock_rows.course(row).changes), calendar())
    if (end.at, end.provisional, amount, unit) != (row.due_at, row.provisional, row.amount, row.unit):
        return True
    return limits is not None and clock_rows.acts_at(row) != row.act_at


async def _move(session: AsyncSession, ticket_id: int, limits: Policy | None, later: datetime | None) -> int:
    """Count the clocks of one ticket anew and write an event where any moved or ended; return how many did."""
    ticket = await session.get_one(Ticket, ticket_id, with_for_update={"key_share": True}, populate_existing=True)
    moved: dict[str, TicketClock] = {}
    ended: list[str] = []
    for kind, row in (await timing.running(session, ticket, fresh=True)).items():
        if later is not None and row.started_at >= later:
            continue
        if limits is not None:
            limit = limit_of(limits, {"kind": kind, **{name: getattr(ticket, name) for name in LABELS}})
            if limit is None:
                await timing.void(session, ticket, ClockKind(kind))
                ended.append(kind)
                continue
            row.amount, row.unit = limit.amount, limit.unit
        if clock_rows.count(row):
            moved[kind] = row
    await timing.settle(session, ticket)
    if moved:
        due = {kind: row.due_at.isoformat() for kind, row in moved.items()}
        await steps.record(session, ticket, "retimed", actor=SYSTEM, clocks=list(moved), due=due)
    if ended:
        await steps.record(session, ticket, "retimed", actor=SYSTEM, clocks=ended, outcome="ended")
    await session.flush()
    return len(moved) + len(ended)


@jobs.sweep("clocks.settle", seconds=3600)
async def settle() -> None:
    """Where the city's own files, or the package of holidays, say other days than before, count the clocks anew.

    What they said is kept as a digest: while they say the same, no clock is read.
    """
    said = await asyncio.to_thread(_files_say)
    async with transaction() as session:
        await session.execute(text("select pg_advisory_xact_lock(hashtextextended('clocks:files', 3))"))
        last = await session.scalar(
            select(ClockVersion).where(ClockVersion.kind == "shipped").order_by(ClockVersion.id.desc()).limit(1)
        )
        if last is not None and last.content == {"digest": said}:
            return
        version = ClockVersion(
            kind="shipped",
            name="shipped",
            content={"digest": said},
            running=True,
            reason=say("clocks.files", settings().locale),
            made_at=clock.now(),
            made_by=str(SYSTEM),
        )
        session.add(version)
        await session.flush()
        await clock_versions.order(session, version)


def _files_say() -> str:
    """Return a digest of the working days and hours that the files and the package give, of the years in question."""
    working, this = shipped(), clock.now().year
    days = [
        (day.isoformat(), working.is_working(day), working.is_known(day))
        for day in (date(this - 1, 1, 1) + timedelta(days=number) for number in range(3 * 366))
    ]
    told = json.dumps([days, [(str(opens), str(closes)) for opens, closes in working.hours], str(working.zone)])
    return hashlib.sha256(told.encode()).hexdigest()
