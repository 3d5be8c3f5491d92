"""Desks: who answers which, the queue as each agent sees it, and the supervisor's figures of it."""

from datetime import timedelta

from bot import duty, handover
from bot.queue import LISTED
from core import clock
from core.database import transaction
from tests.admin.staffing import World
from tests.admin.test_staff_conversations import CONVERSATIONS

PART = {"HX-Request": "true"}
ACCOUNTS = "/api/v1/staff/accounts"
QUEUES = "/api/v1/staff/queues"


async def able(world: World, login: str, *skills: str) -> None:
    async with world.client("admin") as client:
        assert (await client.put(f"{ACCOUNTS}/{login}/skills", json={"skills": skills})).status_code == 204
    await world.sign_in(login)


async def waiting(world: World, skill: str | None, *sentences: str) -> str:
    id = await world.waiting(*sentences)
    async with transaction() as session:
        await handover.request(session, id, "asked", skill=skill)
    return id


async def test_an_administrator_says_who_answers_which_desk(world: World) -> None:
    await able(world, "lin", "english", "dialect")
    async with world.client("admin") as client:
        listed = (await client.get(ACCOUNTS)).json()
        assert (await client.put(f"{ACCOUNTS}/lin/skills", json={"skills": ["whistling"]})).status_code == 422
        assert (await client.put(f"{ACCOUNTS}/lamps/skills", json={"skills": ["dialect"]})).status_code == 422
        assert (await client.put(f"{ACCOUNTS}/nobody/skills", json={"skills": ["dialect"]})).status_code == 422
    assert {each["login"]: each["skills"] for each in listed["accounts"]}["lin"] == ["dialect", "english"]
    assert [each["code"] for each in listed["desks"]] == [each.code for each in duty.rules().skills]
    for login in ("lin", "zhou", "lamps", "editor"):
        async with world.client(login) as client:
            assert (await client.get(ACCOUNTS)).status_code == 403
            assert (await client.put(f"{ACCOUNTS}/lin/skills", json={"skills": []})).status_code == 403


async def test_the_page_ticks_the_desks_of_an_account(world: World) -> None:
    async with world.browser("admin") as browser:
        page = await browser.post("/settings/accounts/lin/skills", data={"skill": ["english", "dialect"]}, headers=PART)
        assert page.status_code == 200 and page.text.count(" checked") == 2
        page = await browser.post("/settings/accounts/lin/skills", data={}, headers=PART)
        assert page.text.count(" checked") == 0


async def test_who_lacks_the_skill_sees_it_without_a_button_until_it_is_open(world: World) -> None:
    await able(world, "lin", "english")
    await world.sign_in("he")
    id = await waiting(world, "english", "Hello, I need help")
    take = f'hx-post="/desk/conversations/{id}/take"'
    async with world.browser("lin") as english, world.browser("he") as other:
        assert take in (await english.get("/desk/queue")).text
        reserved = (await other.get("/desk/queue")).text
        assert "英语专席" in reserved and "起您可以接" in reserved and take not in reserved
        refused = await other.post(f"/desk/conversations/{id}/take", headers=PART)
        assert refused.status_code == 409 and "先由英语专席接听" in refused.text
        with clock.set_to(clock.now() + timedelta(minutes=3), running=True):
            assert take in (await other.get("/desk/queue")).text


async def test_a_supervisor_sees_who_waits_where_for_how_long_and_who_gave_up(world: World) -> None:
    await able(world, "lin", "enterprise")
    first, gone = await waiting(world, "enterprise", "我们公司要办照"), await waiting(world, "enterprise")
    await waiting(world, None)
    async with transaction() as session:
        await handover.cancel(session, gone)
    async with world.client("zhou") as client:
        figures = {each["desk"]: each for each in (await client.get(QUEUES)).json()}
        listed = (await client.get(f"{QUEUES}/waiting", params={"desk": "enterprise"})).json()
        left = (await client.get(f"{QUEUES}/gave-up", params={"desk": "enterprise"})).json()
        assert (await client.get(f"{QUEUES}/waiting", params={"desk": "nowhere"})).status_code == 422
    shown = figures["enterprise"]
    assert (shown["waiting"], shown["asked"], shown["gave_up"], shown["share"]) == (1, 2, 1, 0.5)
    assert (figures[""]["waiting"], figures[""]["gave_up"]) == (1, 0) and figures["dialect"]["since"] is None
    assert [each["conversation"] for each in listed] == [first] and [each["conversation"] for each in left] == [gone]
    for login in ("lin", "lamps"):
        async with world.client(login) as client:
            assert (await client.get(QUEUES)).status_code == 403


async def test_every_figure_on_the_page_opens_its_list(world: World) -> None:
    await world.sign_in("lin")
    id = await waiting(world, "enterprise", "我们公司要办照")
    async with world.browser("zhou") as browser:
        part = (await browser.get("/supervision/queues/figures", headers=PART)).text
        assert "企业专席" in part and 'href="/supervision/queues?desk=enterprise"' in part
        assert f"/desk?conversation={id}" in (await browser.get("/supervision/queues?desk=enterprise")).text
        async with transaction() as session:
            await handover.request(session, id, handover.MISSED_CALL)
        left = (await browser.get("/supervision/queues?desk=enterprise&show=gave_up")).text
        assert "待回电" in left
        assert 'hx-get="/supervision/queues/figures"' in (await browser.get("/supervision")).text


async def test_the_queue_shows_its_head_and_says_how_many_more(world: World) -> None:
    await world.sign_in("lin")
    for _ in range(LISTED + 2):
        await world.waiting()
    async with world.browser("lin") as browser, world.client("lin") as client:
        page = (await browser.get("/desk/queue")).text
        assert f'data-waiting="{LISTED + 2}"' in page and "还有 2 位在等" in page
        assert len((await client.get(f"{CONVERSATIONS}/waiting")).json()["waiting"]) == LISTED
