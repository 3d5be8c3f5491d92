"""What commands refuse, and what they leave behind: returns, reassignment, the survey, urging, secrecy, notices."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.errors import BadInput, Conflict, Forbidden, NotFound
from core.outbox import Notice
from routing import citizens, commands, tickets, timing
from routing.phones import with_phone
from routing.policy import ClockKind
from tests.routing import road
from tests.routing.conftest import AGENT, CITIZEN, MONDAY, SUPERVISOR, department, draft
from tests.routing.road import LEAD, arrive

pytestmark = pytest.mark.usefixtures("monday")


async def test_a_wrong_code_and_a_wrong_number_are_refused_alike(session: AsyncSession) -> None:
    opened = await arrive(session, "dispatched")
    sentences = set()
    for number, code in [(opened.ticket.number, "AAAAAA"), ("20200101-000001", opened.code), ("", "")]:
        with pytest.raises(NotFound) as refused:
            await commands.urge(session, number, code)
        sentences.add(refused.value.sentence)
    assert len(sentences) == 1


@pytest.mark.parametrize(
    "given",
    [
        lambda s, n, c: commands.contact(s, n, actor=LEAD, note=" "),
        lambda s, n, c: commands.return_to_centre(s, n, actor=LEAD, reason=""),
        lambda s, n, c: commands.reassign(s, n, actor=SUPERVISOR, department="tax", reason=" \n"),
        lambda s, n, c: commands.reply(s, n, actor=LEAD, result=""),
        lambda s, n, c: commands.reply(s, n, actor=LEAD, result="长" * 10_001),
        lambda s, n, c: commands.reply(s, n, actor=LEAD, result="好"),
        lambda s, n, c: commands.reply(s, n, actor=LEAD, result="好好好好，好好！"),
        lambda s, n, c: commands.reply(s, n, actor=LEAD, result="……。。。"),
        lambda s, n, c: commands.reassign(s, n, actor=SUPERVISOR, department="nobody", reason="改派"),
        lambda s, n, c: commands.supplement(s, n, c, text=""),
        lambda s, n, c: commands.correct(s, n, actor=SUPERVISOR, urgency="urgent", reason=" "),
        lambda s, n, c: commands.correct(s, n, actor=SUPERVISOR, urgency="at once", reason="更正"),
        lambda s, n, c: commands.correct(s, n, actor=SUPERVISOR, request_type="wish", reason="更正"),
    ],
)
async def test_missing_words_and_unknown_departments_are_bad_input(session: AsyncSession, given: Any) -> None:
    opened = await arrive(session, "accepted")
    with pytest.raises(BadInput):
        await given(session, opened.ticket.number, opened.code)


async def test_what_cannot_be_an_answer_is_refused_and_a_short_one_is_taken(session: AsyncSession) -> None:
    opened = await arrive(session, "accepted")
    with pytest.raises(BadInput, match="这还不能算答复"):
        await commands.reply(session, opened.ticket.number, actor=LEAD, result="1")
    assert (opened.ticket.state, opened.ticket.result) == ("accepted", None)
    await commands.reply(session, opened.ticket.number, actor=LEAD, result="已修好路灯。")
    assert opened.ticket.state == "replied"


async def test_the_centre_s_own_answer_is_held_to_the_same(session: AsyncSession) -> None:
    opened = await arrive(session, "new")
    with pytest.raises(BadInput, match="这还不能算答复"):
        await commands.answer(session, opened.ticket.number, actor=AGENT, result="阅。")


@pytest.mark.parametrize(
    ("state", "given"),
    [
        ("new", lambda s, n: commands.dispatch(s, n, actor=AGENT, department="hotline_centre")),
        (
            "new",
            lambda s, n: commands.dispatch(s, n, actor=AGENT, department="tax", co_handlers=["hotline_centre"]),
        ),
        (
            "returned",
            lambda s, n: commands.rule_on_return(s, n, actor=SUPERVISOR, upheld=True, department="hotline_centre"),
        ),
        (
            "accepted",
            lambda s, n: commands.reassign(s, n, actor=SUPERVISOR, department="hotline_centre", reason="改派"),
        ),
    ],
)
async def test_the_centre_handles_nothing_itself(session: AsyncSession, state: str, given: Any) -> None:
    opened = await arrive(session, state)
    with pytest.raises(BadInput, match="不承办"):
        await given(session, opened.ticket.number)


@pytest.mark.parametrize("satisfied", [0, 6, -1])
async def test_satisfaction_is_one_to_five(session: AsyncSession, satisfied: int) -> None:
    opened = await arrive(session, "replied")
    with pytest.raises(BadInput):
        await commands.rate(session, opened.ticket.number, opened.code, solved=True, satisfied=satisfied)
    assert opened.ticket.state == "replied"


class TestReturn:
    async def test_a_returned_ticket_stays_with_its_department_until_the_centre_rules(
        self, session: AsyncSession
    ) -> None:
        opened = await arrive(session, "returned")
        assert opened.ticket.lead == "urban_management"
        assert (await tickets.find(session, opened.ticket.number, actor=LEAD)).state == "returned"

    async def test_an_upheld_return_moves_the_ticket_and_counts_as_misdispatched(self, session: AsyncSession) -> None:
        opened = await arrive(session, "returned")
        await road.uphold(session, opened)
        assert (opened.ticket.lead, opened.ticket.misdispatched) == ("power_supply", True)
        assert "accept" in await timing.running(session, opened.ticket)
        with pytest.raises(NotFound):
            await tickets.find(session, opened.ticket.number, actor=LEAD)

    @pytest.mark.parametrize(("to", "wrong"), [("zhaoxia", False), ("power_supply", True)])
    async def test_what_a_street_gives_back_to_its_district_was_dispatched_well(
        self, session: AsyncSession, to: str, wrong: bool
    ) -> None:
        number = (await tickets.open(session, draft(), actor=CITIZEN)).ticket.number
        street = department("zhaoxia_gulou")
        await commands.dispatch(session, number, actor=AGENT, department="zhaoxia")
        await commands.reassign(session, number, actor=department("zhaoxia"), department="zhaoxia_gulou", reason="转办")
        await commands.return_to_centre(session, number, actor=street, reason="不属于街道职责")
        ticket = await commands.rule_on_return(session, number, actor=SUPERVISOR, upheld=True, department=to)
        assert ticket.misdispatched == wrong

    async def test_a_refused_return_does_not_count_when_the_matter_is_escalated_later(
        self, session: AsyncSession
    ) -> None:
        opened = await arrive(session, "returned")
        for step in (
            road.refuse,
            road.accept,
            road.reply,
            road.unsolved,
            road.accept,
            road.reply,
            road.unsolved,
            road.uphold,
        ):
            await step(session, opened)
        assert (opened.ticket.lead, opened.ticket.misdispatched) == ("power_supply", False)

    @pytest.mark.parametrize("named", [None, "urban_management"])
    async def test_upholding_names_another_department(self, session: AsyncSession, named: str | None) -> None:
        opened = await arrive(session, "returned")
        with pytest.raises(BadInput):
            await commands.rule_on_return(
                session, opened.ticket.number, actor=SUPERVISOR, upheld=True, department=named
            )

    @pytest.mark.parametrize(
        ("steps", "back_in"), [([road.dispatch], "dispatched"), ([road.dispatch, road.accept], "accepted")]
    )
    async def test_a_refused_return_is_back_where_it_was_and_cannot_come_again(
        self, session: AsyncSession, steps: list[road.Step], back_in: str
    ) -> None:
        opened = await tickets.open(session, draft(), actor=CITIZEN)
        for step in [*steps, road.give_back, road.refuse]:
            await step(session, opened)
        assert (opened.ticket.state, opened.ticket.misdispatched) == (back_in, False)
        assert "return_to_centre" not in await tickets.allowed(session, opened.ticket, actor=LEAD)
        with pytest.raises(Conflict, match="不能再退单"):
            await road.give_back(session, opened)

    async def test_a_refusal_carries_a_reason(self, session: AsyncSession) -> None:
        opened = await arrive(session, "returned")
        with pytest.raises(BadInput, match="不认可退单的理由"):
            await commands.rule_on_return(session, opened.ticket.number, actor=SUPERVISOR, upheld=False, reason=" ")
        assert opened.ticket.state == "returned"
        await commands.rule_on_return(session, opened.ticket.number, actor=SUPERVISOR, upheld=False, reason="职责明确")
        read = await tickets.history(session, opened.ticket.number, actor=LEAD)
        assert [step.text.splitlines()[-1] for step in read if step.kind == "return_refused"] == ["职责明确"]

    async def test_it_must_come_within_its_time(self, session: AsyncSession) -> None:
        opened = await arrive(session, "dispatched")
        due = (await timing.running(session, opened.ticket))[ClockKind.RETURN].due_at
        with clock.set_to(due + timedelta(seconds=1)), pytest.raises(Conflict, match="退单的时限已过"):
            assert "return_to_centre" not in await tickets.allowed(session, opened.ticket, actor=LEAD)
            await road.give_back(session, opened)
        with clock.set_to(due):
            assert "return_to_centre" in await tickets.allowed(session, opened.ticket, actor=LEAD)
            await road.give_back(session, opened)

    async def test_while_the_centre_thinks_the_department_loses_no_time(self, session: AsyncSession) -> None:
        opened = await arrive(session, "returned")
        assert set(await timing.running(session, opened.ticket)) == {"resolve"}


class TestReassign:
    async def test_a_district_sends_on_to_its_own_street_and_stays(self, session: AsyncSession) -> None:
        district = department("zhaoxia")
        opened = await tickets.open(session, draft(), actor=CITIZEN)
        number = opened.ticket.number
        await commands.dispatch(session, number, actor=AGENT, department="zhaoxia")
        with pytest.raises(Forbidden, match="本区的街道"):
            await commands.reassign(session, number, actor=district, department="wangjiang_binjiang", reason="转办")
        await commands.reassign(session, number, actor=district, department="zhaoxia_gulou", reason="转办")
        assert (opened.ticket.lead, opened.ticket.co_handlers) == ("zhaoxia_gulou", ["zhaoxia"])
        assert not opened.ticket.misdispatched
        assert await tickets.find(session, number, actor=district)

    async def test_a_bureau_does_not_push_its_work_on(self, session: AsyncSession) -> None:
        opened = await arrive(session, "accepted")
        with pytest.raises(Forbidden):
            await road.reassign(session, opened, LEAD)

    async def test_the_citizens_clock_runs_on(self, session: AsyncSession) -> None:
        opened = await arrive(session, "accepted")
        promised = (await timing.running(session, opened.ticket))["resolve"].due_at
        with clock.set_to(MONDAY + timedelta(days=1)):
            await road.reassign(session, opened)
        after = await timing.running(session, opened.ticket)
        assert after["resolve"].due_at == promised
        assert after["accept"].started_at == MONDAY + timedelta(days=1)


class TestSurvey:
    async def test_not_solved_goes_back_once_and_then_to_the_centre(self, session: AsyncSession) -> None:
        opened = await arrive(session, "replied")
        ticket = opened.ticket
        await road.unsolved(session, opened)
        assert (ticket.state, ticket.lead, ticket.reopened) == ("dispatched", "urban_management", 1)
        assert set(await timing.running(session, ticket)) == {"accept", "contact", "resolve"}
        with pytest.raises(Conflict, match="不能再退单"):
            await road.give_back(session, opened)
        await road.accept(session, opened)
        await road.reply(session, opened)
        await road.unsolved(session, opened)
        assert (ticket.state, ticket.lead, ticket.supervised) == ("returned", "urban_management", True)
        with pytest.raises(Forbidden):
            await road.close(session, opened, AGENT)
        await road.refuse(session, opened)
        assert ticket.state == "accepted"
        assert "resolve" in await timing.running(session, ticket)

    async def test_solved_but_not_satisfied_is_closed(self, session: AsyncSession) -> None:
        opened = await arrive(session, "replied")
        await commands.callback(session, opened.ticket.number, actor=AGENT, contacted=False, solved=True, satisfied=2)
        ticket = opened.ticket
        assert (ticket.state, ticket.contacted, ticket.solved, ticket.satisfied) == ("closed", False, True, 2)
        assert await timing.running(session, ticket) == {}


class TestUrge:
    async def test_once_an_hour_and_the_refusal_says_when(self, session: AsyncSession) -> None:
        opened = await arrive(session, "dispatched")
        await road.urge(session, opened)
        with clock.set_to(MONDAY + timedelta(minutes=59)), pytest.raises(Conflict, match="11月23日10:30以后"):
            await road.urge(session, opened)
        with clock.set_to(MONDAY + timedelta(minutes=60)):
            await road.urge(session, opened)
        assert opened.ticket.urges == 2


class TestSecrecy:
    @pytest.mark.parametrize("secret", [{"request_type": "tip_off"}, {"confidential": True}])
    async def test_nobody_is_to_contact_an_author_who_is_not_known(
        self, session: AsyncSession, secret: dict[str, Any]
    ) -> None:
        opened = await arrive(session, "dispatched", **secret)
        assert "contact" not in await timing.running(session, opened.ticket)

    @pytest.mark.parametrize("command", [commands.urge, commands.supplement])
    @pytest.mark.parametrize(
        "wish", ["请保密，我叫王小明", "王小明：不要让物业知道我是谁", "别告诉他们是我王小明说的", "要保密。王小明"]
    )
    async def test_a_wish_to_stay_unknown_holds_at_once_and_for_what_was_said_before(
        self, session: AsyncSession, command: Any, wish: str
    ) -> None:
        opened = await arrive(session, "dispatched", description="路灯坏了，我姓王，老板13900139000")
        await road.supplement(session, opened)
        await command(session, opened.ticket.number, opened.code, text=wish)
        ticket = opened.ticket
        assert ticket.confidential and "contact" not in await timing.running(session, ticket)
        assert "王" not in ticket.description and "139" not in ticket.description
        steps = await tickets.history(session, ticket.number, actor=LEAD)
        assert [step.kind for step in steps[-2:]] == [
            "made_confidential",
            {commands.urge: "urged"}.get(command, "supplemented"),
        ]
        assert steps[-1].text and "王" not in steps[-1].text

    @pytest.mark.parametrize("text", ["不用保密，可以公开", "旁边那盏也坏了，别告诉我还没派人", "请告诉我什么时候修"])
    async def test_other_words_change_nothing(self, session: AsyncSession, text: str) -> None:
        opened = await arrive(session, "dispatched", confidential=False)
        await commands.supplement(session, opened.ticket.number, opened.code, text=text)
        assert not opened.ticket.confidential

    async def test_a_secret_ticket_stays_one(self, session: AsyncSession) -> None:
        opened = await arrive(session, "dispatched", confidential=True)
        await commands.supplement(session, opened.ticket.number, opened.code, text="不用保密了")
        assert opened.ticket.confidential


@pytest.mark.parametrize("before", ["13900139001", None])
async def test_a_number_put_right_is_the_one_by_which_the_citizen_is_found_and_called(
    session: AsyncSession, before: str | None
) -> None:
    opened = await arrive(session, "dispatched", citizen_phone=before)
    number, right = opened.ticket.number, "13900139002"
    await commands.supplement(session, number, opened.code, text="号码不对", phone=right)
    shown = await citizens.reveal(session, number, actor=AGENT, reason="回访核对")
    assert shown["phone"] == right
    found = await session.scalars(with_phone(right))
    assert opened.ticket.id in found.all()


async def test_the_citizen_hears_of_the_steps_by_their_own_door(session: AsyncSession) -> None:
    opened = await arrive(session, "replied")
    notices = (await session.scalars(select(Notice).order_by(Notice.id))).all()
    assert [notice.kind for notice in notices] == ["ticket.dispatched", "ticket.accepted", "ticket.replied"]
    assert {notice.channel for notice in notices} == {"web"}
    assert all(notice.recipient == {"conversation": "c-1"} for notice in notices)
    assert all(notice.content["number"] == opened.ticket.number for notice in notices)
    assert notices[0].content["text"].endswith("已派给市城管局，预计11月30日17:30前办结答复。")
    assert "路灯已修好" in notices[2].content["text"]
    assert [question["key"] for question in notices[2].content["questions"]] == ["contacted", "solved", "satisfied"]


async def test_a_ticket_without_a_conversation_sends_no_notice(session: AsyncSession) -> None:
    await arrive(session, "closed", conversation=None)
    assert (await session.scalars(select(Notice))).all() == []


async def test_a_date_beyond_the_known_calendar_is_told_as_such(session: AsyncSession) -> None:
    with clock.set_to(datetime(2026, 12, 30, 2, tzinfo=UTC)):
        await arrive(session, "dispatched")
    notice = (await session.scalars(select(Notice))).one()
    assert "节假日安排公布后可能调整" in notice.content["text"]
