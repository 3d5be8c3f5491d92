"""What is decided about articles, by whom, and what a citizen is told from then on."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

import kb
from core import clock, ledger
from core.auth import Actor
from core.errors import BadInput, Conflict, Forbidden, NotFound
from kb import articles
from kb.articles import drafts
from tests.kb.conftest import Write
from tests.kb.writing import AGENT, EDITOR, FIELDS, HE, MARKET, TAX, ZHOU, published, submitted, written

QUESTION = "台灯坏了怎么保修"
NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)


async def said(session: AsyncSession) -> str | None:
    answer = await kb.answer(session, QUESTION)
    return answer and answer.text


async def test_a_citizen_is_told_what_is_published_only(session: AsyncSession) -> None:
    await submitted(session)
    assert await said(session) is None
    draft = await drafts.get(session, "lamp", actor=ZHOU)
    assert draft is not None
    article = await articles.publish(session, "lamp", edition=draft.edition, actor=ZHOU)
    assert (article.version, article.state) == (1, "published")
    assert await said(session) == FIELDS["body"]
    await submitted(session, body="台灯坏了，两年内免费修。")
    assert await said(session) == FIELDS["body"]
    await published(session)
    assert await said(session) == "台灯坏了，两年内免费修。"


async def test_every_step_is_in_the_ledger(session: AsyncSession) -> None:
    draft = await submitted(session)
    await articles.send_back(session, "lamp", "依据不对", edition=draft.edition, actor=ZHOU)
    await published(session, basis="《测试条例》第二条")
    await articles.withdraw(session, "lamp", "条例废止", actor=HE)
    await articles.republish(session, "lamp", 1, "条例恢复", actor=ZHOU)
    kinds = [each.kind.removeprefix("article.") for each in await ledger.history(session, "article:lamp")]
    assert kinds == [
        "proposed", "submitted", "returned", "edited", "submitted", "published", "withdrawn", "rolled_back",
    ]  # fmt: skip
    assert (await ledger.verify(session)).ok


@pytest.mark.parametrize("actor", [ZHOU, EDITOR, MARKET])
async def test_nobody_publishes_what_they_wrote_in(session: AsyncSession, actor: Actor) -> None:
    await written(session, actor=actor)
    draft = await submitted(session, actor=MARKET)
    with pytest.raises(Forbidden):
        await articles.publish(session, "lamp", edition=draft.edition, actor=actor)
    assert (await articles.publish(session, "lamp", edition=draft.edition, actor=HE)).version == 1


@pytest.mark.parametrize("actor", [AGENT, EDITOR, MARKET, TAX])
async def test_only_the_centre_decides(session: AsyncSession, actor: Actor) -> None:
    await published(session)
    draft = await submitted(session, title="台灯保修", actor=EDITOR)
    with pytest.raises(Forbidden):
        await articles.publish(session, "lamp", edition=draft.edition, actor=actor)
    with pytest.raises(Forbidden):
        await articles.send_back(session, "lamp", "不对", edition=draft.edition, actor=actor)
    with pytest.raises(Forbidden):
        await articles.withdraw(session, "lamp", "不对", actor=actor)
    with pytest.raises(Forbidden):
        await articles.republish(session, "lamp", 1, "不对", actor=actor)


async def test_what_was_not_submitted_is_not_decided_on(session: AsyncSession) -> None:
    draft = await written(session)
    with pytest.raises(Conflict):
        await articles.publish(session, "lamp", edition=draft.edition, actor=ZHOU)
    with pytest.raises(Conflict):
        await articles.send_back(session, "lamp", "不对", edition=draft.edition, actor=ZHOU)
    with pytest.raises(NotFound):
        await articles.publish(session, "nothing", edition=1, actor=ZHOU)


async def test_what_the_reviewer_has_not_read_is_not_published(session: AsyncSession) -> None:
    read = (await submitted(session)).edition
    await submitted(session, body="全换了。")
    with pytest.raises(Conflict):
        await articles.publish(session, "lamp", edition=read, actor=ZHOU)


async def test_a_change_to_an_older_text_is_not_published(session: AsyncSession, write: Write) -> None:
    await published(session, id="lamp-warranty")
    draft = await submitted(session, id="lamp-warranty", title="台灯保修")
    await articles.import_folder(session, write())  # the operator's file, meanwhile
    with pytest.raises(Conflict):
        await articles.publish(session, "lamp-warranty", edition=draft.edition, actor=ZHOU)
    seen = await drafts.save(session, "lamp-warranty", draft.content, edition=draft.edition, based_on=2, actor=EDITOR)
    seen = await drafts.submit(session, "lamp-warranty", edition=seen.edition, actor=EDITOR)
    article = await articles.publish(session, "lamp-warranty", edition=seen.edition, actor=ZHOU)
    assert (article.version, article.title) == (3, "台灯保修")


async def test_reasons_are_stated(session: AsyncSession) -> None:
    await published(session)
    draft = await submitted(session, title="台灯保修")
    for refused in (
        articles.send_back(session, "lamp", "  ", edition=draft.edition, actor=ZHOU),
        articles.withdraw(session, "lamp", "", actor=ZHOU),
        articles.republish(session, "lamp", 1, "", actor=ZHOU),
    ):
        with pytest.raises(BadInput):
            await refused
    returned = await articles.send_back(session, "lamp", " 标题太短 ", edition=draft.edition, actor=ZHOU)
    assert (returned.state, returned.reason) == ("returned", "标题太短")
    again = await drafts.submit(session, "lamp", edition=returned.edition, actor=MARKET)
    assert again.reason == ""


async def test_a_withdrawn_article_is_silent_and_says_why(session: AsyncSession) -> None:
    await published(session)
    await articles.withdraw(session, "lamp", "条例废止", actor=ZHOU)
    assert await said(session) is None
    assert (await articles.history(session, "lamp"))[0].reason == "条例废止"
    with pytest.raises(Conflict):
        await articles.withdraw(session, "lamp", "条例废止", actor=ZHOU)


async def test_an_older_version_becomes_a_draft(session: AsyncSession) -> None:
    await published(session)
    await published(session, body="新的正文。", actor=HE)
    draft = await articles.roll_back(session, "lamp", 1, actor=MARKET)
    assert (draft.content["body"], draft.state, draft.based_on) == (FIELDS["body"], "draft", 2)
    with pytest.raises(Conflict):  # one change at a time
        await articles.roll_back(session, "lamp", 1, actor=EDITOR)
    with pytest.raises(Forbidden):
        await articles.roll_back(session, "lamp", 1, actor=TAX)


async def test_an_older_version_is_published_again_at_once(session: AsyncSession) -> None:
    await published(session)
    await published(session, body="台灯坏了，新的正文。")
    article = await articles.republish(session, "lamp", 1, "新规暂缓", actor=ZHOU)
    assert (article.version, article.body) == (3, FIELDS["body"])
    assert await said(session) == FIELDS["body"]
    with pytest.raises(Conflict):
        await articles.republish(session, "lamp", 3, "再来", actor=ZHOU)
    await articles.withdraw(session, "lamp", "条例废止", actor=ZHOU)
    with pytest.raises(Conflict):  # version 4 was never published
        await articles.republish(session, "lamp", 4, "再来", actor=ZHOU)
    with pytest.raises(NotFound):
        await articles.republish(session, "lamp", 9, "再来", actor=ZHOU)


@pytest.mark.parametrize(
    ("dates", "listed"),
    [
        ({"review_due": "2026-11-21"}, True),
        ({"review_due": "2026-11-22"}, True),
        ({"review_due": "2026-11-23"}, False),
        ({"expires": "2026-11-22"}, False),
        ({"expires": "2026-11-21"}, True),
    ],
)
async def test_due_is_what_must_be_looked_at_again(session: AsyncSession, dates: dict[str, Any], listed: bool) -> None:
    with clock.set_to(NOON):
        await published(session, **dates)
        assert [each.id for each in await articles.due(session)] == (["lamp"] if listed else [])
        assert [each.id for each in await articles.due(session, department="market_regulation")] == (
            ["lamp"] if listed else []
        )
        assert await articles.due(session, department="tax") == []


async def test_due_articles_come_the_longest_ago_first(session: AsyncSession) -> None:
    with clock.set_to(NOON):
        await published(session, id="later", review_due="2026-11-20")
        await published(session, id="expired", expires="2026-10-01")
        await published(session, id="earlier", review_due="2026-09-01")
        assert [each.id for each in await articles.due(session)] == ["earlier", "expired", "later"]
        await articles.withdraw(session, "expired", "过期", actor=ZHOU)
        assert [each.id for each in await articles.due(session, limit=1, skip=1)] == ["later"]


async def test_still_valid_is_one_step_and_takes_two(session: AsyncSession) -> None:
    with clock.set_to(NOON):
        await published(session, review_due="2026-11-01")
        draft = await articles.still_valid(session, "lamp", date(2027, 11, 1), actor=ZHOU)
        assert draft.state == "review"
        with pytest.raises(Forbidden):
            await articles.publish(session, "lamp", edition=draft.edition, actor=ZHOU)
        article = await articles.publish(session, "lamp", edition=draft.edition, actor=HE)
        assert (article.reviewed, article.review_due) == (date(2026, 11, 22), date(2027, 11, 1))
        assert await articles.due(session) == []


async def test_still_valid_is_refused_where_it_says_nothing(session: AsyncSession) -> None:
    with clock.set_to(NOON):
        await published(session)
        with pytest.raises(BadInput):
            await articles.still_valid(session, "lamp", date(2026, 11, 22), actor=MARKET)
        with pytest.raises(Forbidden):
            await articles.still_valid(session, "lamp", date(2027, 11, 22), actor=TAX)
        await written(session, title="台灯保修")
        with pytest.raises(Conflict):
            await articles.still_valid(session, "lamp", date(2027, 11, 22), actor=MARKET)
