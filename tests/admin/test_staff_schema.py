"""Whatever is sent to staff's interface, the answer is one that its documentation names, and never a failure."""

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
from tests.admin.staffing import World, settle

EXAMPLES = 8  # of every operation

line = FastAPI()
problems.install(line)
line.include_router(staff.router)
# An endless answer and a file on its way are beyond this client; signing out would end the session of later tests.
interface = (
    schemathesis.openapi.from_dict(line.openapi())
    .exclude(path_regex="/events$")
    .exclude(method="POST", path_regex="/(attachments|import)$")
    .exclude(method="DELETE", path_regex="/session$")
)


@pytest.fixture(scope="module")
async def busy(migrated: None, password_hash: str) -> AsyncIterator[tuple[World, str, str]]:
    """A line with one ticket and one conversation that an agent holds."""
    world = await settle(line, password_hash, ("zhou",))
    number, id = await world.opened(), await world.waiting()
    async with world.client("zhou") as client:
        await client.post(f"/api/v1/staff/conversations/{id}/take")
    yield world, number, id
    async with transaction() as session:
        await session.execute(text("alter table events disable trigger events_append_only"))
        await session.execute(text("truncate staff, tickets, conversations, events, procrastinate_jobs cascade"))
        await session.execute(text("alter table events enable trigger events_append_only"))


@interface.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
async def test_every_answer_is_a_documented_one(case: schemathesis.Case, busy: tuple[World, str, str]) -> None:
    world, number, id = busy
    access.forget_failures()
    request = case.as_transport_kwargs(base_url="http://line.test", headers={})
    request.pop("cookies", None)
    request["headers"].pop("Authorization", None)
    if isinstance(request.get("data"), str | bytes):  # as this client calls it
        request["content"] = request.pop("data")
    for name, real in (("number", number), ("id", id)):  # beyond the look-up, where there is more to break
        if name in case.path_parameters:
            request["url"] = request["url"].replace(case.formatted_path, case.path.replace(f"{{{name}}}", real), 1)
    async with world.client("zhou") as client:
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
