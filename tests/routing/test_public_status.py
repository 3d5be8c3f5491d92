"""What a citizen reads of their ticket on `/track`: their own, this round's, in their language."""

from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.errors import NotFound
from routing import commands, tickets
from tests.routing import road
from tests.routing.conftest import CITIZEN, MONDAY, draft
from tests.routing.road import arrive

pytestmark = pytest.mark.usefixtures("monday")


async def test_the_history_says_until_when_as_the_notice_does(session: AsyncSession) -> None:
    opened = await arrive(session, "suspended")
    status = await tickets.public_status(session, opened.ticket.number, opened.code)
    text = status["steps"][-1]["text"]
    assert "17:30" in text and "月" in text and "2026-" not in text


@pytest.mark.parametrize("phone", [None, "13900139000"])
async def test_the_clock_for_getting_in_touch_is_theirs_who_left_a_number(
    session: AsyncSession, phone: str | None
) -> None:
    master = await arrive(session, "accepted")
    values = draft(conversation="c-2", citizen_name=None, citizen_phone=phone)
    child = await tickets.open(session, values, actor=CITIZEN, join=master.ticket.number)
    status = await tickets.public_status(session, child.ticket.number, child.code)
    kinds = {each["kind"] for each in status["clocks"]}
    assert "resolve" in kinds and ("contact" in kinds) is (phone is not None)


async def test_a_clock_of_the_round_before_a_reopening_is_not_among_those_that_run(session: AsyncSession) -> None:
    opened = await arrive(session, "replied")
    with clock.set_to(MONDAY + timedelta(days=1)):
        await commands.rate(session, opened.ticket.number, opened.code, solved=False, satisfied=1)
        status = await tickets.public_status(session, opened.ticket.number, opened.code)
    assert {each["kind"] for each in status["clocks"]} == {"accept", "contact", "resolve"}
    assert not [each for each in status["clocks"] if each["met_at"]]


async def test_a_return_that_waits_is_said_without_blame_or_reason(session: AsyncSession) -> None:
    opened = await arrive(session, "returned")
    status = await tickets.public_status(session, opened.ticket.number, opened.code)
    step = status["steps"][-1]
    assert "退回" in step["text"] and "热线中心" in step["text"]
    assert "属于供电公司的设施" not in str(status) and "异议" not in str(status)
    await road.refuse(session, opened)
    status = await tickets.public_status(session, opened.ticket.number, opened.code)
    assert "热线中心决定由市城管局办理" in str(status["steps"]) and "不成立" not in str(status)


@pytest.mark.parametrize("state", ["returned", "suspended", "merged"])
async def test_in_english_states_clocks_and_steps_have_english_names(session: AsyncSession, state: str) -> None:
    opened = await arrive(session, state)
    status = await tickets.public_status(session, opened.ticket.number, opened.code, locale="en")
    named = [status["state_name"], *(each["name"] for each in (*status["clocks"], *status["steps"]))]
    assert all(name.isascii() for name in named), named


async def test_of_merged_tickets_each_citizen_reads_their_own_by_their_own_code(session: AsyncSession) -> None:
    master = await arrive(session, "accepted")
    values = draft(conversation="c-2", citizen_name="赵大海", citizen_phone="13900139000")
    child = await tickets.open(session, values, actor=CITIZEN, join=master.ticket.number)
    for own, other in ((master, child), (child, master)):
        status = await tickets.public_status(session, own.ticket.number, own.code)
        assert status["number"] == own.ticket.number and other.ticket.number not in str(status)
        assert not [word for word in ("赵大海", "王小明", "13900139000", "13800138000") if word in str(status)]
        with pytest.raises(NotFound):
            await tickets.public_status(session, own.ticket.number, other.code)
