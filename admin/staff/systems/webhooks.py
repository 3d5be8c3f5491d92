"""REST: where a department's own system wants to be called, signed by the Standard Webhooks specification."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from admin.staff.refusals import refusals
from admin.staff.systems.token import TAG
from admin.staff.systems.webhook_views import (
    ChangedWebhook,
    DeliveryView,
    NewWebhook,
    Replay,
    Replayed,
    Tried,
    Webhook,
    WebhookWithSecret,
    delivery_view,
    shown,
    with_secret,
)
from admin.staff.systems.who import System
from channels.webhooks import subscriptions
from channels.webhooks.payload import ID_PREFIX
from core import clients
from core.database import transaction
from core.errors import BadInput

router = APIRouter(prefix="/api/v1/systems/webhooks", tags=[TAG], responses=refusals(400, 401, 403, 404, 409, 422, 503))

Id = Annotated[int, Path(ge=1, le=2**62)]


@router.get("")
async def list_webhooks(actor: System) -> list[Webhook]:
    """List your subscriptions."""
    async with transaction() as session:
        return [shown(each) for each in await subscriptions.of_client(session, actor.id or 0)]


@router.post("", status_code=201)
async def add(body: NewWebhook, actor: System) -> WebhookWithSecret:
    """Subscribe: from now on every step is sent. The signing secret is shown once."""
    async with transaction() as session:
        client = await clients.client_by_id(session, actor.id or 0)
        made = await subscriptions.create(session, client, url=body.url, kinds=body.kinds, actor=actor)
        return with_secret(made)


@router.get("/{id}")
async def get_webhook(id: Id, actor: System) -> Webhook:
    """Return a subscription as it stands."""
    async with transaction() as session:
        return shown(await subscriptions.find(session, actor.id or 0, id))


@router.patch("/{id}")
async def change(id: Id, body: ChangedWebhook, actor: System) -> Webhook:
    """Change address or kinds; switch off, or on again: it goes on where it stopped."""
    async with transaction() as session:
        found = await subscriptions.find(session, actor.id or 0, id, lock=True)
        if body.url is not None or body.kinds is not None:
            await subscriptions.change(session, found, url=body.url, kinds=body.kinds, actor=actor)
        if body.active is not None:
            await subscriptions.switch(session, found, body.active, actor=actor)
        return shown(found)


@router.delete("/{id}", status_code=204)
async def remove(id: Id, actor: System) -> None:
    """End a subscription."""
    async with transaction() as session:
        found = await subscriptions.find(session, actor.id or 0, id, lock=True)
        await subscriptions.remove(session, found, actor=actor)


@router.post("/{id}/secret")
async def renew_secret(id: Id, actor: System) -> WebhookWithSecret:
    """Get a new signing secret; for 24 hours each message carries two signatures, by the new and the former one."""
    async with transaction() as session:
        found = await subscriptions.find(session, actor.id or 0, id, lock=True)
        await subscriptions.renew_secret(session, found, actor=actor)
        return with_secret(found)


@router.post("/{id}/test")
async def test(id: Id, actor: System) -> Tried:
    """Send a signed `ping` now, and say what came back."""
    async with transaction() as session:
        found = await subscriptions.find(session, actor.id or 0, id)
    outcome = await subscriptions.ping(found)
    return Tried(delivered=outcome.sound, status=outcome.status, failure=outcome.failure)


@router.post("/{id}/replay", status_code=202)
async def replay(id: Id, body: Replay, actor: System) -> Replayed:
    """Have events sent again under the same ids: one, or those of a time."""
    if (body.event is None) == (body.start is None or body.end is None):
        raise BadInput("请给出 event，或者 from 和 to。")
    async with transaction() as session:
        found = await subscriptions.find(session, actor.id or 0, id, lock=True)
        event_id = int(body.event.removeprefix(ID_PREFIX)) if body.event else None
        sent = await subscriptions.replay(session, found, start=body.start, end=body.end, event_id=event_id)
    return Replayed(events=sent)


@router.get("/{id}/deliveries")
async def list_deliveries(id: Id, actor: System, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> list[DeliveryView]:
    """List the last messages and what became of them, newest first."""
    async with transaction() as session:
        found = await subscriptions.find(session, actor.id or 0, id)
        return [delivery_view(*each) for each in await subscriptions.deliveries(session, found.id, limit=limit)]
