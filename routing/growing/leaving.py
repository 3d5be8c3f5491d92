"""A ticket that becomes secret leaves its topic: nobody learns from a count, or from a heat, that there is such a one.

By a job of the same commit: a command holds its ticket, and whoever gathers holds the topics.
"""

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock, jobs, ledger, live
from core.auth import SYSTEM
from core.database import transaction
from routing.growing.gathering import LOCK, is_secret
from routing.growing.parting import count
from routing.growing.tables import Topic, TopicTicket
from routing.models import Ticket

FEWEST = 2  # one ticket is no topic


@jobs.task("topics.leave")
async def leave(number: str) -> None:
    """Take a secret ticket out of its topic, which is counted anew; one that holds a single ticket then is closed."""
    async with transaction() as session:
        # As those that gather do: a round that read the ticket before it was secret ends first.
        await session.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        ticket = await session.scalar(select(Ticket).where(Ticket.number == number))
        row = await session.get(TopicTicket, ticket.id) if ticket else None
        if ticket is None or row is None or row.topic_id is None or not is_secret(ticket):
            return
        topic = await session.get_one(Topic, row.topic_id, with_for_update=True)
        row.topic_id = None
        await session.flush()
        await _settle(session, topic)


async def _settle(session: AsyncSession, topic: Topic) -> None:
    """Count the topic anew; by night its matter is looked at, as after every change."""
    left = await count(session, topic)
    topic.warned_size, topic.changed = min(topic.warned_size, left), True
    if left < FEWEST and topic.closed_at is None:
        topic.closed_at, topic.changed = clock.now(), False
        await session.execute(update(TopicTicket).where(TopicTicket.topic_id == topic.id).values(topic_id=None))
        await ledger.append(
            session, subject=f"topic:{topic.id}", kind="topic.closed", actor=SYSTEM, data={"size": topic.size}
        )
    # That one left is not written into its history: why, stands in the ticket's own.
    await live.announce(session, "desk", "topic.counted", topic_id=topic.id)
