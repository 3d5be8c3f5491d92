"""What can be reported, where, and in which form a refusal comes."""

import httpx
import pytest

from core.city import city
from core.settings import Settings, settings
from intents.categories import tree
from tests.channels.open311_door import KEY, LAMP, client, opened, parsed, refusal

__all__ = ["client", "opened"]

ADDRESSES = ["discovery", "services", f"services/{LAMP}", "requests", "requests/20261122-000001", "tokens/1"]


@pytest.mark.parametrize("format", ["json", "xml"])
@pytest.mark.parametrize("address", ADDRESSES)
async def test_without_a_key_the_door_is_closed(client: httpx.AsyncClient, address: str, format: str) -> None:
    assert refusal(await client.get(f"{address}.{format}")) == (404, "The Open311 door is not open.")
    assert refusal(await client.post(f"requests.{format}", data={"api_key": KEY}))[0] == 404


def test_a_short_key_is_refused_and_an_empty_setting_opens_nothing() -> None:
    with pytest.raises(ValueError, match="16 characters or more") as refused:
        Settings(open311_keys="a-key-that-is-long-enough,short")  # type: ignore[arg-type]
    assert "short" not in str(refused.value.errors(include_input=False))
    assert Settings(open311_keys="").open311_keys is None  # type: ignore[arg-type]


@pytest.mark.usefixtures("opened")
async def test_the_discovery_document_names_this_server(client: httpx.AsyncClient) -> None:
    told = (await client.get("discovery.json")).json()
    assert told["endpoints"][0]["url"] == "http://line.test/open311/v2"
    assert "12345" in told["contact"]
    root = parsed(await client.get("discovery.xml"))
    space = "{http://wiki.open311.org/Service_Discovery}"
    assert root.tag == f"{space}discovery"
    formats = root.iterfind(f"{space}endpoints/{space}endpoint/{space}formats/{space}format")
    assert [each.text for each in formats] == ["text/xml", "application/json"]


async def test_the_discovery_document_names_the_public_address(
    client: httpx.AsyncClient, opened: pytest.MonkeyPatch
) -> None:
    opened.setenv("YITONG_PUBLIC_URL", "https://12345.example/")
    settings.cache_clear()
    told = (await client.get("discovery.json")).json()
    assert told["endpoints"][0]["url"] == "https://12345.example/open311/v2"


@pytest.mark.usefixtures("opened")
async def test_services_are_the_categories_on_which_a_ticket_is_opened(client: httpx.AsyncClient) -> None:
    listed = (await client.get("services.json", params={"jurisdiction_id": city().code})).json()
    leaves = [leaf for leaf in tree().leaves() if leaf.request_type != "consultation"]
    assert [each["service_code"] for each in listed] == [leaf.code for leaf in leaves]
    lamp = next(each for each in listed if each["service_code"] == LAMP)
    assert lamp == {
        "service_code": LAMP,
        "service_name": "路灯不亮",
        "description": tree()[LAMP].definition,
        "metadata": True,
        "type": "realtime",
        "keywords": ",".join(tree()[LAMP].path),
        "group": tree()[LAMP].path[0],
    }
    in_xml = parsed(await client.get("services.xml"))
    assert in_xml.tag == "services"
    assert [{each.tag: each.text for each in entry} for entry in in_xml] == [
        each | {"metadata": "true" if each["metadata"] else "false"} for each in listed
    ]


@pytest.mark.usefixtures("opened")
async def test_only_a_service_that_says_so_has_attributes(client: httpx.AsyncClient) -> None:
    for each in (await client.get("services.json")).json():
        told = (await client.get(f"services/{each['service_code']}.json")).json()
        assert told["service_code"] == each["service_code"]
        assert bool(told["attributes"]) is each["metadata"]
        assert "where" not in [attribute["code"] for attribute in told["attributes"]]


@pytest.mark.usefixtures("opened")
async def test_a_definition_asks_with_datatypes(client: httpx.AsyncClient) -> None:
    told = (await client.get("services/business.tax.invoice.json")).json()
    assert [(each["code"], each["datatype"], each["order"], each["required"]) for each in told["attributes"]] == [
        ("company", "string", 1, False),
        ("amount", "number", 2, False),
        ("when", "datetime", 3, False),
    ]
    root = parsed(await client.get("services/business.tax.invoice.xml"))
    assert root.tag == "service_definition"
    assert [each.findtext("code") for each in root.iterfind("attributes/attribute")] == ["company", "amount", "when"]
    assert root.findtext("attributes/attribute/variable") == "true"


@pytest.mark.usefixtures("opened")
@pytest.mark.parametrize("format", ["json", "xml"])
@pytest.mark.parametrize("code", ["nothing", "utilities.lighting", "education.enrolment.district"])
async def test_an_inner_category_or_a_question_is_no_service(client: httpx.AsyncClient, code: str, format: str) -> None:
    assert refusal(await client.get(f"services/{code}.{format}"))[0] == 404


@pytest.mark.usefixtures("opened")
@pytest.mark.parametrize("address", ["services", f"services/{LAMP}", "services.yaml", "nothing.json", ""])
async def test_an_address_without_a_format_is_told_what_is_missing(client: httpx.AsyncClient, address: str) -> None:
    code, description = refusal(await client.get(address))
    assert code == 404
    assert ".json or .xml" in description


@pytest.mark.usefixtures("opened")
@pytest.mark.parametrize("address", ADDRESSES)
async def test_another_jurisdiction_is_not_here(client: httpx.AsyncClient, address: str) -> None:
    answer = await client.get(f"{address}.json", params={"jurisdiction_id": "elsewhere.gov"})
    assert refusal(answer) == (404, "jurisdiction_id was not found.")


@pytest.mark.usefixtures("opened")
@pytest.mark.parametrize("format", ["json", "xml"])
async def test_no_token_was_ever_given_out(client: httpx.AsyncClient, format: str) -> None:
    assert refusal(await client.get(f"tokens/12345.{format}"))[0] == 404


@pytest.mark.usefixtures("opened")
@pytest.mark.parametrize(("language", "said"), [("zh-CN,en;q=0.5", "没有"), ("en-GB", "not found"), ("fr", "没有")])
async def test_refusals_speak_the_apps_language(client: httpx.AsyncClient, language: str, said: str) -> None:
    answer = await client.get("services/nothing.json", headers={"Accept-Language": language})
    assert said in refusal(answer)[1]


async def test_too_many_requests_are_refused(client: httpx.AsyncClient, opened: pytest.MonkeyPatch) -> None:
    opened.setenv("YITONG_MESSAGE_RATE", "1/minute")
    settings.cache_clear()
    statuses = [(await client.get("tokens/1.json")).status_code for _ in range(21)]
    assert statuses == [404] * 20 + [429]
