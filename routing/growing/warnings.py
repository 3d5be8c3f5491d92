"""Early warning (未诉先办): a topic that grows faster than its own past, or a new one with many tickets at once.

Growth: the weeks before say how many to expect (Gamma prior, so that what is predicted is negative binomial); a week,
and a day beside the same weekdays, less likely than `topics.chance_below` is one. What is counted are citizens.
"""

from datetime import datetime, timedelta

from scipy.special import betainc
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock, ledger, live
from core.auth import SYSTEM
from routing.growing.tables import Topic, TopicTicket
from routing.models import Ticket, TicketCitizen
from routing.rules import rules

WEEK, DAY = timedelta(days=7), timedelta(days=1)
PRIOR_COUNT, PRIOR_WEEKS = 0.5, 1.0  # Jeffreys' half an event, worth one week


async def look(session: AsyncSession, topic: Topic) -> None:
    """Warn of the topic where it is time to, once; again only when it is twice as large after `again_days`."""
    limits, now = rules().topics, clock.now()
    again = timedelta(days=limits.again_days)
    if topic.warned_at and (now - topic.warned_at < again or topic.size < 2 * topic.warned_size):
        return
    reason = await _reason(session, topic, now)
    if reason is None:
        return
    topic.warned_at, topic.warning, topic.warned_size = now, reason, topic.size
    topic.acknowledged_at = topic.acknowledged_by = topic.note = None
    await session.flush()
    await ledger.append(
        session,
        subject=f"topic:{topic.id}",
        kind="topic.warned",
        actor=SYSTEM,
        data={"why": reason, "size": topic.size},
    )
    await live.announce(session, "desk", "topic.warned", topic_id=topic.id)


async def _reason(session: AsyncSession, topic: Topic, now: datetime) -> str | None:
    limits = rules().topics
    urgent_since = now - timedelta(hours=limits.urgent_hours)
    if await _citizens(session, topic, urgent_since, now, critical=True) >= limits.urgent_tickets:
        return "urgent"
    fresh = timedelta(hours=limits.new_hours)
    if topic.first_at >= now - fresh and await _citizens(session, topic, now - fresh, now) >= limits.new_tickets:
        return "new"
    for length in (WEEK, DAY):
        lately = await _citizens(session, topic, now - length, now)
        if lately < limits.new_tickets:
            continue
        weeks = min(limits.weeks, (now - length - topic.first_at) // WEEK)
        if weeks < 1:
            continue
        before = [
            await _citizens(session, topic, now - each * WEEK - length, now - each * WEEK)
            for each in range(1, weeks + 1)
        ]
        if chance(lately, sum(before), weeks) < limits.chance_below:
            return "growth"
    return None


def chance(lately: int, before: int, weeks: int) -> float:
    """Return how likely `lately` or more events are after `before` in as many `weeks` (or weekdays) as that."""
    count, rate = PRIOR_COUNT + before, PRIOR_WEEKS + weeks
    return float(betainc(lately, count, 1 / (1 + rate))) if lately > 0 else 1.0


async def _citizens(
    session: AsyncSession, topic: Topic, since: datetime, until: datetime, *, critical: bool = False
) -> int:
    """Return how many citizens reported it in a time; one who does so again and again is one."""
    who = func.coalesce(func.encode(TicketCitizen.phone_index, "hex"), Ticket.conversation, Ticket.number)
    statement = (
        select(func.count(who.distinct()))
        .select_from(TopicTicket)
        .join(Ticket, Ticket.id == TopicTicket.ticket_id)
        .outerjoin(TicketCitizen, TicketCitizen.ticket_id == Ticket.id)
        .where(TopicTicket.topic_id == topic.id, TopicTicket.opened_at > since, TopicTicket.opened_at <= until)
    )
    if critical:
        statement = statement.where(Ticket.urgency == "critical")
    return await session.scalar(statement) or 0
