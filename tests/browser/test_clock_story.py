"""A year's notice entered in a real browser: shown, saved, and in force without a restart."""

from playwright.sync_api import Browser, expect

from tests.browser.conftest import type_picture
from tests.browser.walking import DESK, open_page, sign_in
from tests.processes import Line


def test_a_notice_is_entered_in_the_browser(line: Line, browser: Browser, picture: type_picture) -> None:
    page = open_page(browser, line, "/settings/clocks?tab=year&year=2027", DESK)
    sign_in(page, line, "admin")
    page.goto("/settings/clocks?tab=year&year=2027")
    page.get_by_label("来源").fill("国务院办公厅关于2027年部分节假日安排的通知")
    page.get_by_label("节日").first.fill("元旦")
    page.get_by_label("从").first.fill("2027-01-01")
    page.get_by_label("到").first.fill("2027-01-03")
    page.get_by_role("button", name="查看影响").click()
    expect(page.locator("#effect h2")).to_be_visible()
    picture(page, "clocks-year")
    page.get_by_role("button", name="保存并生效").click()
    expect(page.locator("#clocks-save-refusal")).to_contain_text("为什么")
    page.get_by_label("修改依据").fill("通知已公布")
    page.get_by_role("button", name="保存并生效").click()
    expect(page.get_by_role("cell", name="通知已公布")).to_be_visible()
    for name in ("policy", "hours"):
        page.goto(f"/settings/clocks?tab={name}")
        picture(page, f"clocks-{name}")
    page.goto("/warnings")
    picture(page, "warnings")
