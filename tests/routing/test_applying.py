"""延期 and 挂起: asked by the department that leads, decided by the centre, and what the citizen is told."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.database import transaction
from core.errors import BadInput, Conflict
from core.outbox import Notice
from routing import commands, tickets, timing
from routing.clock_rows import ClockState, state_of
from routing.commands.applying import end_suspensions
from routing.models import Ticket, TicketClock
from routing.policy import sla
from tests.routing import road
from tests.routing.conftest import MONDAY, SUPERVISOR
from tests.routing.road import LEAD, arrive

pytestmark = pytest.mark.usefixtures("monday")


async def told(session: AsyncSession) -> str:
    notices = await session.scalars(select(Notice).order_by(Notice.id.desc()).limit(1))
    return str(notices.one().content["text"])


async def ask(session: AsyncSession, number: str, working_days: int) -> None:
    await commands.ask_extension(session, number, actor=LEAD, working_days=working_days, reason="灯具需要订货")


class TestExtension:
    async def test_approved_it_moves_the_citizens_clock_and_tells_the_citizen(self, session: AsyncSession) -> None:
        opened = await arrive(session, "accepted")
        promised = (await timing.running(session, opened.ticket))["resolve"].due_at
        await road.ask_extension(session, opened)
        assert (await timing.running(session, opened.ticket))["resolve"].due_at == promised  # only asked
        await road.extend(session, opened)
        assert (await timing.running(session, opened.ticket))["resolve"].due_at > promised
        assert (opened.ticket.extensions, opened.ticket.extended_days, opened.ticket.applied) == (1, 3, None)
        assert "延长办理时间" in await told(session)

    async def test_citizen_and_staff_read_the_new_date(self, session: AsyncSession) -> None:
        opened = await arrive(session, "accepted")
        await road.ask_extension(session, opened)
        await road.extend(session, opened)
        status = await tickets.public_status(session, opened.ticket.number, opened.code)
        history = await tickets.history(session, opened.ticket.number, actor=LEAD)
        of_citizen = next(step["text"] for step in status["steps"] if step["name"] == "已批准延期")
        of_staff = next(step.text for step in history if step.kind == "extended")
        # Promised for Monday the 30th; three working days after it are Thursday.
        assert of_citizen == "批准延期3个工作日，办理期限延至12月3日17:30" and of_citizen in of_staff

    async def test_refused_nothing_moves_and_the_department_reads_why(self, session: AsyncSession) -> None:
        opened = await arrive(session, "accepted")
        promised = (await timing.running(session, opened.ticket))["resolve"].due_at
        await road.ask_extension(session, opened)
        with pytest.raises(BadInput):
            await commands.rule_on_extension(session, opened.ticket.number, actor=SUPERVISOR, approved=False)
        await commands.rule_on_extension(
            session, opened.ticket.number, actor=SUPERVISOR, approved=False, reason="仓库有备件"
        )
        assert (await timing.running(session, opened.ticket))["resolve"].due_at == promised
        last = (await tickets.history(session, opened.ticket.number, actor=LEAD))[-1]
        assert (last.kind, last.text) == ("extension_refused", "仓库有备件")
        assert "仓库有备件" not in str(await tickets.public_status(session, opened.ticket.number, opened.code))
        await road.ask_extension(session, opened)  # a refusal uses none of them up
        assert opened.ticket.extensions == 0

    async def test_as_often_and_as_long_as_the_rule_says(self, session: AsyncSession) -> None:
        opened = await arrive(session, "accepted")
        limits, number = sla().extension, opened.ticket.number
        for _ in range(limits.max_times):
            await ask(session, number, 1)
            with pytest.raises(Conflict, match="等热线中心审批"):
                await ask(session, number, 1)
            await road.extend(session, opened)
        with pytest.raises(Conflict, match="延期已经用完"):
            await ask(session, number, 1)
        longest = await arrive(session, "accepted")
        for working_days in (0, limits.max_working_days + 1):
            with pytest.raises(BadInput, match=f"最多还能延期{limits.max_working_days}个工作日"):
                await ask(session, longest.ticket.number, working_days)
        await ask(session, longest.ticket.number, limits.max_working_days)
        await road.extend(session, longest)
        with pytest.raises(Conflict, match="延期已经用完"):
            await ask(session, longest.ticket.number, 1)

    async def test_before_the_time_ran_out(self, session: AsyncSession) -> None:
        opened = await arrive(session, "accepted")
        due_at = (await timing.running(session, opened.ticket))["resolve"].due_at
        with clock.set_to(due_at + timedelta(seconds=1)), pytest.raises(Conflict, match="时限已过"):
            assert "ask_extension" not in await tickets.allowed(session, opened.ticket, actor=LEAD)
            await road.ask_extension(session, opened)
        with clock.set_to(due_at):
            assert "ask_extension" in await tickets.allowed(session, opened.ticket, actor=LEAD)
            await road.ask_extension(session, opened)

    async def test_a_reply_ends_what_was_asked(self, session: AsyncSession) -> None:
        opened = await arrive(session, "accepted")
        await road.ask_extension(session, opened)
        await road.reply(session, opened)
        assert opened.ticket.applied is None


class TestSuspension:
    async def test_the_clocks_stand_still_and_go_on_with_what_was_left(self, session: AsyncSession) -> None:
        opened = await arrive(session, "accepted")
        before = (await timing.running(session, opened.ticket))["resolve"].due_at
        await road.ask_suspension(session, opened)
        await road.suspend(session, opened)
        assert "经批准暂缓办理" in await told(session)
        running = await timing.running(session, opened.ticket)
        assert {state_of(row, clock.now()) for row in running.values()} == {ClockState.PAUSED}
        assert opened.ticket.next_due_at is None
        with clock.set_to(MONDAY + timedelta(days=7)):
            await road.resume(session, opened)
            after = (await timing.running(session, opened.ticket))["resolve"].due_at
        assert (opened.ticket.state, after - before) == ("accepted", timedelta(days=7))

    async def test_the_citizen_reads_until_when(self, session: AsyncSession) -> None:
        opened = await arrive(session, "suspended")
        shown = await tickets.public_status(session, opened.ticket.number, opened.code)
        assert shown["suspended_until"].startswith("2026-12-10") and shown["state_name"] == "暂缓办理"
        assert {each["state"] for each in shown["clocks"] if not each["met_at"]} == {"paused"}

    @pytest.mark.parametrize("until", [date(2026, 11, 23), date(2026, 11, 1), date(2027, 11, 23)])
    async def test_until_a_day_to_come_that_is_not_too_far(self, session: AsyncSession, until: date) -> None:
        opened = await arrive(session, "accepted")
        with pytest.raises(BadInput, match="恢复日期"):
            await commands.ask_suspension(
                session, opened.ticket.number, actor=LEAD, until=until, reason="等雨季结束再开挖"
            )

    @pytest.mark.usefixtures("committing")
    async def test_it_ends_by_itself_on_its_day_and_not_before(self) -> None:
        async with transaction() as session:
            id = (await arrive(session, "suspended")).ticket.id
        states = []
        for day in (date(2026, 12, 9), date(2026, 12, 10), date(2026, 12, 11)):
            with clock.set_to(MONDAY + (day - MONDAY.date())):
                await end_suspensions()
            async with transaction() as session:
                states.append((await session.get_one(Ticket, id)).state)
        assert states == ["suspended", "suspended", "accepted"]

    @pytest.mark.usefixtures("committing")
    async def test_one_that_cannot_be_resumed_holds_no_other_back(self) -> None:
        async with transaction() as session:
            broken = (await arrive(session, "suspended")).ticket.id
            sound = (await arrive(session, "suspended")).ticket.id
            await session.execute(update(TicketClock).where(TicketClock.ticket_id == broken).values(unit="fortnights"))
        with clock.set_to(MONDAY + timedelta(days=30)):
            await end_suspensions()
        async with transaction() as session:
            states = [(await session.get_one(Ticket, id)).state for id in (broken, sound)]
        assert states == ["suspended", "accepted"]
