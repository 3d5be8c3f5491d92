"""Every answer fits the protocol's published JSON schemas, and real reports of another city are taken."""

import json
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest

from tests.channels.open311_door import LAMP, client, form, opened, report

__all__ = ["client", "opened"]

SHARED = Path(__file__).parents[3] / "shared" / "data" / "open311"
REPORTS = 20

pytestmark = [
    pytest.mark.usefixtures("committing", "opened"),
    pytest.mark.skipif(not SHARED.is_dir(), reason="the shared schemas are not here"),
]


def schema(name: str) -> Any:
    return json.loads((SHARED / f"{name}.json").read_text())


def fits(name: str, value: Any) -> None:
    """See that a value, or each of a list, fits; `date-time` and `uri` are checked too."""
    validator = jsonschema_rs.validator_for(schema(name), validate_formats=True)
    for each in value if isinstance(value, list) else [value]:
        validator.validate(each)


async def test_services_and_their_definitions_fit(client: httpx.AsyncClient) -> None:
    listed = (await client.get("services.json")).json()
    assert len(listed) > 100
    fits("service", listed)
    for each in listed:
        fits("service-definition", (await client.get(f"services/{each['service_code']}.json")).json())


async def test_requests_fit(client: httpx.AsyncClient) -> None:
    made = await report(client)
    await report(client, lat=None, long=None, description="路" * 4000)
    fits("request", (await client.get("requests.json")).json())
    fits("request", (await client.get(f"requests/{made['service_request_id']}.json")).json())


async def test_real_reports_are_taken(client: httpx.AsyncClient) -> None:
    real = [each for each in json.loads((SHARED / "sf_requests.json").read_text()) if each.get("description")]
    numbers = []
    for each in real[:REPORTS]:
        given = {name: each.get(name) or None for name in ("description", "lat", "long", "media_url")}
        answer = await client.post(
            "requests.json", data=form(service_code=LAMP, address_string=each["address"], **given)
        )
        assert answer.status_code == 200, answer.text
        numbers.append(answer.json()[0]["service_request_id"])
    shown = (await client.get("requests.json")).json()
    fits("request", shown)
    assert len(set(numbers)) == REPORTS
    assert {each["service_request_id"] for each in shown} <= set(numbers)
