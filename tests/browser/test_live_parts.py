"""Parts of a page that follow the news: two that come close together are not one."""

import pytest
from playwright.sync_api import Browser, Request, expect

from tests.browser.walking import DESK, open_page, sign_in
from tests.processes import Line

pytestmark = pytest.mark.browser

TWICE = """() => {
  const tell = () => htmx.trigger("#shelf", "sse:knowledge", { data: "{}" });
  tell();  // asks at once
  tell();  // while the answer is on its way, and throttled
}"""


def test_news_that_come_while_a_part_is_drawn_are_fetched_afterwards(browser: Browser, line: Line) -> None:
    page = open_page(browser, line, "/knowledge?tab=review", DESK)
    sign_in(page, line, "supervisor")
    expect(page.locator("#shelf")).to_be_visible()
    page.wait_for_load_state()
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request) if "part=true" in request.url else None)
    page.evaluate(TWICE)
    with page.expect_response(lambda answer: "part=true" in answer.url and len(asked) == 2):
        pass
    page.wait_for_timeout(2500)
    assert len(asked) == 2  # and no third: everything heard has been asked for
