"""The dispatch catalogue through time: versions, plans, previews, and which row sent a ticket."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.errors import BadInput, Conflict, Forbidden
from core.ledger import Event
from routing import (
    catalogue_changes,
    catalogue_files,
    catalogue_imports,
    catalogue_versions,
    commands,
    dispatching,
    reasons,
    tickets,
)
from routing.catalogue_checks import Change
from tests.routing.conftest import AGENT, CITIZEN, MONDAY, SUPERVISOR, department, draft

LAMP = "utilities.lighting.lamp_out"

pytestmark = pytest.mark.usefixtures("monday")


def change(**values: Any) -> Change:
    return Change(**({"category": LAMP, "lead": "housing", "basis": "《示例市权责清单》"} | values))


async def save(session: AsyncSession, made: Change, *, seen: int | None = None) -> Any:
    return await catalogue_changes.save(session, made, actor=SUPERVISOR, reason="路灯移交", seen=seen)


async def lead(session: AsyncSession, at: datetime | None = None) -> str | None:
    found = (await catalogue_versions.in_force(session, at)).find(category=LAMP, district="zhaoxia", street=None)
    return found.lead if found else None


async def test_a_change_holds_from_its_moment_on_and_the_past_stays_readable(session: AsyncSession) -> None:
    assert await lead(session) == "urban_management"
    with clock.set_to(MONDAY + timedelta(hours=1)):
        version = await save(session, change())
        assert await lead(session) == "housing"
        assert await lead(session, MONDAY) == "urban_management"
    (event,) = await session.scalars(select(Event).where(Event.subject == f"catalogue:{LAMP}@*"))
    assert (event.kind, event.data["version"], event.actor) == ("catalogue.changed", version.id, "staff:2")
    assert "路灯移交" not in str(event.data)


async def test_a_change_planned_for_next_month_takes_effect_by_itself_at_the_citys_midnight(
    session: AsyncSession,
) -> None:
    await save(session, change(effective_from=date(2026, 12, 1)))
    assert await lead(session) == "urban_management"
    with clock.set_to(datetime(2026, 11, 30, 15, 59, tzinfo=UTC)):
        assert await lead(session) == "urban_management"
    with clock.set_to(datetime(2026, 11, 30, 16, 0, tzinfo=UTC)):  # midnight in the city
        assert await lead(session) == "housing"


async def test_the_next_version_ends_the_one_before_and_an_end_of_its_own_leaves_no_row(session: AsyncSession) -> None:
    await save(session, change())
    with clock.set_to(MONDAY + timedelta(days=1)):
        await save(session, change(lead="power_supply", effective_to=date(2026, 11, 30)))
        assert await lead(session) == "power_supply"
    with clock.set_to(MONDAY + timedelta(days=10)):
        assert (await catalogue_versions.in_force(session)).get(LAMP, "*") is None
        assert await lead(session, MONDAY + timedelta(hours=1)) == "housing"
        assert [each.lead for each in await catalogue_versions.history(session, LAMP, "*")] == [
            "power_supply",
            "housing",
        ]


async def test_a_row_can_be_ended(session: AsyncSession) -> None:
    await save(session, Change(category=LAMP, lead=None))
    assert (await catalogue_versions.in_force(session)).get(LAMP, "*") is None
    with pytest.raises(Conflict):
        await save(session, Change(category=LAMP, lead=None))


async def test_overlapping_days_are_refused_and_a_plan_can_be_taken_back(session: AsyncSession) -> None:
    planned = await save(session, change(effective_from=date(2026, 12, 1)))
    with pytest.raises(Conflict, match="2026-12-01"):
        await save(session, change(lead="power_supply"))
    await save(session, change(lead="power_supply", effective_to=date(2026, 11, 30)))
    await catalogue_changes.withdraw(session, planned.id, actor=SUPERVISOR)
    with clock.set_to(MONDAY + timedelta(days=30)):
        assert await lead(session) is None
        with pytest.raises(Conflict):
            await catalogue_changes.withdraw(session, planned.id, actor=SUPERVISOR)


async def test_the_second_of_two_editors_is_told(session: AsyncSession) -> None:
    seen = (await catalogue_changes.preview(session, change())).seen
    await save(session, change(), seen=seen)
    with pytest.raises(Conflict, match="同事"):
        await save(session, change(lead="power_supply"), seen=seen)
    assert await lead(session) == "housing"


@pytest.mark.parametrize(
    "values",
    [
        {"lead": "nobody"},
        {"co_handlers": ("nobody",)},
        {"area": "atlantis"},
        {"category": "no.such.category"},
        {"basis": ""},
        {"basis": "=HYPERLINK(A1)"},
        {"effective_from": date(2026, 11, 22)},
        {"effective_from": date(2026, 12, 2), "effective_to": date(2026, 12, 1)},
        {"co_handlers": ("housing",)},
        {"lead": "zhaoxia_gulou_grid_1"},
        {"effective_to": date.max},
        {"effective_from": date.max},
    ],
)
async def test_what_cannot_be_meant_is_refused(session: AsyncSession, values: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        await save(session, change(**values))


async def test_only_who_rules_on_returns_changes_it(session: AsyncSession) -> None:
    with pytest.raises(Forbidden):
        await catalogue_changes.save(session, change(), actor=AGENT, reason="想改", seen=None)


async def test_a_duty_pushed_down_to_a_street_is_warned_of(session: AsyncSession) -> None:
    found = await catalogue_changes.preview(session, change(lead="@street"))
    assert "66号" in "".join(found.warnings)
    assert not (await catalogue_changes.preview(session, change())).warnings


@pytest.mark.parametrize(
    ("lead", "area", "warned"),
    [("wangjiang", "zhaoxia", True), ("zhaoxia_gulou", "*", True), ("zhaoxia_gulou", "zhaoxia", False)],
)
async def test_a_lead_that_looks_after_another_area_is_warned_of(
    session: AsyncSession, lead: str, area: str, warned: bool
) -> None:
    found = await catalogue_changes.preview(session, change(lead=lead, area=area))
    assert ("管的不是这个区域" in "".join(found.warnings)) == warned


async def test_the_preview_counts_what_would_go_elsewhere(session: AsyncSession) -> None:
    for _ in range(2):
        await tickets.open(session, draft(category=LAMP), actor=CITIZEN)
    await tickets.open(session, draft(category=LAMP, district="lingang", street=None), actor=CITIZEN)  # its own row
    await tickets.open(session, draft(category="utilities.power.outage"), actor=CITIZEN)
    with clock.set_to(MONDAY - timedelta(days=120)):
        old = (await tickets.open(session, draft(category=LAMP), actor=CITIZEN)).ticket
        old.state = "closed"
        await session.flush()
    found = await catalogue_changes.preview(session, change())
    assert [(each.before, each.after, each.tickets, each.open) for each in found.effect.moves] == [
        ("urban_management", "housing", 2, 2)
    ]
    assert len(found.effect.examples) == 2 and old.number not in found.effect.examples
    secret, shown = found.effect.examples
    await commands.seal(session, secret, actor=SUPERVISOR, reason="涉及人身安全")
    found = await catalogue_changes.preview(session, change())
    assert (found.effect.tickets, found.effect.examples) == (2, (shown,))  # it counts, and its number is not shown


async def test_the_event_of_a_dispatch_keeps_which_row_sent_it_and_why(session: AsyncSession) -> None:
    version = await save(session, change())
    number = (await tickets.open(session, draft(category=LAMP), actor=CITIZEN)).ticket.number
    ticket = await dispatching.dispatch_new(session, number)
    assert ticket.lead == "housing"
    kept = await reasons.read(session, ticket)
    assert kept is not None and kept.row is not None
    assert kept.automatic and kept.row["version"] == version.id and kept.row["lead"] == "housing"
    assert kept.score is not None and kept.score >= 0.7 and any("派单目录" in said for said in kept.evidence)
    with clock.set_to(MONDAY + timedelta(days=1)):
        await save(session, change(lead="power_supply"))
    assert await reasons.read(session, ticket) == kept


async def test_an_agents_choice_keeps_what_stood_against_it(session: AsyncSession) -> None:
    number = (await tickets.open(session, draft(category=LAMP), actor=CITIZEN)).ticket.number
    ticket = await commands.dispatch(session, number, actor=AGENT, department="tax")
    kept = await reasons.read(session, ticket)
    assert kept is not None and not kept.automatic and kept.score is None
    assert kept.others[0]["code"] == "urban_management"
    assert department("tax").department == ticket.lead


async def test_what_is_exported_changes_nothing_when_it_is_imported(session: AsyncSession) -> None:
    now = await catalogue_versions.in_force(session)
    for content in (catalogue_files.as_csv(now), catalogue_files.as_xlsx(now)):
        found = await catalogue_imports.plan(session, catalogue_files.read(content))
        assert (found.changes, found.problems, found.same) == ((), (), len(now))


async def test_an_offices_own_table_is_read_by_names_and_taken_up_whole_or_not_at_all(session: AsyncSession) -> None:
    table = "类目,区域,主办单位,协办单位,依据\n公共事业 › 路灯照明 › 路灯不亮,全市,市住建局,市城管局、所在区,移交协议\n"
    await tickets.open(session, draft(category=LAMP), actor=CITIZEN)
    lines = catalogue_files.read(table.encode("gb18030"))
    assert [line.problem for line in lines] == [""]
    found = await catalogue_imports.plan(session, lines)
    assert (len(found.changes), found.effect.tickets) == (1, 1)
    broken = catalogue_files.read((table + "没有的类目,全市,市住建局,,依据\n").encode())
    with pytest.raises(BadInput, match="第 3 行"):
        await catalogue_imports.save(session, broken, actor=SUPERVISOR, reason="换目录", seen=found.seen)
    assert await lead(session) == "urban_management"
    await catalogue_imports.save(session, lines, actor=SUPERVISOR, reason="换目录", seen=found.seen)
    assert await lead(session) == "housing"
    with pytest.raises(Conflict):
        await catalogue_imports.save(session, lines, actor=SUPERVISOR, reason="换目录", seen=found.seen)
