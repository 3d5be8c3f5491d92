"""Files in Chromium: a department sends a notice and a scan, completes the draft, and a citizen is told of it."""

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import type_picture
from tests.browser.test_story import say
from tests.browser.walking import DESK, PHONE, arrived, open_page, sign_in
from tests.kb.formats import writing
from tests.processes import Line

pytestmark = pytest.mark.browser

TITLE = "屋顶太阳能板安装怎么备案"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
NOTICE = writing.docx([(0, TITLE), "安装前到街道备案，7个工作日办结。", (1, "所需材料"), "身份证；房产证。"])


def test_a_word_file_becomes_what_a_citizen_is_told(browser: Browser, line: Line, picture: type_picture) -> None:
    department = open_page(browser, line, "/knowledge", DESK)
    sign_in(department, line, "urban_management")
    department.get_by_role("link", name="导入文件").click()
    department.get_by_label("把文件或 ZIP 拖到这里").set_input_files(
        [
            {"name": "备案通知.docx", "mimeType": WORD, "buffer": NOTICE},
            {"name": "扫描件.pdf", "mimeType": "application/pdf", "buffer": writing.picture_pdf()},
        ]
    )
    expect(department.locator("#i-chosen li")).to_have_count(2)
    department.get_by_text("文件里没写的").click()
    department.get_by_label("主题").fill("市政")
    department.get_by_label("政策依据").fill("《示例市屋顶光伏管理办法》第六条")
    department.get_by_label("应复审日期").fill("2099-11-01")
    picture(department, "knowledge-import")
    department.get_by_role("button", name="开始导入").click()
    arrived(department, re.compile("/knowledge/import/[0-9a-f]{16}$"))
    expect(department.locator("#imported")).to_contain_text("都处理完了")  # it says so by itself
    expect(department.locator("#imported tbody tr")).to_have_count(2)
    expect(department.locator("#imported")).to_contain_text("可能是扫描的图片")
    picture(department, "knowledge-imported")
    report = department.url
    department.get_by_role("link", name=TITLE).click()
    department.get_by_label("审核日期").fill("2026-11-01")
    department.get_by_role("button", name="保存并提交审核").click()
    arrived(department, re.compile("/review$"))
    draft = department.url

    department.goto("/knowledge/import")  # the report can be come back to
    department.get_by_role("link", name="备案通知.docx 等 2 个文件").click()
    arrived(department, report)

    centre = open_page(browser, line, draft.removeprefix(line.url), DESK)
    sign_in(centre, line, "supervisor")
    centre.get_by_role("button", name="审核通过，发布").click()
    expect(centre.locator(".alert.good")).to_contain_text("已发布")
    citizen = open_page(browser, line, "/", PHONE)
    citizen.wait_for_timeout(2000)
    say(citizen, TITLE)
    expect(citizen.locator(".said.bot").filter(has_text="7个工作日办结")).to_have_count(1)
