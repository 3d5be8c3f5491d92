"""A ticket's story becomes a label: what it was, whose duty it was, and whose it was not."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from routing import commands, labels, tickets
from routing.labels import Label, Origin
from tests.routing.conftest import AGENT, CITIZEN, MONDAY, SUPERVISOR, department, draft

LAMP, POWER = "utilities.lighting.lamp_out", "utilities.power.outage"

pytestmark = pytest.mark.usefixtures("monday")


async def sent(session: AsyncSession, to: str = "urban_management", **changes: Any) -> str:
    opened = await tickets.open(session, draft(**({"category": LAMP} | changes)), actor=CITIZEN)
    await commands.dispatch(session, opened.ticket.number, actor=AGENT, department=to)
    return opened.ticket.number


async def finished(session: AsyncSession, number: str, by: str = "urban_management") -> None:
    await commands.accept(session, number, actor=department(by))
    await commands.reply(session, number, actor=department(by), result="已处理")
    await commands.callback(session, number, actor=AGENT, contacted=True, solved=True, satisfied=5)


async def given_back(session: AsyncSession, number: str, by: str, to: str) -> None:
    await commands.return_to_centre(session, number, actor=department(by), reason="不属我单位职责")
    await commands.rule_on_return(session, number, actor=SUPERVISOR, upheld=True, department=to)


async def only(session: AsyncSession) -> Label:
    (label,) = await labels.settled(session, most=100)
    return label


async def test_a_ticket_that_its_department_kept_confirms_category_and_department(session: AsyncSession) -> None:
    number = await sent(session)
    assert await labels.settled(session, most=100) == []
    await finished(session, number)
    label = await only(session)
    assert (label.number, label.category, label.department) == (number, LAMP, "urban_management")
    assert (label.wrong, label.origin, label.settled_at) == ((), Origin.CONFIRMED, MONDAY)
    assert label.text.startswith("幸福路口的路灯不亮") and "老人不敢出门" in label.text


async def test_a_return_is_a_negative_label_and_leaves_the_category_unconfirmed(session: AsyncSession) -> None:
    number = await sent(session)
    await given_back(session, number, "urban_management", "power_supply")
    await finished(session, number, by="power_supply")
    label = await only(session)
    assert (label.department, label.wrong, label.category) == ("power_supply", ("urban_management",), None)
    assert label.origin is Origin.RETURNED


async def test_a_return_to_whom_the_catalogue_names_confirms_the_category(session: AsyncSession) -> None:
    number = await sent(session, to="tax")
    await given_back(session, number, "tax", "urban_management")
    await finished(session, number)
    label = await only(session)
    assert (label.category, label.wrong) == (LAMP, ("tax",))


async def test_a_reassignment_by_the_centre_is_one_too_and_a_districts_to_its_street_is_not(
    session: AsyncSession,
) -> None:
    number = await sent(session, to="tax")
    await commands.reassign(session, number, actor=SUPERVISOR, department="zhaoxia", reason="属地管理")
    await commands.reassign(session, number, actor=department("zhaoxia"), department="zhaoxia_gulou", reason="属地街道")
    await finished(session, number, by="zhaoxia_gulou")
    label = await only(session)
    assert (label.department, label.wrong) == ("zhaoxia_gulou", ("tax",))


async def test_a_refused_return_is_no_negative_label(session: AsyncSession) -> None:
    number = await sent(session)
    await commands.return_to_centre(session, number, actor=department("urban_management"), reason="不属我单位职责")
    await commands.rule_on_return(session, number, actor=SUPERVISOR, upheld=False, reason="三定方案明确")
    await finished(session, number)
    assert (await only(session)).origin is Origin.CONFIRMED


async def test_a_ticket_that_came_back_to_the_first_after_all_is_not_against_it(session: AsyncSession) -> None:
    number = await sent(session)
    await given_back(session, number, "urban_management", "power_supply")
    await given_back(session, number, "power_supply", "urban_management")
    await finished(session, number)
    label = await only(session)
    assert (label.department, label.wrong) == ("urban_management", ("power_supply",))


async def test_the_category_that_a_person_set_right_counts_whatever_else_happened(session: AsyncSession) -> None:
    number = await sent(session)
    await commands.correct(session, number, actor=SUPERVISOR, reason="核实后更正", category=POWER)
    await given_back(session, number, "urban_management", "power_supply")
    await finished(session, number, by="power_supply")
    label = await only(session)
    assert (label.category, label.department, label.origin) == (POWER, "power_supply", Origin.CORRECTED)


async def test_a_correction_of_the_urgency_alone_corrects_no_category(session: AsyncSession) -> None:
    number = await sent(session)
    await commands.correct(session, number, actor=SUPERVISOR, reason="影响大", urgency="urgent")
    await finished(session, number)
    assert (await only(session)).origin is Origin.CONFIRMED


async def test_what_a_department_has_had_for_long_is_settled_and_closing_it_does_not_move_it(
    session: AsyncSession,
) -> None:
    number = await sent(session)
    await commands.accept(session, number, actor=department("urban_management"))
    with clock.set_to(MONDAY + timedelta(days=6)):
        assert await labels.settled(session, most=100) == []
    with clock.set_to(MONDAY + timedelta(days=8)):
        assert (await only(session)).settled_at == MONDAY + timedelta(days=7)
        await commands.reply(session, number, actor=department("urban_management"), result="已处理")
        await commands.callback(session, number, actor=AGENT, contacted=True, solved=True, satisfied=5)
        assert (await only(session)).settled_at == MONDAY + timedelta(days=7)
        assert await labels.count_since(session, MONDAY) == 1
        assert await labels.count_since(session, MONDAY + timedelta(days=7)) == 0


async def test_withdrawn_and_unseen_tickets_are_no_labels(session: AsyncSession) -> None:
    opened = await tickets.open(session, draft(category=LAMP), actor=CITIZEN)
    await commands.withdraw(session, opened.ticket.number, opened.code)
    unseen = await tickets.open(session, draft(category=LAMP), actor=CITIZEN)
    await commands.close(session, unseen.ticket.number, actor=AGENT, reason="重复来电")
    assert await labels.settled(session, most=100) == []
    assert await labels.count_since(session, None) == 0
    closed = await tickets.open(session, draft(category=LAMP), actor=CITIZEN)
    await commands.correct(session, closed.ticket.number, actor=SUPERVISOR, reason="实为停电", category=POWER)
    await commands.close(session, closed.ticket.number, actor=AGENT, reason="重复来电")
    assert [label.category for label in await labels.settled(session, most=1)] == [POWER]
    assert await labels.count_since(session, None) == 1


async def test_the_newest_are_taken_and_given_oldest_first(session: AsyncSession) -> None:
    numbers = []
    for day in range(3):
        with clock.set_to(MONDAY + timedelta(minutes=day)):
            numbers.append(await sent(session))
            await finished(session, numbers[-1])
    assert [label.number for label in await labels.settled(session, most=2)] == numbers[1:]


async def test_a_secret_authors_words_reach_no_label(session: AsyncSession) -> None:
    number = await sent(session, confidential=True, description="我叫王小明，电话13800138000，路灯坏了三天。")
    await finished(session, number)
    text = (await only(session)).text
    assert "王小明" not in text and "13800138000" not in text and "路灯" in text
