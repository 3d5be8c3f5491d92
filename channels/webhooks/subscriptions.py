"""Who wants to be told where: made, changed, switched and read by a department's system or an administrator."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from channels.webhooks import addresses, posting, signing
from channels.webhooks.sending import Outcome, send
from channels.webhooks.tables import Delivery, Subscription
from core import clock, ledger
from core.auth import Actor
from core.clients import Client, client_by_id
from core.errors import BadInput, Conflict, NotFound
from routing import feed
from routing.feed import DepartmentEvent

MOST = 10  # of one system
BOTH_SIGN = timedelta(hours=24)  # after a renewal, until when the former secret signs too
REPLAYED_AT_ONCE = 1000


async def create(
    session: AsyncSession, client: Client, *, url: str, kinds: Sequence[str], actor: Actor
) -> Subscription:
    """Add a subscription, which hears of what happens from now on; its `secret` is to be shown once.

    Raises BadInput for an address that cannot be one, Conflict beyond ten.
    """
    if len(await of_client(session, client.id)) >= MOST:
        raise Conflict(f"一个系统最多 {MOST} 个回调地址，请先删除不用的。")
    made = Subscription(
        client_id=client.id,
        url=addresses.checked(url),
        kinds=list(dict.fromkeys(kinds)),
        secret=signing.new_secret(),
        active=True,
        position=await feed.last_position(session, client.department),
        created_at=clock.now(),
        failures=0,
    )
    session.add(made)
    await session.flush()
    await _record(session, made, "webhook_added", actor)
    return made


async def change(
    session: AsyncSession, subscription: Subscription, *, url: str | None, kinds: Sequence[str] | None, actor: Actor
) -> None:
    """Change address or kinds; what is None stays. A new address is tried at once. Raises BadInput."""
    if url is not None:
        subscription.url = addresses.checked(url)
        subscription.retry_at = None
    if kinds is not None:
        subscription.kinds = list(dict.fromkeys(kinds))
    await session.flush()
    await _record(session, subscription, "webhook_changed", actor)


async def renew_secret(session: AsyncSession, subscription: Subscription, *, actor: Actor) -> str:
    """Make a new signing secret and return it; for a day the former one signs too."""
    subscription.former_secret, subscription.former_until = subscription.secret, clock.now() + BOTH_SIGN
    subscription.secret = signing.new_secret()
    await session.flush()
    await _record(session, subscription, "webhook_secret_renewed", actor)
    return subscription.secret


async def switch(session: AsyncSession, subscription: Subscription, active: bool, *, actor: Actor) -> None:
    """Stop sending, or go on where it stopped: what waited and what happened since is sent."""
    if active == subscription.active:
        return
    subscription.active = active
    subscription.switched_off = subscription.failing_since = subscription.retry_at = None
    subscription.failures = 0
    await session.flush()
    if active:
        await posting.post_waiting(session, subscription)
    await _record(session, subscription, "webhook_on" if active else "webhook_off", actor)


async def remove(session: AsyncSession, subscription: Subscription, *, actor: Actor) -> None:
    """Delete a subscription; what waits for it is not sent."""
    await _record(session, subscription, "webhook_removed", actor)
    await session.delete(subscription)
    await session.flush()


async def replay(
    session: AsyncSession,
    subscription: Subscription,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    event_id: int | None = None,
) -> int:
    """Send again, under the same ids, one event or those from `start` on and before `end`; return how many.

    Raises BadInput without either, Conflict while it is switched off, NotFound where nothing of that time is kept.
    """
    if not subscription.active:
        raise Conflict("这个回调已停用，请先启用再重发。")
    department = await department_of(session, subscription)
    if event_id is not None:
        found = await session.get(DepartmentEvent, event_id)
        events = [found] if found and found.department == department and found.position is not None else []
    elif start is not None and end is not None:
        events = await feed.between(session, department, start=start, end=end, limit=REPLAYED_AT_ONCE)
    else:
        raise BadInput("请给出 event，或者 from 和 to。")
    wanted = [event for event in events if not subscription.kinds or event.kind in subscription.kinds]
    if not wanted:
        raise NotFound("这段时间没有可以重发的记录。")
    for event in wanted:
        await posting.post(session, subscription, event.id, again=True)
    return len(wanted)


async def ping(subscription: Subscription) -> Outcome:
    """Send a signed `ping` now and return what came back."""
    at = clock.now()
    payload = {"id": f"ping_{subscription.id}", "type": "ping", "timestamp": at.isoformat(), "data": {}}
    return await send(subscription, message_id=f"ping_{subscription.id}_{int(at.timestamp())}", payload=payload)


async def of_client(session: AsyncSession, client_id: int) -> Sequence[Subscription]:
    """Return a system's subscriptions, oldest first."""
    statement = select(Subscription).where(Subscription.client_id == client_id).order_by(Subscription.id)
    return (await session.scalars(statement)).all()


async def find(session: AsyncSession, client_id: int, id: int, *, lock: bool = False) -> Subscription:
    """Return a system's subscription. Raises NotFound, also for another system's."""
    statement = select(Subscription).where(Subscription.id == id, Subscription.client_id == client_id)
    found = await session.scalar(statement.with_for_update() if lock else statement)
    if found is None:
        raise NotFound("没有这个回调地址。")
    return found


async def department_of(session: AsyncSession, subscription: Subscription) -> str:
    """Return the code of the department whose system it is."""
    return (await client_by_id(session, subscription.client_id)).department


async def deliveries(
    session: AsyncSession, subscription_id: int, *, limit: int
) -> list[tuple[Delivery, DepartmentEvent]]:
    """Return the last messages of a subscription with their events, newest first."""
    rows = await session.execute(
        select(Delivery, DepartmentEvent)
        .join(DepartmentEvent, DepartmentEvent.id == Delivery.event_id)
        .where(Delivery.subscription_id == subscription_id)
        .order_by(Delivery.event_id.desc())
        .limit(limit)
    )
    return [(row[0], row[1]) for row in rows]


async def switch_off(session: AsyncSession, subscription_id: int, why: str) -> None:
    """Stop sending because it is no use: `failing` for days, or `gone` as the receiver says."""
    await session.execute(
        update(Subscription).where(Subscription.id == subscription_id).values(active=False, switched_off=why)
    )


async def _record(session: AsyncSession, subscription: Subscription, kind: str, actor: Actor) -> None:
    await ledger.append(
        session,
        subject=f"client:{subscription.client_id}",
        kind=f"client.{kind}",
        actor=actor,
        data={"webhook": subscription.id},
    )
