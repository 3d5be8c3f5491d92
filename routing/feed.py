"""What a department's own system hears of: every step of the department's tickets, in order, without gaps.

A step writes its rows (`hand_over`) in its own transaction, for departments that have a system. Numbers from a sequence
become visible in another order than they were given out, as transactions commit; whoever read "after 7" would miss a
6 that commits later. So a row has no position until its transaction has committed: `settle` gives positions to what is
visible, one caller a department at a time. What commits later comes later.

Nothing personal stands here: number, kind, state, when, who leads.
"""

import base64
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, delete, select, text
from sqlalchemy import Sequence as NumberSequence
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock, jobs
from core.auth import Actor, Role
from core.database import Base, transaction
from core.errors import BadInput, Gone
from core.ledger import Event
from routing.agenda import with_clocks
from routing.models import Ticket, TicketClock
from routing.reading import visible_to

KEPT = timedelta(days=35)  # five weeks: a system that was away for a month has missed nothing
AT_ONCE = 500  # rows settled or forgotten in one statement
LATEST = "latest"

positions = NumberSequence("department_event_positions", metadata=Base.metadata)


class DepartmentEvent(Base):
    """One step of a ticket, for one department that works on it or did."""

    __tablename__ = "department_events"
    __table_args__ = (
        Index("ix_department_events_position", "department", "position", postgresql_where=text("position is not null")),
        Index("ix_department_events_waiting", "department", "id", postgresql_where=text("position is null")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    position: Mapped[int | None] = mapped_column(BigInteger)
    department: Mapped[str]
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id", ondelete="CASCADE"), index=True)
    number: Mapped[str]
    version: Mapped[int]  # the number of the event in the ticket's ledger
    kind: Mapped[str]
    state: Mapped[str]
    lead: Mapped[str | None]
    actor: Mapped[str]
    at: Mapped[datetime] = mapped_column(index=True)


_HAND_OVER = text(
    "insert into department_events (department, ticket_id, number, version, kind, state, lead, actor, at) "
    "select department, ticket_id, number, version, kind, state, lead, actor, at from rows from (jsonb_to_recordset("
    "cast(:steps as jsonb)) as (department text, ticket_id bigint, number text, version int, kind text, state text, "
    "lead text, actor text, at timestamptz)) with ordinality as step(department, ticket_id, number, version, kind, "
    "state, lead, actor, at, place) where department in (select department from clients) order by place"
)


@dataclass(frozen=True, slots=True)
class Page:
    """Events in order, and the cursor after the last of them; `more`: there are further ones already."""

    events: Sequence[DepartmentEvent]
    cursor: str
    more: bool


async def hand_over(session: AsyncSession, steps: Sequence[tuple[Ticket, Event, Sequence[str]]]) -> None:
    """Write steps down, in their order, for those of each one's departments that have a system of their own."""
    written = [
        {
            "department": department,
            "ticket_id": ticket.id,
            "number": ticket.number,
            "version": event.number,
            "kind": event.kind,
            "state": ticket.state,
            "lead": ticket.lead,
            "actor": event.actor,
            "at": event.at.isoformat(),
        }
        for ticket, event, departments in steps
        for department in departments
    ]
    if written:
        await session.execute(_HAND_OVER, {"steps": json.dumps(written)})


async def hand_over_followers(
    session: AsyncSession, ids: Sequence[int], kind: str, *, actor: Actor, departments: Sequence[str]
) -> None:
    """Write down, for those of the departments that have a system, that tickets which follow a master went with it.

    One statement for all of them: a master may have thousands. None has a step of its own, so `version` is that of its
    last one.
    """
    if not ids or not departments:
        return
    await session.execute(
        text(
            "insert into department_events (department, ticket_id, number, version, kind, state, lead, actor, at) "
            "select c.department, t.id, t.number, "
            "(select max(e.number) from events e where e.subject = 'ticket:' || t.number), "
            ":kind, t.state, t.lead, :actor, :at from tickets t cross join "
            "(select distinct department from clients where department = any(:departments)) c "
            "where t.id = any(:ids) order by t.id"
        ),
        {"ids": list(ids), "departments": list(departments), "kind": kind, "actor": str(actor), "at": clock.now()},
    )


async def settle(session: AsyncSession, department: str) -> None:
    """Give positions to what has been committed for a department; holds its lock until the caller's commit."""
    await session.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:key, 2))"), {"key": f"department_events:{department}"}
    )
    # One statement sees what was committed before it began; a ticket's own steps commit in the order of their ids.
    await session.execute(
        text(
            "update department_events e set position = given.position from ("
            "select id, nextval('department_event_positions') as position from ("
            "select id from department_events where department = :department and position is null "
            "order by id limit :most) waiting) given where e.id = given.id"
        ),
        {"department": department, "most": AT_ONCE},
    )


async def after(session: AsyncSession, department: str, position: int, *, limit: int) -> list[DepartmentEvent]:
    """Return a department's settled events behind a position, in order."""
    statement = (
        select(DepartmentEvent)
        .where(DepartmentEvent.department == department, DepartmentEvent.position > position)
        .order_by(DepartmentEvent.position)
        .limit(limit)
    )
    return list(await session.scalars(statement))


async def read(session: AsyncSession, department: str, *, cursor: str | None, limit: int) -> Page:
    """Return a department's events behind a cursor: from the oldest kept without one, none but new ones by `latest`.

    Raises BadInput for what is no cursor, or one of a database that was since restored to an earlier day; Gone for one
    so old that events behind it have been forgotten.
    """
    await settle(session, department)
    start = await _last(session) if cursor == LATEST else await _checked(session, cursor) if cursor else 0
    found = await after(session, department, start, limit=limit + 1)
    shown = found[:limit]
    position = shown[-1].position if shown else start
    assert position is not None
    return Page(events=shown, cursor=_cursor(position), more=len(found) > limit)


async def between(
    session: AsyncSession, department: str, *, start: datetime, end: datetime, limit: int
) -> list[DepartmentEvent]:
    """Return a department's settled events of a time, from `start` on and before `end`, in order."""
    statement = (
        select(DepartmentEvent)
        .where(
            DepartmentEvent.department == department,
            DepartmentEvent.position.is_not(None),
            DepartmentEvent.at >= start,
            DepartmentEvent.at < end,
        )
        .order_by(DepartmentEvent.position)
        .limit(limit)
    )
    return list(await session.scalars(statement))


async def clocks(
    session: AsyncSession, department: str, events: Sequence[DepartmentEvent]
) -> dict[int, tuple[TicketClock, ...]]:
    """Return the running clocks of the events' tickets by the tickets' ids, as they stand now.

    A department learns nothing more of a ticket that it no longer works on.
    """
    actor = Actor(kind="client", role=Role.DEPARTMENT, department=department)
    ids = {event.ticket_id for event in events}
    tickets = (await session.scalars(select(Ticket).where(Ticket.id.in_(ids), visible_to(actor)))).all()
    return {each.ticket.id: each.clocks for each in await with_clocks(session, tickets)}


async def last_position(session: AsyncSession, department: str) -> int:
    """Return the position up to which a department has been told all that was committed."""
    await settle(session, department)
    return await _last(session)


async def _last(session: AsyncSession) -> int:
    used: int | None = await session.scalar(
        text("select case when is_called then last_value else 0 end from department_event_positions")
    )
    return used or 0


def _cursor(position: int) -> str:
    # The moment says later whether what came behind may have been forgotten.
    written = f"{position}.{int(clock.now().timestamp())}"
    return base64.urlsafe_b64encode(written.encode()).decode().rstrip("=")


async def _checked(session: AsyncSession, cursor: str) -> int:
    try:
        written = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except ValueError:
        written = ""
    parts = re.fullmatch(r"(\d{1,18})\.(\d{1,11})", written, re.ASCII)
    if parts is None:
        raise BadInput("游标不对：请用上一次返回的 next，或者不带 after 从头读起。")
    position, read_at = int(parts[1]), datetime.fromtimestamp(int(parts[2]), tz=clock.now().tzinfo)
    if position > await _last(session):
        raise BadInput("游标比系统里的记录还新（数据库可能恢复过备份）：请不带 after 从头读起。")
    if read_at < clock.now() - KEPT:
        raise Gone("游标太旧，其后的记录已不再保留：请重新读取工单列表，再从 after=latest 开始。")
    return position


@jobs.sweep("feed.old", seconds=3600)
async def forget() -> None:
    """Delete what is older than is kept, a portion a transaction."""
    old = select(DepartmentEvent.id).where(DepartmentEvent.at < clock.now() - KEPT).limit(AT_ONCE)
    while True:
        async with transaction() as session:
            gone = await session.execute(delete(DepartmentEvent).where(DepartmentEvent.id.in_(old)))
        if gone.rowcount < AT_ONCE:  # type: ignore[attr-defined]
            return
