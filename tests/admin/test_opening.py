"""An agent and a turn of the bot who open tickets at the same moment do not wait for each other for ever."""

import asyncio

from sqlalchemy import text

from admin.staff.tickets.opening import OpenTicket, open_ticket
from bot import conversations, handover
from core.database import transaction
from routing import tickets
from routing.tickets import Draft
from tests.admin.staffing import World


async def test_the_conversation_is_claimed_before_the_days_numbers(world: World) -> None:
    id, agent = await world.waiting(), world.actors["lin"]
    async with transaction() as session:
        await handover.take(session, id, actor=agent)

    async def by_agent() -> str:
        body = OpenTicket(request_type="assistance", title="路灯不亮", description="路灯坏了三天", conversation=id)
        async with transaction() as session:
            return (await open_ticket(session, body, actor=agent)).ticket.number

    async with transaction() as turn:
        await conversations.get(turn, id, lock=True)
        waiting = asyncio.create_task(by_agent())
        await _until_somebody_waits()
        draft = Draft(
            request_type="assistance", category=None, urgency="general", title="路灯", description="路灯", channel="web"
        )
        first = (await tickets.open(turn, draft, actor=agent)).ticket.number
    assert [first[-6:], (await waiting)[-6:]] == ["000001", "000002"]


async def _until_somebody_waits() -> None:
    waiting = text(
        "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    )
    async with transaction() as session:
        while not await session.scalar(waiting):
            await session.execute(text("select pg_stat_clear_snapshot()"))
            await asyncio.sleep(0)
