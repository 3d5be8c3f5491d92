"""What every walk through the pages does: open one, sign in."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.processes import Line

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}
expect.set_options(timeout=30_000)


def open_page(browser: Browser, line: Line, path: str, size: dict[str, int]) -> Page:
    context = browser.new_context(viewport=size, locale="zh-CN", base_url=line.url)  # type: ignore[arg-type]
    context.set_default_timeout(30_000)
    page = context.new_page()
    page.on("pageerror", lambda error: pytest.fail(f"{path}: {error}"))
    page.goto(path)
    return page


def arrived(page: Page, address: str | re.Pattern[str]) -> None:
    """Wait until a page has this address and is loaded, whatever navigation led there."""
    expect(page).to_have_url(address)
    page.wait_for_load_state()


def sign_in(page: Page, line: Line, login: str) -> None:
    page.get_by_label("登录名").fill(login)
    page.get_by_label("密码").fill(line.password(login))
    page.get_by_role("button", name="登录").click()
