"""The night's work: what is shown, what keeps its name, what comes back, and what closes."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.auth import SYSTEM, Actor, Role
from core.errors import BadInput, Conflict
from kb import answers, articles, clusters, feedback, gaps, gathering, questions
from kb.articles import drafts
from kb.gaps import Cluster, Kind, Stand
from kb.questions import Question
from tests.kb.conftest import Write

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
ASKED = ("宠物火化去哪里办", "宠物死了去哪里火化", "宠物火化在哪里办理")
EDITOR = Actor(kind="staff", id=1, name="孙敏", role=Role.EDITOR)
LAMP = "lamp-warranty"


async def ask(session: AsyncSession, *asked: str, days_ago: int = 0, article: str = "") -> None:
    with clock.set_to(NOW - timedelta(days=days_ago)):
        for question in asked:
            await questions.record(session, question, article=article)


async def gather(session: AsyncSession) -> list[Cluster]:
    with clock.set_to(NOW):
        await gathering.gather(session, lambda _: "civil_affairs")
        return [cluster for cluster, _ in await gaps.listing(session, list(Stand))]


async def test_three_who_ask_the_same_in_other_words_are_one_cluster(session: AsyncSession) -> None:
    await ask(session, *ASKED, "火星怎么去")
    [cluster] = await gather(session)
    assert (cluster.kind, cluster.size, cluster.department) == (Kind.UNANSWERED, 3, "civil_affairs")
    assert {question.question for question, _ in await gaps.samples(session, cluster.id)} == set(ASKED)


async def test_two_unanswered_are_too_few_and_two_unsolved_are_not(session: AsyncSession, write: Write) -> None:
    await articles.import_folder(session, write())
    await ask(session, *ASKED[:2])
    for conversation in "ab":
        with clock.set_to(NOW):
            await feedback.record(session, LAMP, solved=False, conversation=conversation, question="吊灯能换吗")
    [cluster] = await gather(session)
    assert (cluster.kind, cluster.size) == (Kind.BADLY_RATED, 2)


async def test_what_is_often_asked_and_answered_is_a_cluster_too(session: AsyncSession) -> None:
    await ask(session, *["台灯坏了怎么保修"] * gathering.FEWEST[Kind.OFTEN_ASKED], article=LAMP)
    [cluster] = await gather(session)
    assert cluster.kind == Kind.OFTEN_ASKED


async def test_the_trend_sets_this_week_against_the_four_before(session: AsyncSession) -> None:
    await ask(session, *ASKED)
    await ask(session, *ASKED[:2], days_ago=20)
    await ask(session, *ASKED, days_ago=36)  # too long ago to count
    [cluster] = await gather(session)
    assert (cluster.size, cluster.week, cluster.weekly_before) == (5, 3, 0.5)


async def test_the_most_asked_are_taken_where_there_are_too_many(
    session: AsyncSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clusters, "MOST", 2)
    await ask(session, "火星怎么去", *ASKED, *ASKED[1:])
    [cluster] = await gather(session)
    assert cluster.size == 4
    assert {question.question for question, _ in await gaps.samples(session, cluster.id)} == set(ASKED[1:])


async def test_who_asks_the_same_does_not_wait_for_what_the_night_looks_up(
    session: AsyncSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ask(session, *ASKED, *["租房能不能取公积金"] * 3)
    search, written = answers.search, []

    async def searching(session: AsyncSession, question: str, *, limit: int) -> object:
        written.append(await session.scalar(select(func.count()).where(Question.cluster.is_not(None))))
        return await search(session, question, limit=limit)

    monkeypatch.setattr(answers, "search", searching)
    assert len(await gather(session)) == 2
    assert written == [0, 0]


async def test_a_cluster_keeps_its_name_from_night_to_night(session: AsyncSession) -> None:
    await ask(session, *ASKED)
    [before] = await gather(session)
    await ask(session, "猫咪去世了，宠物火化去哪里")
    [after] = await gather(session)
    assert (after.id, after.size) == (before.id, 4)


async def test_what_was_dismissed_comes_back_when_it_has_grown_by_half(session: AsyncSession) -> None:
    await ask(session, *ASKED, ASKED[0])
    [cluster] = await gather(session)
    with pytest.raises(BadInput):
        await gaps.dismiss(session, cluster.id, " ", not_ours=True, actor=EDITOR)
    await gaps.dismiss(session, cluster.id, "由殡葬协会答复", not_ours=True, actor=EDITOR)
    with pytest.raises(Conflict):
        await gaps.dismiss(session, cluster.id, "又一次", not_ours=False, actor=EDITOR)
    await ask(session, ASKED[0])
    [cluster] = await gather(session)
    assert (cluster.state, cluster.size) == (Stand.NOT_OURS, 5)
    await ask(session, ASKED[0])
    [cluster] = await gather(session)
    assert (cluster.state, cluster.size) == (Stand.OPEN, 6)


async def test_an_open_cluster_that_nobody_asks_any_more_is_gone(session: AsyncSession) -> None:
    await ask(session, *ASKED)
    await gather(session)
    with clock.set_to(NOW + timedelta(days=40)):
        assert await gathering.gather(session, lambda _: None) == 0
    assert await gaps.listing(session, list(Stand)) == []


async def test_a_cluster_closes_when_the_published_article_answers_its_samples(
    session: AsyncSession, write: Write
) -> None:
    asked = ("台灯坏了怎么保修", "台灯坏了能保修吗", "台灯不亮能换吗")
    await ask(session, *asked)
    [cluster] = await gather(session)
    await drafts.propose(session, LAMP, {"title": asked[0], "department": "market_regulation"}, actor=SYSTEM)
    await gaps.begin(session, cluster.id, article=LAMP, based_on=0, actor=EDITOR)
    assert await gathering.ask_again(session) == 0
    assert cluster.state == Stand.DRAFTING
    await drafts.discard(session, LAMP, edition=1, actor=SYSTEM)
    await articles.import_folder(session, write())
    assert await gathering.ask_again(session) == 1
    assert (cluster.state, cluster.answered) == (Stand.CLOSED, 3)


async def test_a_draft_thrown_away_opens_its_cluster_again(session: AsyncSession) -> None:
    await ask(session, *ASKED)
    [cluster] = await gather(session)
    await drafts.propose(session, "pets", {"title": "宠物火化", "department": "civil_affairs"}, actor=SYSTEM)
    await gaps.begin(session, cluster.id, article="pets", based_on=0, actor=EDITOR)
    await gathering.ask_again(session)
    await drafts.discard(session, "pets", edition=1, actor=SYSTEM)
    assert await gathering.ask_again(session) == 0
    assert (cluster.state, cluster.article) == (Stand.OPEN, "")


async def test_the_night_works_once_a_day(session: AsyncSession) -> None:
    with clock.set_to(NOW):
        assert await gathering.is_due(session)
    await gather(session)
    with clock.set_to(NOW):
        assert not await gathering.is_due(session)
    with clock.set_to(NOW + timedelta(days=1)):
        assert await gathering.is_due(session)
