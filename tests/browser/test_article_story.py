"""An article in Chromium: a department proposes, the centre sends back and publishes, a citizen is told at once."""

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import type_picture
from tests.browser.test_story import say
from tests.browser.walking import DESK, PHONE, arrived, open_page, sign_in
from tests.processes import Line

pytestmark = pytest.mark.browser

QUESTION = "门店招牌设置怎么申请"
FIRST = "门店招牌设置请在市城管局网站申请，20个工作日办结。"
SECOND = "门店招牌设置请在市城管局网站申请，5个工作日办结。"
AT_ONCE = 2.0  # seconds from publishing to the citizen's new answer


def test_from_a_proposal_to_the_citizens_answer_and_back(browser: Browser, line: Line, picture: type_picture) -> None:
    department = open_page(browser, line, "/knowledge/new", DESK)
    sign_in(department, line, "urban_management")
    department.get_by_label("标题").fill(QUESTION)
    department.get_by_label("正文").fill(FIRST)
    expect(department.locator("#preview .chat-bubble")).to_have_text(FIRST)
    department.get_by_role("button", name="保存并提交审核").click()
    expect(department.locator("#w-basis")).to_contain_text("请")
    expect(department.locator("#editor [aria-invalid]").first).to_be_focused()  # the new form has settled
    department.get_by_label("政策依据").fill("《城市照明管理规定》")
    department.get_by_label("主题").fill("市政")
    picture(department, "knowledge-editor")
    department.get_by_role("button", name="保存并提交审核").click()
    arrived(department, re.compile("/review$"))

    centre = open_page(browser, line, "/knowledge?tab=review", DESK)
    sign_in(centre, line, "supervisor")
    centre.get_by_role("link", name=QUESTION).click()
    centre.get_by_text("退回修改").click()
    centre.get_by_label("理由").fill("依据请写条款。")
    centre.get_by_role("button", name="退回", exact=True).click()
    arrived(centre, re.compile("tab=review"))
    expect(centre.locator("#shelf")).not_to_contain_text(QUESTION)

    department.goto("/knowledge?tab=drafts")
    department.get_by_role("link", name=QUESTION).click()
    expect(department.locator("#editor")).to_contain_text("依据请写条款。")
    department.get_by_label("政策依据").fill("《城市照明管理规定》第二十一条")
    department.get_by_role("button", name="保存并提交审核").click()
    arrived(department, re.compile("/review$"))
    expect(centre.locator("#shelf")).to_contain_text(QUESTION)  # the open list hears of it
    centre.get_by_role("link", name=QUESTION).click()
    centre.get_by_role("button", name="审核通过，发布").click()
    expect(centre.locator(".alert.good")).to_contain_text("已发布")
    address = centre.url.partition("?")[0]

    citizen = open_page(browser, line, "/", PHONE)
    citizen.wait_for_timeout(AT_ONCE * 1000)
    said = lambda: citizen.locator(".said.bot").filter(has_text="个工作日办结")  # noqa: E731
    say(citizen, QUESTION)
    expect(said().last).to_contain_text("20个工作日")

    department.goto(f"{address}/edit")
    department.get_by_label("正文").fill(SECOND)
    department.get_by_role("button", name="保存并提交审核").click()
    arrived(department, re.compile("/review$"))
    centre.goto(f"{address}/review")
    expect(centre.locator(".difference del")).to_have_text("20")
    expect(centre.locator(".difference ins")).to_have_text("5")
    picture(centre, "knowledge-review")
    citizen = open_page(browser, line, "/", PHONE)
    centre.get_by_role("button", name="审核通过，发布").click()
    expect(centre.locator(".alert.good")).to_contain_text("已发布")
    citizen.wait_for_timeout(AT_ONCE * 1000)
    say(citizen, QUESTION)
    expect(said().last).to_contain_text("5个工作日")

    centre.goto(f"{address}/history")
    centre.get_by_text("恢复这一版").click()
    centre.get_by_label("理由").fill("人手不够，暂按原时限。")
    centre.get_by_role("button", name="立即重新发布").click()
    expect(centre.locator(".alert.good")).to_contain_text("重新发布")
    citizen = open_page(browser, line, "/", PHONE)
    citizen.wait_for_timeout(AT_ONCE * 1000)
    say(citizen, QUESTION)
    expect(said().last).to_contain_text("20个工作日")
