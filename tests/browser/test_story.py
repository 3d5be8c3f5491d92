"""The whole story in Chromium: a citizen reports, an agent sees, a department closes, the citizen rates.

`./yitong test tests/browser --screenshots docs/images` keeps the pictures that the README shows.
"""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import type_picture
from tests.browser.walking import DESK, PHONE, arrived, open_page, sign_in
from tests.processes import Line

pytestmark = pytest.mark.browser


def say(page: Page, text: str) -> None:
    """Say something and wait for the answer."""
    before = page.locator(".said.bot:not(.typing)").count()
    page.locator("#text").fill(text)
    page.locator("#text").press("Enter")
    page.wait_for_function(
        "before => document.querySelectorAll('.said.bot:not(.typing)').length > before"
        " && !document.querySelector('.typing, .pending')",
        arg=before,
    )


def test_from_a_citizens_sentence_to_a_closed_ticket(browser: Browser, line: Line, picture: type_picture) -> None:
    agent = open_page(browser, line, "/desk", DESK)
    sign_in(agent, line, "agent")
    arrived(agent, re.compile("/desk"))

    citizen = open_page(browser, line, "/", PHONE)
    say(citizen, "身份证到期了怎么换？")
    expect(citizen.locator(".source")).to_contain_text("居民身份证法")
    picture(citizen, "citizen-answer")
    say(citizen, "解决了")
    say(citizen, "望江区南山路18号门口的路灯坏了三天，晚上很黑")
    expect(citizen.get_by_role("button", name="匿名登记", exact=True)).to_be_enabled()
    picture(citizen, "citizen-summary")
    say(citizen, "我叫王小明，电话13800138000")
    number = citizen.locator(".ticket [data-field=number]").first.inner_text()
    code = citizen.locator(".ticket [data-field=code]").first.inner_text()
    picture(citizen, "citizen-ticket")

    say(citizen, "转人工")
    colleague = open_page(browser, line, "/desk", DESK)
    sign_in(colleague, line, "supervisor")
    colleague.locator("#queue li.entry a").first.click()
    expect(colleague.locator(".composer.take button")).to_be_visible()
    agent.locator("#queue li.entry").first.get_by_role("button").click()
    expect(colleague.locator(".composer.take .alert")).to_contain_text("林晓")
    arrived(agent, re.compile("conversation="))
    picture(agent, "desk-conversation")
    agent.locator("textarea[name=text]").fill("您好，我看到您的工单了，已经派给市城管局。")
    agent.locator("textarea[name=text]").press("Enter")
    expect(citizen.locator(".said.agent")).to_contain_text("已经派给市城管局")
    picture(citizen, "citizen-agent")

    department = open_page(browser, line, "/workbench", DESK)
    sign_in(department, line, "urban_management")
    picture(department, "workbench")
    expect(department.locator("main")).to_contain_text(number)
    department.get_by_role("link", name=re.compile("路灯不亮")).first.click()
    department.get_by_role("button", name="签收", exact=True).press("Enter")
    expect(department.locator(".alert.good")).to_be_focused()
    department.get_by_label("办理结果").fill("已派人更换灯头并检查了线路，今晚恢复照明。")
    picture(department, "workbench-ticket")
    department.get_by_role("button", name="提交答复").click()
    expect(citizen.locator("#log")).to_contain_text("恢复照明")

    track = open_page(browser, line, "/track", PHONE)
    track.get_by_label("工单编号").fill(number)
    track.get_by_label("查询码").fill(code)
    track.get_by_role("button", name="查询").click()
    expect(track.locator("#status")).to_contain_text("恢复照明")
    picture(track, "track")
    track.locator("input[name=contacted][value=true]").check()
    track.locator("input[name=solved][value=true]").check()
    track.locator("input[name=satisfied][value='5']").check()
    picture(track, "track-rate")
    track.locator("form[action*='/rate'] button").click()
    expect(track.locator("#status")).to_contain_text("已办结")

    supervisor = open_page(browser, line, "/supervision", DESK)
    sign_in(supervisor, line, "supervisor")
    expect(supervisor.locator("main")).to_be_visible()
    picture(supervisor, "supervision")
