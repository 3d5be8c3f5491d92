"""Every number is the length of its list, whatever becomes of tickets; exclusions have reasons of the city's list."""

import random
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.errors import BadInput, Conflict, Forbidden
from routing import figures, tickets
from routing.figures import Asked
from routing.models import Ticket
from routing.rules import rules
from tests.routing.conftest import AGENT, CITIZEN, MONDAY, SUPERVISOR, department, draft

DAY = date(2026, 11, 23)
WEEK = (DAY - timedelta(days=7), DAY + timedelta(days=7))

pytestmark = pytest.mark.usefixtures("monday")


def _change(ticket: Ticket, dice: random.Random) -> None:
    """Let something become of a ticket, as rows may stand."""
    ticket.lead = dice.choice([None, "urban_management", "power_supply"])
    ticket.dispatched_at = ticket.opened_at if ticket.lead else None
    ticket.misdispatched, ticket.returns, ticket.reopened = dice.random() < 0.2, dice.randrange(2), dice.randrange(2)
    ticket.state = dice.choice(["new", "dispatched", "replied", "closed", "withdrawn"])
    ticket.replied_at = clock.now() if ticket.state in ("replied", "closed") and ticket.lead else None
    surveyed = ticket.replied_at is not None and dice.random() < 0.6
    ticket.surveyed_at = clock.now() if surveyed else None
    ticket.contacted, ticket.solved = (dice.random() < 0.8, dice.random() < 0.7) if surveyed else (None, None)
    ticket.satisfied = dice.randint(1, 5) if surveyed else None
    ticket.survey_end = dice.choice(["not_reached", "refused"]) if ticket.state == "closed" and not surveyed else None
    ticket.confidential = dice.random() < 0.2
    ticket.changed_at += timedelta(seconds=dice.randint(1, 60))


async def _made(session: AsyncSession, dice: random.Random, count: int) -> list[Ticket]:
    found = []
    for _ in range(count):
        with clock.set_to(MONDAY + timedelta(days=dice.randint(-2, 2))):
            opened = await tickets.open(
                session,
                draft(district=dice.choice(["zhaoxia", None]), channel=dice.choice(["web", "wechat"])),
                actor=CITIZEN,
            )
        _change(opened.ticket, dice)
        found.append(opened.ticket)
    await session.flush()
    return found


async def _listed(session: AsyncSession, asked: Asked) -> list[str]:
    """Read a list page by page, as people do."""
    found: list[str] = []
    while True:
        page = await figures.page(session, asked, limit=3, skip=len(found))
        found += [entry.number for entry in page.entries]
        if len(page.entries) < 3:
            assert page.total == len(found) == len(set(found))
            return found


@pytest.mark.parametrize("seed", range(4))
async def test_every_number_is_the_length_of_its_list(session: AsyncSession, seed: int) -> None:
    dice = random.Random(seed)
    made = await _made(session, dice, 14)
    for _ in range(3):
        for ticket in dice.sample(made, 6):
            _change(ticket, dice)
        await session.flush()
        await figures.follow(session, everything=True)
    start, end = WEEK
    for dimension, value in (("all", ""), ("department", "urban_management"), ("channel", "web"), ("district", "")):
        narrowed: dict[str, Any] = {"start": start, "end": end, "dimension": dimension, "value": value}
        found = await figures.rates(session, **narrowed)
        for code in figures.COUNTS:
            assert len(await _listed(session, Asked(code, "numerator", **narrowed))) == found[code]
        for code in figures.RATES:
            lists = {
                part: await _listed(session, Asked(code, part, **narrowed))
                for part in ("numerator", "denominator", "excluded")
            }
            assert {part: len(numbers) for part, numbers in lists.items()} == found["parts"][code]
            assert set(lists["numerator"]) <= set(lists["denominator"])
            assert set(lists["denominator"]).isdisjoint(lists["excluded"])
            by_reason = await figures.reasons(session, Asked(code, "excluded", **narrowed))
            assert by_reason.keys() <= {each.code for each in rules().exclusions if code in each.figures}
            for reason, count in by_reason.items():
                assert len(await _listed(session, Asked(code, "excluded", **narrowed, reason=reason))) == count
            assert sum(by_reason.values()) == len(lists["excluded"])


async def test_the_parts_make_the_whole(session: AsyncSession) -> None:
    await _made(session, random.Random(9), 12)
    await figures.follow(session, everything=True)
    start, end = WEEK
    whole = await figures.rates(session, start=start, end=end)
    for by in ("department", "district", "category", "channel", "day"):
        parts = await figures.parts(session, start=start, end=end, by=by)
        assert sum(part["opened"] for part in parts) == whole["opened"] == 12
        assert (
            sum(part["parts"]["solution_rate"]["denominator"] for part in parts)
            == (whole["parts"]["solution_rate"]["denominator"])
        )


async def test_following_reads_only_what_changed(session: AsyncSession) -> None:
    await _made(session, random.Random(1), 5)
    assert await figures.follow(session, everything=True) == 5
    assert await figures.follow(session) == 0
    one = (await session.scalars(select(Ticket).limit(1))).one()
    one.changed_at = clock.now() + timedelta(seconds=1)
    await session.flush()
    assert await figures.follow(session) == 1


async def test_a_supervisor_excludes_with_a_reason_and_takes_it_back(session: AsyncSession) -> None:
    opened = await tickets.open(session, draft(), actor=CITIZEN)
    ticket, number = opened.ticket, opened.ticket.number
    ticket.state, ticket.surveyed_at, ticket.solved, ticket.lead = "closed", clock.now(), False, "urban_management"
    asked = {part: Asked("solution_rate", part, DAY, DAY) for part in ("denominator", "excluded")}

    async def counted() -> dict[str, list[str]]:
        await figures.follow(session, everything=True)
        return {part: await _listed(session, each) for part, each in asked.items()}

    assert await counted() == {"denominator": [number], "excluded": []}
    with pytest.raises(Forbidden):
        await figures.exclude(session, number, actor=AGENT, reason="malicious", note="查实")
    with pytest.raises(BadInput):
        await figures.exclude(session, number, actor=SUPERVISOR, reason="not_reached", note="查实")
    with pytest.raises(BadInput):
        await figures.exclude(session, number, actor=SUPERVISOR, reason="malicious", note=" ")
    await figures.exclude(session, number, actor=SUPERVISOR, reason="malicious", note="经核实系同一人反复虚构")
    with pytest.raises(Conflict):
        await figures.exclude(session, number, actor=SUPERVISOR, reason="malicious", note="查实")
    assert await counted() == {"denominator": [], "excluded": [number]}
    read = await tickets.history(session, number, actor=department("urban_management"))
    assert (read[-1].kind, read[-1].actor) == ("excluded", "staff:2")
    assert "认定为恶意" in read[-1].text and "反复虚构" in read[-1].text
    await figures.include(session, number, actor=SUPERVISOR, note="复核后恢复")
    assert await counted() == {"denominator": [number], "excluded": []}


async def test_a_number_that_there_is_not_is_refused(session: AsyncSession) -> None:
    for asked in (
        Asked("beauty", "numerator", DAY, DAY),
        Asked("opened", "excluded", DAY, DAY),
        Asked("solution_rate", "half", DAY, DAY),
        Asked("solution_rate", "numerator", DAY, DAY, dimension="weather"),
        Asked("solution_rate", "numerator", DAY, DAY - timedelta(days=1)),
    ):
        with pytest.raises(BadInput):
            await figures.page(session, asked)


async def test_a_department_sees_its_own_figures_only() -> None:
    own = department("urban_management")
    assert figures.scope(own, "all", "") == ("department", "urban_management")
    assert figures.scope(SUPERVISOR, "channel", "web") == ("channel", "web")
    for actor, asked in ((own, ("department", "power_supply")), (own, ("channel", "web")), (AGENT, ("all", ""))):
        with pytest.raises(Forbidden):
            figures.scope(actor, *asked)
