"""`deliver`: one notice, one attempt. What fails is tried again by the outbox; days of failure switch it off."""

from datetime import timedelta

import structlog
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from channels.webhooks import posting, subscriptions
from channels.webhooks.payload import message_id, payloads
from channels.webhooks.sending import Outcome, send
from channels.webhooks.tables import Delivery, Subscription
from core import clock
from core.clients import client_by_id
from core.database import transaction
from core.errors import Unavailable
from core.outbox import Notice
from routing.feed import DepartmentEvent

log = structlog.get_logger()

GIVEN_UP_AFTER = timedelta(days=2)  # the outbox tries for three: what it still holds is sent once it is switched on
SHORTEST_PAUSE, LONGEST_PAUSE = timedelta(seconds=2), timedelta(minutes=10)
GONE = 410  # by which a receiver says, as the specification has it, that it wants nothing more


async def deliver(session: AsyncSession, notice: Notice) -> None:
    """Send one event to one subscription. Raises Unavailable where it is to be tried again.

    Nothing is sent for a subscription that was switched off or deleted, or whose system is disabled; its messages wait,
    to be posted anew.
    """
    subscription = await session.get(Subscription, notice.recipient["subscription"])
    event = await session.get(DepartmentEvent, notice.content["event"])
    if subscription is None or event is None or not subscription.active:
        return
    if not (await client_by_id(session, subscription.client_id)).active:
        return
    delivery = await session.get(Delivery, (subscription.id, event.id))
    if delivery is None or delivery.round != notice.content["round"] or delivery.delivered_at is not None:
        return
    if subscription.retry_at is not None and subscription.retry_at > clock.now():
        raise Unavailable("The receiver fails; the next attempt is later.")
    (payload,) = await payloads(session, event.department, [event])
    outcome = await send(subscription, message_id=message_id(event.id), payload=payload)
    # By itself: the failure that is raised below undoes the notice's own transaction.
    async with transaction() as apart:
        await _note(apart, delivery, outcome)
        if not outcome.sound:
            await _failed(apart, subscription.id, outcome)
        elif subscription.failing_since is not None:
            recovered = {"failing_since": None, "failures": 0, "retry_at": None}
            await apart.execute(update(Subscription).where(Subscription.id == subscription.id).values(recovered))
            await posting.hurry(apart, subscription.id)
    if not outcome.sound:
        log.warning("webhook.failed", subscription=subscription.id, status=outcome.status, reason=outcome.failure)
        raise Unavailable("The receiver did not take it.")


async def _note(session: AsyncSession, delivery: Delivery, outcome: Outcome) -> None:
    now = clock.now()
    await session.execute(
        update(Delivery)
        .where(
            Delivery.subscription_id == delivery.subscription_id,
            Delivery.event_id == delivery.event_id,
            Delivery.round == delivery.round,
        )
        .values(
            attempts=Delivery.attempts + 1,
            tried_at=now,
            status=outcome.status,
            failure=outcome.failure,
            delivered_at=now if outcome.sound else None,
        )
    )


async def _failed(session: AsyncSession, id: int, outcome: Outcome) -> None:
    """Make the next attempt wait, longer each time; switch the subscription off where that is no use any more."""
    now = clock.now()
    row = await session.get(Subscription, id, with_for_update=True)
    if row is None:
        return
    row.failing_since = row.failing_since or now
    row.failures += 1
    row.retry_at = now + min(SHORTEST_PAUSE * 2 ** min(row.failures - 1, 12), LONGEST_PAUSE)
    await session.flush()
    if outcome.status == GONE:
        await subscriptions.switch_off(session, id, "gone")
    elif now - row.failing_since > GIVEN_UP_AFTER:
        await subscriptions.switch_off(session, id, "failing")
