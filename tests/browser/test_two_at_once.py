"""Two who act on one ticket: the second is told so, and what they typed is still there."""

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.walking import DESK, PHONE, arrived, open_page, sign_in
from tests.processes import Line

pytestmark = pytest.mark.browser

TICKET = {
    "request_type": "assistance",
    "category": "utilities.power.outage",
    "title": "三单元停电",
    "description": "三单元从昨天晚上停电到现在。",
}
TYPED = "抢修车已到现场，预计两小时内恢复供电。"
COLLEAGUES = "已于今早恢复供电，原因是跳闸。"


@pytest.fixture
def staff(line: Line) -> Iterator[dict[str, httpx.Client]]:
    """Colleagues at their own desks."""
    clients = {}
    for login in ("agent", "supervisor", "power_supply"):
        clients[login] = httpx.Client(base_url=f"{line.url}/api/v1/staff/")
        token = clients[login].post("session", json={"login": login, "password": line.password(login)}).json()["token"]
        clients[login].headers["Authorization"] = f"Bearer {token}"
    yield clients
    for client in clients.values():
        client.close()


def give(client: httpx.Client, number: str, command: str, **body: object) -> None:
    client.post(f"tickets/{number}/{command}", json=body).raise_for_status()


@pytest.fixture
def number(staff: dict[str, httpx.Client]) -> str:
    """A ticket that the power company handles."""
    opened = staff["agent"].post("tickets", json=TICKET).raise_for_status().json()["number"]
    if staff["agent"].get(f"tickets/{opened}").json()["state"] == "new":
        staff["agent"].post(
            f"tickets/{opened}/dispatch", json={"department": "power_supply"}
        )  # or the machine was faster
    give(staff["power_supply"], opened, "accept")
    return opened


def stands_above(upper: Locator, lower: Locator) -> bool:
    boxes = upper.bounding_box(), lower.bounding_box()
    assert boxes[0] and boxes[1]
    return boxes[0]["y"] + boxes[0]["height"] <= boxes[1]["y"]


def opened(browser: Browser, line: Line, path: str, login: str, size: dict[str, int]) -> Page:
    page = open_page(browser, line, path, size)
    sign_in(page, line, login)
    arrived(page, re.compile(re.escape(path)))
    expect(page.locator("#live")).to_have_attribute("data-state", "on")  # before, a form goes without the script
    return page


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_the_second_reply_is_refused_and_kept_beside_the_tickets_new_state(
    browser: Browser, line: Line, staff: dict[str, httpx.Client], number: str, size: dict[str, int]
) -> None:
    page = opened(browser, line, f"/workbench/{number}", "power_supply", size)
    page.get_by_label("办理结果").fill(TYPED)
    give(staff["power_supply"], number, "reply", result=COLLEAGUES)
    page.get_by_role("button", name="提交答复").click()

    box = page.locator("section.kept")
    refusal, words = box.get_by_role("alert"), box.get_by_label("办理结果")
    expect(refusal).to_have_text("工单现在的状态是“已答复”，不能答复。")
    expect(words).to_have_value(TYPED)
    assert stands_above(refusal, words)
    expect(page.locator(".state-name")).to_have_text("已答复")
    expect(page.locator(".result-panel")).to_contain_text(COLLEAGUES)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    # News that come later only say so, and asking for them keeps the words.
    survey = {"contacted": True, "solved": True, "satisfied": 5}
    give(staff["agent"], number, "callback", **survey)
    page.get_by_role("button", name="工单有更新").click()
    expect(page.locator(".state-name")).to_have_text("已办结")
    expect(words).to_have_value(TYPED)
    expect(refusal).to_be_visible()

    box.get_by_role("button", name="清除").click()
    expect(box).to_be_hidden()
    expect(page.locator("textarea")).to_have_count(0)


def test_hints_to_a_reply_appear_under_it_while_it_is_written(browser: Browser, line: Line, number: str) -> None:
    page = opened(browser, line, f"/workbench/{number}", "power_supply", DESK)
    page.get_by_label("办理结果").press_sequentially("已收悉。")
    expect(page.locator(f"#hints-{number}")).to_contain_text("缺依据")
    page.get_by_label("办理结果").press_sequentially("另：" + TYPED)  # the page is still there to go on writing
    page.get_by_role("button", name="提交答复").click()
    expect(page.locator(".result-panel")).to_contain_text("已收悉。另：" + TYPED)


def test_a_refused_form_that_is_still_there_keeps_its_words_in_its_place(
    browser: Browser, line: Line, staff: dict[str, httpx.Client], number: str
) -> None:
    page = opened(browser, line, f"/workbench/{number}", "supervisor", DESK)
    page.get_by_text("更多操作").click()
    page.get_by_text("改派", exact=True).first.click()
    form = page.locator(f"#reassign-{number}")
    form.locator("select").select_option("water_supply")
    form.get_by_label("理由").fill("其实是供水的事")
    give(staff["supervisor"], number, "reassign", department="water_supply", reason="属于供水")
    form.get_by_role("button", name="改派").click()
    expect(form.get_by_role("alert")).to_have_text("这张工单已经由该部门办理。")
    expect(form.get_by_label("理由")).to_have_value("其实是供水的事")
    expect(form.locator("select")).to_have_value("water_supply")
    expect(page.locator(".state-name")).to_have_text("已派单")
    expect(page.locator("section.kept")).to_be_hidden()
    # And it goes on working: elsewhere, with the same words.
    form.locator("select").select_option("gas_company")
    form.get_by_role("button", name="改派").click()
    expect(page.locator(".alert.good")).to_have_text("已改派。")


def test_ones_own_next_command_keeps_what_was_begun_in_another_form(browser: Browser, line: Line, number: str) -> None:
    page = opened(browser, line, f"/workbench/{number}", "power_supply", DESK)
    page.get_by_label("办理结果").fill(TYPED)
    page.get_by_text("记录联系情况").click()
    page.get_by_label("联系情况").fill("已电话联系。")
    page.get_by_role("button", name="记录", exact=True).click()
    expect(page.locator(".alert.good")).to_be_visible()
    expect(page.get_by_label("办理结果")).to_have_value(TYPED)
    expect(page.get_by_label("联系情况")).to_have_value("")


def test_a_supervisor_corrects_a_ticket_with_the_keyboard_alone(browser: Browser, line: Line, number: str) -> None:
    page = opened(browser, line, f"/workbench/{number}", "supervisor", DESK)
    page.get_by_text("更多操作").press("Enter")
    page.get_by_text("更正类型、事项或紧急程度").press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("事项")).to_be_focused()
    page.keyboard.type("路灯不亮")
    for keys in ("Tab", "Tab", "紧急", "Tab", "核实后是路灯"):
        if keys == "Tab":
            page.keyboard.press(keys)
        elif page.locator("select:focus").count():
            page.locator("select:focus").select_option(label=keys)
        else:
            page.keyboard.type(keys)
    page.keyboard.press("Enter")
    expect(page.locator(".alert.good")).to_be_focused()
    expect(page.locator(".facts-list")).to_contain_text("求助 · 紧急")
    expect(page.locator(".facts-list")).to_contain_text("公共事业 › 路灯照明 › 路灯不亮")
    expect(page.locator(".ranking")).to_contain_text("市城管局")
