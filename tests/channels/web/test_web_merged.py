"""Merged tickets on `/track` and over HTTP: each citizen has their own, and nobody reads a word of another's."""

import httpx
import pytest

from core.auth import SYSTEM, Actor
from core.database import transaction
from routing import commands, guesses, tickets
from routing.tickets import Draft

CITIZEN = Actor(kind="citizen")
FIRST = {
    "title": "幸福路口的路灯不亮",
    "description": "幸福路口的路灯坏了三天，我家老人摔了一跤。",
    "citizen_name": "王小明",
    "citizen_phone": "13800138000",
}
SECOND = {
    "title": "幸福路灯坏了",
    "description": "幸福路的灯不亮，孩子下晚自习害怕。",
    "citizen_name": "赵大海",
    "citizen_phone": "13900139000",
}
Held = tuple[str, str]


async def opened(values: dict[str, str]) -> Held:
    draft = Draft(request_type="assistance", category=None, urgency="general", channel="web", **values)
    async with transaction() as session:
        made = await tickets.open(session, draft, actor=CITIZEN)
    return made.ticket.number, made.code


async def give(command: str, number: str, **arguments: object) -> None:
    async with transaction() as session:
        await getattr(commands, command)(session, number, actor=SYSTEM, **arguments)


@pytest.fixture
async def merged(client: httpx.AsyncClient) -> tuple[Held, Held]:
    """Master and follower, number and code each; the department has taken it."""
    master, follower = await opened(FIRST), await opened(SECOND)
    await give("dispatch", master[0], department="urban_management")
    await give("merge", follower[0], into=master[0], reason="王小明和赵大海说的是同一盏")
    await give("accept", master[0])
    return master, follower


async def both(client: httpx.AsyncClient, number: str, code: str, language: str = "zh") -> tuple[str, str]:
    """What the interface and the page show whoever has this number and this code."""
    asked = await client.get(f"/api/v1/tickets/{number}", params={"code": code, "lang": language})
    page = await client.post("/track", params={"lang": language}, data={"number": number, "code": code})
    assert asked.status_code == page.status_code
    return asked.text, page.text


async def test_each_opens_their_own_and_reads_nothing_of_the_other(
    client: httpx.AsyncClient, merged: tuple[Held, Held]
) -> None:
    for (own, other), theirs in (((merged[0], merged[1]), SECOND), ((merged[1], merged[0]), FIRST)):
        for shown in (*await both(client, *own), *await both(client, *own, "en")):
            assert own[0] in shown
            assert not [word for word in (other[0], other[1], *theirs.values()) if word in shown]


async def test_a_code_opens_its_own_ticket_only(client: httpx.AsyncClient, merged: tuple[Held, Held]) -> None:
    (master, its_code), (follower, own_code) = merged
    answers = [
        await client.get(f"/api/v1/tickets/{number}", params={"code": code})
        for number, code in ((master, own_code), (follower, its_code), ("20200101-999999", own_code))
    ]
    assert {each.status_code for each in answers} == {404}
    assert len({each.text.replace(str(each.request.url.path), "") for each in answers}) == 1
    for path in ("urge", "supplement", "withdraw", "rate", "dispute", "status"):
        sent = {
            "number": master,
            "code": own_code,
            "text": "看看",
            "contacted": "true",
            "solved": "true",
            "satisfied": "5",
        }
        page = await client.post(f"/track/{path}", data=sent)
        assert page.status_code in {404, 429} and "幸福路口" not in page.text, path
    guesses.forget()  # ten minutes later
    kept = (await client.get(f"/api/v1/tickets/{master}", params={"code": its_code})).json()
    assert kept["state"] == "accepted" and {"催办", "补充", "已撤单"}.isdisjoint(each["name"] for each in kept["steps"])


async def test_what_a_follower_adds_is_not_shown_to_the_masters_citizen(
    client: httpx.AsyncClient, merged: tuple[Held, Held]
) -> None:
    master, follower = merged
    await client.post(f"/api/v1/tickets/{follower[0]}/supplement", json={"code": follower[1], "text": "灯杆号是A07"})
    assert all("A07" in shown for shown in await both(client, *follower))
    assert not any("A07" in shown for shown in await both(client, *master))


async def test_each_reads_the_reply_without_the_others_and_votes_on_their_own(
    client: httpx.AsyncClient, merged: tuple[Held, Held]
) -> None:
    master, follower = merged
    await give("reply", master[0], result="已告知王小明（13800138000）：路灯已修好。")
    shown = await both(client, *follower)
    assert all("路灯已修好" in text and "王小明" not in text and "13800138000" not in text for text in shown)
    vote = {"code": follower[1], "contacted": True, "solved": False, "satisfied": 1}
    rated = await client.post(f"/api/v1/tickets/{follower[0]}/rating", json=vote)
    assert rated.json()["state"] == "dispatched" and "很抱歉" in rated.json()["message"]
    stays = (await client.get(f"/api/v1/tickets/{master[0]}", params={"code": master[1]})).json()
    assert stays["state"] == "replied" and "rate" in stays["may"]


async def test_unmerged_again_the_follower_reads_of_its_own_road_only(
    client: httpx.AsyncClient, merged: tuple[Held, Held]
) -> None:
    master, follower = merged
    await give("unmerge", follower[0], reason="赵大海说的是另一盏，不是王小明那盏")
    await give("reply", master[0], result="幸福路口的路灯已修好。")
    for shown in await both(client, *follower):
        assert "已修好" not in shown and master[0] not in shown and "王小明" not in shown
    status = (await client.get(f"/api/v1/tickets/{follower[0]}", params={"code": follower[1]})).json()
    assert status["state"] == "dispatched" and "resolve" in {each["kind"] for each in status["clocks"]}
    assert not any(follower[0] in shown or "赵大海" in shown for shown in await both(client, *master))
