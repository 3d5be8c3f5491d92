from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from routing import agenda, commands, tickets
from tests.routing.conftest import AGENT, CITIZEN, EDITOR, MONDAY, department, draft


async def dispatched(session: AsyncSession, lead: str, **changes: Any) -> str:
    number = (await tickets.open(session, draft(**changes), actor=CITIZEN)).ticket.number
    await commands.dispatch(session, number, actor=AGENT, department=lead)
    return number


async def numbers(session: AsyncSession, **asked: Any) -> list[str]:
    return [each.ticket.number for each in await agenda.agenda(session, **asked)]


async def test_the_nearest_end_of_a_clock_comes_first_and_the_finished_last(
    session: AsyncSession, monday: object
) -> None:
    closed = (await tickets.open(session, draft(), actor=CITIZEN)).ticket.number
    await commands.close(session, closed, actor=AGENT, reason="已解答")
    plain = await dispatched(session, "urban_management")
    critical = await dispatched(session, "power_supply", urgency="critical")
    assert await numbers(session, actor=AGENT) == [critical, plain, closed]
    assert await numbers(session, actor=AGENT, limit=1, skip=1) == [plain]
    assert await numbers(session, actor=department("urban_management")) == [plain]
    assert await numbers(session, actor=EDITOR) == []


async def test_words_find_the_same_tickets_whether_the_nearest_hold_enough_of_them_or_not(
    session: AsyncSession, monday: object
) -> None:
    actor = department("urban_management")
    of_lamps = [await dispatched(session, actor.department or "", title=f"第{n}盏路灯不亮") for n in range(5)]
    await dispatched(session, "urban_management", title="垃圾没有清运")
    await dispatched(session, "power_supply", title="电表旁的路灯不亮")
    ordered = [number for number in await numbers(session, actor=actor) if number in of_lamps]
    for skip in range(6):
        for limit in (1, 2, 5, 50):  # of all six it leads, or of the index of titles
            found = await numbers(session, actor=actor, query="\u200b路灯 ", skip=skip, limit=limit)
            assert found == ordered[skip : skip + limit]
    assert await numbers(session, actor=actor, query="\u200b") == await numbers(session, actor=actor)


async def test_what_is_late_is_told_from_what_soon_will_be(session: AsyncSession, monday: object) -> None:
    plain = await dispatched(session, "urban_management")
    critical = await dispatched(session, "power_supply", urgency="critical")
    with clock.set_to(MONDAY + timedelta(hours=3)):
        now = clock.now()
        assert await numbers(session, actor=AGENT, due_before=now) == [critical]
        assert await numbers(session, actor=AGENT, due_after=now, due_before=now + timedelta(days=3)) == [plain]
        assert await agenda.overdue(session, actor=AGENT) == 1
        assert await agenda.overdue(session, actor=department("urban_management")) == 0
        assert await agenda.loads(session, actor=AGENT) == [
            agenda.Load(department="power_supply", open=1, overdue=1),
            agenda.Load(department="urban_management", open=1, overdue=0),
        ]


async def test_a_lapsed_right_to_object_is_nobodys_delay(session: AsyncSession, monday: object) -> None:
    number = await dispatched(session, "urban_management")
    actor = department("urban_management")
    await commands.accept(session, number, actor=actor)
    await commands.contact(session, number, actor=actor, note="已通话")
    pending = (await agenda.agenda(session, actor=actor))[0]
    assert [each.kind for each in pending.clocks] == ["resolve"]
    with clock.set_to(MONDAY + timedelta(days=3)):
        assert await agenda.overdue(session, actor=actor) == 0


async def test_a_co_handler_works_by_the_ends_of_its_own_parts(session: AsyncSession, monday: object) -> None:
    lead, other = department("urban_management"), department("power_supply")
    of_days = {}
    for days, urgency in ((3, "critical"), (1, "general"), (2, "general")):
        of_days[days] = await dispatched(session, "urban_management", urgency=urgency)
        await commands.ask_part(
            session, of_days[days], actor=AGENT, department="power_supply", text="请核实供电", working_days=days
        )
    # The lead's clock of the critical one ends first, the co-handler's part of it last.
    assert (await numbers(session, actor=lead))[0] == of_days[3]
    theirs = await agenda.agenda(session, actor=other, state="parts")
    assert [each.ticket.number for each in theirs] == [of_days[days] for days in (1, 2, 3)]
    assert [each.part.due_at - MONDAY for each in theirs if each.part] == [
        timedelta(days=days, hours=8) for days in (1, 2, 3)
    ]
    assert all(each.part is None for each in await agenda.agenda(session, actor=lead))
    await commands.answer_part(session, of_days[1], actor=other, text="供电正常")
    assert {each.ticket.number for each in await agenda.agenda(session, actor=other) if each.part} == {
        of_days[2],
        of_days[3],
    }
