"""What a changed calendar or limit would do to the clocks that run, shown before it is saved.

Clocks that begin on the same day with the same limit end at the same moment, so they are counted in groups that the
database makes; only clocks in working hours, and those that were paused or extended, are counted one by one.
"""

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from routing import clock_versions, clocks, policy
from routing.calendar import WorkingCalendar
from routing.clock_versions import Kind
from routing.clocks import Change, Course, Due
from routing.models import Ticket, TicketClock
from routing.policy import ClockKind, Limit, Policy, Unit

FIRST = 50  # tickets that a preview names
RUNNING = "c.met_at is null and c.void_at is null"


@dataclass(frozen=True, slots=True)
class Move:
    """One clock that would move, or become provisional or certain; `new` None: the limits no longer ask for it."""

    number: str
    department: str | None
    kind: str
    old: Due
    new: Due | None


@dataclass(slots=True)
class Effect:
    """What a change would do: clocks looked at, clocks that move, by department (most first), and the first few.

    Of those that move, `ended` are no longer asked for, and `settled` end when they did, but are provisional no longer,
    or now. `escalation`: other points or other people warned, which running clocks follow from the next point that each
    had before it, also where the limits hold for new clocks only: who is warned is a duty, not a promise to a citizen.
    """

    looked_at: int = 0
    moved: int = 0
    ended: int = 0
    settled: int = 0
    departments: dict[str | None, int] = field(default_factory=dict)
    first: list[Move] = field(default_factory=list)
    escalation: bool = False


@dataclass(frozen=True, slots=True)
class _Group:
    """Clocks that end together: what they have in common, how many there are, and where they would end."""

    ids: tuple[int, ...]  # some of them
    department: str | None
    count: int
    old: Due
    new: Due | None


async def preview(session: AsyncSession, kind: Kind, content: dict[str, Any] | None, *, running: bool) -> Effect:
    """Return what saving this would do to the clocks that run; nothing is changed.

    Raises BadInput for what does not fit.
    """
    sla, working = clock_versions.proposed(kind, content)
    escalation = kind == "policy" and sla.escalation != policy.sla().escalation
    if kind == "policy" and not running:
        return Effect(escalation=escalation)
    limits = await _changed_limits(session, sla.policy) if kind == "policy" else None
    since = datetime(int(content["year"]), 1, 1, tzinfo=working.zone) if kind == "year" and content else None
    rows = [] if limits == [] else await _grouped(session, working, limits, since)
    groups = await asyncio.to_thread(_counted, rows, working)
    effect = Effect(looked_at=sum(row["count"] for row in rows), escalation=escalation)
    moving = [group for group in groups if group.new != group.old]
    for group in moving:
        effect.moved += group.count
        effect.ended += group.count if group.new is None else 0
        effect.settled += group.count if group.new is not None and group.new.at == group.old.at else 0
        effect.departments[group.department] = effect.departments.get(group.department, 0) + group.count
    effect.departments = dict(sorted(effect.departments.items(), key=lambda each: -each[1]))
    effect.first = await _named(session, moving)
    return effect


def limit_of(limits: Policy, row: Mapping[str, Any]) -> Limit | None:
    """Return the limit for a clock of this `kind`, with what its ticket is: type, urgency, category and lead."""
    return limits.limit(
        ClockKind(row["kind"]),
        request_type=row["request_type"],
        urgency=row["urgency"],
        category=row["category"],
        department=row["lead"],
    )


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
        limit = limit_of(new, each)
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
    # Of those that end it does not matter when they began.
    by_day = f"when {by_day} then date_trunc('day', c.started_at, :zone)"
    begin = f"case when {unit} is null then null {by_day} else c.started_at end"
    # How many limits are given the planner cannot know; clock by clock it would look through all of them.
    await session.execute(text("set local enable_nestloop = off"))
    rows = await session.execute(
        text(
            f"select {amount} as amount, {unit} as unit, {begin} as begin, c.changes, c.due_at, c.provisional, t.lead, "
            f"count(*) as count, (array_agg(c.id))[1:{FIRST}] as ids "
            f"from ticket_clocks c join tickets t on t.id = c.ticket_id {join} where {RUNNING} {skip} "
            "and (cast(:since as timestamptz) is null or c.due_at >= :since) group by 1, 2, 3, 4, 5, 6, 7"
        ),
        values,
    )
    await session.execute(text("set local enable_nestloop = on"))
    return [dict(row) for row in rows.mappings()]


def _counted(rows: Sequence[Mapping[str, Any]], working: WorkingCalendar) -> list[_Group]:
    ends: dict[Any, Due] = {}
    groups = []
    for row in rows:
        new = None
        if row["amount"] is not None:
            key = (row["amount"], row["unit"], row["begin"]) if not row["changes"] else None
            new = ends.get(key)
            if new is None:
                changes = tuple(Change.read(each) for each in row["changes"])
                new = clocks.ends(Course(row["begin"], row["amount"], Unit(row["unit"]), changes), working)
                if key:
                    ends[key] = new
        groups.append(_Group(tuple(row["ids"]), row["lead"], row["count"], Due(row["due_at"], row["provisional"]), new))
    return groups


async def _named(session: AsyncSession, moving: Iterable[_Group]) -> list[Move]:
    """Return the first clocks that would move, those that end first first."""
    new_of: dict[int, _Group] = {}
    for group in sorted(moving, key=lambda group: group.old.at):
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
