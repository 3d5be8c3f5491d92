"""What could not be done, on the page, by the interface, by the command line and in the figures."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
import typer
from click.testing import Result
from sqlalchemy import text

from admin import doctor
from admin.commands import jobs as module
from admin.web import create_app
from core import database, dead_letters, outbox
from core.errors import Uncertain
from tests.admin.command_line import invoke
from tests.admin.staffing import World, settle

LETTERS = "/api/v1/staff/dead-letters"


@pytest.fixture
async def world(committing: None, password_hash: str) -> AsyncIterator[World]:
    """Two notices that nobody knows the end of."""

    async def deliver(_session: object, _notice: outbox.Notice) -> None:
        raise Uncertain("微信接口没有回答，不知道消息是否已送达。")

    outbox.connect("tests", deliver)
    made = await settle(create_app(), password_hash, ("admin", "zhou"))
    for key, kind in (("1", "message"), ("2", "answer")):
        async with database.transaction() as session:
            id = await outbox.post(
                session,
                channel="tests",
                recipient={"conversation": "c_1"},
                kind=kind,
                content={"number": "20261122-000001", "text": "王小明您好"},
                idempotency_key=key,
                at_most_once=True,
            )
        assert id is not None
        await outbox.deliver(id)
    yield made


async def waiting() -> list[int]:
    async with database.transaction() as session:
        return [each.id for each in await dead_letters.waiting(session)]


async def test_the_page_shows_them_and_takes_a_decision_with_a_reason(world: World) -> None:
    async with world.browser("admin") as browser:
        shown = (await browser.get("/settings/jobs")).text
        for told in ("tests:message", "tests:answer", "20261122-000001", "可能已送达", "微信接口没有回答"):
            assert told in shown
        assert "王小明" not in shown and 'href="/workbench/20261122-000001"' in shown
        assert "tests:answer" not in (await browser.get("/settings/jobs?what=tests:message")).text.split("<tbody>")[1]
        newer, older = await waiting()
        refused = await browser.post(f"/settings/jobs/{newer}/retry", data={"reason": ""})
        assert refused.status_code == 422
        decided = await browser.post(f"/settings/jobs/{newer}/put-aside", data={"reason": "已电话告知"})
        assert decided.status_code == 200
        assert await waiting() == [older]
        assert '待处理 <b class="count">1</b>' in decided.text
        assert '未完成的任务 <b class="count">1</b>' in (await browser.get("/settings")).text
    async with world.browser("zhou") as browser:
        assert (await browser.get("/settings/jobs")).status_code == 403


async def test_the_interface_lists_retries_and_puts_aside(world: World) -> None:
    async with world.client("admin") as client:
        newer, older = [each["id"] for each in (await client.get(LETTERS)).json()]
        assert [each["id"] for each in (await client.get(LETTERS, params={"before": newer})).json()] == [older]
        assert (await client.post(f"{LETTERS}/{newer}/retry", json={"reason": "未收到"})).json()[
            "what"
        ] == "tests:answer"
        assert (await client.post(f"{LETTERS}/{newer}/retry", json={"reason": "未收到"})).status_code == 409
        assert (await client.post(f"{LETTERS}/{older}/put-aside", json={"reason": "已送达"})).status_code == 200
        assert (await client.post(f"{LETTERS}/999999/retry", json={"reason": "无"})).status_code == 404
        assert (await client.get(LETTERS)).json() == []
    async with database.transaction() as session:
        jobs = await session.scalar(text("select count(*) from procrastinate_jobs where queue_name = 'notices'"))
    assert jobs == 3  # two that were posted, one that is tried again
    async with world.client("zhou") as client:
        assert (await client.get(LETTERS)).status_code == 403


async def test_they_are_counted_for_the_operator(world: World) -> None:
    async with world.client() as client:
        figures = (await client.get("/metrics")).text
    assert 'yitong_dead_letters{kind="notice",what="tests:message"} 1.0' in figures
    (finding,) = [each for each in await doctor.examine() if each.check == "jobs"]
    assert finding.level == "warning"
    assert "1 tests:answer, 1 tests:message" in finding.sentence


async def call(*arguments: str) -> Result:
    app = typer.Typer()
    app.callback()(lambda: None)
    module.register(app)
    await database.dispose()  # the command has a loop and an engine of its own
    return await asyncio.to_thread(invoke, app, "jobs", *arguments)


async def test_the_command_line_settles_one_or_all_of_a_kind(world: World) -> None:
    listed = [json.loads(line) for line in (await call("list", "--json")).stdout.splitlines()]
    assert [each["what"] for each in listed] == ["tests:answer", "tests:message"]
    assert "tests:message" in (await call("list", "--what", "tests:message")).stdout
    answered = await call("retry", "--reason", "恢复了", "--what", "tests:answer")
    assert answered.stdout == "1 will be tried again.\n"
    assert (await call("put-aside", str(listed[1]["id"]), "--reason", "已告知")).stdout == "1 put aside.\n"
    assert (await call("list")).stdout == ""
    assert "by its number" in getattr((await call("retry", "--reason", "x")).exception, "sentence", "")
