"""Suggestions on the desk: the citizen's last words, what the agent says of them, nothing that flickers."""

import re

import pytest

from bot import conversations
from core.database import transaction
from kb import articles, feedback
from kb.feedback import Counts
from tests.admin.staffing import World
from tests.kb.writing import published

PART = {"HX-Request": "true", "HX-Trigger": "suggestion-1"}
LAMP, LOAN = "台灯坏了怎么保修", "公积金贷款怎么申请"


@pytest.fixture
async def desk(world: World) -> World:
    async with transaction() as session:
        await published(session, title=LAMP)
        await published(
            session, id="loan", title=LOAN, questions=["住房公积金贷款怎么办"], body="公积金贷款到中心窗口申请。"
        )
    return world


async def talk(world: World, *sentences: str) -> str:
    id = await world.waiting(*sentences)
    async with world.browser("lin") as browser:
        await browser.post(f"/desk/conversations/{id}/take", headers=PART)
    return id


async def test_the_last_words_that_ask_something_are_answered(desk: World) -> None:
    id = await talk(desk, LOAN, LAMP, "好的")
    async with desk.browser("lin") as browser:
        page = (await browser.get(f"/desk?conversation={id}")).text
        assert LAMP in page and "免费修" in page and "《测试条例》" in page
        async with transaction() as session:
            await conversations.receive(session, id, text=LOAN, key="later", data={})
        part = (await browser.get(f"/desk/conversations/{id}/suggestions", headers=PART)).text
    assert part.index("中心窗口申请") < part.index("免费修") if "免费修" in part else "中心窗口申请" in part


async def test_what_is_shown_already_is_not_drawn_again(desk: World) -> None:
    id = await talk(desk, LAMP)
    async with desk.browser("lin") as browser:
        page = (await browser.get(f"/desk?conversation={id}")).text
        shown = re.search(r"suggestions\?shown=([0-9a-f]+)", page)
        assert shown
        again = await browser.get(f"/desk/conversations/{id}/suggestions?shown={shown[1]}", headers=PART)
    assert (again.status_code, again.text) == (204, "")


async def test_the_agents_word_counts_and_the_last_one_holds(desk: World) -> None:
    id = await talk(desk, LAMP)
    form = {"article": "lamp", "question": LAMP}
    async with desk.browser("lin") as browser:
        for then in ("used", "wrong"):
            page = await browser.post(f"/desk/conversations/{id}/suggestions", data=form | {"then": then}, headers=PART)
            assert f'value="{then}" aria-pressed="true"' in page.text
    async with transaction() as session:
        assert await feedback.counts(session) == {"lamp": Counts(wrong=1)}
        [doubt] = await feedback.doubts(session)
    assert (doubt.article, doubt.text) == ("lamp", LAMP)


async def test_only_who_has_the_conversation_judges(desk: World) -> None:
    id = await talk(desk, LAMP)
    form = {"article": "lamp", "question": LAMP, "then": "used"}
    for login, status in {"he": 409, "editor": 403}.items():
        async with desk.browser(login) as browser:
            refused = await browser.post(f"/desk/conversations/{id}/suggestions", data=form, headers=PART)
        assert refused.status_code == status
    async with transaction() as session:
        assert await feedback.counts(session) == {}
        assert await articles.get(session, "lamp")
