"""A year's notice, working hours or limits saved in the browser hold at once, and open tickets' clocks follow."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from core import clock, jobs, ledger
from core.auth import Actor, Role
from core.database import transaction
from core.errors import BadInput, Forbidden
from routing import calendar, clock_effects, clock_moves, clock_versions, commands, policy, supervision, tickets, timing
from routing.clock_versions import ClockVersion
from routing.models import TicketClock
from tests.routing.conftest import AGENT, CITIZEN, SUPERVISOR, draft

ADMINISTRATOR = Actor(kind="staff", id=9, name="管理员", role=Role.ADMINISTRATOR)
# The last working day of 2026, 09:30: five working days end on Friday, 8 January, as long as 2027 is not published.
THURSDAY = datetime(2026, 12, 31, 1, 30, tzinfo=UTC)
NOTICE: dict[str, Any] = {
    "year": 2027,
    "source": "国务院办公厅关于2027年部分节假日安排的通知",
    "provisional": False,
    "holidays": [{"name": "元旦", "from": "2027-01-01", "to": "2027-01-04"}],
    "working_weekends": ["2027-01-09"],
}


@pytest.fixture(autouse=True)
def _as_shipped() -> Iterator[None]:
    with clock.set_to(THURSDAY):
        yield
    policy.use(None)
    calendar.use(None)


pytestmark = pytest.mark.usefixtures("committing")


async def sent() -> str:
    async with transaction() as session:
        opened = await tickets.open(session, draft(), actor=CITIZEN)
        await commands.dispatch(session, opened.ticket.number, actor=AGENT, department="urban_management")
    return opened.ticket.number


async def save(kind: Any, content: Any, *, running: bool = True) -> int:
    async with transaction() as session:
        version = await clock_versions.save(
            session, kind, content, running=running, reason="国办发明电〔2026〕6号", actor=ADMINISTRATOR
        )
    return version.id


async def ends(number: str) -> dict[str, tuple[datetime, bool]]:
    async with transaction() as session:
        ticket = await tickets.find(session, number, actor=AGENT)
        return {kind: (row.due_at, row.provisional) for kind, row in (await timing.running(session, ticket)).items()}


async def test_a_notice_is_shown_before_it_moves_anything_and_moves_what_it_showed() -> None:
    number = await sent()
    before = await ends(number)
    assert before["resolve"] == (THURSDAY + timedelta(days=8, hours=8), True)
    async with transaction() as session:
        effect = await clock_effects.preview(session, "year", NOTICE, running=True)
    # Monday is free now, so the days shift by one: to Saturday the 9th, which is worked.
    shown = {move.kind: move.new.at for move in effect.first if move.new}
    assert shown["resolve"] == THURSDAY + timedelta(days=9, hours=8)
    assert effect.moved == len(effect.first) == 4 and effect.departments == {"urban_management": 4}
    assert await ends(number) == before

    version = await save("year", NOTICE)
    await clock_moves.recount(version)
    assert await ends(number) == {kind: (due, False) for kind, due in shown.items()}
    async with transaction() as session:
        events = await ledger.history(session, f"ticket:{number}")
        assert [event.data["due"].keys() for event in events if event.kind == "ticket.retimed"] == [shown.keys()]
        steps = await tickets.history(session, number, actor=AGENT)
        assert "办结答复" in next(step.text for step in steps if step.kind == "retimed")
        row = await session.get_one(ClockVersion, version)
        assert row.moved == 4 and row.recounted_at is not None


async def test_counting_twice_moves_nothing_twice() -> None:
    number = await sent()
    version = await save("year", NOTICE)
    await clock_moves.recount(version)
    await clock_moves.recount(version)
    await clock_moves.recount(version, again=True)
    async with transaction() as session:
        events = await ledger.history(session, f"ticket:{number}")
        assert [event.kind for event in events].count("ticket.retimed") == 1


async def test_a_job_that_was_killed_goes_on_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = [await sent() for _ in range(3)]
    version = await save("year", NOTICE)
    monkeypatch.setattr(clock_moves, "BATCH", 4)
    real, calls = clock_moves._recount_some, []

    async def dying(version: int) -> bool:
        calls.append(version)
        if len(calls) == 2:
            raise ConnectionError("killed")
        return await real(version)

    monkeypatch.setattr(clock_moves, "_recount_some", dying)
    with pytest.raises(ConnectionError):
        await clock_moves.recount(version)
    assert sorted([(await ends(number))["resolve"][1] for number in numbers]) == [False, True, True]
    await clock_moves.recount(version)
    assert [(await ends(number))["resolve"][1] for number in numbers] == [False] * 3


async def test_other_hours_hold_for_running_clocks_too() -> None:
    number = await sent()
    content = {
        "working_hours": [{"from": "08:30", "to": "12:00"}, {"from": "14:00", "to": "18:00"}],
        "working_week": [1, 2, 3, 4, 5, 6],
    }
    async with transaction() as session:
        effect = await clock_effects.preview(session, "hours", content, running=False)
    assert effect.moved == 4
    await clock_moves.recount(await save("hours", content))
    # Saturday, 2 January counts, and the day ends at six.
    assert (await ends(number))["resolve"][0] == datetime(2027, 1, 7, 10, 0, tzinfo=UTC)


def limits(**first: Any) -> dict[str, Any]:
    content = policy.shipped().model_dump(mode="json", by_alias=True, include={"policies", "escalation", "extension"})
    content["policies"][0]["limits"].insert(0, {"clock": "resolve", "amount": 3, "unit": "working_days"} | first)
    return content


async def test_new_limits_hold_for_new_clocks_only_or_for_those_that_run_as_the_editor_chose() -> None:
    number = await sent()
    before = await ends(number)
    async with transaction() as session:
        only_new = await clock_effects.preview(session, "policy", limits(), running=False)
        assert (only_new.moved, only_new.escalation) == (0, False)
        warned = limits() | {"escalation": [{"at": 100, "tell": ["lead"]}]}
        assert (await clock_effects.preview(session, "policy", warned, running=False)).escalation
        effect = await clock_effects.preview(session, "policy", limits(), running=True)
        none = await clock_effects.preview(session, "policy", limits(department=["street"]), running=True)
    assert (effect.moved, none.moved) == (1, 0)
    await save("policy", limits(), running=False)
    async with transaction() as session:
        assert await session.scalar(select(ClockVersion.recounted_at)) is None
        await clock_versions.take_up(session)
    assert await ends(number) == before
    later = await sent()
    assert (await ends(later))["resolve"][0] == THURSDAY + timedelta(days=6, hours=8)
    await clock_moves.recount(await save("policy", limits(amount=4), running=True))
    assert (await ends(number))["resolve"][0] == (await ends(later))["resolve"][0] == THURSDAY + timedelta(7, hours=8)


async def test_clocks_that_end_are_shown_and_end_with_an_event() -> None:
    number = await sent()
    content = limits()
    content["policies"][0]["limits"] = [
        each for each in content["policies"][0]["limits"][1:] if each["clock"] != "contact"
    ]
    async with transaction() as session:
        effect = await clock_effects.preview(session, "policy", content, running=True)
    assert (effect.moved, effect.ended, effect.departments) == (1, 1, {"urban_management": 1})
    assert [(move.number, move.kind, move.new) for move in effect.first] == [(number, "contact", None)]
    version = await save("policy", content, running=True)
    await clock_moves.recount(version)
    assert "contact" not in await ends(number)
    async with transaction() as session:
        assert (await session.get_one(ClockVersion, version)).moved == 1
        (step,) = [step for step in await tickets.history(session, number, actor=AGENT) if step.kind == "retimed"]
        assert "不再要求联系" in step.text


async def test_clocks_that_only_become_certain_are_shown_and_do() -> None:
    number = await sent()
    before = await ends(number)
    notice = NOTICE | {"holidays": [{"name": "元旦", "from": "2027-01-01", "to": "2027-01-03"}], "working_weekends": []}
    async with transaction() as session:
        effect = await clock_effects.preview(session, "year", notice, running=True)
    assert (effect.moved, effect.settled, effect.ended) == (4, 4, 0)
    version = await save("year", notice)
    await clock_moves.recount(version)
    assert await ends(number) == {kind: (due, False) for kind, (due, _) in before.items()}
    async with transaction() as session:
        assert (await session.get_one(ClockVersion, version)).moved == 4


async def test_points_of_the_escalation_may_come_and_go_while_clocks_run() -> None:
    number = await sent()
    content = limits()
    content["policies"][0]["limits"].pop(0)
    content["escalation"] = [{"at": 30, "tell": ["lead"]}, {"at": 60, "tell": ["lead"]}, {"at": 100, "tell": ["lead"]}]
    await clock_moves.recount(await save("policy", content, running=True))

    async def warned() -> tuple[int, float]:
        async with transaction() as session:
            ticket = await tickets.find(session, number, actor=AGENT)
            row = (await timing.running(session, ticket))["accept"]
            assert row.act_at is not None
            return row.warned, (row.act_at - row.started_at) / (row.due_at - row.started_at)

    # Accept began at 09:30 and ends on Monday at 17:30: 13.5 hours of work, of which 30 % are 4.05; and lunch.
    at_thirty = THURSDAY + timedelta(hours=4.05 + 1.5)
    assert (await warned())[1] == pytest.approx((at_thirty - THURSDAY) / timedelta(days=4, hours=8))
    with clock.set_to(at_thirty + timedelta(minutes=1)):
        await supervision.sweep()
        assert (await warned())[0] == 30
        # The point that it has acted upon, and the next one, are gone: it goes on with those that there are.
        content["escalation"] = [{"at": 10, "tell": ["lead"]}, {"at": 100, "tell": ["lead"]}]
        await save("policy", content, running=False)
        async with transaction() as session:
            await clock_versions.take_up(session)
    with clock.set_to(THURSDAY + timedelta(days=4, hours=3)):
        await supervision.sweep()
        assert (await warned())[0] == 30
    with clock.set_to(THURSDAY + timedelta(days=4, hours=9)):
        await supervision.sweep()
        async with transaction() as session:
            ticket = await tickets.find(session, number, actor=AGENT)
            assert (await timing.running(session, ticket))["accept"].warned == 100


async def test_a_limit_may_ask_for_category_and_department() -> None:
    made = clock_versions.proposed("policy", limits(category=["utilities"], department=["urban_management"]))[0].policy
    asked: dict[str, Any] = {"request_type": "complaint", "urgency": "general"}
    for category, department, amount in (
        ("utilities.lighting.lamp_out", "urban_management", 3),
        ("utilities.lighting.lamp_out", "power_supply", 5),
        ("housing", "urban_management", 5),
        (None, "urban_management", 5),
        ("utilities.lighting.lamp_out", None, 5),
    ):
        found = made.limit(policy.ClockKind.RESOLVE, **asked, category=category, department=department)
        assert found is not None and found.amount == amount


@pytest.mark.parametrize(
    ("kind", "content", "said"),
    [
        ("year", NOTICE | {"working_weekends": ["2027-01-11"]}, "2027-01-11 必须是2027年的周六或周日"),
        ("year", NOTICE | {"holidays": [{"name": "元旦", "from": "2027-01-04", "to": "2027-01-01"}]}, "先后"),
        ("year", NOTICE | {"year": 2028}, "都在2028年内"),
        ("year", NOTICE | {"holidays": NOTICE["holidays"] * 2}, "重叠"),
        ("year", NOTICE | {"source": ""}, "来源还没有填"),
        ("year", NOTICE | {"holidays": [{"name": "元旦", "from": "2027-02-30", "to": ""}]}, "第1个假期的日期"),
        ("year", NOTICE | {"working_weekends": ["2027-01-09"] * 2}, "两次"),
        ("year", {"year": 99999, "source": "x", "provisional": False, "holidays": [], "working_weekends": []}, "2100"),
        ("year", {"year": "soon", "shipped": True}, "年份要是整数"),
        ("year", None, "内容还没有填"),
        ("hours", {"working_week": [1], "working_hours": [{"from": "12:00", "to": "09:00"}]}, "先后"),
        ("hours", {"working_week": [1]}, "working_hours"),
        ("hours", {"working_week": [8], "working_hours": [{"from": "09:00", "to": "12:00"}]}, "周一"),
        ("hours", {"working_week": [1], "working_hours": []}, "工作时段还没有填"),
        ("policy", limits(amount=400), "第1条时限的数不能大于366"),
        ("policy", limits() | {"escalation": []}, "预警还没有填"),
        ("policy", limits() | {"escalation": [{"at": 100, "tell": []}]}, "第1档预警提醒谁还没有填"),
        ("policy", limits(category=["no.such"]), "没有类别“no.such”"),
        ("policy", limits(department=["no_such"]), "没有部门或部门种类“no_such”"),
    ],
)
async def test_what_does_not_fit_is_refused_in_a_sentence(kind: Any, content: Any, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        await save(kind, content)


async def test_a_version_has_a_reason_and_an_author_with_the_right() -> None:
    async with transaction() as session:
        with pytest.raises(BadInput, match="为什么"):
            await clock_versions.save(session, "year", NOTICE, running=True, reason=" ", actor=ADMINISTRATOR)
        with pytest.raises(Forbidden):
            await clock_versions.save(session, "year", NOTICE, running=True, reason="x", actor=SUPERVISOR)


async def test_a_version_that_no_longer_fits_is_passed_over_and_said() -> None:
    version = await save("year", NOTICE)
    async with transaction() as session:
        await session.execute(update(ClockVersion).values(content={"year": "soon"}).where(ClockVersion.id == version))
        await clock_versions.take_up(session)
    assert not calendar.calendar().is_known(date(2027, 1, 1))
    assert len(clock_versions.problems()) == 1 and str(version) in clock_versions.problems()[0]
    async with transaction() as session:
        await session.execute(update(ClockVersion).values(content=NOTICE))
        await clock_versions.take_up(session)
    assert clock_versions.problems() == [] and calendar.calendar().is_known(date(2027, 1, 1))


async def test_the_citys_files_can_be_returned_to() -> None:
    number = await sent()
    before = await ends(number)
    await clock_moves.recount(await save("year", NOTICE))
    await clock_moves.recount(await save("year", {"year": 2027, "shipped": True}))
    assert await ends(number) == before


async def test_changed_files_are_noticed_once_and_unchanged_ones_cost_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    await sent()
    for _ in range(3):
        await clock_moves.settle()
    monkeypatch.setattr(clock_moves, "_files_say", lambda: "another")
    await clock_moves.settle()
    await clock_moves.settle()
    async with transaction() as session:
        rows = await clock_versions.listing(session)
        assert [row.kind for row in rows] == ["shipped", "shipped"]
        assert not (await session.scalars(select(TicketClock).where(TicketClock.act_at.is_(None)))).all()
    await jobs.run_due()
