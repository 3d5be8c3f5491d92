"""Each command: from which states, by whom, and what it leaves behind."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock, ledger
from core.auth import SYSTEM, Actor
from core.errors import BadInput, Conflict, Forbidden, NotFound, YitongError
from core.outbox import Notice
from routing import commands, tickets, timing, workflow
from routing.granting import COMMANDS
from routing.policy import ClockKind
from routing.tickets import Opened
from routing.workflow import STATES
from tests.routing.conftest import AGENT, CITIZEN, EDITOR, MONDAY, SUPERVISOR, department, draft

LEAD, OTHER, STRANGER = department("urban_management"), department("power_supply"), department("tax")

pytestmark = pytest.mark.usefixtures("monday")

Step = Callable[[AsyncSession, Opened], Awaitable[Any]]


async def _dispatch(session: AsyncSession, opened: Opened, actor: Actor = AGENT) -> Any:
    return await commands.dispatch(
        session, opened.ticket.number, actor=actor, department="urban_management", co_handlers=["power_supply"]
    )


async def _accept(session: AsyncSession, opened: Opened, actor: Actor = LEAD) -> Any:
    return await commands.accept(session, opened.ticket.number, actor=actor)


async def _contact(session: AsyncSession, opened: Opened, actor: Actor = LEAD) -> Any:
    return await commands.contact(session, opened.ticket.number, actor=actor, note="电话里说明了情况")


async def _return(session: AsyncSession, opened: Opened, actor: Actor = LEAD) -> Any:
    return await commands.return_to_centre(session, opened.ticket.number, actor=actor, reason="属于供电公司的设施")


async def _uphold(session: AsyncSession, opened: Opened, actor: Actor = SUPERVISOR) -> Any:
    return await commands.rule_on_return(
        session, opened.ticket.number, actor=actor, upheld=True, department="power_supply", reason="理由成立"
    )


async def _refuse(session: AsyncSession, opened: Opened, actor: Actor = SUPERVISOR) -> Any:
    return await commands.rule_on_return(session, opened.ticket.number, actor=actor, upheld=False, reason="职责明确")


async def _reassign(session: AsyncSession, opened: Opened, actor: Actor = SUPERVISOR) -> Any:
    return await commands.reassign(
        session, opened.ticket.number, actor=actor, department="power_supply", reason="核实后属于供电设施"
    )


async def _correct(session: AsyncSession, opened: Opened, actor: Actor = SUPERVISOR) -> Any:
    return await commands.correct(
        session, opened.ticket.number, actor=actor, category="utilities.lighting.lamp_out", reason="是路灯不亮"
    )


async def _reply(session: AsyncSession, opened: Opened, actor: Actor = LEAD) -> Any:
    return await commands.reply(session, opened.ticket.number, actor=actor, result="路灯已修好", basis="照明规定")


async def _callback(session: AsyncSession, opened: Opened, actor: Actor = AGENT) -> Any:
    return await commands.callback(
        session, opened.ticket.number, actor=actor, contacted=True, solved=True, satisfied=5, note="表示感谢"
    )


async def _close(session: AsyncSession, opened: Opened, actor: Actor = SUPERVISOR) -> Any:
    return await commands.close(session, opened.ticket.number, actor=actor, reason="三次回访未接通")


async def _urge(session: AsyncSession, opened: Opened, actor: Actor = CITIZEN) -> Any:
    if actor.kind == "staff":
        return await commands.urge_for(session, opened.ticket.number, actor=actor, text="请快一点")
    return await commands.urge(session, opened.ticket.number, opened.code, text="请快一点")


async def _supplement(session: AsyncSession, opened: Opened, actor: Actor = CITIZEN) -> Any:
    if actor.kind == "staff":
        return await commands.supplement_for(session, opened.ticket.number, actor=actor, text="旁边那盏也坏了")
    return await commands.supplement(session, opened.ticket.number, opened.code, text="旁边那盏也坏了")


async def _withdraw(session: AsyncSession, opened: Opened, actor: Actor = CITIZEN) -> Any:
    if actor.kind == "staff":
        return await commands.withdraw_for(session, opened.ticket.number, actor=actor, reason="已经自己解决")
    return await commands.withdraw(session, opened.ticket.number, opened.code, reason="已经自己解决")


async def _unsolved(session: AsyncSession, opened: Opened, actor: Actor = CITIZEN) -> Any:
    return await commands.rate(session, opened.ticket.number, opened.code, solved=False, satisfied=1)


async def _rate(session: AsyncSession, opened: Opened, actor: Actor = CITIZEN) -> Any:
    return await commands.rate(session, opened.ticket.number, opened.code, solved=True, satisfied=4)


async def _suspend(session: AsyncSession, opened: Opened) -> None:
    workflow.move(opened.ticket, "suspend")
    await session.flush()


async def _answer(session: AsyncSession, opened: Opened, actor: Actor = AGENT) -> Any:
    return await commands.answer(
        session, opened.ticket.number, actor=actor, result="路灯由城管局维护，本周五检修", basis="检修计划"
    )


async def _merge(session: AsyncSession, opened: Opened, actor: Actor = AGENT) -> Any:
    master = await tickets.open(session, draft(), actor=CITIZEN)
    return await commands.merge(
        session, opened.ticket.number, actor=actor, into=master.ticket.number, reason="同一盏路灯"
    )


async def _unmerge(session: AsyncSession, opened: Opened, actor: Actor = AGENT) -> Any:
    return await commands.unmerge(session, opened.ticket.number, actor=actor, reason="不是同一盏")


async def _split(session: AsyncSession, opened: Opened, actor: Actor = AGENT) -> Any:
    return await commands.split(
        session, opened.ticket.number, actor=actor, title="井盖松动", description="路口的井盖也松了", reason="两件事"
    )


async def _link(session: AsyncSession, opened: Opened, actor: Actor = AGENT) -> Any:
    other = await tickets.open(session, draft(), actor=CITIZEN)
    return await commands.link(session, opened.ticket.number, actor=actor, other=other.ticket.number)


async def _unlink(session: AsyncSession, opened: Opened, actor: Actor = AGENT) -> Any:
    other = await tickets.open(session, draft(), actor=CITIZEN)
    await commands.link(session, opened.ticket.number, actor=SYSTEM, other=other.ticket.number)
    return await commands.unlink(session, opened.ticket.number, actor=actor, other=other.ticket.number)


async def _dispute(session: AsyncSession, opened: Opened, actor: Actor = CITIZEN) -> Any:
    return await commands.dispute(session, opened.ticket.number, opened.code, text="又不亮了")


ROAD: dict[str, list[Step]] = {
    "new": [],
    "dispatched": [_dispatch],
    "accepted": [_dispatch, _accept],
    "returned": [_dispatch, _return],
    "replied": [_dispatch, _accept, _reply],
    "suspended": [_dispatch, _accept, _suspend],
    "merged": [_dispatch, _merge],
    "closed": [_dispatch, _accept, _reply, _rate],
    "withdrawn": [_withdraw],
}
GIVEN: dict[str, Any] = {
    "dispatch": _dispatch,
    "answer": _answer,
    "accept": _accept,
    "contact": _contact,
    "return_to_centre": _return,
    "rule_on_return": _uphold,
    "reassign": _reassign,
    "correct": _correct,
    "reply": _reply,
    "merge": _merge,
    "unmerge": _unmerge,
    "split": _split,
    "link": _link,
    "unlink": _unlink,
    "callback": _callback,
    "close": _close,
    "urge": _urge,
    "supplement": _supplement,
    "withdraw": _withdraw,
    "rate": _rate,
    "dispute": _dispute,
}
WITH_A_DEPARTMENT = {"dispatched", "accepted", "suspended", "returned"}
OPEN = {"new", "merged"} | WITH_A_DEPARTMENT
ALLOWED_FROM: dict[str, set[str]] = {
    "dispatch": {"new"},
    "answer": {"new"},
    "accept": {"dispatched"},
    "contact": {"accepted"},
    "return_to_centre": {"dispatched", "accepted"},
    "rule_on_return": {"returned"},
    "reassign": {"dispatched", "accepted"},
    "correct": OPEN | {"replied"},
    "reply": {"accepted"},
    "merge": OPEN - {"merged"},
    "unmerge": {"merged"},
    "split": OPEN - {"merged"} | {"replied"},
    "link": OPEN | {"replied", "closed"},
    "unlink": OPEN | {"replied", "closed"},
    "callback": {"replied"},
    "close": {"new", "replied", "returned"},
    "urge": OPEN,
    "supplement": OPEN | {"replied"},
    "withdraw": OPEN,
    "rate": {"replied"},
    "dispute": {"closed"},
}
LEADS_TO: dict[str, str] = {
    "dispatch": "dispatched",
    "answer": "replied",
    "accept": "accepted",
    "contact": "accepted",
    "return_to_centre": "returned",
    "rule_on_return": "dispatched",
    "reassign": "dispatched",
    "reply": "replied",
    "merge": "merged",
    "unmerge": "new",  # its master has no department
    "callback": "closed",
    "close": "closed",
    "withdraw": "withdrawn",
    "rate": "closed",
    "dispute": "returned",
}
HANDLING = {"accept", "contact", "return_to_centre", "reply"}
BY_AGENTS = {
    "urge",
    "supplement",
    "withdraw",
    "dispatch",
    "answer",
    "callback",
    "close",
    "merge",
    "unmerge",
    "split",
    "link",
    "unlink",
}
BY_SUPERVISORS = BY_AGENTS | {"rule_on_return", "reassign", "correct"}
STAFF_COMMANDS = HANDLING | BY_SUPERVISORS
STARTS_FROM = {
    "urge": "accepted",
    "supplement": "accepted",
    "withdraw": "accepted",
    "close": "replied",
    "dispatch": "new",
    "answer": "new",
    "merge": "accepted",
    "split": "accepted",
} | dict.fromkeys(("link", "unlink"), "accepted")


async def arrive(session: AsyncSession, state: str, **changes: Any) -> Opened:
    opened = await tickets.open(session, draft(**changes), actor=CITIZEN)
    for step in ROAD[state]:
        await step(session, opened)
    assert opened.ticket.state == state
    return opened


def test_the_tables_speak_of_every_command_and_state() -> None:
    assert GIVEN.keys() == ALLOWED_FROM.keys() == COMMANDS.keys()
    assert set(ROAD) == set(STATES)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("command", COMMANDS)
async def test_a_command_is_taken_from_its_states_and_from_no_other(
    session: AsyncSession, command: str, state: str
) -> None:
    opened = await arrive(session, state)
    events = await ledger.history(session, f"ticket:{opened.ticket.number}")
    if state in ALLOWED_FROM[command]:
        await GIVEN[command](session, opened, SYSTEM)
        assert opened.ticket.state == LEADS_TO.get(command, state)
        assert len(await ledger.history(session, f"ticket:{opened.ticket.number}")) > len(events)
    else:
        with pytest.raises(Conflict) as refused:
            await GIVEN[command](session, opened, SYSTEM)
        assert refused.value.sentence.startswith(("工单现在的状态是“", "工单已并入"))
        assert opened.ticket.state == state
        assert len(await ledger.history(session, f"ticket:{opened.ticket.number}")) == len(events)


@pytest.mark.parametrize("command", sorted(STAFF_COMMANDS))
@pytest.mark.parametrize(
    ("actor", "may", "otherwise"),
    [
        (AGENT, BY_AGENTS, Forbidden),
        (SUPERVISOR, BY_SUPERVISORS, Forbidden),
        (LEAD, HANDLING, Forbidden),
        (OTHER, set(), Forbidden),  # a co-handler sees the ticket
        (STRANGER, set(), NotFound),
        (EDITOR, set(), NotFound),
        (CITIZEN, {"urge", "supplement", "withdraw"}, NotFound),
        (SYSTEM, STAFF_COMMANDS, Forbidden),
    ],
    ids=["agent", "supervisor", "lead", "co-handler", "other department", "editor", "citizen", "system"],
)
async def test_a_command_is_taken_from_those_who_may_give_it(
    session: AsyncSession, command: str, actor: Actor, may: set[str], otherwise: type[YitongError]
) -> None:
    state = STARTS_FROM.get(command) or sorted(ALLOWED_FROM[command])[0]
    opened = await arrive(session, state)
    if command in {"dispatch", "answer", "unmerge"}:  # nobody leads yet: departments do not see it
        otherwise = NotFound if actor.department else otherwise
    if command in may:
        await GIVEN[command](session, opened, actor)
        assert opened.ticket.state == LEADS_TO.get(command, state)
    else:
        with pytest.raises(otherwise):
            await GIVEN[command](session, opened, actor)
        assert opened.ticket.state == state


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("actor", [AGENT, SUPERVISOR, LEAD, OTHER, STRANGER, EDITOR, CITIZEN], ids=str)
async def test_what_is_shown_as_possible_is_possible_and_nothing_else_is(
    session: AsyncSession, actor: Actor, state: str
) -> None:
    opened = await arrive(session, state)
    shown = set(tickets.allowed(opened.ticket, actor=actor))
    own = {"rate", "dispute"}  # only citizens answer for themselves; the rest they do, or an agent does for them
    citizens = {"urge", "supplement", "withdraw"} | own
    possible = set()
    for command in COMMANDS:
        if (command in own and actor is not CITIZEN) or (command not in citizens and actor is CITIZEN):
            continue
        async with session.begin_nested() as attempt:
            try:
                await GIVEN[command](session, opened, actor)
                possible.add(command)
            except YitongError:
                pass
            await attempt.rollback()
        await session.refresh(opened.ticket)
    assert shown == possible


@pytest.mark.parametrize("command", sorted(COMMANDS.keys() - {"contact", "supplement", "split", "link", "unlink"}))
async def test_the_same_command_twice_is_refused_in_a_sentence(session: AsyncSession, command: str) -> None:
    opened = await arrive(session, sorted(ALLOWED_FROM[command])[0])
    await GIVEN[command](session, opened)
    after = opened.ticket.state, opened.ticket.lead
    with pytest.raises(Conflict) as refused:
        await GIVEN[command](session, opened)
    assert refused.value.sentence.endswith("。")
    assert (opened.ticket.state, opened.ticket.lead) == after


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
        await _uphold(session, opened)
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
        for step in (_refuse, _accept, _reply, _unsolved, _accept, _reply, _unsolved, _uphold):
            await step(session, opened)
        assert (opened.ticket.lead, opened.ticket.misdispatched) == ("power_supply", False)

    @pytest.mark.parametrize("named", [None, "urban_management"])
    async def test_upholding_names_another_department(self, session: AsyncSession, named: str | None) -> None:
        opened = await arrive(session, "returned")
        with pytest.raises(BadInput):
            await commands.rule_on_return(
                session, opened.ticket.number, actor=SUPERVISOR, upheld=True, department=named
            )

    @pytest.mark.parametrize(("road", "back_in"), [([_dispatch], "dispatched"), ([_dispatch, _accept], "accepted")])
    async def test_a_refused_return_is_back_where_it_was_and_cannot_come_again(
        self, session: AsyncSession, road: list[Step], back_in: str
    ) -> None:
        opened = await tickets.open(session, draft(), actor=CITIZEN)
        for step in [*road, _return, _refuse]:
            await step(session, opened)
        assert (opened.ticket.state, opened.ticket.misdispatched) == (back_in, False)
        assert "return_to_centre" not in tickets.allowed(opened.ticket, actor=LEAD)
        with pytest.raises(Conflict, match="不能再退单"):
            await _return(session, opened)

    async def test_it_must_come_within_its_time(self, session: AsyncSession) -> None:
        opened = await arrive(session, "dispatched")
        due = (await timing.running(session, opened.ticket))[ClockKind.RETURN].due_at
        with clock.set_to(due + timedelta(seconds=1)), pytest.raises(Conflict, match="退单的时限已过"):
            await _return(session, opened)
        with clock.set_to(due):
            await _return(session, opened)

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
            await _reassign(session, opened, LEAD)

    async def test_the_citizens_clock_runs_on(self, session: AsyncSession) -> None:
        opened = await arrive(session, "accepted")
        promised = (await timing.running(session, opened.ticket))["resolve"].due_at
        with clock.set_to(MONDAY + timedelta(days=1)):
            await _reassign(session, opened)
        after = await timing.running(session, opened.ticket)
        assert after["resolve"].due_at == promised
        assert after["accept"].started_at == MONDAY + timedelta(days=1)


class TestSurvey:
    async def test_not_solved_goes_back_once_and_then_to_the_centre(self, session: AsyncSession) -> None:
        opened = await arrive(session, "replied")
        ticket = opened.ticket
        await _unsolved(session, opened)
        assert (ticket.state, ticket.lead, ticket.reopened) == ("dispatched", "urban_management", 1)
        assert set(await timing.running(session, ticket)) == {"accept", "contact", "resolve"}
        with pytest.raises(Conflict, match="不能再退单"):
            await _return(session, opened)
        await _accept(session, opened)
        await _reply(session, opened)
        await _unsolved(session, opened)
        assert (ticket.state, ticket.lead, ticket.supervised) == ("returned", "urban_management", True)
        with pytest.raises(Forbidden):
            await _close(session, opened, AGENT)
        await _refuse(session, opened)
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
        await _urge(session, opened)
        with clock.set_to(MONDAY + timedelta(minutes=59)), pytest.raises(Conflict, match="11月23日10:30以后"):
            await _urge(session, opened)
        with clock.set_to(MONDAY + timedelta(minutes=60)):
            await _urge(session, opened)
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
        await _supplement(session, opened)
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
