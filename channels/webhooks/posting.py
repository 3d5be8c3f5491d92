"""From a department's feed to notices: a sweep that follows each subscription's place in the feed.

Few messages of one subscription are on their way at once, one while it fails: a receiver that is down must not keep the
worker from the citizens' notices. What waits stays in the feed, where it is also read by polling.
"""

from sqlalchemy import ColumnElement, ScalarSelect, case, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from channels.webhooks.tables import Delivery, Subscription
from core import clock, jobs, outbox
from core.clients import Client
from core.database import transaction
from routing import feed
from routing.feed import DepartmentEvent

CHANNEL = "webhook"
ON_THEIR_WAY = 20
SUBSCRIPTIONS_AT_ONCE = 50


async def post(session: AsyncSession, subscription: Subscription, event_id: int, *, again: bool = False) -> None:
    """Post the notice of an event; `again`: also where it has been sent."""
    made = insert(Delivery).values(
        subscription_id=subscription.id, event_id=event_id, round=1, attempts=0, posted_at=clock.now()
    )
    if again:
        made = made.on_conflict_do_update(
            index_elements=["subscription_id", "event_id"],
            set_={"round": Delivery.round + 1, "delivered_at": None, "posted_at": clock.now()},
        )
    else:
        made = made.on_conflict_do_nothing()
    round = await session.scalar(made.returning(Delivery.round))
    if round is not None:
        await outbox.post(
            session,
            channel=CHANNEL,
            recipient={"subscription": subscription.id},
            kind="webhook",
            content={"event": event_id, "round": round},
            idempotency_key=_key(subscription.id, event_id, round),
        )


def _key(subscription_id: int, event_id: int, round: int) -> str:
    return f"{CHANNEL}:{subscription_id}:{event_id}:{round}"


async def hurry(session: AsyncSession, subscription_id: int) -> None:
    """Let what waits for its next attempt go now: the receiver answers again."""
    waiting = select(Delivery).where(Delivery.subscription_id == subscription_id, Delivery.delivered_at.is_(None))
    rows = (await session.scalars(waiting)).all()
    await outbox.hurry(session, [_key(subscription_id, row.event_id, row.round) for row in rows])


async def post_waiting(session: AsyncSession, subscription: Subscription) -> None:
    """Post anew what was not delivered before the subscription was switched off."""
    waiting = select(Delivery.event_id).where(
        Delivery.subscription_id == subscription.id, Delivery.delivered_at.is_(None)
    )
    for event_id in (await session.scalars(waiting.order_by(Delivery.event_id))).all():
        await post(session, subscription, event_id, again=True)


@jobs.sweep("webhooks.follow", seconds=1)
async def follow() -> None:
    """Post what has happened for the subscriptions that have room for it."""
    async with transaction() as session:
        behind = (
            select(DepartmentEvent.id)
            .where(
                DepartmentEvent.department == Client.department,
                or_(DepartmentEvent.position > Subscription.position, DepartmentEvent.position.is_(None)),
            )
            .exists()
        )
        # Who has no room is no candidate: many that fail must not keep the others from being looked at.
        rows = await session.execute(
            select(Subscription, Client.department)
            .join(Client, Client.id == Subscription.client_id)
            .where(Subscription.active, Client.active, behind, _on_their_way() < _most_on_their_way())
            .limit(SUBSCRIPTIONS_AT_ONCE)
            .with_for_update(of=Subscription, skip_locked=True)
        )
        # In one order everywhere, since each department's lock is held until the commit.
        for subscription, department in sorted(rows.all(), key=lambda row: str(row[1])):
            await _advance(session, subscription, department)


async def _advance(session: AsyncSession, subscription: Subscription, department: str) -> None:
    free = select(_most_on_their_way() - _on_their_way()).where(Subscription.id == subscription.id)
    room = await session.scalar(free) or 0
    await feed.settle(session, department)
    for event in await feed.after(session, department, subscription.position, limit=room):
        assert event.position is not None
        if not subscription.kinds or event.kind in subscription.kinds:
            await post(session, subscription, event.id)
        subscription.position = event.position


def _on_their_way() -> ScalarSelect[int]:
    """Return how many messages of a subscription are not delivered yet."""
    waiting = select(func.count()).select_from(Delivery).where(Delivery.delivered_at.is_(None))
    return waiting.where(Delivery.subscription_id == Subscription.id).correlate(Subscription).scalar_subquery()


def _most_on_their_way() -> ColumnElement[int]:
    return case((Subscription.failing_since.is_(None), ON_THEIR_WAY), else_=1)
