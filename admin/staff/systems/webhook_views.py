"""What a department's system says and reads of its webhooks."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from channels.webhooks.payload import message_id
from channels.webhooks.tables import Delivery, Subscription
from routing.feed import DepartmentEvent

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


def shown(row: Subscription) -> Webhook:
    """Return a subscription as it stands."""
    return Webhook.model_validate(_values(row))


def with_secret(row: Subscription) -> WebhookWithSecret:
    """Return a subscription with its signing secret."""
    return WebhookWithSecret.model_validate(_values(row) | {"secret": row.secret})
