"""Whatever a department's system sends, the answer is one that the documentation names, and never a failure."""

from collections.abc import AsyncIterator

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks
from sqlalchemy import text

from admin import staff
from admin.staff import access
from core import problems
from core.database import transaction
from tests.admin.staffing import settle
from tests.systems.conftest import System, a_system

EXAMPLES = 8  # of every operation

line = FastAPI()
problems.install(line)
line.include_router(staff.router)
interface = schemathesis.openapi.from_dict(line.openapi()).include(path_regex="^/api/v1/systems")


@pytest.fixture(scope="module")
async def busy(migrated: None, password_hash: str) -> AsyncIterator[System]:
    """A line with one ticket, and a system that heard of it and has a webhook."""
    world = await settle(line, password_hash, ("lin",))
    system = await a_system(world, "urban_management", "城管业务平台")
    await world.dispatched()
    async with system.connected() as client:
        await client.post("/api/v1/systems/webhooks", json={"url": "https://lamps.invalid/hook"})
    yield system
    async with transaction() as session:
        await session.execute(text("alter table events disable trigger events_append_only"))
        await session.execute(text("truncate staff, clients, tickets, events, procrastinate_jobs cascade"))
        await session.execute(text("alter table events enable trigger events_append_only"))


@interface.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
async def test_every_answer_is_a_documented_one(case: schemathesis.Case, busy: System) -> None:
    access.forget_failures()
    request = case.as_transport_kwargs(base_url="http://line.test", headers={})
    request.pop("cookies", None)
    request["headers"].pop("Authorization", None)
    if isinstance(request.get("data"), str | bytes):  # as this client calls it
        request["content"] = request.pop("data")
    async with busy.connected() as client:
        answer = await client.request(**{**request, "headers": {**request["headers"], **client.headers}})
    case.validate_response(
        answer,
        checks=[
            not_a_server_error,
            checks.status_code_conformance,
            checks.content_type_conformance,
            checks.response_schema_conformance,
        ],
    )
