"""Pages of the knowledge base: who sees what, and that nothing typed is ever lost."""

from typing import Any

import httpx
import pytest

from core.database import transaction
from kb.articles import Draft, drafts
from tests.admin.staffing import World
from tests.kb.writing import FIELDS, written

PART = {"HX-Request": "true", "HX-Trigger": "editor"}
OWN = FIELDS | {"department": "urban_management", "audience": ["citizen"], "region": "city"}
FORM = OWN | {"questions": "台灯不亮能换吗\n台灯能修吗"}


@pytest.fixture
async def lamp(world: World) -> World:
    """The line with an article of the urban management, published by zhou."""
    await publish(world)
    return world


async def publish(world: World, **changes: Any) -> None:
    draft = await write(world, "lamps", **changes)
    async with transaction() as session:
        from kb import articles

        submitted = await drafts.submit(session, "lamp", edition=draft.edition, actor=world.actors["lamps"])
        await articles.publish(session, "lamp", edition=submitted.edition, actor=world.actors["zhou"])


async def write(world: World, login: str, **changes: Any) -> Draft:
    async with transaction() as session:
        return await written(session, actor=world.actors[login], **({"department": "urban_management"} | changes))


async def the_draft(world: World, id: str = "lamp") -> Draft | None:
    async with transaction() as session:
        return await drafts.get(session, id, actor=world.actors["editor"])


async def save(browser: httpx.AsyncClient, **changes: Any) -> httpx.Response:
    form = FORM | {"id": "lamp", "edition": "0", "based_on": "", "then": "save"} | changes
    return await browser.post("/knowledge/save", data=form, headers=PART)


@pytest.mark.parametrize(
    ("login", "tabs"),
    [
        ("lin", {"published", "due", "withdrawn"}),
        ("lamps", {"published", "review", "drafts", "due", "withdrawn"}),
        ("editor", {"published", "review", "drafts", "due", "withdrawn"}),
        ("zhou", {"published", "review", "drafts", "due", "withdrawn"}),
    ],
)
async def test_lists_are_those_of_the_role(lamp: World, login: str, tabs: set[str]) -> None:
    await write(lamp, "lamps", title="台灯的新标题")
    async with lamp.browser(login) as browser:
        for tab in ("published", "review", "drafts", "due", "withdrawn"):
            page = await browser.get(f"/knowledge?tab={tab}")
            assert page.status_code == (200 if tab in tabs else 404)
            assert ("台灯的新标题" in page.text) is (tab == "drafts" and tab in tabs)
        assert (await browser.get("/knowledge?tab=no-such")).status_code == 404


async def test_another_departments_draft_is_not_there(lamp: World) -> None:
    await write(lamp, "lamps", title="台灯的新标题")
    for login in ("power", "lin"):
        async with lamp.browser(login) as browser:
            assert "台灯的新标题" not in (await browser.get("/knowledge/lamp")).text
            for page in ("review", "edit"):
                assert (await browser.get(f"/knowledge/lamp/{page}")).status_code in {403, 404}
            assert (await save(browser, edition="1", based_on="1")).status_code == 403


async def test_a_new_article_gets_an_address_made_from_its_title(world: World) -> None:
    async with world.browser("lamps") as browser:
        assert (await browser.get("/knowledge/new")).status_code == 200
        first = await save(browser, id="", title="台灯坏了怎么修")
        assert first.headers["hx-redirect"] == "/knowledge/tai-deng-huai-le-zen-me-xiu/edit?done=saved"
        second = await save(browser, id="", title="台灯坏了怎么修")
        assert second.headers["hx-redirect"] == "/knowledge/tai-deng-huai-le-zen-me-xiu-2/edit?done=saved"
        assert "草稿已保存" in (await browser.get(first.headers["hx-redirect"])).text


async def test_what_is_wrong_is_said_beside_the_field_and_the_draft_is_kept(world: World) -> None:
    async with world.browser("lamps") as browser:
        page = await save(browser, body="", title="台灯", review_due="2020-01-01", then="submit")
    assert page.status_code == 200 and "<html" not in page.text
    assert 'id="w-body"' in page.text and 'aria-describedby="w-body"' in page.text
    assert 'value="台灯"' in page.text
    draft = await the_draft(world)
    assert draft is not None and (draft.state, draft.content["title"]) == ("draft", "台灯")


async def test_somebody_else_saved_meanwhile_and_both_texts_are_shown(world: World) -> None:
    await write(world, "lamps")
    async with world.browser("editor") as browser:
        await save(browser, edition="1", body="编辑写的正文。", title="编辑的标题")
    async with world.browser("lamps") as browser:
        refused = await save(browser, edition="1", body="部门写的正文。")
        assert ">部门写的正文。</textarea>" in refused.text
        assert "<del>编辑</del><ins>部门</ins>写的正文。" in refused.text
        draft = await the_draft(world)
        assert draft is not None and draft.content["body"] == "编辑写的正文。"
        assert f'name="edition" value="{draft.edition}"' in refused.text
        # Having seen theirs, saving again lets mine stand.
        assert (await save(browser, edition=str(draft.edition), body="部门写的正文。")).status_code == 204


async def test_what_an_article_asks_back_is_written_in_lines_and_kept(world: World) -> None:
    body = "分两种。\n\n## 个人\n\n免费。\n\n## 单位\n\n收费。"
    async with world.browser("lamps") as browser:
        lacking = await save(browser, body=body, ask="是个人还是单位？\n个人", then="submit")
        assert 'id="w-ask"' in lacking.text
        ask = "是个人还是单位？\n个人 | 自己、家里 | 个人\n单位 | 公司，企业 | 单位"
        await save(browser, edition="1", body=body, ask=ask, then="submit")
        page = (await browser.get("/knowledge/lamp/edit")).text
    draft = await the_draft(world)
    assert draft is not None and draft.state == "review"
    assert draft.content["ask"]["choices"][1] == {"label": "单位", "words": ["公司", "企业"], "section": "单位"}
    assert "个人 | 自己、家里 | 个人\n单位 | 公司、企业 | 单位</textarea>" in page


async def test_a_file_that_is_refused_takes_nothing_from_what_was_typed(world: World) -> None:
    form = FORM | {"id": "lamp", "edition": "0", "based_on": "", "then": "save", "body": "写了很久的正文。"}
    async with world.browser("lamps") as browser:
        page = await browser.post(
            "/knowledge/save", data=form, files={"files": ("表.exe", b"MZ\x00", "application/pdf")}, headers=PART
        )
    assert "附件只能是" in page.text and "写了很久的正文。" in page.text


async def test_markup_in_an_article_stays_text(world: World) -> None:
    body = "答案。<script>alert(1)</script>\n\n[点](javascript:alert(1))"
    async with world.browser("lamps") as browser:
        preview = await browser.post("/knowledge/preview", data={"body": body}, headers=PART)
        assert "<script>" not in preview.text and 'href="javascript' not in preview.text
        await save(browser, title="<b>标题</b>", body=body, basis="<i>法</i> https://example.org/a?b=1&c=2。")
        page = (await browser.get("/knowledge/lamp/review")).text
    assert "<b>标题" not in page and "<i>法" not in page and "<script>alert" not in page
    assert '<a href="https://example.org/a?b=1&amp;c=2" target="_blank" rel="noopener noreferrer">' in page


async def test_from_proposal_to_published_on_pages(world: World) -> None:
    async with world.browser("lamps") as browser:
        assert (await save(browser, then="submit")).headers["hx-redirect"] == "/knowledge/lamp/review"
        page = (await browser.get("/knowledge/lamp/review")).text
        assert "/knowledge/lamp/publish" not in page and "等待热线中心审核" in page
    async with world.browser("zhou") as browser:
        page = (await browser.get("/knowledge/lamp/review")).text
        assert "/knowledge/lamp/publish" in page
        lacking = await browser.post("/knowledge/lamp/send-back", data={"edition": "1"}, headers=PART)
        assert lacking.status_code == 422
        back = await browser.post(
            "/knowledge/lamp/send-back", data={"edition": "1", "reason": "依据请写全称"}, headers=PART
        )
        assert back.headers["hx-redirect"] == "/knowledge?tab=review"
    async with world.browser("lamps") as browser:
        assert "依据请写全称" in (await browser.get("/knowledge/lamp/edit")).text
        await save(browser, edition="1", basis="《测试条例（全称）》", then="submit")
    async with world.browser("zhou") as browser:
        done = await browser.post("/knowledge/lamp/publish", data={"edition": "2"}, headers=PART)
        assert done.headers["hx-redirect"] == "/knowledge/lamp?done=published"
        page = (await browser.get("/knowledge/lamp?done=published")).text
        assert "已发布，市民马上能看到" in page and "《测试条例（全称）》" in page


async def test_who_wrote_in_it_is_told_that_somebody_else_publishes(world: World) -> None:
    await write(world, "lamps")
    await write(world, "zhou", title="班长改过的标题")
    async with transaction() as session:
        await drafts.submit(session, "lamp", edition=2, actor=world.actors["lamps"])
    async with world.browser("zhou") as browser:
        page = (await browser.get("/knowledge/lamp/review")).text
        assert "您改过这份草稿" in page and "/knowledge/lamp/publish" not in page
        refused = await browser.post("/knowledge/lamp/publish", data={"edition": "2"}, headers=PART)
    assert refused.status_code == 403


async def test_a_newer_published_text_is_shown_and_taken_into_account(lamp: World) -> None:
    await write(lamp, "lamps", title="台灯的新标题")
    async with transaction() as session:
        from kb import articles

        await articles.withdraw(session, "lamp", "条例废止", actor=lamp.actors["zhou"])
        await articles.republish(session, "lamp", 1, "条例恢复", actor=lamp.actors["zhou"])
    async with lamp.browser("lamps") as browser:
        page = (await browser.get("/knowledge/lamp/edit")).text
        assert "又发布了第 3 版" in page
        # What is saved without a tick stays based on what it was written from.
        assert page.index('name="based_on" value="1"') < page.index('name="based_on" value="3"')
        await save(browser, edition="1", based_on=["1", "3"], title="台灯的新标题")
        assert "又发布了" not in (await browser.get("/knowledge/lamp/edit")).text


async def test_history_compares_and_rolls_back(lamp: World) -> None:
    await publish(lamp, body="台灯在两年内坏了，凭发票到购买的商店免费修。")
    async with lamp.browser("zhou") as browser:
        page = (await browser.get("/knowledge/lamp/history")).text
        assert "<del>一年</del><ins>两年</ins>" in page.replace(
            "<del>一</del><ins>两</ins>年", "<del>一年</del><ins>两年</ins>"
        )
        done = await browser.post(
            "/knowledge/lamp/republish", data={"version": "1", "reason": "新规暂缓"}, headers=PART
        )
        assert done.status_code == 204
        assert "新规暂缓" in (await browser.get("/knowledge/lamp/history?old=2&new=3")).text
        assert (await browser.get("/knowledge/lamp/history?old=1&new=9")).status_code == 404
    async with lamp.browser("lamps") as browser:
        await browser.post("/knowledge/lamp/roll-back", data={"version": "2"}, headers=PART)
    draft = await the_draft(lamp)
    assert draft is not None and "两年" in draft.content["body"]


async def test_still_valid_and_withdraw_on_the_articles_page(lamp: World) -> None:
    async with lamp.browser("lamps") as browser:
        page = (await browser.get("/knowledge/lamp")).text
        assert "still-valid" in page and "/withdraw" not in page
        refused = await browser.post("/knowledge/lamp/still-valid", data={"review_due": "不知道"}, headers=PART)
        assert refused.status_code == 422
        done = await browser.post("/knowledge/lamp/still-valid", data={"review_due": "2099-01-01"}, headers=PART)
        assert done.headers["hx-redirect"] == "/knowledge/lamp/review"
    async with lamp.browser("zhou") as browser:
        assert "2099-01-01" in (await browser.get("/knowledge/lamp/review")).text
        await browser.post("/knowledge/lamp/withdraw", data={"reason": "条例废止"}, headers=PART)
        assert "已下架" in (await browser.get("/knowledge/lamp")).text


async def test_a_discarded_draft_is_gone(lamp: World) -> None:
    await write(lamp, "lamps", title="台灯的新标题")
    async with lamp.browser("lamps") as browser:
        done = await browser.post("/knowledge/lamp/discard", data={"edition": "1"}, headers=PART)
        assert done.headers["hx-redirect"] == "/knowledge/lamp?done=discarded"
    assert await the_draft(lamp) is None


async def test_a_title_like_a_pages_name_does_not_hide_the_article(world: World) -> None:
    async with world.browser("lamps") as browser:
        for title in ("Import", "New"):
            saved = await save(browser, id="", title=title)
            page = await browser.get(saved.headers["hx-redirect"])
            assert page.status_code == 200 and f'value="{title}"' in page.text


async def test_what_will_not_be_quoted_today_is_said_before_and_after_publishing(lamp: World) -> None:
    draft = await write(lamp, "lamps", effective="2999-01-01")
    async with transaction() as session:
        await drafts.submit(session, "lamp", edition=draft.edition, actor=lamp.actors["lamps"])
    async with lamp.browser("zhou") as browser:
        assert "到那天以前市民查不到这篇文章" in (await browser.get("/knowledge/lamp/review")).text
        answer = await browser.post("/knowledge/lamp/publish", data={"edition": draft.edition}, headers=PART)
        page = (await browser.get(answer.headers["hx-redirect"])).text
        assert "今天不在生效期内" in page and "尚未生效" in page and "马上能看到" not in page
        assert "尚未生效" in (await browser.get("/knowledge")).text
