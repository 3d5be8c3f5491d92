"""An app reports a matter: a ticket at once, or a refusal that names the field."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from admin.notices import connect_channels
from core import clock, database, jobs
from core.auth import SYSTEM, Actor, Role
from core.settings import settings
from routing import citizens, commands, tickets
from routing.tickets import Ticket
from tests.channels.open311_door import KEY, LAMP, OTHER_KEY, client, form, opened, parsed, refusal, report

__all__ = ["client", "opened"]

pytestmark = pytest.mark.usefixtures("committing", "opened")

AGENT = Actor(kind="staff", id=1, name="坐席", role=Role.AGENT)


async def all_tickets() -> list[Ticket]:
    async with database.transaction() as session:
        return list(await tickets.listing(session, actor=SYSTEM))


async def the_ticket() -> Ticket:
    (ticket,) = await all_tickets()
    return ticket


async def test_a_report_is_a_ticket_with_number_code_and_time(client: httpx.AsyncClient) -> None:
    made = await report(client, account_id="user-7")
    ticket = await the_ticket()
    assert list(made) == ["service_request_id", "service_notice", "account_id"]
    assert made["service_request_id"] == ticket.number
    assert made["account_id"] == "user-7"
    assert (ticket.channel, ticket.category, ticket.request_type) == ("open311", LAMP, "assistance")
    assert (ticket.latitude, ticket.longitude, ticket.address) == (31.2304, 121.4737, "人民路12号")
    notice = made["service_notice"]
    code = notice.split("查询码")[1][:6]
    async with database.transaction() as session:
        status = await tickets.public_status(session, ticket.number, code)
    assert status["number"] == ticket.number
    assert "前办结" in notice


async def test_xml_says_the_same(client: httpx.AsyncClient) -> None:
    answer = await client.post("requests.xml", data=form())
    root = parsed(answer)
    assert root.tag == "service_requests"
    assert root.findtext("request/service_request_id") == (await the_ticket()).number
    assert [each.tag for each in root[0]] == ["service_request_id", "service_notice", "account_id"]


async def test_the_notice_names_the_page_where_the_line_has_an_address(
    client: httpx.AsyncClient, opened: pytest.MonkeyPatch
) -> None:
    opened.setenv("YITONG_PUBLIC_URL", "https://12345.example")
    settings.cache_clear()
    made = await report(client)
    assert f"https://12345.example/track?number={made['service_request_id']}" in made["service_notice"]


@pytest.mark.parametrize("key", [None, "", "wrong-key-0000000001", KEY[:-1], "密钥"])
async def test_without_a_right_key_nothing_is_reported(client: httpx.AsyncClient, key: str | None) -> None:
    for format in ("json", "xml"):
        assert refusal(await client.post(f"requests.{format}", data=form(api_key=key)))[0] == 403
    assert await all_tickets() == []


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"service_code": None}, "service_code"),
        ({"description": None}, "description"),
        ({"description": "  "}, "description"),
        ({"description": "<br>\u200b"}, "description"),
        ({"description": "字" * 4001}, "4000"),
        ({"lat": None, "long": None, "address_string": None}, "address_string"),
        ({"long": None}, "lat and long"),
        ({"lat": "91"}, "lat and long"),
        ({"lat": "nan"}, "lat and long"),
        ({"long": "-180.01"}, "lat and long"),
        ({"long": "1e2"}, "lat and long"),
        ({"lat": "north"}, "lat and long"),
        ({"address_id": "77"}, "address_id"),
        ({"address_string": "路" * 501}, "address_string"),
        ({"phone": "call me"}, "phone"),
        ({"media_url": "file:///etc/passwd"}, "media_url"),
        ({"media_url": "javascript:alert(1)"}, "media_url"),
        ({"media_url": "http://"}, "media_url"),
        ({"media_url": "https://[broken"}, "media_url"),
        ({"media_url": "https://example.org/" + "a" * 2040}, "media_url"),
        ({"attribute[when]": "yesterday"}, "attribute[when]"),
        ({"attribute[when]": "2026-11-22"}, "attribute[when]"),
        ({"attribute[when]": "9999-12-31T23:59:59Z"}, "attribute[when]"),  # the next year, here
        ({"attribute[company]": "某公司"}, "attribute[company]"),
        ({"attribute": "x"}, "attribute"),
        ({"first_name": "A" * 255}, "first_name"),
    ],
)
async def test_a_wrong_field_is_refused_by_its_name(
    client: httpx.AsyncClient, changes: dict[str, Any], named: str
) -> None:
    for format in ("json", "xml"):
        code, description = refusal(await client.post(f"requests.{format}", data=form(**changes)))
        assert code == 400
        assert named in description
    assert await all_tickets() == []


async def test_an_unknown_service_or_jurisdiction_is_not_found(client: httpx.AsyncClient) -> None:
    assert refusal(await client.post("requests.json", data=form(service_code="no.such.thing")))[0] == 404
    assert refusal(await client.post("requests.json", data=form(jurisdiction_id="elsewhere.gov")))[0] == 404
    assert (await client.post("requests.json", data=form(jurisdiction_id="sample"))).status_code == 200


async def test_a_format_that_is_none_opens_nothing(client: httpx.AsyncClient) -> None:
    for answer in (await client.post("requests.x.json", data=form()), await client.get("requests.x.json")):
        assert refusal(answer)[0] == 404
    assert await all_tickets() == []


async def test_an_amount_is_a_number(client: httpx.AsyncClient) -> None:
    asked = {"service_code": "business.tax.invoice", "attribute[company]": "好再来饭店"}
    wrong = await client.post("requests.json", data=form(**asked, **{"attribute[amount]": "很多"}))
    assert refusal(wrong) == (400, "attribute[amount] must be a number.")
    await report(client, **asked, **{"attribute[amount]": "88.50", "attribute[when]": "2026-11-20T18:30:00+08:00"})
    ticket = await the_ticket()
    assert ticket.elements == {"company": "好再来饭店", "amount": "88.50"}
    assert ticket.happened == "11月20日18:30"


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b'{"api_key": "x"}', "application/json"),
        (b"description=%FF%FE", "application/x-www-form-urlencoded"),
        ("description=路".encode(), "application/x-www-form-urlencoded"),
        (b"&".join(b"a%d=1" % number for number in range(101)), "application/x-www-form-urlencoded"),
        (b"lat=1&lat=2", "application/x-www-form-urlencoded"),
        (b"", "application/x-www-form-urlencoded"),
        (b"", ""),
    ],
)
async def test_what_is_no_form_is_refused(client: httpx.AsyncClient, content: bytes, content_type: str) -> None:
    answer = await client.post("requests.json", content=content, headers={"Content-Type": content_type})
    assert refusal(answer)[0] in {400, 403}


async def test_a_huge_body_is_refused(client: httpx.AsyncClient) -> None:
    assert refusal(await client.post("requests.json", data=form(description="字" * 50_000)))[0] == 413


@pytest.mark.parametrize("character", ["灯", "💡", "&"])
async def test_four_thousand_characters_are_taken_whatever_they_are(client: httpx.AsyncClient, character: str) -> None:
    await report(client, description=character * 4000)
    assert len((await the_ticket()).description) == 4000


async def test_markup_never_comes_out_as_markup(client: httpx.AsyncClient) -> None:
    made = await report(client, description="路灯<script>alert(1)</script>坏了 a < b & c ]]> \ufffe\x0b 😀")
    root = parsed(await client.get(f"requests/{made['service_request_id']}.xml"))
    shown = root.findtext("request/description") or ""
    assert "<script>" not in shown
    assert "a < b & c ]]>" in shown
    assert "😀" in shown


async def test_the_name_is_written_as_its_language_does(client: httpx.AsyncClient) -> None:
    for given, kept in ((("小明", "王"), "王小明"), (("Ada", "Lovelace"), "Ada Lovelace")):
        made = await report(client, first_name=given[0], last_name=given[1], phone="138 0013 8000", description=kept)
        async with database.transaction() as session:
            known = await citizens.reveal(session, made["service_request_id"], actor=AGENT, reason="给市民回电话")
        assert known == {"name": kept, "phone": "138 0013 8000"}


async def test_what_the_citizen_is_called_otherwise_is_not_kept(client: httpx.AsyncClient) -> None:
    await report(client, email="ada@example.org", device_id="device-1", account_id="user-7")
    assert (await the_ticket()).elements == {}


async def test_a_photos_address_is_kept_as_text(client: httpx.AsyncClient) -> None:
    # Port 9 of this machine: fetching it would fail.
    await report(client, media_url="http://127.0.0.1:9/photo.jpg?size=1")
    ticket = await the_ticket()
    assert ticket.elements == {"media_url": "http://127.0.0.1:9/photo.jpg?size=1"}
    assert ticket.attachments == []


async def test_the_address_says_which_district(client: httpx.AsyncClient) -> None:
    await report(client, address_string="朝霞区鼓楼街道人民路12号", lat=None, long=None)
    ticket = await the_ticket()
    assert (ticket.district, ticket.street, ticket.latitude) == ("zhaoxia", "zhaoxia_gulou", None)


async def test_of_several_places_the_description_says_which(client: httpx.AsyncClient) -> None:
    await report(client, address_string="人民路12号", description="望江区这边的路灯坏了，望江区人民路上很黑。")
    assert (await the_ticket()).district == "wangjiang"


async def test_a_place_elsewhere_in_the_description_moves_nothing(client: httpx.AsyncClient) -> None:
    await report(client, address_string="人民路12号", description="清河区鼓楼早就修好了，我们这里的路灯还不亮。")
    assert (await the_ticket()).district != "qinghe"


async def test_without_an_address_the_description_may_say_where(client: httpx.AsyncClient) -> None:
    await report(client, address_string=None, description="朝霞区中山路的路灯坏了。")
    ticket = await the_ticket()
    assert (ticket.district, ticket.address) == ("zhaoxia", "朝霞区中山路")


async def test_an_emergency_is_instructed_first_and_opened_as_critical(client: httpx.AsyncClient) -> None:
    made = await report(client, description="路灯杆旁边的房子着火了，有人被困在里面")
    assert made["service_notice"].startswith("请马上拨打119")
    assert made["service_request_id"] in made["service_notice"]
    assert (await the_ticket()).urgency == "critical"


async def test_an_emergency_in_english_is_instructed_in_english(client: httpx.AsyncClient) -> None:
    made = await report(client, description="A man has collapsed under the lamp and is not breathing")
    assert "120" in made["service_notice"].split("\n")[0]
    assert "Your report is registered" in made["service_notice"]


async def test_a_matter_for_the_courts_is_explained_first(client: httpx.AsyncClient) -> None:
    made = await report(client, description="法院的判决我不服，你们能不能帮我改判")
    assert made["service_notice"].startswith("法院独立办案")
    assert (await the_ticket()).number in made["service_notice"]


async def test_a_tip_off_is_protected_whatever_the_app_calls_it(client: httpx.AsyncClient) -> None:
    made = await report(client, description="举报有人偷路灯的电缆，我叫王小明，电话13800138000。")
    ticket = await the_ticket()
    assert ticket.request_type == "tip_off"
    assert "13800138000" not in ticket.description
    assert "王小明" not in ticket.description
    assert "您的身份会保密" in made["service_notice"]


async def test_a_wish_for_secrecy_is_kept(client: httpx.AsyncClient) -> None:
    await report(client, description="路灯坏了，请不要让物业知道是我说的。")
    assert (await the_ticket()).confidential


async def test_the_same_form_again_gets_the_same_ticket(client: httpx.AsyncClient) -> None:
    first, again = await report(client), await report(client)
    assert first == again
    await the_ticket()


async def test_the_same_form_at_once_gets_the_same_ticket(client: httpx.AsyncClient) -> None:
    made = await asyncio.gather(*(report(client) for _ in range(4)))
    assert all(each == made[0] for each in made)
    await the_ticket()


async def test_another_key_another_word_or_another_hour_is_another_ticket(client: httpx.AsyncClient) -> None:
    await report(client)
    await report(client, api_key=OTHER_KEY)
    await report(client, description="另一盏路灯也坏了")
    with clock.set_to(clock.now() + timedelta(minutes=11)):
        await report(client)
        await report(client)
    assert len(await all_tickets()) == 4


async def test_a_refused_report_may_be_mended_and_sent_again(client: httpx.AsyncClient) -> None:
    assert refusal(await client.post("requests.json", data=form(lat="x")))[0] == 400
    await report(client)
    await the_ticket()


async def test_a_ticket_of_this_door_walks_its_whole_way_with_nobody_to_push_to(client: httpx.AsyncClient) -> None:
    connect_channels()
    made = await report(client)
    number, code = made["service_request_id"], made["service_notice"].split("查询码")[1][:6]
    lead = Actor(kind="staff", id=2, name="经办人", role=Role.DEPARTMENT, department="urban_management")
    await jobs.run_due()
    async with database.transaction() as session:
        ticket = await tickets.find(session, number, actor=SYSTEM)
        if ticket.lead is None:
            await commands.dispatch(session, number, actor=AGENT, department="urban_management")
        assert ticket.lead == "urban_management"
        await commands.accept(session, number, actor=lead)
        await commands.reply(session, number, actor=lead, result="路灯已经修好。", basis="照明规定")
        await commands.rate(session, number, code, solved=True, satisfied=5)
    await jobs.run_due()
    (shown,) = (await client.get(f"requests/{number}.json")).json()
    assert (shown["status"], shown["status_notes"]) == ("closed", "路灯已经修好。")
    assert shown["agency_responsible"] == "市城管局"
