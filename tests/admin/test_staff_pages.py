import re
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from babel.messages.pofile import read_po

from admin.staff.pages.signing import local_page
from core import clock
from core.database import transaction
from core.settings import ROOT, settings
from kb import articles
from tests.admin.staffing import NAME, PASSWORD, PHONE, World

PART = {"HX-Request": "true"}
# Page, and who may open it.
PAGES = [
    ("/desk", {"lin", "zhou", "admin"}),
    ("/desk/new", {"lin", "zhou", "admin"}),
    ("/desk/queue", {"lin", "zhou", "admin"}),
    ("/desk?list=returns", {"lin", "zhou", "admin"}),
    ("/desk?list=callbacks", {"lin", "zhou", "admin"}),
    ("/desk?list=overdue", {"lin", "zhou", "admin"}),
    ("/workbench", {"lin", "zhou", "admin", "lamps"}),
    ("/supervision", {"zhou", "admin"}),
    ("/negotiations", {"lin", "zhou", "admin", "lamps"}),
    ("/supervision/catalogue", {"lin", "zhou", "admin"}),
    ("/supervision/catalogue/row?category=utilities.lighting.lamp_out", {"lin", "zhou", "admin"}),
    ("/knowledge", {"lin", "zhou", "admin", "lamps", "editor"}),
    ("/knowledge?q=公积金", {"lin", "zhou", "admin", "lamps", "editor"}),
    ("/knowledge/unanswered", {"zhou", "admin", "editor"}),
    ("/warnings", {"lin", "zhou", "admin", "lamps"}),
    ("/supervision/figures", {"zhou", "admin", "lamps"}),
    ("/supervision/quality", {"lin", "zhou", "admin", "lamps"}),
    ("/supervision/topics", {"zhou", "admin"}),
    ("/settings", {"admin"}),
    ("/settings/clocks", {"admin"}),
    ("/settings/jobs", {"admin"}),
    ("/settings/systems", {"admin"}),
]
LOGINS = ("lin", "zhou", "admin", "lamps", "editor")


def text_of(answer: httpx.Response) -> str:
    """The page's words, markup left out."""
    return re.sub(r"<[^>]+>", " ", answer.text)


async def test_every_page_opens_for_those_it_is_for_in_both_languages(busy: World) -> None:
    for login in LOGINS:
        async with busy.browser(login) as browser:
            for path, allowed in PAGES:
                for language in ("zh", "en"):
                    answer = await browser.get(path + ("&" if "?" in path else "?") + f"lang={language}")
                    assert answer.status_code == (200 if login in allowed else 403), (login, path)
                    assert answer.headers["cache-control"] == "no-store"


async def test_the_way_leads_only_to_pages_that_the_role_may_use(busy: World) -> None:
    everything = {"/desk", "/workbench", "/warnings", "/supervision", "/knowledge", "/settings"}
    for login, pages in {
        "lin": {"/desk", "/workbench", "/warnings", "/knowledge"},
        "zhou": everything - {"/settings"},
        "lamps": {"/workbench", "/warnings", "/knowledge"},
        "editor": {"/knowledge"},
        "admin": everything,
    }.items():
        async with busy.browser(login) as browser:
            navigation = re.search(r'<nav class="pages".*?</nav>', (await browser.get("/knowledge")).text, re.S)
        assert navigation and set(re.findall(r'href="([^"]+)"', navigation[0])) == pages


async def test_pages_hold_no_script_or_style_of_their_own(busy: World) -> None:
    async with busy.browser("zhou") as browser:
        for path in ("/desk", "/workbench", "/supervision", "/desk?list=returns"):
            page = (await browser.get(path)).text
            assert not re.search(r"<style|<script(?![^>]+src=)| style=| on[a-z]+=\"|hx-on", page)


@pytest.mark.parametrize(
    ("login", "first"),
    [
        ("lin", "/desk"),
        ("zhou", "/supervision"),
        ("lamps", "/workbench"),
        ("editor", "/knowledge"),
        ("admin", "/settings"),
    ],
)
async def test_signing_in_leads_to_the_roles_first_page(world: World, login: str, first: str) -> None:
    async with world.browser() as browser:
        answer = await browser.post("/sign-in", data={"login": login, "password": PASSWORD})
        assert (answer.status_code, answer.headers["location"]) == (303, first)
        assert (await browser.get(first)).status_code == 200
        again = await browser.get("/sign-in")
        assert (again.status_code, again.headers["location"]) == (303, first)


async def test_a_wrong_password_keeps_the_login_and_the_way(world: World) -> None:
    async with world.browser() as browser:
        answer = await browser.post(
            "/sign-in", data={"login": "lin", "password": "wrong", "next": "/workbench?state=new"}
        )
    assert answer.status_code == 401
    assert 'value="lin"' in answer.text and 'value="/workbench?state=new"' in answer.text
    assert "登录名或密码不对" in answer.text and "wrong" not in answer.text


async def test_an_ended_session_leads_to_signing_in_and_back_to_where_one_was(world: World) -> None:
    async with world.browser("lin") as browser:
        with clock.set_to(clock.now() + timedelta(hours=settings().staff_session_hours, minutes=1)):
            answer = await browser.get("/workbench?state=new&q=路灯")
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/sign-in?next=%2Fworkbench%3Fstate%3Dnew")
    async with world.browser() as browser:
        signed = await browser.post(
            "/sign-in", data={"login": "lin", "password": PASSWORD, "next": "/workbench?state=new"}
        )
    assert signed.headers["location"] == "/workbench?state=new"


@pytest.mark.parametrize(
    "wanted", ["https://elsewhere.example", "//elsewhere.example", "/\\elsewhere.example", "javascript:x", "", "/a\nb"]
)
def test_the_way_back_never_leads_to_another_site(wanted: str) -> None:
    assert local_page(wanted) is None


async def test_an_ended_session_in_the_middle_of_a_form_says_so_beside_the_button(world: World) -> None:
    number = await world.dispatched()
    headers = PART | {"HX-Trigger": f"accept-{number}", "HX-Current-URL": f"http://line.test/workbench/{number}"}
    async with world.browser("lamps") as browser:
        with clock.set_to(clock.now() + timedelta(hours=settings().staff_session_hours, minutes=1)):
            answer = await browser.post(f"/workbench/{number}/accept", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["hx-retarget"] == f"#accept-{number}-refusal"
    assert f"/sign-in?next={quote(f'/workbench/{number}', safe='')}" in answer.text


async def test_a_department_sees_only_its_tickets_on_its_pages(busy: World) -> None:
    foreign = await busy.dispatched("power_supply", title="供电公司的工单")
    async with busy.browser("lamps") as browser:
        everything = await browser.get("/workbench?state=")
        assert "幸福路口的路灯不亮" in everything.text and "供电公司的工单" not in everything.text
        assert "供电公司的工单" not in (await browser.get("/workbench?q=供电")).text
        there = await browser.get(f"/workbench/{foreign}")
        missing = await browser.get("/workbench/20200101-000001")
        command = await browser.post(f"/workbench/{foreign}/accept", headers=PART)
    assert there.status_code == missing.status_code == command.status_code == 404
    assert text_of(there).replace(foreign, "") == text_of(missing).replace("20200101-000001", "")


async def test_a_ticket_page_offers_what_may_be_done_now_and_shows_it_done(world: World) -> None:
    number = await world.dispatched()
    async with world.browser("lamps") as browser:
        page = (await browser.get(f"/workbench/{number}")).text
        assert f"/workbench/{number}/accept" in page and f"/workbench/{number}/reply" not in page
        done = await browser.post(f"/workbench/{number}/accept", headers=PART)
        assert done.status_code == 200
        assert "已签收。" in done.text and f"/workbench/{number}/reply" in done.text
        again = await browser.post(f"/workbench/{number}/accept", headers=PART | {"HX-Trigger": f"accept-{number}"})
    assert again.status_code == 409
    assert again.headers["hx-retarget"] == f"#accept-{number}-refusal"
    assert "不能签收" in again.text and "<html" not in again.text


async def test_a_co_handler_first_sees_what_it_owes_and_the_centre_who_has_a_ticket(world: World) -> None:
    number = await world.dispatched(title="要两家一起办的路灯")
    async with world.client("lamps") as lamps, world.client("zhou") as zhou:
        await lamps.post(f"/api/v1/staff/tickets/{number}/accept")
        part = {"department": "power_supply", "text": "请核实供电", "working_days": 2}
        assert (await zhou.post(f"/api/v1/staff/tickets/{number}/part", json=part)).status_code == 200
        asked = {"working_days": 2, "reason": "灯具订货"}
        assert (await lamps.post(f"/api/v1/staff/tickets/{number}/extension", json=asked)).status_code == 200
    await world.dispatched("power_supply", title="供电自己的工单")
    async with world.client("power") as power:
        for each in (await power.get("/api/v1/staff/tickets?state=dispatched")).json()["tickets"]:
            await power.post(f"/api/v1/staff/tickets/{each['number']}/accept")
    async with world.browser("power") as browser:
        page = (await browser.get("/workbench")).text
    assert "要两家一起办的路灯" in page and "供电自己的工单" not in page
    async with world.browser("zhou") as browser:
        page = (await browser.get(f"/workbench/{number}")).text
        assert "市城管局正在办理。" in page
        assert "请市供电公司协办" in page and "市城管局申请延期2个工作日" in page and "派给市城管局" in page
        assert "待审批 1" in (await browser.get("/supervision")).text


async def test_a_merged_tickets_page_says_whom_it_follows_and_does_not_press_to_part_them(world: World) -> None:
    master, follower = await world.dispatched(), await world.dispatched(title="同一盏路灯")
    async with world.client("lin") as lin:
        body = {"into": master, "reason": "同一处路灯"}
        assert (await lin.post(f"/api/v1/staff/tickets/{follower}/merge", json=body)).status_code == 200
    async with world.browser("lin") as browser:
        page = (await browser.get(f"/workbench/{follower}")).text
    assert "时限按主单计" in page and master in page and "随另一张工单一起办理" in page
    front, behind = page.split("更多操作", 1)
    assert f"/workbench/{follower}/unmerge" in behind and f"/workbench/{follower}/unmerge" not in front


async def test_an_empty_form_names_what_is_missing_in_words(world: World) -> None:
    number = await world.moved(await world.dispatched(), ("lamps", "accept", {}))
    async with world.browser("lamps") as browser:
        answer = await browser.post(f"/workbench/{number}/reply", data={"result": " "}, headers=PART)
    assert answer.status_code == 422
    assert "请填写或更正：办理结果。" in answer.text


async def test_another_site_cannot_use_the_pages_forms(world: World) -> None:
    number = await world.dispatched()
    async with world.browser("lamps", origin="https://elsewhere.example") as browser:
        assert (await browser.post(f"/workbench/{number}/accept", headers=PART)).status_code == 403
        assert (await browser.post("/sign-out")).status_code == 403


async def test_pages_mask_the_citizen_until_a_reason_is_given(world: World) -> None:
    number = await world.dispatched()
    async with world.browser("lamps") as browser:
        page = (await browser.get(f"/workbench/{number}")).text
        assert PHONE not in page and NAME not in page and "138****8000" in page
        refused = await browser.post(f"/workbench/{number}/reveal", data={"reason": ""}, headers=PART)
        assert refused.status_code == 422
        shown = await browser.post(f"/workbench/{number}/reveal", data={"reason": "联系诉求人核实"}, headers=PART)
        assert PHONE in shown.text and NAME in shown.text
        page = (await browser.get(f"/workbench/{number}")).text
    assert "查看诉求人信息" in page and "理由：联系诉求人核实" in page


async def test_a_confidential_tickets_page_says_why_the_author_is_hidden(world: World) -> None:
    number = await world.dispatched(confidential=True)
    async with world.browser("lamps") as browser:
        page = (await browser.get(f"/workbench/{number}")).text
    assert "诉求人身份不向承办单位提供" in page
    assert "138****8000" not in page and f"/workbench/{number}/reveal" not in page


async def test_what_citizens_write_is_shown_and_never_run(world: World) -> None:
    number = await world.opened(
        title="<b>x</b>路灯<script>alert(1)", description="路灯 <img src=x onerror=alert(1)> 坏了"
    )
    id = await world.waiting("<script>alert(2)</script>路灯")
    async with world.browser("lin") as browser:
        for path in ("/desk", f"/workbench/{number}", f"/desk?conversation={id}"):
            page = (await browser.get(path)).text
            assert "<script>alert" not in page and "<img src=x" not in page


async def test_a_ticket_is_corrected_on_its_page_and_only_in_what_was_changed(world: World) -> None:
    number = await world.dispatched()
    path = "公共事业 › 路灯照明 › 路灯不亮"
    shown = {"shown_category": path, "shown_request_type": "assistance", "shown_urgency": "general"}
    typed = {"category": "停电与电压不稳", "request_type": "assistance", "urgency": "general", "reason": "是停电"}
    async with world.browser("zhou") as browser, world.browser("lin") as agent:
        page = (await browser.get(f"/workbench/{number}")).text
        assert f'list="categories" value="{path}"' in page and f'<option value="{path}">' in page
        assert 'value="assistance" selected' in page and 'value="general" selected' in page
        assert "Correct type, category or urgency" in (await browser.get(f"/workbench/{number}?lang=en")).text
        await browser.get(f"/workbench/{number}?lang=zh")
        assert "/correct" not in (await agent.get(f"/workbench/{number}")).text
        # A colleague made it urgent since this page was drawn: that stays.
        await world.moved(number, ("zhou", "correct", {"urgency": "urgent", "reason": "整条路不亮"}))
        done = await browser.post(f"/workbench/{number}/correct", data=shown | typed, headers=PART)
        assert done.status_code == 200 and "已更正，时限已重新计算。" in done.text
        assert "事项：路灯不亮 → 停电与电压不稳" in done.text and "公共事业 › 供电 › 停电与电压不稳" in done.text
        assert "求助 · 紧急" in done.text
        assert re.search(
            r'<details class="action-block" open><summary><h3>改派.+?<ol class="ranking"><li><b>市供电公司',
            done.text,
            re.S,
        )
        again = await browser.post(
            f"/workbench/{number}/correct",
            data=shown | typed | {"category": "没有的事项"},
            headers=PART | {"HX-Trigger": f"correct-{number}"},
        )
        assert (again.status_code, again.headers["hx-retarget"]) == (422, f"#correct-{number}-refusal")
        assert "没有这个事项，请从事项列表里选择。" in again.text


async def test_supervision_shows_what_is_late_and_the_rates(busy: World) -> None:
    async with busy.browser("zhou") as browser:
        page = (await browser.get("/supervision")).text
        wrong = await browser.get("/supervision?start=2026-02-01&end=2026-01-01")
    assert "响应率" in page and "市供电公司" in page
    assert 'data-state="overdue"' in page
    assert wrong.status_code == 422


@pytest.mark.parametrize(
    ("start", "end"),
    [("9999-12-31", "9999-12-31"), ("0001-01-01", "0001-01-01"), ("", "0001-01-01"), ("2026-02-31", "2026-03-01")],
)
async def test_days_that_no_ticket_can_have_are_refused_beside_the_form_which_keeps_them(
    world: World, start: str, end: str
) -> None:
    async with world.browser("zhou") as browser:
        answer = await browser.get(f"/supervision?start={start}&end={end}")
    assert answer.status_code == 422
    assert "请选择2000年至2100年之间的日期。" in answer.text
    assert f'name="start" value="{start}"' in answer.text and f'name="end" value="{end}"' in answer.text


async def test_days_left_empty_are_the_last_thirty(world: World) -> None:
    async with world.browser("zhou") as browser:
        answer = await browser.get("/supervision?start=&end=")
        plain = await browser.get("/supervision")
    assert answer.status_code == 200
    days = r'name="(?:start|end)" value="([^"]+)"'
    assert re.findall(days, answer.text) == re.findall(days, plain.text) != []


async def test_an_article_is_shown_with_its_version_and_its_markup_is_not_run(world: World, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(
        "---\nid: lamp-repair\nsubject: 路灯\ntitle: 路灯坏了找谁\nquestions: [路灯不亮怎么办]\n"
        "department: urban_management\nbasis: 《城市照明管理规定》\nregion: city\naudience: [citizen]\n"
        "reviewed: 2026-06-01\nreview_due: 2027-06-01\nsample: true\n---\n"
        "拨打12345。<script>alert(1)</script>\n\n## 办理流程\n一个工作日内派人。\n",
        encoding="utf-8",
    )
    async with transaction() as session:
        await articles.import_folder(session, tmp_path)
    async with world.browser("lamps") as browser:
        page = (await browser.get("/knowledge/lamp-repair")).text
        missing = await browser.get("/knowledge/no-such")
    assert "《城市照明管理规定》" in page and "市城管局" in page and "第 1 版" in page
    assert "<script>alert" not in page
    assert missing.status_code == 404


async def test_an_administrator_adds_renews_and_closes_accounts(world: World) -> None:
    async with world.browser("admin") as browser, world.browser() as fresh:
        added = await browser.post(
            "/settings/accounts",
            data={"login": "wu", "name": "吴敏", "role": "department", "department": "water_supply"},
            headers=PART,
        )
        assert added.status_code == 200
        password = re.search(r'<b class="figure big">([^<]+)</b>', added.text)
        assert password
        signed = await fresh.post("/sign-in", data={"login": "wu", "password": password[1]})
        assert signed.headers["location"] == "/workbench"
        taken = await browser.post("/settings/accounts", data={"login": "wu", "role": "agent"}, headers=PART)
        assert taken.status_code == 422
        assert (await browser.post("/settings/accounts/wu/password", headers=PART)).status_code == 200
        assert (await fresh.get("/workbench")).status_code == 303
        assert (await browser.post("/settings/accounts/wu/close", headers=PART)).status_code == 200
        assert (await browser.post("/settings/accounts/admin/close", headers=PART)).status_code == 422


@pytest.mark.parametrize("login", ["lin", "zhou", "lamps", "editor"])
async def test_accounts_are_the_administrators_only(world: World, login: str) -> None:
    async with world.browser(login) as browser:
        for path in ("/settings/accounts", "/settings/accounts/he/password", "/settings/accounts/he/close"):
            assert (await browser.post(path, data={"login": "x", "role": "agent"}, headers=PART)).status_code == 403


async def test_the_language_asked_for_is_kept(world: World) -> None:
    async with world.browser("lin") as browser:
        assert "Agent desk" in (await browser.get("/desk?lang=en")).text
        assert "Agent desk" in (await browser.get("/desk")).text
        assert "坐席台" in (await browser.get("/desk?lang=zh")).text


def test_both_languages_have_every_message_with_the_same_values() -> None:
    found = {}
    for locale in ("zh_CN", "en"):
        with (ROOT / "admin" / "locale" / f"{locale}.po").open("rb") as file:
            found[locale] = {str(each.id): str(each.string) for each in read_po(file, locale=locale) if each.id}
    assert found["zh_CN"].keys() == found["en"].keys()
    for key, chinese in found["zh_CN"].items():
        assert set(re.findall(r"\{\w*\}", chinese)) == set(re.findall(r"\{\w*\}", found["en"][key])), key
