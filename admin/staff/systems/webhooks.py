"""REST: where a department's own system wants to be called, signed by the Standard Webhooks specification."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from admin.staff.refusals import refusals
from admin.staff.systems.token import TAG
from admin.staff.systems.who import System
from channels.webhooks import subscriptions
from channels.webhooks.payload import ID_PREFIX, message_id
from channels.webhooks.tables import Delivery, Subscription
from core import clients
from core.database import transaction
from core.errors import BadInput
from routing.feed import DepartmentEvent

router = APIRouter(prefix="/api/v1/systems/webhooks", tags=[TAG], responses=refusals(400, 401, 403, 404, 409, 422, 503))

Id = Annotated[int, Path(ge=1, le=2**62)]
Kinds = Annotated[
    list[Annotated[str, Field(pattern=r"^ticket\.[a-z_]{1,40}$")]],
    Field(max_length=50, description="Types of events; empty: all."),
]
Url = Annotated[str, Field(min_length=1, max_length=500)]
SHOWN: dict[str, Any] = {
    "id": 3,
    "url": "https://lamps.example.gov.cn/12345/hook",
    "kinds": [],
    "active": True,
    "failing_since": None,
    "switched_off": None,
    "former_secret_until": None,
}


class NewWebhook(BaseModel):
    """Where you want to be called, and of what."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"url": "https://lamps.example.gov.cn/12345/hook", "kinds": []}}
    )

    url: Url
    kinds: Kinds = []


class ChangedWebhook(BaseModel):
    """What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"active": True}})

    url: Url | None = None
    kinds: Kinds | None = None
    active: bool | None = None


class Webhook(BaseModel):
    """A subscription as it stands."""

    model_config = ConfigDict(json_schema_extra={"example": SHOWN})

    id: int
    url: str
    kinds: list[str]
    active: bool
    failing_since: datetime | None
    switched_off: str | None = Field(description="failing (for two days) or gone (you answered 410), where we did it.")
    former_secret_until: datetime | None = Field(description="Until then the secret before this one signs too.")


class WebhookWithSecret(Webhook):
    """A subscription with its signing secret, which is shown only now."""

    model_config = ConfigDict(json_schema_extra={"example": SHOWN | {"secret": "whsec_MfKQ9r8GKYqr…"}})

    secret: str


class Tried(BaseModel):
    """What came back of a ping; `failure`: timeout, unreachable, unknown_name, forbidden_address."""

    model_config = ConfigDict(json_schema_extra={"example": {"delivered": True, "status": 204, "failure": None}})

    delivered: bool
    status: int | None
    failure: str | None


class Replay(BaseModel):
    """One event, or those of a time: from `from` on, before `to`."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"from": "2026-11-22T00:00:00+08:00", "to": "2026-11-22T12:00:00+08:00"}},
    )

    event: Annotated[str | None, Field(pattern=r"^evt_[0-9]{1,18}$")] = None
    start: Annotated[AwareDatetime | None, Field(alias="from")] = None
    end: Annotated[AwareDatetime | None, Field(alias="to")] = None


class Replayed(BaseModel):
    """How many are sent again; at most 1000 at once."""

    model_config = ConfigDict(json_schema_extra={"example": {"events": 12}})

    events: int


class DeliveryView(BaseModel):
    """What became of one message."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "event": "evt_481",
                "type": "ticket.dispatched",
                "number": "20261122-000017",
                "attempts": 2,
                "tried_at": "2026-11-22T02:22:09Z",
                "status": 204,
                "failure": None,
                "delivered_at": "2026-11-22T02:22:09Z",
            }
        }
    )

    event: str
    type: str
    number: str
    attempts: int
    tried_at: datetime | None
    status: int | None
    failure: str | None
    delivered_at: datetime | None


@router.get("")
async def list_webhooks(actor: System) -> list[Webhook]:
    """List your subscriptions."""
    async with transaction() as session:
        return [_shown(each) for each in await subscriptions.of_client(session, actor.id or 0)]


@router.post("", status_code=201)
async def add(body: NewWebhook, actor: System) -> WebhookWithSecret:
    """Subscribe: from now on every step is sent. The signing secret is shown once."""
    async with transaction() as session:
        client = await clients.client_by_id(session, actor.id or 0)
        made = await subscriptions.create(session, client, url=body.url, kinds=body.kinds, actor=actor)
        return _with_secret(made)


@router.get("/{id}")
async def get_webhook(id: Id, actor: System) -> Webhook:
    """Return a subscription as it stands."""
    async with transaction() as session:
        return _shown(await subscriptions.find(session, actor.id or 0, id))


@router.patch("/{id}")
async def change(id: Id, body: ChangedWebhook, actor: System) -> Webhook:
    """Change address or kinds; switch off, or on again: it goes on where it stopped."""
    async with transaction() as session:
        found = await subscriptions.find(session, actor.id or 0, id, lock=True)
        if body.url is not None or body.kinds is not None:
            await subscriptions.change(session, found, url=body.url, kinds=body.kinds, actor=actor)
        if body.active is not None:
            await subscriptions.switch(session, found, body.active, actor=actor)
        return _shown(found)


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
        return _with_secret(found)


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


def delivery_view(delivery: Delivery, event: DepartmentEvent) -> DeliveryView:
    """Return what became of one message."""
    return DeliveryView(
        event=message_id(event.id),
        type=event.kind,
        number=event.number,
        attempts=delivery.attempts,
        tried_at=delivery.tried_at,
        status=delivery.status,
        failure=delivery.failure,
        delivered_at=delivery.delivered_at,
    )


def _values(row: Subscription) -> dict[str, Any]:
    return {
        "id": row.id,
        "url": row.url,
        "kinds": row.kinds,
        "active": row.active,
        "failing_since": row.failing_since,
        "switched_off": row.switched_off,
        "former_secret_until": row.former_until,
    }


def _shown(row: Subscription) -> Webhook:
    return Webhook.model_validate(_values(row))


def _with_secret(row: Subscription) -> WebhookWithSecret:
    return WebhookWithSecret.model_validate(_values(row) | {"secret": row.secret})
