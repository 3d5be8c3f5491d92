"""Two citizens, one broken lamp: the second is offered the first one's ticket, joins it, and has an own number."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import type_picture
from tests.browser.test_story import say
from tests.browser.walking import DESK, PHONE, open_page, sign_in
from tests.processes import Line

pytestmark = pytest.mark.browser


def registered(page: Page) -> str:
    """Return the number of the ticket."""
    return page.locator(".ticket [data-field=number]").first.inner_text()


def test_whoever_joins_has_an_own_number_and_staff_see_what_it_follows(
    browser: Browser, line: Line, picture: type_picture
) -> None:
    first = open_page(browser, line, "/", PHONE)
    say(first, "云溪区科创大道18号门口的路灯坏了三天，晚上很黑")
    say(first, "我叫王小明，电话13800138021")
    master = registered(first)

    agent = open_page(browser, line, f"/workbench/{master}", DESK)
    sign_in(agent, line, "supervisor")
    # The vector by which others find the ticket is made by a job.
    second = open_page(browser, line, "/", PHONE)
    say(second, "云溪区科创大道的路灯坏了好几天了，走路看不见")
    join = second.get_by_role("button", name="一起关注")
    expect(join).to_be_visible()
    expect(second.locator("main")).to_contain_text("科创大道")
    picture(second, "citizen-join-offer")
    join.click()
    expect(second.locator("main")).to_contain_text("和大家一起关注")
    say(second, "我叫李小红，电话13800138022")
    follower = registered(second)
    picture(second, "citizen-joined")
    assert follower != master

    agent.goto(f"/workbench/{follower}")
    expect(agent.locator("main")).to_contain_text(master)
    picture(agent, "ticket-joined")
