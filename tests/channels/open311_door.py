"""The open Open311 door alone, as the roof assembles it, and what an app sends to it."""

from collections.abc import AsyncIterator, Iterator
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from defusedxml import ElementTree as SafeTree

from channels import open311
from channels.open311 import rates
from tests.channels.doors import client_of, settings_of

KEY = "an-app-of-the-city-0001"
OTHER_KEY = "another-app-of-it-0002"
LAMP = "utilities.lighting.lamp_out"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    with settings_of(monkeypatch, OPEN311_KEYS=f"{KEY}, {OTHER_KEY}"):
        yield monkeypatch


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    rates.forget()
    url, headers = "http://line.test/open311/v2/", {"Accept-Language": "en"}
    async with client_of(open311.router, url=url, headers=headers) as made:
        yield made


def form(**changes: Any) -> dict[str, Any]:
    given = {
        "api_key": KEY,
        "service_code": LAMP,
        "description": "人民路口的路灯坏了三天，晚上很黑。",
        "address_string": "人民路12号",
        "lat": "31.2304",
        "long": "121.4737",
    } | changes
    return {name: value for name, value in given.items() if value is not None}


async def report(client: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    """Report a matter; return what the app gets."""
    answer = await client.post("requests.json", data=form(**changes))
    assert answer.status_code == 200, answer.text
    (made,) = answer.json()
    return made


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Return code and description of an error, in whichever format, and see that it is in the protocol's form."""
    if answer.headers["content-type"] == "application/json; charset=utf-8":
        (error,) = answer.json()
        code, description = error["code"], error["description"]
    else:
        root = parsed(answer)
        assert root.tag == "errors"
        (error,) = root
        assert [each.tag for each in error] == ["code", "description"]
        code, description = int(error.findtext("code") or 0), error.findtext("description") or ""
    assert code == answer.status_code
    return code, description


def parsed(answer: httpx.Response) -> ElementTree.Element:
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    assert answer.content.startswith(b'<?xml version="1.0" encoding="utf-8"?>')
    root: ElementTree.Element = SafeTree.fromstring(answer.content)
    return root
