"""A conversation on the desk: the form follows what is told, nothing is said twice, and nobody loses it unheard."""

import json
from datetime import timedelta

from bot import conversations, forgotten
from bot.contract import Reply, ReplyType
from bot.visits import LISTED
from core import clock
from core.database import transaction
from tests.admin.staffing import NAME, PHONE, World
from tests.admin.test_desk_pages import CRY
from tests.admin.test_staff_conversations import FORM
from tests.admin.test_suggesting import LAMP, PART, desk
from tests.admin.test_whisper import hears, taken, whisper

__all__ = ["desk"]

PLACE = "望江区南山路18号"


async def page(world: World, path: str, login: str = "lin") -> str:
    async with world.browser(login) as browser:
        return (await browser.get(path, headers=PART if path.count("/") > 2 else {})).text


async def test_what_is_told_to_the_agent_stands_in_the_form_and_is_missing_no_more(world: World) -> None:
    id = await taken(world, "我家楼上半夜装修吵得睡不着，转人工")
    await hears(id, "您好")
    before = await page(world, f"/desk/conversations/{id}/understanding")
    await hears(id, f"在{PLACE}，我叫{NAME}，电话{PHONE}")
    fields = await page(world, f"/desk/conversations/{id}/intake")
    after = await page(world, f"/desk/conversations/{id}/understanding")
    assert all(f'value="{told}"' in fields for told in (PLACE, NAME, PHONE))
    assert ">地点</span>" in before and ">地点</span>" not in after and ">联系方式</span>" not in after


async def test_a_second_ticket_begins_without_the_account_of_the_first(world: World) -> None:
    id = await taken(world, f"{PLACE}的路灯坏了三天，转人工", state=json.dumps(FORM))
    form = {"conversation": id, "description": "路灯坏了三天", "title": "路灯", "request_type": "assistance"}
    async with world.browser("lin") as browser:
        opened = (await browser.post("/desk/tickets", data=form, headers=PART)).text
    emptied = await page(world, f"/desk?conversation={id}")
    assert 'name="title" value=""' in emptied and 'option value="utilities.lighting.lamp_out" selected' not in emptied
    await hears(id, "还有一件事，我想说说楼道")
    assert "再登记一件" in opened and f'href="/desk?conversation={id}"' in opened
    second = await page(world, f"/desk?conversation={id}")
    account = second.partition('name="description"')[2].partition("</textarea>")[0]
    assert "楼道" in account and "路灯" not in account


async def test_of_a_long_thread_the_end_is_shown_and_the_rest_can_be_opened(world: World) -> None:
    id = await taken(world, *(f"第{number}句。" for number in range(LISTED + 20)), "转人工")
    shown = await page(world, f"/desk?conversation={id}")
    assert "第40句。" in shown and "第3句。" not in shown
    link = shown.partition(f'href="/desk/conversations/{id}/before?message=')[2].partition('"')[0]
    async with world.browser("lin") as browser, world.browser("lamps") as department:
        address = f"/desk/conversations/{id}/before?message={link}"
        assert "第3句。" in (await browser.get(address)).text
        assert (await department.get(address)).status_code == 403


async def test_who_let_the_citizen_wait_too_long_is_told_that_they_have_left(world: World) -> None:
    id = await taken(world, "转人工")
    address = f"/desk/conversations/{id}/messages?held=true"
    async with world.browser("lin") as browser:
        assert "HX-Redirect" not in (await browser.get(address, headers=PART)).headers
        await hears(id, "在吗")
        with clock.set_to(clock.now() + timedelta(minutes=4), running=True):
            await forgotten.take_back()
            led = (await browser.get(address, headers=PART)).headers["HX-Redirect"]
            assert "已不在您手上" in (await browser.get(led)).text


async def test_in_danger_no_articles_are_suggested(desk: World) -> None:
    id = await desk.waiting(LAMP, reason="emergency", state=json.dumps(CRY))
    other = await desk.waiting(LAMP)
    for looked_at in ("before", "after"):
        shown = await page(desk, f"/desk?conversation={id}")
        assert "先顾人" in shown and "免费修" not in shown, looked_at
        async with desk.browser("lin") as browser:
            await browser.post(f"/desk/conversations/{id}/take", headers=PART)
    assert "免费修" in await page(desk, f"/desk?conversation={other}")


async def test_the_instruction_is_proposed_until_somebody_has_said_it(world: World) -> None:
    id = await taken(world, "转人工")
    await hears(id, "我家厨房着火了")
    proposed = str((await whisper(world, id))["instruct"])
    assert "119" in proposed
    async with world.browser("lin") as browser:
        await browser.post(f"/desk/conversations/{id}/say", data={"text": proposed}, headers=PART)
    assert (await whisper(world, id))["instruct"] == ""
    assert "119 已经告诉市民了" in await page(world, f"/desk/conversations/{id}/whisper")


async def test_what_the_bot_has_said_in_an_alarm_is_not_proposed_again(world: World) -> None:
    id = await taken(world, "转人工")
    await hears(id, "我家厨房着火了")
    proposed = str((await whisper(world, id))["instruct"])
    told = await world.waiting("我家厨房着火了", reason="emergency")
    async with transaction() as session:
        await conversations.store(session, told, sender="bot", replies=[Reply(ReplyType.EMERGENCY, proposed)])
    async with world.client("lin") as client:
        await client.post(f"/api/v1/staff/conversations/{told}/take")
    assert (await whisper(world, told))["instruct"] == ""


async def test_who_is_still_inside_is_of_the_fire_that_is_known(world: World) -> None:
    alarm = {"service": "fire", "number": "119", "situation": "house", "reason": "着火了", "place": PLACE}
    state = json.dumps({"version": 1, "summary": "着火了", "alarm": alarm | {"current": True}})
    known, unknown = await taken(world, "着火了", state=state), await taken(world, "转人工")
    for id in (known, unknown):
        await hears(id, "我跑出来了，我妈还在里面")
    assert "120" not in str((await whisper(world, known))["instruct"])
    assert "120" in str((await whisper(world, unknown))["instruct"])
    await hears(known, "我妈晕倒了，没有呼吸了")
    assert "120" in str((await whisper(world, known))["instruct"])


async def test_the_queue_says_why_and_how_long_in_words(world: World) -> None:
    await world.waiting("집에 물이 안 나와요", reason="language")
    queue = await page(world, "/desk")
    assert "说其他语言" in queue and "不到1分钟" in queue and ">0分<" not in queue


async def test_a_supervisor_sees_who_has_it_and_moves_it_away_from_them(world: World) -> None:
    id = await taken(world, "转人工")
    async with world.browser("zhou") as supervisor, world.browser("he") as colleague:
        address = f"/desk/conversations/{id}/move"
        assert address in (await supervisor.get(f"/desk?conversation={id}")).text
        assert address not in (await colleague.get(f"/desk?conversation={id}")).text
        assert (await colleague.post(address, headers=PART)).status_code == 409
        moved = await supervisor.post(address, data={"desk": ""}, headers=PART)
        assert moved.headers["HX-Redirect"] == f"/desk?conversation={id}"
        assert "接听这个对话" in (await supervisor.get(f"/desk?conversation={id}")).text
    async with world.client("lin") as client:
        assert (await client.post(f"/api/v1/staff/conversations/{id}/say", json={"text": "您好"})).status_code == 409
        refused = await client.post(f"/api/v1/staff/conversations/{id}/move", json={"desk": None})
    assert refused.status_code == 409
