"""更正: what a request is can be set right while it is open, and the label, the clocks and secrecy follow."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock, ledger
from core.errors import BadInput, Conflict
from routing import (
    applications,
    clock_rows,
    commands,
    negotiations,
    orders,
    parts,
    policy,
    supervision,
    tickets,
    timing,
    vectors,
    whereabouts,
)
from routing.clock_rows import ClockState
from routing.models import Ticket
from routing.policy import ClockKind, Limit, Policy, Unit
from routing.steps import PUBLIC
from tests.routing.conftest import AGENT, CITIZEN, MONDAY, SUPERVISOR, department, draft

LAMP, POWER = "utilities.lighting.lamp_out", "utilities.power.outage"
LEAD, OTHER = department("urban_management"), department("power_supply")
LATER = MONDAY + timedelta(hours=3)

pytestmark = pytest.mark.usefixtures("monday")


async def dispatched(session: AsyncSession, **changes: Any) -> Ticket:
    opened = await tickets.open(session, draft(**({"category": LAMP} | changes)), actor=CITIZEN)
    return await commands.dispatch(session, opened.ticket.number, actor=AGENT, department="urban_management")


async def corrected(session: AsyncSession, ticket: Ticket, **to: str) -> Ticket:
    return await commands.correct(session, ticket.number, actor=SUPERVISOR, reason="核实后更正", **to)


class TestLabel:
    async def test_the_ledger_keeps_the_whole_label_before_and_after(self, session: AsyncSession) -> None:
        ticket = await dispatched(session)
        await corrected(session, ticket, category="utilities.lighting", urgency="urgent")
        event = (await ledger.history(session, f"ticket:{ticket.number}"))[-1]
        assert (event.kind, event.actor) == ("ticket.corrected", "staff:2")
        assert event.data["before"] == {"request_type": "assistance", "category": LAMP, "urgency": "general"}
        assert event.data["after"] == {
            "request_type": "assistance",
            "category": "utilities.lighting",
            "urgency": "urgent",
        }
        assert (ticket.category, ticket.urgency, ticket.request_type) == ("utilities.lighting", "urgent", "assistance")

    async def test_staff_read_what_changed_and_why_and_the_citizen_does_not(self, session: AsyncSession) -> None:
        ticket = await dispatched(session, category=None)
        await corrected(session, ticket, category=LAMP, request_type="complaint", urgency="urgent")
        step = (await tickets.history(session, ticket.number, actor=LEAD))[-1]
        assert step.name == "更正"
        assert step.text == "类型：求助 → 投诉；事项：未定 → 路灯不亮；紧急程度：一般 → 紧急\n核实后更正"
        assert "corrected" not in PUBLIC

    async def test_a_category_that_is_no_longer_there_is_read_by_its_code(self, session: AsyncSession) -> None:
        ticket = await dispatched(session, category="dissolved.since")
        await corrected(session, ticket, category=LAMP)
        assert "dissolved.since → 路灯不亮" in (await tickets.history(session, ticket.number, actor=LEAD))[-1].text

    async def test_an_unknown_category_is_refused_in_a_sentence(self, session: AsyncSession) -> None:
        ticket = await dispatched(session)
        with pytest.raises(BadInput, match="没有这个事项，请从事项列表里选择。"):
            await corrected(session, ticket, category="no.such")
        with pytest.raises(BadInput):
            await corrected(session, ticket, category="")
        assert ticket.category == LAMP

    @pytest.mark.parametrize("to", [{}, {"category": LAMP}, {"category": LAMP, "request_type": "assistance"}])
    async def test_what_is_so_already_needs_no_correction(self, session: AsyncSession, to: dict[str, str]) -> None:
        ticket = await dispatched(session)
        events = await ledger.history(session, f"ticket:{ticket.number}")
        with pytest.raises(Conflict, match="没有要更正的"):
            await corrected(session, ticket, **to)
        assert len(await ledger.history(session, f"ticket:{ticket.number}")) == len(events)

    async def test_the_author_is_cut_out_of_the_reason_like_everywhere(self, session: AsyncSession) -> None:
        ticket = await dispatched(session, confidential=True)
        await commands.correct(
            session, ticket.number, actor=SUPERVISOR, urgency="urgent", reason="王小明13800138000说漏电"
        )
        step = (await tickets.history(session, ticket.number, actor=LEAD))[-1]
        assert "王小明" not in step.text and "138" not in step.text and "说漏电" in step.text


class TestClocks:
    async def test_running_clocks_end_by_the_new_limit_counted_from_their_own_start(
        self, session: AsyncSession
    ) -> None:
        ticket = await dispatched(session)
        with clock.set_to(LATER):
            await corrected(session, ticket, urgency="critical")
        running = await timing.running(session, ticket)
        assert running["accept"].due_at == MONDAY + timedelta(hours=2)
        assert running["resolve"].due_at == MONDAY + timedelta(hours=24)
        assert {row.started_at for row in running.values()} == {MONDAY}
        assert (running["resolve"].amount, running["resolve"].unit) == (24, "hours")

    async def test_the_type_decides_too_and_the_event_says_which_clocks_moved(self, session: AsyncSession) -> None:
        ticket = await dispatched(session)
        await corrected(session, ticket, request_type="consultation")
        due = (await timing.running(session, ticket))["resolve"].due_at
        assert due == datetime(2026, 11, 25, 9, 30, tzinfo=UTC)  # closing time two working days on
        event = (await ledger.history(session, f"ticket:{ticket.number}"))[-1]
        assert event.data["due"] == {"resolve": due.isoformat()}

    async def test_another_category_alone_moves_no_clock(self, session: AsyncSession) -> None:
        ticket = await dispatched(session)
        before = {kind: row.due_at for kind, row in (await timing.running(session, ticket)).items()}
        await corrected(session, ticket, category=POWER)
        assert {kind: row.due_at for kind, row in (await timing.running(session, ticket)).items()} == before

    async def test_a_clock_that_was_met_stays_as_it_is(self, session: AsyncSession) -> None:
        ticket = await dispatched(session)
        await commands.accept(session, ticket.number, actor=LEAD)
        met = next(row for row in await timing.of(session, ticket) if row.kind == ClockKind.ACCEPT)
        kept = (met.due_at, met.amount, met.unit, met.met_at)
        await corrected(session, ticket, urgency="critical")
        assert (met.due_at, met.amount, met.unit, met.met_at) == kept
        assert clock_rows.state_of(met, LATER) is ClockState.MET

    async def test_a_clock_that_the_policy_no_longer_asks_for_is_void(
        self, session: AsyncSession, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ticket = await dispatched(session)
        resolve = Limit(clock=ClockKind.RESOLVE, request_type="*", urgency="*", amount=1, unit=Unit.HOURS)
        sole = Policy(code="sole", name="只有办结", selected=True, source="this test", limits=(resolve,))
        monkeypatch.setattr(clock_rows, "sla", lambda: policy.sla().model_copy(update={"policies": (sole,)}))
        await corrected(session, ticket, urgency="urgent")
        assert set(await timing.running(session, ticket)) == {"resolve"}


async def test_a_breach_is_not_corrected_away(committing: None) -> None:
    from core.database import transaction

    async with transaction() as session:
        number = (await dispatched(session, urgency="critical")).number
    with clock.set_to(LATER):
        await supervision.sweep()
        async with transaction() as session:
            ticket = await tickets.find(session, number, actor=SUPERVISOR)
            await corrected(session, ticket, urgency="general")
        await supervision.sweep()
        async with transaction() as session:
            ticket = await tickets.find(session, number, actor=SUPERVISOR)
            accept = (await timing.running(session, ticket))["accept"]
            events = [event.kind for event in await ledger.history(session, f"ticket:{number}")]
    assert accept.due_at > LATER and accept.breached_at == LATER and ticket.supervised
    assert events.count("ticket.breached") == 2  # accept and contact, once each


class TestSecrecy:
    @pytest.mark.parametrize("secret", [{"request_type": "tip_off"}, {"confidential": True}])
    async def test_no_correction_turns_it_off(self, session: AsyncSession, secret: dict[str, Any]) -> None:
        ticket = await dispatched(session, **secret)
        await corrected(session, ticket, request_type="complaint")
        assert ticket.request_type == "complaint" and ticket.confidential
        assert "contact" not in await timing.running(session, ticket)
        await commands.contact(
            session,
            (await commands.accept(session, ticket.number, actor=LEAD)).number,
            actor=LEAD,
            note="我是王小明，13800138000",
        )
        text = (await tickets.history(session, ticket.number, actor=LEAD))[-1].text
        assert "王" not in text and "138" not in text

    async def test_what_becomes_a_tip_off_is_secret_with_all_that_was_written(self, session: AsyncSession) -> None:
        ticket = await dispatched(
            session, description="厂里夜里偷排，我姓王，老板13900139000", elements={"who": "我叫王小明"}
        )
        await commands.accept(session, ticket.number, actor=LEAD)
        await commands.contact(session, ticket.number, actor=LEAD, note="打了0571-88001234，免贵姓王")
        await commands.reply(session, ticket.number, actor=LEAD, result="已告知来电人王先生，电话13700137000")
        assert "姓王" in ticket.description
        await corrected(session, ticket, request_type="tip_off")
        history = await tickets.history(session, ticket.number, actor=LEAD)
        read = " ".join(
            [ticket.title, ticket.description, ticket.result or "", *ticket.elements.values()]
            + [step.text for step in history]
        )
        assert (
            ticket.confidential and "王" not in read and not [each for each in ("139", "137", "8800") if each in read]
        )
        assert [step.kind for step in history[-2:]] == ["made_confidential", "corrected"]
        assert "contact" not in await timing.running(session, ticket)
        await corrected(session, ticket, request_type="complaint")
        assert ticket.confidential

    async def test_so_is_what_stands_in_parts_applications_and_negotiations(self, session: AsyncSession) -> None:
        ticket = await dispatched(session)
        number, said = ticket.number, "王小明13800138000家门口"
        made = await negotiations.open(
            session, number, actor=SUPERVISOR, participants=["urban_management", "power_supply"], question=said
        )
        position = await negotiations.state_position(session, made.id, actor=LEAD, stance="declines", text=said)
        await commands.accept(session, number, actor=LEAD)
        await commands.ask_part(session, number, actor=SUPERVISOR, department="power_supply", text=said, working_days=2)
        await commands.supervise(session, number, actor=SUPERVISOR, text=said, working_days=1)
        await commands.ask_extension(session, number, actor=LEAD, working_days=1, reason=said)
        await corrected(session, ticket, request_type="tip_off")
        read = [made.question, position.text, (await parts.of(session, ticket))[0].words]
        read += [(await orders.of(session, ticket))[0].words, (await applications.of(session, ticket))[0].reason]
        assert read == ["（已隐去）（已隐去）家门口"] * 5

    async def test_a_number_and_name_that_were_masked_are_cut_out_altogether(self, session: AsyncSession) -> None:
        ticket = await dispatched(session, description="路灯坏了，王小明，13800138000")
        assert ticket.description == "路灯坏了，王**，138****8000"
        await corrected(session, ticket, request_type="tip_off")
        assert ticket.description == "路灯坏了，（已隐去），（已隐去）"

    async def test_it_is_no_longer_offered_as_the_same_matter(self, session: AsyncSession) -> None:
        ticket = await dispatched(session)
        await vectors.keep(session, ticket)
        place = whereabouts.read("朝霞区幸福路口", district="zhaoxia")
        said = {"title": ticket.title, "description": ticket.description}
        asked: dict[str, Any] = {"category": LAMP, "place": place} | said
        assert [each.number for each in await tickets.near(session, **asked)] == [ticket.number]
        await corrected(session, ticket, request_type="tip_off")
        assert await tickets.near(session, **asked) == []
