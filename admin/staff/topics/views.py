"""A topic as staff read it."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from admin.staff import naming
from core.privacy import mask_text
from routing.growing import Seen

EXAMPLE: dict[str, Any] = {
    "id": 12,
    "title": "建设路路灯不亮",
    "place": "朝霞区",
    "category": "utilities.lighting.lamp_out",
    "size": 14,
    "heat": 9.5,
    "days": [0] * 24 + [1, 3, 4, 6],
    "department": "urban_management",
    "department_name": "市城管局",
    "first_at": "2026-11-19T02:21:00Z",
    "last_at": "2026-11-22T02:21:00Z",
    "warning": "new",
    "warned_at": "2026-11-21T08:00:00Z",
    "acknowledged_at": None,
    "note": None,
    "closed_at": None,
    "joined_into": None,
}


class TopicView(BaseModel):
    """A matter that several tickets report."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: int
    title: str
    place: str
    category: str | None
    size: int = Field(description="Tickets so far.")
    heat: float = Field(description="Tickets, each halved with every half-life since it was opened.")
    days: list[int] = Field(description="Tickets a day of the last four weeks, today last.")
    department: str | None = Field(description="The one that has most of them.")
    department_name: str
    first_at: datetime
    last_at: datetime
    warning: str | None = Field(description="growth, new or urgent.")
    warned_at: datetime | None
    acknowledged_at: datetime | None
    note: str | None
    closed_at: datetime | None
    joined_into: int | None = Field(description="The topic with which this one turned out to be one matter.")


class PastView(BaseModel):
    """What became of a topic: founded, warned, acknowledged, closed, joined, joined_into, parted, parted_from."""

    at: datetime
    kind: str
    other: int | None = Field(description="The other topic.")
    size: int | None = Field(description="Tickets then.")


def view(seen: Seen) -> TopicView:
    """Return a topic as it is shown."""
    topic = seen.topic
    return TopicView(
        id=topic.id,
        title=topic.title,
        place=naming.place(topic.district, topic.street),
        category=topic.category,
        size=topic.size,
        heat=seen.heat,
        days=list(seen.days),
        department=seen.department,
        department_name=naming.department(seen.department),
        first_at=topic.first_at,
        last_at=topic.last_at,
        warning=topic.warning,
        warned_at=topic.warned_at,
        acknowledged_at=topic.acknowledged_at,
        note=mask_text(topic.note) if topic.note else None,
        closed_at=topic.closed_at,
        joined_into=topic.joined_into,
    )
