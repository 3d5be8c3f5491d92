"""What everybody may read: the requests of this door, newest first, without a word about who asked."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from channels.open311 import searching
from core import clock, database
from core.auth import Actor
from core.settings import settings
from routing import commands, tickets
from tests.channels.open311_door import LAMP, client, opened, parsed, refusal, report
from tests.routing.conftest import draft

__all__ = ["client", "opened"]

pytestmark = pytest.mark.usefixtures("committing", "opened")

ROAD = "transport.road.damage"
SPAN = (400, "start_date must be before end_date, and at most 90 days.")


async def ids(client: httpx.AsyncClient, **asked: str) -> list[str]:
    answer = await client.get("requests.json", params=asked)
    assert answer.status_code == 200, answer.text
    return [each["service_request_id"] for each in answer.json()]


async def made(client: httpx.AsyncClient, **changes: Any) -> str:
    return str((await report(client, **changes))["service_request_id"])


async def test_a_request_is_shown_in_both_formats(client: httpx.AsyncClient) -> None:
    number = await made(client, media_url="https://example.org/photo.jpg")
    (shown,) = (await client.get(f"requests/{number}.json")).json()
    assert shown["service_request_id"] == number
    assert (shown["status"], shown["service_code"], shown["service_name"]) == ("open", LAMP, "路灯不亮")
    assert shown["description"] == "人民路口的路灯坏了三天，晚上很黑。"
    assert (shown["address"], shown["lat"], shown["long"]) == ("人民路12号", 31.2304, 121.4737)
    assert shown["status_notes"] == "待派单"
    assert shown["requested_datetime"].endswith("+08:00")
    assert shown["requested_datetime"] <= shown["updated_datetime"] < shown["expected_datetime"]
    assert shown["media_url"] is None

    for address in (f"requests/{number}.xml", "requests.xml"):
        root = parsed(await client.get(address))
        assert root.tag == "service_requests"
        assert {each.tag: each.text for each in root[0]} == {
            name: None if value is None else str(value) for name, value in shown.items()
        }


async def test_nothing_personal_is_shown(client: httpx.AsyncClient) -> None:
    number = await made(
        client,
        first_name="小明",
        last_name="王",
        phone="13800138000",
        email="xiaoming@example.org",
        device_id="device-77",
        address_string="朝霞区人民路12号2单元501室",
        description="我叫王小明，住在幸福小区3号楼501室，身份证110101199003071234，微信wxid_ming90，"
        "电话 138-0013-8000 或幺三九零零幺三九零零零，路灯不亮。",
    )
    texts = [(await client.get(f"{address}.{format}")).text
             for address in ("requests", f"requests/{number}") for format in ("json", "xml")]  # fmt: skip
    for text in texts:
        assert "路灯不亮" in text
        assert "人民路12号" in text
        for secret in (
            "王小明", "小明", "13800138000", "0013-8000", "幺三九", "501", "xiaoming", "device-77",
            "1101011990", "wxid_ming90",
        ):  # fmt: skip
            assert secret not in text


async def test_tip_offs_and_confidential_tickets_are_not_there(client: httpx.AsyncClient) -> None:
    hidden = [
        await made(client, description="举报有人偷路灯的电缆"),
        await made(client, description="路灯坏了，请为我保密。"),
        await made(client, service_code="business.license.identity_fraud"),
    ]
    assert await ids(client) == []
    assert await ids(client, service_request_id=",".join(hidden)) == []
    for number in hidden:
        for format in ("json", "xml"):
            assert refusal(await client.get(f"requests/{number}.{format}"))[0] == 404


async def test_a_ticket_that_becomes_secret_disappears(client: httpx.AsyncClient) -> None:
    answer = await report(client)
    number, code = answer["service_request_id"], answer["service_notice"].split("查询码")[1][:6]
    assert await ids(client) == [number]
    async with database.transaction() as session:
        await commands.supplement(session, number, code, text="请不要让物业知道是我反映的")
    assert await ids(client) == []


async def test_tickets_of_other_doors_are_not_there(client: httpx.AsyncClient) -> None:
    async with database.transaction() as session:
        other = await tickets.open(session, draft(conversation=None), actor=Actor(kind="citizen"))
    assert await ids(client) == []
    assert refusal(await client.get(f"requests/{other.ticket.number}.json"))[0] == 404


async def test_requests_are_searched_by_id_service_status_and_time(client: httpx.AsyncClient) -> None:
    now = clock.now()
    with clock.set_to(now - timedelta(days=100)):
        old = await made(client, description="很久以前的路灯")
    lamp, road = await made(client), await made(client, service_code=ROAD, description="路面塌了一块")
    gone = await report(client, description="第三盏路灯")
    async with database.transaction() as session:
        code = gone["service_notice"].split("查询码")[1][:6]
        await commands.withdraw(session, gone["service_request_id"], code)
    withdrawn = gone["service_request_id"]

    assert await ids(client) == [withdrawn, road, lamp]
    assert await ids(client, service_code=ROAD) == [road]
    assert await ids(client, service_code=f"{ROAD}, {LAMP}", status="open") == [road, lamp]
    assert await ids(client, service_code="nothing") == []
    assert await ids(client, status="closed") == [withdrawn]
    assert await ids(client, status="open,closed") == [withdrawn, road, lamp]
    assert await ids(client, service_request_id=f"{old},{lamp},20200101-000001", status="closed") == [lamp, old]
    long_ago = (now - timedelta(days=120)).isoformat()
    assert await ids(client, start_date=long_ago) == [old]
    assert await ids(client, end_date=(now - timedelta(days=99)).isoformat()) == [old]
    assert await ids(client, start_date=long_ago, end_date=(now - timedelta(days=101)).isoformat()) == []
    assert await ids(client, start_date=(now + timedelta(days=1)).isoformat()) == []


async def test_a_plus_sign_that_was_not_encoded_is_understood(client: httpx.AsyncClient) -> None:
    number = await made(client)
    yesterday = clock.local(clock.now() - timedelta(days=1), "Asia/Shanghai").isoformat(timespec="seconds")
    answer = await client.get(f"requests.json?start_date={yesterday}")
    assert [each["service_request_id"] for each in answer.json()] == [number]


@pytest.mark.parametrize("format", ["json", "xml"])
@pytest.mark.parametrize(
    "moment",
    ["yesterday", "2026-11-22", "2026-11-22T08:00:00", "2026-13-01T00:00:00Z", "2026-W47-7", "20261122T080000Z",
     "0001-01-01T00:00:00+14:00", "2026-11-22T08:00:00+99:00", "２０２６-11-22T08:00:00Z"],
)  # fmt: skip
@pytest.mark.parametrize("name", ["start_date", "end_date"])
async def test_a_moment_without_zone_or_sense_is_refused(
    client: httpx.AsyncClient, name: str, moment: str, format: str
) -> None:
    code, description = refusal(await client.get(f"requests.{format}", params={name: moment}))
    assert code == 400
    assert name in description


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-11-22T00:00:00Z", "2026-11-21T23:59:59Z"),
        ("2026-01-01T00:00:00Z", "2026-04-01T00:00:01Z"),
        ("", "0001-01-01T00:00:00Z"),
        ("9999-12-31T00:00:00Z", ""),
    ],
)
async def test_a_span_backwards_or_beyond_ninety_days_is_refused(
    client: httpx.AsyncClient, start: str, end: str
) -> None:
    assert refusal(await client.get("requests.json", params={"start_date": start, "end_date": end})) == SPAN


async def test_ninety_days_are_not_too_many(client: httpx.AsyncClient) -> None:
    assert await ids(client, start_date="2026-01-01T00:00:00Z", end_date="2026-04-01T00:00:00Z") == []


async def test_an_unknown_status_is_refused(client: httpx.AsyncClient) -> None:
    assert refusal(await client.get("requests.json", params={"status": "pending"}))[0] == 400


async def test_no_more_than_the_protocol_allows_at_once(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "MOST", 2)
    numbers = [await made(client, description=f"第{number}盏路灯坏了") for number in range(3)]
    assert await ids(client) == numbers[:0:-1]


async def test_an_empty_answer_is_in_the_protocols_form(client: httpx.AsyncClient) -> None:
    assert (await client.get("requests.json")).json() == []
    root = parsed(await client.get("requests.xml"))
    assert (root.tag, len(root)) == ("service_requests", 0)


@pytest.mark.parametrize("format", ["json", "xml"])
@pytest.mark.parametrize("number", ["20200101-000001", "nothing", "%00", "💡", "1' or '1'='1"])
async def test_an_unknown_request_is_not_found(client: httpx.AsyncClient, number: str, format: str) -> None:
    assert refusal(await client.get(f"requests/{number}.{format}"))[0] == 404


async def test_searches_are_fewer_than_looks(client: httpx.AsyncClient, opened: pytest.MonkeyPatch) -> None:
    opened.setenv("YITONG_MESSAGE_RATE", "2/minute")
    settings.cache_clear()
    assert [(await client.get("requests.json")).status_code for _ in range(3)] == [200, 200, 429]
    assert (await client.get("services.json")).status_code == 200
