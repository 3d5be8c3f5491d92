"""What lies in the past is read once, a ticket in a transaction, and again where rules or ticket have changed."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from core import clock, jobs
from core.auth import SYSTEM
from core.database import transaction
from routing import callbacks, commands, quality, tickets
from routing.quality import past
from routing.quality.tables import Finding, QualityReading
from tests.routing.conftest import AGENT, CITIZEN, MONDAY, SUPERVISOR, department, draft

LEAD = department("urban_management")

pytestmark = pytest.mark.usefixtures("committing", "running")


@pytest.fixture
def running() -> Iterator[None]:
    with clock.set_to(MONDAY, running=True):
        yield


async def _replied(result: str = "您好，来信已收悉，已转相关部门处理。") -> str:
    async with transaction() as session:
        number = (await tickets.open(session, draft(), actor=CITIZEN)).ticket.number
        await commands.dispatch(session, number, actor=AGENT, department="urban_management")
        await commands.accept(session, number, actor=LEAD)
        await commands.reply(session, number, actor=LEAD, result=result)
    return number


async def _checks(state: str = "open") -> list[str]:
    async with transaction() as session:
        return sorted(await session.scalars(select(Finding.check).where(Finding.state == state)))


async def test_every_ticket_is_read_once() -> None:
    for _ in range(3):
        await _replied()
    told: list[int] = []
    done = await quality.review_past(told=lambda progress: told.append(progress.read))
    assert (done.read, done.found["empty"], done.failed, told) == (3, 3, [], [3])
    again = await quality.review_past()
    assert (again.read, again.found.total()) == (0, 0)
    assert (await _checks()).count("empty") == 3


async def test_other_rules_read_everything_again(monkeypatch: pytest.MonkeyPatch) -> None:
    await _replied()
    await quality.review_past()
    async with transaction() as session:
        await session.execute(update(QualityReading).values(rules="older"))
    assert (await quality.review_past()).read == 1


async def test_one_that_cannot_be_read_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = [await _replied() for _ in range(3)]
    review = past.review_ticket

    async def broken(session: object, ticket: tickets.Ticket) -> object:
        if ticket.number == numbers[1]:
            raise ValueError
        return await review(session, ticket)  # type: ignore[arg-type]

    monkeypatch.setattr(past, "review_ticket", broken)
    done = await quality.review_past()
    assert (done.read, done.failed) == (2, [numbers[1]])
    monkeypatch.undo()
    assert (await quality.review_past()).read == 1


async def test_only_what_was_opened_since_a_day_is_read() -> None:
    await _replied()
    day = clock.local(MONDAY, "Asia/Shanghai").date()
    assert (await quality.review_past(since=day + timedelta(days=1))).read == 0
    assert (await quality.review_past(since=date(2026, 1, 1))).read == 1


async def test_a_bad_mark_is_found_when_the_citizen_gives_it() -> None:
    number = await _replied()
    async with transaction() as session:
        ticket = await tickets.find(session, number, actor=SYSTEM, lock=True)
        await callbacks.survey(session, ticket, actor=CITIZEN, contacted=True, solved=True, satisfied=1, text="")
    await jobs.run_due()
    assert "unsatisfied" in await _checks()


async def test_a_correction_is_read_at_once_and_takes_the_finding_away() -> None:
    async with transaction() as session:
        said = "请问楼下KTV每天唱到凌晨两三点，已经半年了，到底有没有人管？"
        opened = await tickets.open(
            session, draft(request_type="consultation", title=said, description=said), actor=CITIZEN
        )
    await jobs.run_due()
    assert "type_drift" in await _checks()
    async with transaction() as session:
        await commands.correct(
            session, opened.ticket.number, actor=SUPERVISOR, reason="是投诉", request_type="complaint"
        )
    await jobs.run_due()
    assert "type_drift" not in await _checks()


async def test_a_later_reply_is_read_for_itself() -> None:
    number = await _replied()
    await quality.review_past()
    async with transaction() as session:
        (found,) = await quality.listing(session, quality.Narrowed(check="empty"), actor=SUPERVISOR)
        await quality.decide(session, found.finding.id, actor=SUPERVISOR, confirmed=False, reason="另有电话答复")
        ticket = await tickets.find(session, number, actor=SYSTEM, lock=True)
        await callbacks.survey(session, ticket, actor=CITIZEN, contacted=True, solved=False, satisfied=1, text="")
        await commands.accept(session, number, actor=LEAD)
        await commands.reply(session, number, actor=LEAD, result="已收悉，正在处理中。")
    await jobs.run_due()
    assert "empty" in await _checks() and "empty" in await _checks("dismissed")
