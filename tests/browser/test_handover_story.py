"""A citizen asks for a person: place and way out, the desk by skill, the whisper, and the way back to the bot."""

import re

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import type_picture
from tests.browser.test_story import say
from tests.browser.walking import DESK, PHONE, arrived, open_page, sign_in
from tests.processes import Line

pytestmark = pytest.mark.browser


def at_desk(browser: Browser, line: Line, login: str, size: dict[str, int] = DESK) -> Page:
    page = open_page(browser, line, "/desk", size)
    sign_in(page, line, login)
    arrived(page, re.compile("/desk"))
    expect(page.locator("#live")).to_have_attribute("data-state", "on")
    return page


def test_the_queue_by_skill_the_whisper_and_back_to_the_bot(
    browser: Browser, line: Line, picture: type_picture
) -> None:
    admin = open_page(browser, line, "/settings", DESK)
    sign_in(admin, line, "admin")
    row = admin.locator("tr", has_text="坐席 林晓")
    row.locator("summary").click()
    row.get_by_label("英语专席").check()
    picture(admin, "settings-desks")
    row.get_by_role("button", name="保存").click()
    expect(admin.locator("tr", has_text="坐席 林晓").locator("summary")).to_contain_text("英语专席")

    agent = at_desk(browser, line, "agent")
    first, citizen = open_page(browser, line, "/", PHONE), open_page(browser, line, "/", PHONE)
    say(first, "转人工")
    say(citizen, "我家楼上半夜装修吵得睡不着，转人工")
    expect(citizen.locator("#presence")).to_contain_text("您排在第2位")
    picture(citizen, "citizen-waiting")
    # The place becomes better as the first one leaves by the button.
    first.get_by_role("button", name="不等了").click()
    expect(first.locator("#presence")).to_be_hidden()
    expect(citizen.locator("#presence")).to_contain_text("您排在第1位", timeout=30_000)

    agent.locator("#queue li.entry").first.get_by_role("button", name="接听").click()
    arrived(agent, re.compile("conversation="))
    expect(citizen.locator("#presence")).not_to_contain_text("第1位")
    citizen.locator("#text").fill("就在望江区南山路18号，我家厨房着火了")
    citizen.locator("#text").press("Enter")
    whisper = agent.locator("#whisper .hit.alarm")
    expect(whisper).to_contain_text("119")
    picture(agent, "desk-whisper")
    box = agent.locator("#sentence")
    before = agent.locator("#log .said").count()
    whisper.get_by_role("button").click()
    expect(box).not_to_have_value("")
    assert agent.locator("#log .said").count() == before  # nothing is sent by itself
    box.press("Enter")
    expect(citizen.locator(".said.agent").last).to_contain_text("离开")

    agent.on("dialog", lambda dialog: dialog.accept())
    agent.get_by_role("button", name="交还并接着登记").click()
    arrived(agent, re.compile(r"/desk$"))
    expect(citizen.locator("#presence")).to_be_hidden()
    expect(citizen.locator(".said.bot").last).not_to_contain_text("在什么地方")
    picture(citizen, "citizen-given-back")


def test_a_sentence_that_is_being_written_is_lost_to_nothing(browser: Browser, line: Line) -> None:
    citizen = open_page(browser, line, "/", PHONE)
    say(citizen, "转人工")
    agent = at_desk(browser, line, "agent")
    agent.locator("#queue li.entry").first.get_by_role("button", name="接听").click()
    arrived(agent, re.compile("conversation="))
    box, why = agent.locator("#sentence"), agent.locator("#log .because").first
    why.locator("summary").click()
    on_its_way: list[Route] = []
    agent.route("**/say", lambda route: on_its_way.append(route))
    box.fill("您好，我是坐席林晓。")
    box.press("Enter")
    box.press_sequentially("请问是哪条路")  # and went on writing before it had arrived
    on_its_way[0].continue_()
    expect(agent.locator("#log .said.agent")).to_have_count(1)
    expect(box).to_have_value("请问是哪条路")
    citizen.locator("#text").fill("南山路")
    citizen.locator("#text").press("Enter")
    expect(agent.locator("#log .said.citizen").last).to_contain_text("南山路")
    assert why.evaluate("each => each.open")  # what was opened to be read stays open
    agent.reload()
    expect(box).to_have_value("请问是哪条路")
    agent.unroute("**/say")
    box.press("Enter")
    expect(agent.locator("#log .said.agent")).to_have_count(2)
    expect(box).to_have_value("")
    agent.on("dialog", lambda dialog: dialog.accept())
    agent.get_by_role("button", name="交还机器人").click()
    arrived(agent, re.compile(r"/desk$"))


def test_the_key_takes_who_is_looked_at_and_the_form_follows_what_is_told(browser: Browser, line: Line) -> None:
    first, second = open_page(browser, line, "/", PHONE), open_page(browser, line, "/", PHONE)
    say(first, "转人工")
    say(second, "我家楼上半夜装修吵得睡不着，转人工")
    expect(second.locator("#presence")).to_contain_text("第2位")
    agent = at_desk(browser, line, "agent")
    agent.on("dialog", lambda dialog: dialog.accept())
    agent.locator("#queue li.entry", has_text="半夜装修").get_by_role("link").click()
    expect(agent.locator(".composer.take")).to_be_visible()
    agent.keyboard.press("Alt+1")
    expect(agent.locator("#sentence")).to_be_focused()
    expect(second.locator("#presence")).to_contain_text("人工坐席正在为您服务")
    agent.locator("#i-title").fill("我写的标题")
    second.locator("#text").fill("在望江区南山路18号，我叫王芳，13800138000")
    second.locator("#text").press("Enter")
    expect(agent.locator("#i-address")).to_have_value("望江区南山路18号")
    expect(agent.locator("#i-phone")).to_have_value("13800138000")
    expect(agent.locator("#i-title")).to_have_value("我写的标题")  # what the agent wrote stays
    agent.get_by_role("button", name="交还机器人").click()
    arrived(agent, re.compile(r"/desk$"))
    first.locator("#presence button").click()
    expect(first.locator("#presence")).to_be_hidden()


def test_who_was_slower_reads_who_was_faster_though_the_queue_was_drawn_anew(browser: Browser, line: Line) -> None:
    citizen = open_page(browser, line, "/", PHONE)
    say(citizen, "转人工")
    agent, supervisor = at_desk(browser, line, "agent"), open_page(browser, line, "/desk", DESK)
    sign_in(supervisor, line, "supervisor")
    on_its_way: list[Route] = []
    supervisor.route("**/take", lambda route: on_its_way.append(route))
    supervisor.locator("#queue li.entry").first.get_by_role("button", name="接听").click()
    agent.locator("#queue li.entry").first.get_by_role("button", name="接听").click()
    arrived(agent, re.compile("conversation="))
    with supervisor.expect_response("**/desk/queue"):
        pass  # the queue without the citizen has arrived, and the button that was pressed is still there
    on_its_way[0].continue_()
    expect(supervisor.locator("#notice")).to_contain_text("已由坐席 林晓接听")
    expect(supervisor.locator("#queue li.entry")).to_have_count(0)
    agent.on("dialog", lambda dialog: dialog.accept())
    agent.get_by_role("button", name="交还机器人").click()
    arrived(agent, re.compile(r"/desk$"))


def test_the_supervisor_opens_each_figure_into_its_list(browser: Browser, line: Line, picture: type_picture) -> None:
    at_desk(browser, line, "agent")
    citizen = open_page(browser, line, "/", PHONE)
    say(citizen, "我们是一家食品公司，转人工")
    expect(citizen.locator(".said.bot").last).to_contain_text("企业专席")
    supervisor = open_page(browser, line, "/supervision", DESK)
    sign_in(supervisor, line, "supervisor")
    row = supervisor.locator("#queues tr", has_text="企业专席")
    expect(row).to_contain_text("1")
    picture(supervisor, "supervision-queues")
    row.get_by_role("link").first.click()
    expect(supervisor.locator("h1")).to_contain_text("企业专席")
    expect(supervisor.locator("table tbody tr")).to_have_count(1)
    picture(supervisor, "supervision-queue-list")
    citizen.locator("#presence button").click()
    expect(citizen.locator("#presence")).to_be_hidden()
    expect(supervisor.locator("h1 .count")).to_have_text("0")  # the list follows by itself
    supervisor.goto("/supervision/queues?desk=enterprise&show=gave_up")
    expect(supervisor.locator("table tbody tr")).to_have_count(1)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_pages_fit_a_phone(browser: Browser, line: Line, picture: type_picture, language: str) -> None:
    citizen = open_page(browser, line, "/", PHONE)
    say(citizen, "The noise upstairs is awful, I want to talk to a person please")
    agent = at_desk(browser, line, "agent", PHONE)
    agent.goto(f"/desk?lang={language}")
    expect(agent.locator("#queue li.entry .tag.mine")).to_be_visible()
    picture(agent, f"desk-phone-{language}")
    agent.set_viewport_size(DESK)  # type: ignore[arg-type]
    agent.locator("#queue li.entry a").first.click()
    expect(agent.locator(".composer.take button")).to_be_visible()
    picture(agent, f"desk-{language}")
    agent.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert agent.evaluate("document.documentElement.scrollWidth <= innerWidth")
    supervisor = open_page(browser, line, "/supervision", PHONE)
    sign_in(supervisor, line, "supervisor")
    supervisor.goto(f"/supervision/queues?lang={language}")
    expect(supervisor.locator("h1")).to_be_visible()
    picture(supervisor, f"queues-phone-{language}")
    assert supervisor.evaluate("document.documentElement.scrollWidth <= innerWidth")
    citizen.locator("#presence button").click()
