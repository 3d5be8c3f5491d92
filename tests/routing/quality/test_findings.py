"""Findings are kept with their words, decided once with a reason, and seen by the department whose reply it is."""

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import BadInput, Conflict, Forbidden, NotFound
from routing import commands, quality, tickets
from routing.models import Ticket
from routing.quality import Narrowed
from tests.routing.conftest import AGENT, CITIZEN, SUPERVISOR, department, draft

LEAD = department("urban_management")
COPY = "经我局工作人员到现场核实该处情况属实并已按照有关规定责令相关责任单位限期整改完毕。"

pytestmark = pytest.mark.usefixtures("monday")


async def _replied(session: AsyncSession, result: str, **changes: object) -> Ticket:
    opened = await tickets.open(session, draft(**changes), actor=CITIZEN)
    await commands.dispatch(session, opened.ticket.number, actor=AGENT, department="urban_management")
    await commands.accept(session, opened.ticket.number, actor=LEAD)
    return await commands.reply(session, opened.ticket.number, actor=LEAD, result=result)


async def test_a_finding_is_decided_once_and_stays_decided(session: AsyncSession) -> None:
    ticket = await _replied(session, "您好，来信已收悉，已转相关部门处理。")
    await quality.review_ticket(session, ticket)
    shown = await quality.listing(session, Narrowed(check="empty"), actor=LEAD)
    assert [each.ticket.number for each in shown] == [ticket.number]
    assert "已转相关部门处理" in shown[0].finding.evidence["words"]
    id = shown[0].finding.id
    with pytest.raises(Forbidden):
        await quality.decide(session, id, actor=LEAD, confirmed=False, reason="不是")
    with pytest.raises(BadInput):
        await quality.decide(session, id, actor=SUPERVISOR, confirmed=False, reason=" ")
    await quality.decide(session, id, actor=SUPERVISOR, confirmed=False, reason="随后有电话答复")
    with pytest.raises(Conflict):
        await quality.decide(session, id, actor=SUPERVISOR, confirmed=True, reason="是")
    await quality.review_ticket(session, ticket)
    assert await quality.listing(session, Narrowed(check="empty"), actor=SUPERVISOR) == []
    dismissed = await quality.listing(session, Narrowed("dismissed", "empty"), actor=SUPERVISOR)
    assert dismissed[0].finding.reason == "随后有电话答复"
    with pytest.raises(NotFound):
        await quality.decide(session, 10**9, actor=SUPERVISOR, confirmed=True, reason="是")


async def test_the_numbers_are_the_lengths_of_the_lists(session: AsyncSession) -> None:
    for result in ("已收悉。", "正在处理中。", COPY):
        await quality.review_ticket(session, await _replied(session, result))
    for actor in (SUPERVISOR, LEAD, department("tax")):
        for check, number in (await quality.by_check(session, actor=actor, state="open")).items():
            assert len(await quality.listing(session, Narrowed(check=check), actor=actor)) == number
    assert (await quality.by_check(session, actor=LEAD, state="open"))["empty"] == 2
    assert sum((await quality.by_check(session, actor=department("tax"), state="open")).values()) == 0


async def test_the_same_words_on_another_matter_are_a_copy(session: AsyncSession) -> None:
    first = await _replied(session, COPY)
    await quality.review_ticket(session, first)
    same = await _replied(session, COPY)
    other = await _replied(
        session, COPY, title="菜市场污水横流", description="菜市场门口污水横流，臭味很大，商户把脏水倒在路面上。"
    )
    assert "copied" not in {each.check for each in await quality.review_ticket(session, same)}
    found = {each.check: each for each in await quality.review_ticket(session, other)}
    assert found["copied"].evidence["words"][0] in (first.number, same.number)


async def test_hints_keep_nothing(session: AsyncSession) -> None:
    ticket = await _replied(session, COPY)
    hints = await quality.hints(session, ticket.number, actor=LEAD, result="我局将尽快处理。")
    assert "promise_without_date" in {each.check for each in hints}
    assert await quality.hints(session, ticket.number, actor=LEAD, result=" ") == []
    with pytest.raises(NotFound):
        await quality.hints(session, ticket.number, actor=department("tax"), result="我局将尽快处理。")
    assert await quality.listing(session, Narrowed(), actor=SUPERVISOR) == []
