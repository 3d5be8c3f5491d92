"""The loop in Chromium: what three citizens asked in vain becomes an article, and the gap closes by itself."""

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import type_picture
from tests.browser.test_story import say
from tests.browser.walking import DESK, PHONE, arrived, open_page, sign_in
from tests.processes import Line

pytestmark = pytest.mark.browser

ASKED = ("热气球升空去哪里报批", "放热气球要去哪里报批", "热气球升空报批怎么办理")
ANSWER = "热气球升空报批请提前三天到市民航事务窗口办理，带身份证和飞行计划。"


def test_what_was_asked_in_vain_is_written_and_closes(browser: Browser, line: Line, picture: type_picture) -> None:
    for question in ASKED:
        citizen = open_page(browser, line, "/", PHONE)
        say(citizen, question)
        expect(citizen.locator(".said.bot").last).not_to_contain_text("市民航事务窗口")

    editor = open_page(browser, line, "/knowledge/gaps", DESK)
    sign_in(editor, line, "admin")
    arrived(editor, re.compile("/knowledge/gaps"))
    editor.get_by_role("button", name="现在归组").click()
    gap = editor.locator("#gaps tbody tr").filter(has_text="热气球")
    expect(gap).to_have_count(1)
    expect(gap.locator(".number")).to_contain_text("3")
    picture(editor, "knowledge-gaps")
    gap.get_by_role("link").first.click()
    address = editor.url
    for box in editor.locator("#gap input[type=checkbox]").all():
        box.check()
    picture(editor, "knowledge-gap")
    editor.get_by_role("button", name="写成新文章").click()
    arrived(editor, re.compile("/edit"))
    expect(editor.get_by_label("标题")).to_have_value(re.compile("热气球"))
    editor.get_by_label("正文").fill(ANSWER)
    editor.get_by_label("主题").fill("民航")
    editor.get_by_label("政策依据").fill("《通用航空飞行管制条例》第三十三条")
    if not editor.get_by_label("负责部门").input_value():
        editor.get_by_label("负责部门").select_option(index=1)
    editor.get_by_role("button", name="保存并提交审核").click()
    arrived(editor, re.compile("/review$"))
    review = editor.url
    editor.goto(address)
    expect(editor.locator("#gap-page")).to_contain_text("正在写")

    centre = open_page(browser, line, review, DESK)
    sign_in(centre, line, "supervisor")
    centre.get_by_role("button", name="审核通过，发布").click()
    expect(centre.locator(".alert.good")).to_contain_text("已发布")
    expect(editor.locator("#gap-page .alert.good")).to_contain_text("3句都能回答", timeout=30_000)  # hears of it
    picture(editor, "knowledge-gap-closed")

    citizen = open_page(browser, line, "/", PHONE)
    say(citizen, ASKED[0])
    expect(citizen.locator(".said.bot").filter(has_text="市民航事务窗口")).to_have_count(1)


def test_an_agent_inserts_a_suggestion_by_key(browser: Browser, line: Line, picture: type_picture) -> None:
    citizen = open_page(browser, line, "/", PHONE)
    say(citizen, "转人工")
    agent = open_page(browser, line, "/desk", DESK)
    sign_in(agent, line, "agent")
    agent.locator("#queue li.entry").first.get_by_role("button").click()
    arrived(agent, re.compile("conversation="))
    expect(agent.locator("#suggestions")).to_contain_text("还没有")
    citizen.locator("#text").fill("身份证到期了怎么换新")
    citizen.locator("#text").press("Enter")
    expect(agent.locator("#suggestions")).to_contain_text("身份证到期")
    agent.keyboard.press("Alt+7")
    expect(agent.locator("#sentence")).to_have_value(re.compile("有效期"))
    expect(agent.locator("#used-1")).to_have_attribute("aria-pressed", "true")
    expect(agent.locator("#sentence")).to_be_focused()
    picture(agent, "desk-suggestions")
    agent.locator("#wrong-1").click()
    expect(agent.locator("#wrong-1")).to_have_attribute("aria-pressed", "true")
