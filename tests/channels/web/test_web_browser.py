"""The chat in a real browser: what a citizen said is never lost, and what is said to them arrives by itself."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from playwright.async_api import Page, Route, async_playwright, expect

import intents
from admin.security import SecurityHeaders
from bot import conversations
from bot.contract import Reply, ReplyType
from channels.web import rates
from core import live
from core.database import transaction
from core.settings import ROOT
from tests.channels.web.test_web_attachments import png
from tests.channels.web.test_web_events import serving

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
PATIENCE_MILLISECONDS = 30_000
SENTENCE = "人民路的路灯坏了三天了"

pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")]


@pytest.fixture
async def page(app: FastAPI, committing: None, hub: live.Hub) -> AsyncIterator[Page]:
    """A telephone's screen with the chat open; whatever the page complains of is an error."""
    rates.forget()
    await asyncio.to_thread(intents.understand, SENTENCE)  # loads the models
    app.add_middleware(SecurityHeaders)
    app.mount("/static/web", StaticFiles(directory=ROOT / "channels" / "web" / "static"))
    complaints: list[str] = []
    async with serving(app) as base, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        context = await browser.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN", base_url=base)
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        opened = await context.new_page()
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        opened.on("console", lambda said: complaints.append(said.text) if "Content Security" in said.text else None)
        await opened.goto("/")
        yield opened
        await browser.close()
    assert complaints == []


async def say(page: Page, text: str) -> None:
    before = await citizens(page).count()
    await page.fill("#text", text)
    await page.press("#text", "Enter")
    await expect(citizens(page)).to_have_count(before + 1)


async def settled(page: Page) -> None:
    await expect(page.locator(".typing, .pending")).to_have_count(0, timeout=PATIENCE_MILLISECONDS)


def citizens(page: Page) -> Any:
    return page.locator(".said.citizen")


async def conversation_of(page: Page) -> str:
    return str(await page.evaluate("JSON.parse(localStorage.getItem('yitong.conversation'))"))


async def test_what_was_said_is_there_after_a_reload(page: Page) -> None:
    await say(page, SENTENCE)
    await settled(page)
    said = await page.locator(".said .words").all_inner_texts()
    assert len(said) > 2  # the greeting, the citizen's sentence, an answer

    await page.reload()
    await expect(page.locator(".said .words")).to_have_text(said)


async def test_a_sentence_that_was_not_sent_is_marked_and_sent_again(page: Page) -> None:
    async def broken(route: Route) -> None:
        await route.abort()

    await page.route("**/messages", broken)
    await say(page, SENTENCE)
    await expect(page.locator(".failed .words")).to_have_text([SENTENCE])
    await page.unroute("**/messages", broken)
    await page.locator(".retry:visible").click()
    await settled(page)

    await expect(page.locator(".failed")).to_have_count(0)
    await expect(citizens(page)).to_have_count(1)


async def test_an_agents_sentence_appears_by_itself(page: Page) -> None:
    await say(page, "你好")
    await settled(page)
    async with transaction() as session:
        await conversations.say(
            session, await conversation_of(page), sender="agent", replies=[Reply(ReplyType.TEXT, "<b>我是坐席</b>")]
        )

    await expect(page.locator(".said.agent .words")).to_have_text("<b>我是坐席</b>")
    await expect(page.locator(".said.agent .label")).to_have_text("人工坐席")


async def test_every_kind_of_reply_has_its_form(page: Page) -> None:
    await say(page, "你好")
    await settled(page)
    replies = [
        Reply(
            ReplyType.ANSWER, "带户口簿。", {"title": "办身份证", "section": "所需材料", "basis": "《居民身份证法》"}
        ),
        Reply(ReplyType.EMERGENCY, "请马上离开。", {"service": "fire", "number": "119"}),
        Reply(
            ReplyType.TICKET, "已登记。", {"number": "20261122-000001", "code": "7KQ9MX", "due_at": "2026-11-27T09:30Z"}
        ),
        Reply(
            ReplyType.CHOICE,
            "对吗？",
            {"options": [{"value": "对", "label": "对"}, {"value": "修改", "label": "修改"}]},
        ),
    ]
    async with transaction() as session:
        await conversations.say(session, await conversation_of(page), sender="bot", replies=replies)

    await expect(page.locator(".source cite")).to_have_text("《办身份证》 · 所需材料")
    await expect(page.locator(".emergency a")).to_have_attribute("href", "tel:119")
    await expect(page.locator(".ticket a")).to_have_attribute("href", "/track#20261122-000001.7KQ9MX")
    await expect(page.locator(".ticket")).to_contain_text("17:30")
    await page.get_by_role("button", name="修改").click()
    await settled(page)
    await expect(citizens(page).last.locator(".words")).to_have_text("修改")
    await expect(page.get_by_role("button", name="对", exact=True)).to_be_disabled()


async def test_a_photo_goes_with_its_sentence(page: Page) -> None:
    await page.set_input_files("#photo", {"name": "lamp.png", "mimeType": "image/png", "buffer": png()})
    await say(page, SENTENCE)
    await settled(page)
    await page.reload()

    await expect(citizens(page).locator("img")).to_have_count(1)
    assert await citizens(page).locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 1


async def test_a_browser_that_keeps_no_cookie_talks_and_hears(page: Page) -> None:
    async def without_cookie(route: Route) -> None:
        answer = await route.fetch()
        await page.context.clear_cookies()  # before the page has the answer and could go on with the cookie
        await route.fulfill(
            status=answer.status, body=await answer.body(), headers={"content-type": "application/json"}
        )

    await page.route("**/api/v1/conversations", without_cookie)
    async with page.expect_response("**/api/v1/conversations") as opened:
        await say(page, "你好")
    await settled(page)
    await expect(page.locator(".failed")).to_have_count(0)
    async with transaction() as session:
        conversation = (await (await opened.value).json())["id"]
        await conversations.say(session, conversation, sender="agent", replies=[Reply(ReplyType.TEXT, "我在")])

    await expect(page.locator(".said.agent .words")).to_have_text("我在")


async def test_a_new_conversation_leaves_nothing_on_the_device(page: Page) -> None:
    await say(page, SENTENCE)
    await settled(page)
    await page.get_by_role("button", name="新对话").click()
    await page.get_by_role("button", name="开始新对话").click()

    await expect(citizens(page)).to_have_count(0)
    assert await conversation_of(page) == "None"
