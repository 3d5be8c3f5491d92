"""What a changed calendar or limit does to the clocks that run: shown before it is saved, done by a job after.

Before: clocks that begin on the same day with the same limit end at the same moment, so they are counted in groups that
the database makes; only clocks in working hours, and those that were paused or extended, are counted one by one. After:
tickets in the order of their ids, some at a time, each batch in one transaction with how far it came.
"""

import asyncio
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock, jobs
from core.auth import SYSTEM
from core.database import transaction
from core.settings import settings
from routing import clock_versions, clocks, policy, steps, timing
from routing.calendar import WorkingCalendar, calendar, shipped
from routing.clock_versions import ClockVersion, Kind
from routing.clocks import Change, Course
from routing.messages import say
from routing.models import Ticket, TicketClock
from routing.policy import ClockKind, Policy, Unit

FIRST = 50  # tickets that a preview names
BATCH = 500  # clocks that the job looks at in one transaction

LABELS = ("request_type", "urgency", "category", "lead")
RUNNING = "c.met_at is null and c.void_at is null"


@dataclass(frozen=True, slots=True)
class Move:
    """One clock that would move; `new` None: the limits no longer ask for it."""

    number: str
    department: str | None
    kind: str
    old: datetime
    new: datetime | None


@dataclass(slots=True)
class Effect:
    """What a change would do: clocks looked at, clocks that move, by department (most first), and the first few."""

    looked_at: int = 0
    moved: int = 0
    departments: dict[str | None, int] = field(default_factory=dict)
    first: list[Move] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Group:
    """Clocks that end together: what they have in common, how many there are, and where they would end."""

    ids: tuple[int, ...]  # some of them
    department: str | None
    count: int
    old: datetime
    new: datetime | None


async def preview(session: AsyncSession, kind: Kind, content: dict[str, Any] | None, *, running: bool) -> Effect:
    """Return what saving this would do to the clocks that run; nothing is changed.

    Raises BadInput for what does not fit.
    """
    sla, working = clock_versions.proposed(kind, content)
    if kind == "policy" and not running:
        return Effect()
    limits = await _changed_limits(session, sla.policy) if kind == "policy" else None
    since = datetime(int(content["year"]), 1, 1, tzinfo=working.zone) if kind == "year" and content else None
    rows = [] if limits == [] else await _grouped(session, working, limits, since)
    groups = await asyncio.to_thread(_counted, rows, working)
    effect = Effect(looked_at=sum(row["count"] for row in rows))
    moving = [group for group in groups if group.new != group.old]
    for group in moving:
        effect.moved += group.count
        effect.departments[group.department] = effect.departments.get(group.department, 0) + group.count
    effect.departments = dict(sorted(effect.departments.items(), key=lambda each: -each[1]))
    effect.first = await _named(session, moving)
    return effect


async def _changed_limits(session: AsyncSession, new: Policy) -> list[dict[str, Any]]:
    """Return what tickets with running clocks have in common, where the new limits are others than they count by."""
    rows = await session.execute(
        text(
            "select c.kind, t.request_type, t.urgency, t.category, t.lead, c.amount, c.unit from ticket_clocks c "
            f"join tickets t on t.id = c.ticket_id where {RUNNING} group by 1, 2, 3, 4, 5, 6, 7"
        )
    )
    changed = []
    for each in map(dict, rows.mappings()):
        limit = _limit(new, each)
        if limit is None or (limit.amount, limit.unit) != (each["amount"], each["unit"]):
            changed.append({**each, "new_amount": limit and limit.amount, "new_unit": limit and str(limit.unit)})
    return changed


async def _grouped(
    session: AsyncSession, working: WorkingCalendar, limits: list[dict[str, Any]] | None, since: datetime | None
) -> Sequence[Mapping[str, Any]]:
    """Return running clocks in groups that end together; `limits`: only those, with their new limit."""
    join, amount, unit = "", "c.amount", "c.unit"
    values: dict[str, Any] = {"zone": str(working.zone), "since": since}
    if limits is not None:
        join = (
            "join jsonb_to_recordset(cast(:limits as jsonb)) as n(kind text, request_type text, urgency text, "
            "category text, lead text, amount int, unit text, new_amount int, new_unit text) on n.kind = c.kind "
            "and n.request_type = t.request_type and n.urgency = t.urgency and n.amount = c.amount and n.unit = c.unit "
            "and coalesce(n.category, '') = coalesce(t.category, '') and coalesce(n.lead, '') = coalesce(t.lead, '')"
        )
        amount, unit = "n.new_amount", "n.new_unit"
        values["limits"] = json.dumps(limits)
    skip = "" if limits is not None else "and (c.unit <> 'hours' or c.changes <> '[]'::jsonb)"
    by_day = f"c.changes = '[]'::jsonb and {unit} in ('working_days', 'calendar_days')"
    begin = f"case when {by_day} then date_trunc('day', c.started_at, :zone) else c.started_at end"
    rows = await session.execute(
        text(
            f"select {amount} as amount, {unit} as unit, {begin} as begin, c.changes, c.due_at, t.lead, "
            f"count(*) as count, (array_agg(c.id))[1:{FIRST}] as ids "
            f"from ticket_clocks c join tickets t on t.id = c.ticket_id {join} where {RUNNING} {skip} "
            "and (cast(:since as timestamptz) is null or c.due_at >= :since) group by 1, 2, 3, 4, 5, 6"
        ),
        values,
    )
    return [dict(row) for row in rows.mappings()]


def _counted(rows: Sequence[Mapping[str, Any]], working: WorkingCalendar) -> list[_Group]:
    ends: dict[Any, datetime] = {}
    groups = []
    for row in rows:
        new = None
        if row["amount"] is not None:
            key = (row["amount"], row["unit"], row["begin"]) if not row["changes"] else None
            new = ends.get(key)
            if new is None:
                changes = tuple(Change.read(each) for each in row["changes"])
                new = clocks.ends(Course(row["begin"], row["amount"], Unit(row["unit"]), changes), working).at
                if key:
                    ends[key] = new
        groups.append(_Group(tuple(row["ids"]), row["lead"], row["count"], row["due_at"], new))
    return groups


async def _named(session: AsyncSession, moving: Iterable[_Group]) -> list[Move]:
    """Return the first clocks that would move, those that end first first."""
    new_of: dict[int, _Group] = {}
    for group in sorted(moving, key=lambda group: group.old):
        new_of |= {id: group for id in group.ids[: FIRST - len(new_of)]}
        if len(new_of) >= FIRST:
            break
    rows = await session.execute(
        select(TicketClock.id, TicketClock.kind, Ticket.number)
        .join(Ticket, Ticket.id == TicketClock.ticket_id)
        .where(TicketClock.id.in_(new_of))
    )
    found = {id: (kind, number) for id, kind, number in rows.all()}
    return [
        Move(found[id][1], group.department, found[id][0], group.old, group.new)
        for id, group in new_of.items()
        if id in found
    ]


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
    row = found[0]
    if later is not None and row.started_at >= later:
        return False
    amount, unit = row.amount, row.unit
    if limits is not None:
        limit = _limit(limits, dict(found._mapping) | {"kind": row.kind})
        if limit is None:
            return True
        amount, unit = limit.amount, limit.unit
    changes = tuple(Change.read(each) for each in row.changes)
    end = clocks.ends(Course(row.started_at, amount, Unit(unit), changes), calendar())
    return (end.at, end.provisional, amount, unit) != (row.due_at, row.provisional, row.amount, row.unit)


async def _move(session: AsyncSession, ticket_id: int, limits: Policy | None, later: datetime | None) -> int:
    """Count the clocks of one ticket anew and write one event where any moved; return how many did."""
    ticket = await session.get_one(Ticket, ticket_id, with_for_update=True, populate_existing=True)
    moved: dict[str, TicketClock] = {}
    for kind, row in (await timing.running(session, ticket, fresh=True)).items():
        if later is not None and row.started_at >= later:
            continue
        if limits is not None:
            limit = _limit(limits, {"kind": kind, **{name: getattr(ticket, name) for name in LABELS}})
            if limit is None:
                await timing.void(session, ticket, ClockKind(kind))
                continue
            row.amount, row.unit = limit.amount, limit.unit
        if timing.count(row):
            moved[kind] = row
    await timing.settle(session, ticket)
    if moved:
        due = {kind: row.due_at.isoformat() for kind, row in moved.items()}
        await steps.record(session, ticket, "retimed", actor=SYSTEM, clocks=list(moved), due=due)
    await session.flush()
    return len(moved)


def _limit(limits: Policy, row: Mapping[str, Any]) -> policy.Limit | None:
    return limits.limit(
        ClockKind(row["kind"]),
        request_type=row["request_type"],
        urgency=row["urgency"],
        category=row["category"],
        department=row["lead"],
    )


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
