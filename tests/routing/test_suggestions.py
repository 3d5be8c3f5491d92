"""Whom a ticket is suggested to: catalogue, duties, what similar tickets taught; how likely it comes back."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.text.encode import HashingEncoder, using
from routing import commands, dispatching, experience, tickets, vectors
from routing.departments import Candidate
from routing.models import Ticket
from routing.rules import rules
from routing.suggestions import suggest
from tests.routing.conftest import AGENT, CITIZEN, MONDAY, SUPERVISOR, department, draft

LAMP = "utilities.lighting.lamp_out"
WORDS = {"title": "小区路灯不亮", "description": "我们小区里面的路灯不亮，晚上很黑。"}

pytestmark = pytest.mark.usefixtures("monday")


async def opened(session: AsyncSession, **changes: Any) -> Ticket:
    made = await tickets.open(session, draft(**(WORDS | {"category": LAMP} | changes)), actor=CITIZEN)
    await vectors.keep(session, made.ticket)
    return made.ticket


async def solved(session: AsyncSession, *, by: str, first: str | None = None, **changes: Any) -> Ticket:
    """A closed ticket that `by` solved, after `first` had given it back."""
    ticket = await opened(session, **changes)
    await commands.dispatch(session, ticket.number, actor=AGENT, department=first or by)
    if first:
        await commands.return_to_centre(session, ticket.number, actor=department(first), reason="不属我单位职责")
        await commands.rule_on_return(session, ticket.number, actor=SUPERVISOR, upheld=True, department=by)
    await commands.accept(session, ticket.number, actor=department(by))
    await commands.reply(session, ticket.number, actor=department(by), result="已处理")
    await commands.callback(session, ticket.number, actor=AGENT, contacted=True, solved=True, satisfied=5)
    return ticket


def of(found: list[Candidate], code: str) -> Candidate:
    return next(each for each in found if each.code == code)


async def test_without_experience_it_is_the_ranking_of_catalogue_and_duties_with_a_risk(session: AsyncSession) -> None:
    found = await suggest(session, await opened(session))
    assert found[0].code == "urban_management" and found[0].score >= rules().dispatch.automatic_from
    assert found[0].risk is not None and found[1].risk is not None
    assert 0 < found[0].risk < found[1].risk < 1
    assert not any("相似工单" in said for each in found for said in each.evidence)


async def test_the_ranking_learns_from_returns(session: AsyncSession) -> None:
    before = await suggest(session, await opened(session))
    for _ in range(6):
        await solved(session, by="housing", first="urban_management")
    after = await suggest(session, await opened(session))
    assert before[0].code == "urban_management" and after[0].code == "housing"
    assert "近90天 6 件相似工单由市住建局办结" in "；".join(after[0].evidence)
    assert "近90天 6 件相似工单不属市城管局，已改派" in "；".join(of(after, "urban_management").evidence)
    assert (of(after, "urban_management").risk or 0) > (of(before, "urban_management").risk or 0)
    # What only experience says is never dispatched without a person.
    assert after[0].score < rules().dispatch.automatic_from
    ticket = await opened(session)
    assert (await dispatching.dispatch_new(session, ticket.number)).state == "new"


async def test_experience_that_agrees_with_the_catalogue_makes_it_surer(session: AsyncSession) -> None:
    before = of(await suggest(session, await opened(session)), "urban_management")
    for _ in range(6):
        await solved(session, by="urban_management")
    after = of(await suggest(session, await opened(session)), "urban_management")
    assert after.score > before.score and (after.risk or 1) < (before.risk or 0)


async def test_a_few_similar_tickets_move_nothing_but_are_told(session: AsyncSession) -> None:
    before = await suggest(session, await opened(session))
    await solved(session, by="housing")
    after = await suggest(session, await opened(session))
    assert [(each.code, each.score) for each in after] == [(each.code, each.score) for each in before]
    for each in after:
        assert ("相似工单" in "；".join(each.evidence)) == (each.code == "housing")


async def test_old_tickets_count_less(session: AsyncSession) -> None:
    for _ in range(6):
        await solved(session, by="housing", first="urban_management")
    now = of(await suggest(session, await opened(session)), "housing")
    with clock.set_to(MONDAY + timedelta(days=720)):
        later = of(await suggest(session, await opened(session)), "housing")
    assert later.score < now.score
    assert not any("相似工单" in said for said in later.evidence)


async def test_tickets_on_other_matters_say_nothing(session: AsyncSession) -> None:
    for _ in range(6):
        await solved(session, by="education", title="孩子入学", description="外地户口的孩子怎么办理小学入学手续？")
    found = await suggest(session, await opened(session))
    assert "education" not in {each.code for each in found}


async def test_what_a_street_solved_speaks_for_the_street_of_the_place(session: AsyncSession) -> None:
    for _ in range(4):
        await solved(session, by="zhaoxia_gulou")
    here = await suggest(session, await opened(session, district="wangjiang", street="wangjiang_binjiang"))
    codes = {each.code for each in here}
    assert "zhaoxia_gulou" not in codes
    ticket = await opened(session, district="zhaoxia", street=None)
    assert experience.local("zhaoxia_gulou", ticket) == "zhaoxia"
    assert experience.local("dissolved", ticket) is None


async def test_vectors_of_another_encoder_are_never_compared(session: AsyncSession) -> None:
    for _ in range(6):
        await solved(session, by="housing", first="urban_management")
    with using(HashingEncoder()):
        found = await suggest(session, await opened(session))
    assert found[0].code == "urban_management"


async def test_a_risky_first_candidate_is_left_to_an_agent(session: AsyncSession) -> None:
    """Other words, the same category: nothing similar, but this department keeps giving this category back."""
    for number in range(60):
        ticket = await opened(
            session, title="景观灯", description=f"河边的景观灯带第{number}组颜色不对，影响城市形象。"
        )
        ticket.lead, ticket.wrong_leads, ticket.dispatched_at = "housing", ["urban_management"], MONDAY
    await session.flush()
    first = (await suggest(session, await opened(session)))[0]
    assert first.code == "urban_management" and first.score >= rules().dispatch.automatic_from
    assert (first.risk or 0) > rules().dispatch.automatic_risk_to
    ticket = await opened(session)
    assert (await dispatching.dispatch_new(session, ticket.number)).state == "new"


async def test_a_category_that_a_person_set_right_makes_it_less_risky(session: AsyncSession) -> None:
    ticket = await opened(session, category="utilities.power.outage")
    wrong = (await suggest(session, ticket))[0]
    await commands.correct(session, ticket.number, actor=SUPERVISOR, reason="核实后更正", category=LAMP)
    right = (await suggest(session, ticket))[0]
    assert (right.risk or 1) < (wrong.risk or 0)


async def test_the_nearest_closed_tickets_are_found_by_the_index(session: AsyncSession) -> None:
    ticket = await opened(session)
    for other_way in ("enable_seqscan", "enable_sort"):  # of a handful of tickets any way is cheap
        await session.execute(text(f"set local {other_way} = off"))
    plan = await session.scalars(
        text(
            "explain select lead from tickets where tickets.state = 'closed' and vector_dims(tickets.embedding) = 512 "
            "and encoder = 'x' order by cast(embedding as vector(512)) <=> "
            "(select cast(embedding as vector(512)) from tickets where id = :id) limit 40"
        ),
        {"id": ticket.id},
    )
    assert "ix_tickets_closed_near_512" in "\n".join(plan)
