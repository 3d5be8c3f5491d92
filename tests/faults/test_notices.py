"""A worker that is killed while it delivers a notice: what the citizen gets, and how often."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from bot import conversations
from bot.contract import Reply, ReplyType
from core import database, dead_letters, outbox
from core.settings import ROOT
from tests.channels import loopback

SEND, TOKEN = "/cgi-bin/message/custom/send", "/cgi-bin/stable_token"
WORKER = (
    "import asyncio; from admin import notices, tables; from core import database, jobs, outbox; "
    "notices.connect_channels(); jobs._sweeps.clear(); asyncio.run(jobs.run_due())"
)
SURVEY = [{"name": "solved", "text": "您反映的问题解决了吗？"}]


def worker(**settings: str) -> subprocess.Popen[bytes]:
    """A worker in a process of its own, on the database of this run."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), **settings}
    return subprocess.Popen([sys.executable, "-c", WORKER], env=environment, stderr=subprocess.PIPE)


async def ended(process: subprocess.Popen[bytes]) -> int:
    _, errors = await asyncio.wait_for(asyncio.to_thread(process.communicate), 60)
    assert process.returncode in (0, -signal.SIGKILL), errors.decode()
    return process.returncode


async def taken_for_dead() -> None:
    """As a minute later, when the killed worker's heartbeat has not come."""
    async with database.transaction() as session:
        await session.execute(text("update procrastinate_workers set last_heartbeat = now() - interval '1 hour'"))


@pytest.fixture
def wechat() -> Iterator[tuple[loopback.Server, dict[str, str]]]:
    with loopback.serving() as server:
        server.answers[TOKEN] = [(200, {"access_token": "T", "expires_in": 7200})]
        server.answers[SEND] = [(200, {"errcode": 0})]
        values = {"TOKEN": "token", "APP_ID": "wx1234567890abcdef", "APP_SECRET": "secret", "API": server.url}
        yield server, {f"YITONG_WECHAT_{name}": value for name, value in values.items()}


@pytest.mark.parametrize(
    ("data", "sent", "waiting"),
    [({"questions": SURVEY}, 1, ["Uncertain"]), ({}, 2, [])],
    ids=["a survey goes out at most once", "news goes out at least once"],
)
async def test_the_worker_dies_when_wechat_has_the_message_and_before_it_is_noted(
    committing: None,
    wechat: tuple[loopback.Server, dict[str, str]],
    data: dict[str, Any],
    sent: int,
    waiting: list[str],
) -> None:
    server, settings = wechat
    async with database.transaction() as session:
        conversation = await conversations.by_peer(session, channel="wechat", peer="oCitizen1")
        reply = Reply(ReplyType.TEXT, "您的工单已办结。", data)
        await conversations.say(session, conversation.id, sender="bot", replies=[reply])
    first = worker(**settings)
    server.before_answer = lambda path: os.kill(first.pid, signal.SIGKILL) if path == SEND else None
    assert await ended(first) == -signal.SIGKILL
    assert len(server.of(SEND)) == 1
    server.before_answer = None
    for _ in range(2):
        await taken_for_dead()
        assert await ended(worker(**settings)) == 0
    assert len(server.of(SEND)) == sent
    async with database.transaction() as session:
        assert [letter.error for letter in await dead_letters.waiting(session)] == waiting
        states = (await session.execute(text("select delivered_at is not null, dead_at is not null from outbox"))).all()
    assert states == [(not waiting, bool(waiting))]


async def test_the_citizen_in_the_web_chat_never_sees_a_notice_twice_and_never_none(committing: None) -> None:
    async with database.transaction() as session:
        conversation, _ = await conversations.open(session, channel="web")
        await outbox.post(
            session,
            channel="web",
            recipient={"conversation": conversation.id},
            kind="ticket.replied",
            content={"text": "您的工单已办结。"},
            idempotency_key="ticket:1:4",
        )
    waiting_for_lock = text("select count(*) from pg_stat_activity where wait_event_type = 'Lock'")
    async with database.transaction() as holding:
        await conversations.get(holding, conversation.id, lock=True)  # the worker waits in the middle of delivering
        first = worker()
        async with asyncio.timeout(60):
            while True:
                async with database.transaction() as session:
                    if await session.scalar(waiting_for_lock):
                        break
        first.kill()
        assert await ended(first) == -signal.SIGKILL
    for _ in range(2):
        await taken_for_dead()
        assert await ended(worker()) == 0
    async with database.transaction() as session:
        said = await conversations.messages(session, conversation.id)
    assert [message.text for message in said] == ["您的工单已办结。"]
