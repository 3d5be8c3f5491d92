"""What people dismiss again and again is shown less, with the reason, and comes back when they confirm it."""

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import Forbidden
from routing import commands, quality, tickets
from routing.models import Ticket
from routing.quality import Narrowed, lessons
from routing.quality.rules import quality as rules
from tests.routing.conftest import AGENT, CITIZEN, SUPERVISOR, department, draft

LEAD = department("urban_management")
EMPTY = "您好，来信已收悉，已转相关部门处理。"

pytestmark = pytest.mark.usefixtures("monday")


async def _replied(session: AsyncSession, result: str = EMPTY, **changes: object) -> Ticket:
    opened = await tickets.open(session, draft(**changes), actor=CITIZEN)
    await commands.dispatch(session, opened.ticket.number, actor=AGENT, department="urban_management")
    await commands.accept(session, opened.ticket.number, actor=LEAD)
    ticket = await commands.reply(session, opened.ticket.number, actor=LEAD, result=result)
    await quality.review_ticket(session, ticket)
    return ticket


async def _judge(session: AsyncSession, check: str, *, confirmed: bool) -> None:
    for shown in await quality.listing(session, Narrowed(state="", check=check), actor=SUPERVISOR, limit=200):
        if shown.finding.decided_at is None:
            await quality.decide(session, shown.finding.id, actor=SUPERVISOR, confirmed=confirmed, reason="看过了")


async def _one(session: AsyncSession, *, sampled: bool) -> Ticket:
    """Reply until it is a ticket whose findings are shown whatever was learnt, or one whose are not."""
    while lessons.sampled(ticket := await _replied(session)) is not sampled:
        pass
    return ticket


async def _state(session: AsyncSession, ticket: Ticket, check: str) -> list[str]:
    found = await quality.listing(session, Narrowed(state="", check=check), actor=SUPERVISOR, limit=200)
    return [each.finding.state for each in found if each.ticket.id == ticket.id]


async def test_a_kind_that_is_mostly_dismissed_is_no_longer_shown_unasked(session: AsyncSession) -> None:
    for _ in range(rules().lessons.decided_from):
        await _replied(session)
    await _judge(session, "empty", confirmed=False)
    ticket = await _one(session, sampled=False)
    assert await _state(session, ticket, "empty") == ["quiet"]
    (shown,) = await quality.listing(session, Narrowed("quiet", "empty"), actor=SUPERVISOR)
    assert shown.finding.evidence["lesson"]["dismissed"] == rules().lessons.decided_from
    assert [each.check for each in await lessons.listing(session, actor=SUPERVISOR)] == ["empty"]
    assert await quality.hints(session, ticket.number, actor=LEAD, result="已收悉。") == [
        hit
        for hit in await quality.hints(session, ticket.number, actor=LEAD, result="已收悉。")
        if hit.check != "empty"
    ]
    # One in so many is shown all the same.
    assert await _state(session, await _one(session, sampled=True), "empty") == ["open"]
    # It is of this department's tickets of this category only.
    assert await _state(session, await _replied(session, category="environment.noise.construction"), "empty") == [
        "open"
    ]


async def test_confirmations_bring_a_kind_back(session: AsyncSession) -> None:
    for _ in range(rules().lessons.decided_from):
        await _replied(session)
    await _judge(session, "empty", confirmed=False)
    await _one(session, sampled=False)
    for _ in range(3):
        await _replied(session)
    await _judge(session, "empty", confirmed=True)
    assert await _state(session, await _one(session, sampled=False), "empty") == ["open"]
    assert await lessons.listing(session, actor=SUPERVISOR) == []


async def test_what_harms_a_person_is_always_shown(session: AsyncSession) -> None:
    rude = "你这是无理取闹，路灯我们已经更换完毕，恢复照明。"
    for _ in range(rules().lessons.decided_from + 1):
        await _replied(session, rude)
    await _judge(session, "rude", confirmed=False)
    for _ in range(2):
        assert await _state(session, await _replied(session, rude), "rude") == ["open"]


async def test_lessons_are_for_whoever_decides(session: AsyncSession) -> None:
    for actor in (AGENT, LEAD):
        with pytest.raises(Forbidden):
            await lessons.listing(session, actor=actor)
