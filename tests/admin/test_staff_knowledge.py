"""Knowledge over REST: the same steps, the same refusals."""

from typing import Any

import httpx
import pytest

from core import live
from tests.admin.staffing import World
from tests.kb.writing import FIELDS

BASE = "/api/v1/staff/knowledge"
LAMP = f"{BASE}/lamp"
OWN = FIELDS | {"department": "urban_management"}
PDF = ("申请表.pdf", b"%PDF-1.7 form", "application/pdf")


async def step(client: httpx.AsyncClient, name: str, status: int = 200, **body: Any) -> Any:
    answer = await client.post(f"{LAMP}/{name}", json=body)
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


async def write(client: httpx.AsyncClient, status: int = 200, **changes: Any) -> Any:
    answer = await client.put(f"{LAMP}/draft", json=OWN | changes)
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_the_whole_life(world: World) -> None:
    async with (
        world.client("lamps") as author,
        world.client("zhou") as centre,
        world.client("admin") as second,
        world.client() as citizen,
    ):
        draft = await write(author)
        attached = await author.post(f"{LAMP}/attachments?edition={draft['edition']}", files={"file": PDF})
        file, edition = attached.json()["attachments"][0]["id"], attached.json()["edition"]
        assert (await step(author, "submit", edition=edition))["state"] == "review"
        assert (await citizen.get(f"/api/v1/articles/lamp/attachments/{file}")).status_code == 404
        assert (await step(centre, "send-back", edition=edition, reason="依据请写全称"))["state"] == "returned"
        edition = (await write(author, edition=edition, basis="《测试条例（全称）》"))["edition"]
        await step(author, "submit", edition=edition)
        assert (await step(centre, "publish", edition=edition))["article"]["version"] == 1

        whole = (await citizen.get("/api/v1/articles/lamp")).json()
        assert (whole["basis"], whole["attachments"][0]["name"]) == ("《测试条例（全称）》", "申请表.pdf")
        answer = await citizen.get(whole["attachments"][0]["address"])
        assert answer.content == PDF[1]
        assert answer.headers["content-disposition"].startswith("attachment;")

        edition = (await write(author, edition=0, based_on=1, title="台灯保修", basis="《测试条例（全称）》"))[
            "edition"
        ]
        await step(author, "submit", edition=edition)
        await step(second, "publish", edition=edition)
        changed = (await author.get(f"{LAMP}/differences?old=1&new=2")).json()
        assert [each["field"] for each in changed] == ["title"]
        assert (await step(centre, "republish", version=1, reason="恢复"))["article"]["version"] == 3
        assert (await step(author, "roll-back", version=2))["note"] == "恢复为第2版"
        await step(author, "discard", 204, edition=1)
        assert (await step(author, "still-valid", review_due="2099-01-01"))["state"] == "review"
        await step(centre, "withdraw", reason="条例废止")
        assert (await citizen.get("/api/v1/articles/lamp")).status_code == 404
        assert (await citizen.get(whole["attachments"][0]["address"])).status_code == 404
        listed = (await author.get(f"{BASE}?tab=withdrawn")).json()
        assert [each["id"] for each in listed["articles"]] == ["lamp"]
        assert listed["counts"] == {"published": 0, "review": 1, "drafts": 0, "due": 0, "withdrawn": 1}


@pytest.mark.parametrize(
    ("login", "writes", "decides"),
    [
        ("lin", False, False),
        ("power", False, False),
        ("lamps", True, False),
        ("editor", True, False),
        ("zhou", True, True),
    ],
)
async def test_who_may_do_what(world: World, login: str, writes: bool, decides: bool) -> None:
    async with world.client("admin") as admin, world.client(login) as client:
        await step(admin, "submit", edition=(await write(admin))["edition"])
        assert (await client.post(f"{LAMP}/publish", json={"edition": 1})).status_code == (200 if decides else 403)
        edition, based_on = (0, 1) if decides else (1, None)
        await write(client, 200 if writes else 403, title="台灯", edition=edition, based_on=based_on)
        listed = await client.get(f"{BASE}?tab=drafts")
        assert listed.status_code == (404 if login == "lin" else 200)
    async with world.client() as stranger:
        assert (await stranger.get(BASE)).status_code == 401


async def test_what_is_lacking_is_named_by_field(world: World) -> None:
    async with world.client("lamps") as author:
        draft = await write(author, body="", basis="")
        refused = await step(author, "submit", 422, edition=draft["edition"])
        assert set(refused["fields"]) == {"body", "basis"}
        conflict = await write(author, 409, edition=7)
        assert conflict["edition"] == 1


async def test_lists_that_are_open_hear_of_every_step(world: World) -> None:
    await live.hub.start()
    async with live.hub.subscribe("knowledge") as heard, world.client("lamps") as author:
        draft = await write(author)
        await step(author, "submit", edition=draft["edition"])
        kinds = []
        while len(kinds) < 2:
            news = await heard.get()
            if news["topic"] == "knowledge":
                kinds.append((news["kind"], news["article"]))
    await live.hub.stop()
    assert kinds == [("article.proposed", "lamp"), ("article.submitted", "lamp")]


async def test_a_departments_workbench_counts_what_is_due(world: World) -> None:
    async with world.client("lamps") as author, world.client("zhou") as centre:
        await write(author, reviewed="2020-01-01", review_due="2021-01-01")
        await step(author, "submit", edition=1)
        await step(centre, "publish", edition=1)
    for login, told in (("lamps", True), ("power", False)):
        async with world.browser(login) as browser:
            assert ("1 篇知识库文章该复审" in (await browser.get("/workbench")).text) is told
