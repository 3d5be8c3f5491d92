"""协办 and 督办: what co-handlers and the department that leads owe beside the reply."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.errors import BadInput, Conflict, Forbidden
from routing import commands, orders, parts, tickets
from tests.routing import road
from tests.routing.conftest import AGENT, MONDAY, department
from tests.routing.road import LEAD, OTHER, arrive

pytestmark = pytest.mark.usefixtures("monday")


class TestParts:
    async def test_a_reply_waits_for_them_unless_it_says_why_not(self, session: AsyncSession) -> None:
        opened = await arrive(session, "accepted")
        await road.ask_part(session, opened)
        with pytest.raises(Conflict, match="协办事项还没有回复"):
            await road.reply(session, opened)
        assert (opened.ticket.state, opened.ticket.result) == ("accepted", None)
        await commands.reply(
            session, opened.ticket.number, actor=LEAD, result="路灯已修好", without_parts="协办单位未按时答复"
        )
        waived = next(
            step
            for step in await tickets.history(session, opened.ticket.number, actor=AGENT)
            if step.kind == "parts_waived"
        )
        assert waived.text == "协办单位未按时答复"
        (part,) = await parts.of(session, opened.ticket)
        assert part.void_at is not None and opened.ticket.open_parts == {}

    async def test_an_answered_part_holds_nothing_up(self, session: AsyncSession) -> None:
        opened = await arrive(session, "accepted")
        for step in (road.ask_part, road.accept_part, road.answer_part, road.reply):
            await step(session, opened)
        (part,) = await parts.of(session, opened.ticket)
        assert (part.answer, part.void_at, opened.ticket.state) == ("供电正常", None, "replied")

    async def test_a_co_handler_answers_its_own_part_only(self, session: AsyncSession) -> None:
        opened = await arrive(session, "accepted")
        await road.ask_part(session, opened)
        await commands.ask_part(
            session, opened.ticket.number, actor=AGENT, department="housing", text="请核实小区产权", working_days=1
        )
        for step in (road.accept_part, road.answer_part):
            with pytest.raises(Forbidden):
                await step(session, opened, actor=LEAD)
        await road.answer_part(session, opened)
        assert opened.ticket.open_parts == {"housing": "asked"}
        with pytest.raises(Conflict):  # it owes nothing more
            await road.answer_part(session, opened, actor=OTHER)
        assert "answer_part" in await tickets.allowed(session, opened.ticket, actor=department("housing"))

    async def test_the_lead_asks_co_handlers_and_the_centre_whomever(self, session: AsyncSession) -> None:
        opened = await arrive(session, "accepted")
        asked = {"text": "请核实", "working_days": 1}
        for actor, code in ((LEAD, "housing"), (LEAD, "urban_management"), (AGENT, "hotline_centre")):
            with pytest.raises(BadInput):
                await commands.ask_part(session, opened.ticket.number, actor=actor, department=code, **asked)  # type: ignore[arg-type]
        await commands.ask_part(session, opened.ticket.number, actor=AGENT, department="housing", **asked)  # type: ignore[arg-type]
        assert "housing" in opened.ticket.co_handlers


class TestSupervision:
    async def test_ordered_answered_and_ended(self, session: AsyncSession) -> None:
        opened = await arrive(session, "accepted")
        await road.supervise(session, opened)
        with pytest.raises(Conflict):
            await road.supervise(session, opened)
        order = await orders.running(session, opened.ticket)
        assert order is not None and order.due_at == datetime(2026, 11, 24, 9, 30, tzinfo=UTC)  # when offices close
        await road.answer_order(session, opened)
        assert (opened.ticket.supervision, opened.ticket.supervised) == ("answered", True)
        await road.end_supervision(session, opened)
        assert (opened.ticket.supervision, opened.ticket.supervised) == (None, False)
        assert (order.answer, order.ended_at) == ("明天到货即修", MONDAY)

    async def test_the_citizen_reads_nothing_of_it(self, session: AsyncSession) -> None:
        opened = await arrive(session, "accepted")
        for step in (road.supervise, road.answer_order):
            await step(session, opened)
        read = str(await tickets.public_status(session, opened.ticket.number, opened.code))
        assert "请说明进展" not in read and "明天到货" not in read

    async def test_it_ends_with_a_ticket_that_follows_another(self, session: AsyncSession) -> None:
        master = await arrive(session, "accepted")
        opened = await arrive(session, "accepted")
        for each in (master, opened):
            await road.supervise(session, each)
        with clock.set_to(MONDAY + timedelta(hours=1)):
            await commands.merge(
                session, opened.ticket.number, actor=AGENT, into=master.ticket.number, reason="同一盏路灯"
            )
        assert opened.ticket.supervision is None and await orders.running(session, opened.ticket) is None
        await road.withdraw(session, master)
        inherited = await orders.running(session, opened.ticket)  # the master's own, with its place
        assert inherited is not None and inherited.ordered_at == MONDAY
        assert opened.ticket.supervision == "open"
