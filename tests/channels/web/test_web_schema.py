"""Whatever is sent to the citizens' interface, the answer is one that its documentation names, and never a failure."""

from collections.abc import AsyncIterator

import httpx
import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from channels import web
from channels.web import rates
from core import problems
from tests.channels.web.conftest import Held, begin

EXAMPLES = 12  # of every operation

line = FastAPI()
problems.install(line)
line.include_router(web.router)
# An endless answer and a form with a file are beyond this client; they have tests of their own.
interface = schemathesis.openapi.from_dict(line.openapi()).exclude(path_regex="/(events|attachments)$")


@pytest.fixture(scope="module")
async def open_line(migrated: None) -> AsyncIterator[tuple[httpx.AsyncClient, Held]]:
    transport = httpx.ASGITransport(app=line, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://line.test") as client:
        yield client, await begin(client)


@interface.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
async def test_every_answer_is_a_documented_one(
    case: schemathesis.Case, open_line: tuple[httpx.AsyncClient, Held]
) -> None:
    client, held = open_line
    rates.forget()
    request = case.as_transport_kwargs(base_url="http://line.test", headers=held.headers)
    request.pop("cookies", None)
    if isinstance(request.get("data"), str | bytes):  # as this client calls it
        request["content"] = request.pop("data")
    if "conversation" in case.path_parameters:  # beyond the lock, where there is more to break
        request["url"] = request["url"].replace(
            f"/conversations/{case.formatted_path.split('/')[4]}", f"/conversations/{held.id}", 1
        )

    answer = await client.request(**request)

    case.validate_response(
        answer,
        checks=[
            not_a_server_error,
            checks.status_code_conformance,
            checks.content_type_conformance,
            checks.response_schema_conformance,
        ],
    )
