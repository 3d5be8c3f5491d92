"""What the base lacks, on its pages: who sees it, what becomes of a cluster, and what agents called wrong."""

import httpx
import pytest
from sqlalchemy import select

from admin.staff.knowledge import gaps as drafting
from core import jobs
from core.database import transaction
from kb import articles, feedback, gaps, questions
from kb.articles import Draft, drafts
from kb.feedback import Source
from kb.gaps import Cluster, Stand
from tests.admin.staffing import World
from tests.admin.test_knowledge_pages import publish
from tests.kb.writing import published

PART = {"HX-Request": "true", "HX-Trigger": "gap"}
ASKED = ("宠物火化去哪里办", "宠物死了去哪里火化，我电话13800138000", "宠物火化在哪里办理")


@pytest.fixture
async def lacking(world: World) -> World:
    """A line where three citizens asked what nobody knows, after the night."""
    async with transaction() as session:
        for question in ASKED:
            await questions.record(session, question)
    await drafting.gather()
    return world


async def the_cluster() -> Cluster:
    async with transaction() as session:
        return (await session.scalars(select(Cluster))).one()


async def ids() -> list[int]:
    async with transaction() as session:
        return [question.id for question, _ in await gaps.samples(session, (await the_cluster()).id)]


async def write(browser: httpx.AsyncClient, **form: object) -> httpx.Response:
    cluster = await the_cluster()
    return await browser.post(f"/knowledge/gaps/{cluster.id}/write", data=form, headers=PART)


async def draft(id: str) -> Draft:
    async with transaction() as session:
        found = await session.get(Draft, id)
    assert found is not None
    return found


async def test_only_who_edits_the_base_sees_what_it_lacks(lacking: World) -> None:
    cluster = await the_cluster()
    pages = ("gaps", "gaps?tab=doubts", f"gaps/{cluster.id}", "unanswered", "answered", "rated", "conflicts")
    for login, allowed in {"editor": True, "zhou": True, "lin": False, "lamps": False}.items():
        async with lacking.browser(login) as browser:
            for page in pages:
                answer = await browser.get(f"/knowledge/{page}")
                assert answer.status_code == (200 if allowed else 403), (login, page)
                assert "13800138000" not in answer.text
            assert (await write(browser, then="write")).status_code == (422 if allowed else 403)


async def test_the_sentences_that_a_person_chose_become_a_draft(lacking: World) -> None:
    cluster, (first, second, _) = await the_cluster(), await ids()
    async with lacking.browser("editor") as browser:
        page = await write(browser, then="write", sample=[str(first), str(second)])
    id = f"asked-{cluster.id}"
    assert page.headers["hx-redirect"] == f"/knowledge/{id}/edit"
    written = (await draft(id)).content
    assert written["title"] in ASKED
    assert len(written["questions"]) == 1
    assert "13800138000" not in str(written)
    assert written.get("department") == cluster.department
    assert "body" not in written
    assert ((await the_cluster()).state, (await the_cluster()).article) == (Stand.DRAFTING, id)


async def test_nothing_enters_a_draft_that_nobody_chose(lacking: World) -> None:
    async with lacking.browser("editor") as browser:
        refused = await write(browser, then="write")
        assert "请先勾选" in refused.text
        assert refused.headers["hx-retarget"] == "#gap-refusal"
    assert (await the_cluster()).state == Stand.OPEN


async def test_two_editors_do_not_write_for_one_cluster(lacking: World) -> None:
    sample = [str(each) for each in await ids()]
    async with lacking.browser("editor") as browser, lacking.browser("zhou") as other:
        await write(browser, then="write", sample=sample)
        assert (await write(other, then="write", sample=sample)).status_code == 409
    async with transaction() as session:
        assert len(await drafts.listing(session, actor=lacking.actors["editor"], states=["draft"])) == 1


async def test_a_cluster_is_merged_into_an_articles_other_ways_to_ask(lacking: World) -> None:
    await publish(lacking)
    first, *_ = await ids()
    async with lacking.browser("editor") as browser:
        assert (await write(browser, then="merge", sample=[str(first)])).status_code == 422
        page = await write(browser, then="merge", sample=[str(first)], article="lamp")
        assert page.headers["hx-redirect"] == "/knowledge/lamp/edit"
    async with transaction() as session:
        before = (await articles.get(session, "lamp")).questions
    assert (await draft("lamp")).content["questions"][:-1] == before
    assert (await draft("lamp")).content["questions"][-1] in ASKED


async def test_a_cluster_is_put_away_with_a_reason_and_taken_up_again(lacking: World) -> None:
    path = f"/knowledge/gaps/{(await the_cluster()).id}"
    async with lacking.browser("editor") as browser:
        refused = await browser.post(f"{path}/dismiss", data={"then": "not_ours", "reason": " "}, headers=PART)
        assert refused.status_code == 422
        await browser.post(f"{path}/dismiss", data={"then": "not_ours", "reason": "请问宠物协会"}, headers=PART)
        assert "请问宠物协会" in (await browser.get("/knowledge/gaps?tab=put_away")).text
        await browser.post(f"{path}/reopen", headers=PART)
    assert (await the_cluster()).state == Stand.OPEN


async def test_what_agents_called_wrong_becomes_a_question_not_answered_once_confirmed(world: World) -> None:
    await publish(world)
    async with transaction() as session:
        for conversation in ("a", "b"):
            await feedback.record(
                session,
                "lamp",
                solved=False,
                conversation=conversation,
                source=Source.AGENT,
                question="路灯坏了赔不赔" if conversation == "a" else "吊灯能换吗",
            )
        doubts = await feedback.doubts(session)
    async with world.browser("editor") as browser:
        assert "吊灯能换吗" in (await browser.get("/knowledge/gaps?tab=doubts")).text
        for doubt in doubts:
            then = "confirm" if doubt.text == "吊灯能换吗" else "reject"
            form = {"article": "lamp", "question": str(doubt.question), "then": then}
            await browser.post("/knowledge/doubts", data=form, headers=PART)
        assert "没有等待确认的" in (await browser.get("/knowledge/gaps?tab=doubts")).text
    assert (await draft("lamp")).content["not_answered"] == ["吊灯能换吗"]


async def test_editors_see_the_figures_and_others_do_not(lacking: World) -> None:
    async with transaction() as session:
        await questions.record(session, "台灯坏了怎么保修", article="lamp")
    async with lacking.browser("editor") as browser:
        page = (await browser.get("/knowledge")).text
        assert "25.0%" in page  # one of four
        assert "4次中1次" in page
    async with lacking.browser("lamps") as browser:
        assert "4次中1次" not in (await browser.get("/knowledge")).text


async def test_articles_that_contradict_each_other_stand_side_by_side(world: World) -> None:
    title = "台灯保修期多长"
    for id, years in (("lamp", "1"), ("lamp-other", "2")):
        body = f"台灯的保修期是{years}年。"
        async with transaction() as session:
            await published(session, id=id, title=title, questions=[title], body=body)
    async with world.browser("editor") as browser:
        page = (await browser.get("/knowledge/conflicts")).text
    assert "保修期是1年" in page and "保修期是2年" in page
    assert "/knowledge/lamp/edit" in page and "/knowledge/lamp-other/edit" in page


async def test_the_worker_clusters_and_asks_again(lacking: World) -> None:
    await jobs.run_due()
    assert (await the_cluster()).size == len(ASKED)


def test_a_department_is_named_only_where_something_speaks_for_it() -> None:
    assert drafting.department_of("图书馆借书证怎么办") == "culture_tourism"
    assert drafting.department_of("宠物火化去哪里办") is None
