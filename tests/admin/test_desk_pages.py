"""The agents' desk: dispatch, rulings, conversations and the form for a caller."""

import json
import re

from tests.admin.staffing import NAME, PHONE, World
from tests.admin.test_staff_conversations import FORM
from tests.admin.test_staff_pages import PART


async def test_an_agent_dispatches_with_one_click_and_the_next_one_is_told_no(world: World) -> None:
    number = await world.opened()
    async with world.browser("lin") as browser:
        listed = (await browser.get("/desk")).text
        assert "派给市城管局" in listed and "派单目录：主办" in listed
        done = await browser.post(
            f"/desk/tickets/{number}/dispatch", data={"department": "urban_management"}, headers=PART
        )
        assert done.status_code == 200 and "已派单。" in done.text
        late = await browser.post(
            f"/desk/tickets/{number}/dispatch",
            data={"department": "power_supply"},
            headers=PART | {"HX-Trigger": f"quick-{number}"},
        )
    assert late.status_code == 409 and late.headers["hx-retarget"] == f"#quick-{number}-refusal"


async def test_an_agent_rules_on_no_return_but_a_supervisor_does(busy: World) -> None:
    async with busy.browser("lin") as agent, busy.browser("zhou") as supervisor:
        for_agent = (await agent.get("/desk?list=returns")).text
        for_supervisor = (await supervisor.get("/desk?list=returns")).text
    assert "由班长裁定" in for_agent and "/ruling" not in for_agent
    assert "不是我局职责" in for_supervisor and "/ruling" in for_supervisor


async def test_a_conversation_is_taken_answered_and_given_back_on_the_desk(world: World) -> None:
    id = await world.waiting(f"路灯坏了，电话{PHONE}", state=json.dumps(FORM))
    page = f"/desk?conversation={id}"
    async with world.browser("lin") as browser, world.browser("he") as colleague:
        waiting = (await browser.get(page)).text
        assert PHONE not in waiting and "接听这个对话" in waiting and 'id="intake"' not in waiting
        taken = await browser.post(f"/desk/conversations/{id}/take", headers=PART)
        assert taken.headers["hx-redirect"] == page
        talking = (await browser.get(page)).text
        assert "公共事业 › 路灯照明 › 路灯不亮" in talking and "我家门口的路灯坏了好几天了" in talking
        assert f'value="{PHONE}"' in talking and "建设路12号 路灯不亮" in talking
        said = await browser.post(f"/desk/conversations/{id}/say", data={"text": "请问灯杆编号？"}, headers=PART)
        assert "请问灯杆编号？" in said.text
        late = await colleague.post(f"/desk/conversations/{id}/take", headers=PART)
        assert late.status_code == 409 and "这个对话已由坐席 林晓接听。" in late.text
        assert late.headers["hx-retarget"] == "#notice"
        assert "坐席 林晓正在接听这个对话" in (await colleague.get(page)).text
        assert (await browser.post(f"/desk/conversations/{id}/give-back", headers=PART)).status_code == 204
        gone = await browser.get(page)
    assert (gone.status_code, gone.headers["location"]) == (303, "/desk")


async def test_the_form_for_a_caller_is_completed_from_what_was_said_and_keeps_what_was_typed(world: World) -> None:
    await world.dispatched()
    typed = {"description": "幸福路口的路灯坏了三天，晚上很黑，老人不敢出门", "title": "我写的标题", "name": NAME}
    async with world.browser("lin") as browser:
        completed = (await browser.post("/desk/understand", data=typed, headers=PART)).text
        assert 'value="我写的标题"' in completed
        assert re.search(r'value="utilities.lighting.lamp_out" selected', completed)
        opened = await browser.post(
            "/desk/tickets",
            data=typed | {"category": "utilities.lighting.lamp_out", "request_type": "assistance", "area": "zhaoxia"},
            headers=PART,
        )
        assert opened.status_code == 200 and "查询码只显示这一次" in opened.text
        wrong = await browser.post(
            "/desk/tickets", data=typed | {"request_type": "assistance", "area": "nowhere"}, headers=PART
        )
    assert wrong.status_code == 422 and "请重新选择" in wrong.text


CRY = {
    "summary": "我爸没气了",
    "alarm": {
        "service": "ambulance",
        "number": "120",
        "situation": "unconscious",
        "reason": "没气了",
        "place": "南山路18号",
    },
}


async def test_an_emergency_says_first_who_is_called_what_alarmed_where_it_is_and_what_was_told(world: World) -> None:
    id = await world.waiting("我爸没气了，在南山路18号", reason="emergency", state=json.dumps(CRY))
    async with world.browser("lin") as browser:
        page = (await browser.get(f"/desk?conversation={id}")).text
        panel = page[page.index('id="understanding"') :]
        for words in ("120", "医疗急救", "昏迷或没有呼吸", "南山路18号", "“没气了”", "双手压在胸口正中"):
            assert words in panel
        assert panel.index("昏迷或没有呼吸") < panel.index("系统理解") and "还没有可以理解的内容" not in panel
        queue = (await browser.get("/desk/queue")).text
        assert "昏迷或没有呼吸" in queue and "南山路18号" in queue


async def understood(world: World, description: str) -> str:
    async with world.browser("lin") as browser:
        return (await browser.post("/desk/understand", data={"description": description}, headers=PART)).text


async def test_a_call_that_alarms_says_what_to_say_first(world: World) -> None:
    page = await understood(world, "我家厨房着火了，老人还在屋里")
    assert "先对来电人说" in page and "119" in page and "请马上离开" in page and "着火了" in page


async def test_a_call_with_a_possible_emergency_says_what_to_ask(world: World) -> None:
    page = await understood(world, "墙上裂了一道缝，越来越大")
    assert "先问一句：现在有人有危险吗？" in page and "119" in page


async def test_a_call_that_the_law_sends_elsewhere_says_where(world: World) -> None:
    page = await understood(world, "对行政复议决定不服，要求12345撤销复议决定")
    assert "不按工单办理" in page and "12348" in page and "行政复议机构" in page and "登记后可能派给" not in page


async def test_a_wrong_identity_number_is_said_to_be_one(world: World) -> None:
    assert "号码有误" in await understood(world, "我的身份证号是110105194912310021，低保一直没发")
    assert "号码有误" not in await understood(world, "低保一直没发")


async def test_a_call_shows_why_it_is_judged_so_before_it_is_registered(world: World) -> None:
    page = await understood(world, "云锦天地旁边的烧烤店半夜排油烟，味道大得开不了窗")
    shown = page[page.index('id="evidence"') :]
    assert re.search(r"餐饮油烟 <span[^>]*>把握 \d\d?%", shown) and "其次：" in shown
    assert "相似的例句（所属事项）" in shown and '<span class="of">餐饮油烟</span>' in shown
    assert "市城管局" in shown and "匹配高" in shown and "退回可能低" in shown and "都是估计" in shown
    assert not re.search(r"\d\.\d ?%", shown)


async def test_the_form_for_a_caller_takes_the_number_that_was_told_and_refuses_what_is_none(world: World) -> None:
    told = {"description": f"幸福路口的路灯坏了三天，回电{PHONE}"}
    form = told | {"title": "路灯不亮", "request_type": "assistance", "phone": "12"}
    async with world.browser("lin") as browser:
        assert f'value="{PHONE}"' in (await browser.post("/desk/understand", data=told, headers=PART)).text
        kept = (await browser.post("/desk/understand", data=told | {"phone": "83001234"}, headers=PART)).text
        refused = await browser.post("/desk/tickets", data=form, headers=PART | {"HX-Trigger": "intake"})
    assert 'value="83001234"' in kept and f'value="{PHONE}"' not in kept
    assert refused.status_code == 422 and "联系电话不是有效的电话号码" in refused.text
    assert refused.headers["hx-retarget"] == "#intake-refusal"
