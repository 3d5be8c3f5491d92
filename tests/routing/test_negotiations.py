"""Where nobody's duty fits: the centre asks, departments say their positions, the centre decides on record."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock, ledger
from core.errors import BadInput, Conflict, Forbidden, NotFound
from routing import catalogue_versions, commands, negotiated, negotiations, tickets
from routing.models import Ticket
from routing.suggestions import suggest
from tests.routing.conftest import AGENT, CITIZEN, MONDAY, SUPERVISOR, department, draft

ASKED = ("housing", "urban_management")
LAMP = "utilities.lighting.lamp_out"

pytestmark = pytest.mark.usefixtures("monday")


async def opened(session: AsyncSession, **changes: Any) -> Ticket:
    return (await tickets.open(session, draft(category=LAMP, **changes), actor=CITIZEN)).ticket


async def negotiating(session: AsyncSession, ticket: Ticket, **values: Any) -> Any:
    asked = {"participants": ASKED, "question": "小区外墙的灯归谁管？"} | values
    return await negotiations.open(session, ticket.number, actor=SUPERVISOR, **asked)


async def decided(session: AsyncSession, id: int, **values: Any) -> Any:
    said = {"lead": "housing", "co_handlers": ["urban_management"], "basis": "移交协议", "reason": "灯在小区红线内"}
    return await negotiations.decide(session, id, actor=SUPERVISOR, **(said | values))


async def test_participants_say_their_positions_and_the_decision_sends_the_ticket(session: AsyncSession) -> None:
    ticket = await opened(session)
    made = await negotiating(session, ticket)
    for code, stance in (("housing", "accepts"), ("urban_management", "declines")):
        await negotiations.state_position(session, made.id, actor=department(code), stance=stance, text="权责清单第3项")
    await decided(session, made.id)
    assert (ticket.state, ticket.lead, ticket.co_handlers) == ("dispatched", "housing", ["urban_management"])
    said = {each.department: each.stance for each in await negotiated.positions(session, made)}
    assert said == {"housing": "accepts", "urban_management": "declines"}
    events = await ledger.history(session, f"negotiation:{made.id}")
    assert [event.kind.partition(".")[2] for event in events] == ["opened", "stated", "stated", "decided"]
    steps = [step.kind for step in await tickets.history(session, ticket.number, actor=AGENT)]
    assert steps == ["opened", "negotiation_opened", "dispatched", "negotiation_decided"]


async def test_the_first_receiver_leads_meanwhile(session: AsyncSession) -> None:
    ticket = await opened(session)
    made = await negotiating(session, ticket, first_receiver="urban_management")
    assert (ticket.state, ticket.lead) == ("dispatched", "urban_management")
    await decided(session, made.id)
    assert (ticket.state, ticket.lead) == ("dispatched", "housing")


async def test_a_returned_ticket_is_ruled_on_by_the_decision(session: AsyncSession) -> None:
    ticket = await opened(session)
    await commands.dispatch(session, ticket.number, actor=AGENT, department="urban_management")
    await commands.return_to_centre(session, ticket.number, actor=department("urban_management"), reason="不属我局职责")
    made = await negotiating(session, ticket)
    await decided(session, made.id, lead="urban_management", co_handlers=["housing"])
    assert (ticket.lead, ticket.return_refused, ticket.co_handlers) == ("urban_management", True, ["housing"])


async def test_the_decision_is_evidence_for_a_like_request_and_becomes_a_row_where_asked(session: AsyncSession) -> None:
    made = await negotiating(session, await opened(session))
    await decided(session, made.id, catalogue_area="zhaoxia")
    found = await suggest(session, await opened(session))
    assert found[0].code == "housing" and any(f"第{made.id}号" in said for said in found[0].evidence)
    row = (await catalogue_versions.in_force(session)).get(LAMP, "zhaoxia")
    assert row is not None and row.version == made.catalogue_version


async def test_a_precedent_alone_never_dispatches_by_itself(session: AsyncSession) -> None:
    made = await negotiating(session, await opened(session))
    await decided(session, made.id, lead="education", co_handlers=[])
    found = await suggest(session, await opened(session))
    assert found[0].code == "urban_management"
    assert any(each.code == "education" and "职责协商" in "".join(each.evidence) for each in found)


async def test_only_who_was_asked_reads_it_and_speaks(session: AsyncSession) -> None:
    made = await negotiating(session, await opened(session))
    with pytest.raises(NotFound):
        await negotiated.find(session, made.id, actor=department("tax"))
    with pytest.raises(NotFound):
        await negotiations.state_position(session, made.id, actor=department("tax"), stance="declines", text="无关")
    with pytest.raises(Forbidden):
        await negotiations.decide(session, made.id, actor=AGENT, lead="housing", basis="无", reason="无")
    assert await negotiated.waiting_for(session, actor=department("housing")) == 1
    assert [each.id for each in await negotiated.listing(session, actor=department("housing"))] == [made.id]
    assert not await negotiated.listing(session, actor=department("tax"))


async def test_the_author_of_a_tip_off_is_hidden_from_participants(session: AsyncSession) -> None:
    ticket = await opened(session, request_type="tip_off")
    made = await negotiating(session, ticket, question="举报人王小明13800138000反映的事归谁？")
    assert "王小明" not in made.question and "13800138000" not in made.question


async def test_what_cannot_be_negotiated_is_refused(session: AsyncSession) -> None:
    ticket = await opened(session)
    for few in (("housing",), ("housing", "hotline_centre"), ("housing", "zhaoxia_gulou_grid_1")):
        with pytest.raises(BadInput):
            await negotiating(session, ticket, participants=few)
    made = await negotiating(session, ticket)
    with pytest.raises(Conflict):
        await negotiating(session, ticket)
    for nobody in ("hotline_centre", "zhaoxia_gulou_grid_1"):
        with pytest.raises(BadInput):
            await decided(session, made.id, lead=nobody)
        with pytest.raises(BadInput):
            await decided(session, made.id, co_handlers=[nobody])
    await negotiations.drop(session, made.id, actor=SUPERVISOR, reason="已自行协商")
    with pytest.raises(Conflict):
        await decided(session, made.id)
    assert ticket.state == "new"


async def test_a_position_not_taken_in_time_is_overdue(session: AsyncSession) -> None:
    made = await negotiating(session, await opened(session))
    (first, _) = await negotiated.positions(session, made)
    assert not negotiated.overdue(made, first, clock.now())
    assert negotiated.overdue(made, first, MONDAY + timedelta(hours=49))


async def test_it_ends_with_a_ticket_that_nobody_asks_for_any_more(session: AsyncSession) -> None:
    opened = await tickets.open(session, draft(category=LAMP), actor=CITIZEN)
    made = await negotiating(session, opened.ticket)
    await commands.withdraw(session, opened.ticket.number, opened.code)
    assert (made.state, made.reason) == ("dropped", "工单状态变为“已撤单”，协商随之结束。")
    assert await negotiated.waiting_for(session, actor=department("housing")) == 0
    with pytest.raises(Conflict, match="已经结束"):
        await decided(session, made.id)


async def test_it_ends_with_a_ticket_that_follows_another_and_goes_on_with_whoever_takes_its_place(
    session: AsyncSession,
) -> None:
    master, child = await tickets.open(session, draft(category=LAMP), actor=CITIZEN), await opened(session)
    of_master, of_child = await negotiating(session, master.ticket), await negotiating(session, child)
    await commands.merge(session, child.number, actor=AGENT, into=master.ticket.number, reason="同一盏灯")
    assert (of_master.state, of_child.state) == ("open", "dropped")
    await commands.withdraw(session, master.ticket.number, master.code)
    await session.refresh(of_master)
    assert (of_master.state, of_master.ticket_id) == ("open", child.id)
    await decided(session, of_master.id)
    assert (child.state, child.lead) == ("dispatched", "housing")


async def test_of_a_replied_ticket_the_question_stays(session: AsyncSession) -> None:
    ticket = await opened(session)
    made = await negotiating(session, ticket, first_receiver="urban_management")
    await commands.accept(session, ticket.number, actor=department("urban_management"))
    await commands.reply(session, ticket.number, actor=department("urban_management"), result="先修好了")
    await decided(session, made.id)
    assert (made.state, ticket.state, ticket.lead) == ("decided", "replied", "urban_management")
