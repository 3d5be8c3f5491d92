"""People and requests that the tests of this floor share."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from core.auth import Actor, Role
from routing import opening, vectors
from routing.tickets import Draft, Opened

# A Monday morning, 09:30 in the city.
MONDAY = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)

CITIZEN = Actor(kind="citizen")
AGENT = Actor(kind="staff", id=1, name="坐席", role=Role.AGENT)
SUPERVISOR = Actor(kind="staff", id=2, name="班长", role=Role.SUPERVISOR)
EDITOR = Actor(kind="staff", id=3, name="编辑", role=Role.EDITOR)


def department(code: str) -> Actor:
    return Actor(kind="staff", id=10, name="经办人", role=Role.DEPARTMENT, department=code)


def draft(**changes: Any) -> Draft:
    values: dict[str, Any] = {
        "request_type": "assistance",
        "category": None,
        "urgency": "general",
        "title": "幸福路口的路灯不亮",
        "description": "幸福路口的路灯坏了三天，晚上很黑，老人不敢出门。",
        "channel": "web",
        "conversation": "c-1",
        "district": "zhaoxia",
        "street": "zhaoxia_gulou",
        "address": "朝霞区幸福路口",
        "citizen_name": "王小明",
        "citizen_phone": "13800138000",
    }
    return Draft(**(values | changes))


@pytest.fixture
def monday() -> Any:
    from core import clock

    with clock.set_to(MONDAY):
        yield MONDAY


async def noticed(session: AsyncSession, said: Draft, *, actor: Actor = CITIZEN) -> Opened:
    """Open a ticket, with the vector that its job makes and by which others find it."""
    opened = await opening.open(session, said, actor=actor)
    await vectors.keep(session, opened.ticket)
    return opened
