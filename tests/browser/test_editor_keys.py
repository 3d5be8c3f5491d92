"""The editor's keys in Chromium: whoever presses twice has written one article."""

import re

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.browser.walking import DESK, arrived, open_page, sign_in
from tests.processes import Line

pytestmark = pytest.mark.browser


def test_pressed_twice_saves_and_submits_once(browser: Browser, line: Line) -> None:
    page = open_page(browser, line, "/knowledge/new", DESK)
    sign_in(page, line, "urban_management")
    page.get_by_label("标题").fill("雨篷遮阳棚怎么备案")
    page.wait_for_load_state()  # the keys are heard
    for _ in range(3):
        page.keyboard.press("Control+s")
    arrived(page, re.compile("/edit"))
    page.wait_for_load_state("networkidle")  # a page that is still on its way would break off the next
    page.goto("/knowledge/new")
    page.get_by_label("标题").fill("空调外机怎么装")
    page.get_by_label("正文").fill("空调外机离地两米以上。")
    page.get_by_label("主题").fill("市政")
    page.get_by_label("政策依据").fill("《市容条例》第三条")
    page.get_by_role("button", name="保存并提交审核").dblclick()
    arrived(page, re.compile("/review$"))
    for tab, title in (("drafts", "雨篷遮阳棚怎么备案"), ("review", "空调外机怎么装")):
        page.goto(f"/knowledge?tab={tab}")
        expect(page.get_by_role("link", name=title)).to_have_count(1)


def test_while_it_is_being_saved_nothing_can_be_typed_that_would_be_lost(browser: Browser, line: Line) -> None:
    page = open_page(browser, line, "/knowledge/new", DESK)
    sign_in(page, line, "urban_management")
    page.get_by_label("标题").fill("井盖松了找谁")
    page.wait_for_load_state()
    page.keyboard.press("Control+s")
    arrived(page, re.compile("/edit"))
    page.wait_for_load_state("networkidle")
    on_its_way: list[Route] = []
    page.route("**/knowledge/save", lambda route: on_its_way.append(route))
    page.get_by_label("正文").fill("先报修。")
    page.keyboard.press("Control+s")
    page.keyboard.type("两小时内到场。")
    expect(page.get_by_label("正文")).to_have_value("先报修。")
    with page.expect_navigation():
        on_its_way[0].continue_()
    expect(page.get_by_label("正文")).to_have_value("先报修。")
