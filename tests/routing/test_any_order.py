"""Any commands in any order, by anybody: what the machine says is possible is what happens, and nothing is lost."""

import asyncio
import inspect
from collections.abc import Coroutine
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import NullPool, func, select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from core import clock, database, ledger
from core.auth import Actor
from core.errors import YitongError
from routing import commands, granting, steps, tickets
from routing.hiding import is_secret
from routing.models import Ticket, TicketClock, TicketCount
from routing.workflow import FINISHED
from tests.routing.conftest import AGENT, CITIZEN, EDITOR, MONDAY, SUPERVISOR, department, draft

EXAMPLES, STEPS = 12, 50
NAME, PHONE = "欧阳建国", "13912345678"
DEPARTMENTS = ("urban_management", "power_supply", "housing", "zhaoxia_district", "zhaoxia_gulou")
ACTORS = (AGENT, SUPERVISOR, EDITOR, CITIZEN, *(department(code) for code in DEPARTMENTS))
WORDS = ("已经处理好了", f"我是{NAME}，电话{PHONE}", "请保密，不要让他们知道是我")

# What a command may be given, by the name of the parameter; one with another name wants a line here.
GIVEN: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(("reason", "text", "note", "comment", "result", "basis", "description"), st.sampled_from(WORDS)),
    **dict.fromkeys(("approved", "upheld", "solved", "contacted"), st.booleans()),
    "until": st.dates(MONDAY.date() + timedelta(days=1), MONDAY.date() + timedelta(days=40)),
    "title": st.just("另一件事"),
    "department": st.sampled_from(DEPARTMENTS),
    "co_handlers": st.lists(st.sampled_from(DEPARTMENTS), max_size=2, unique=True),
    "satisfied": st.integers(1, 5),
    "request_type": st.sampled_from(("complaint", "tip_off", "assistance")),
    "urgency": st.sampled_from(("general", "urgent")),
    "category": st.sampled_from(("utilities.lighting.lamp_out", "environment.air.cooking_fume")),
    "without_parts": st.just("协办单位未答复，先行答复"),
    "working_days": st.integers(1, 5),
    "asked": st.just("请核实灯杆产权"),
}
OTHER_TICKET = ("into", "other")
LEFT_OUT = frozenset({"session", "number", "code", "actor", "attachments", "weighed"})


class Tickets(RuleBasedStateMachine):
    """A line of a few tickets in one transaction that is rolled back."""

    def __init__(self) -> None:
        super().__init__()
        self._loop = asyncio.new_event_loop()  # not made the current one: that is the other tests'
        self._stack = ExitStack()
        self._codes: dict[str, str] = {}
        self._now = MONDAY
        self._run(self._begin())
        self._at(MONDAY)

    async def _begin(self) -> None:
        self._engine = create_async_engine(database.sqlalchemy_url(), poolclass=NullPool)
        self._connection = await self._engine.connect()
        self._outer = await self._connection.begin()
        self._session = AsyncSession(bind=self._connection, expire_on_commit=False)

    def _run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return self._loop.run_until_complete(coroutine)

    def _at(self, moment: datetime) -> None:
        self._stack.close()
        self._now = moment
        self._stack.enter_context(clock.set_to(moment))

    def teardown(self) -> None:
        async def end() -> None:
            assert (await ledger.verify(self._session)).ok
            await self._session.close()
            await self._outer.rollback()
            await self._connection.close()
            await self._engine.dispose()

        self._run(end())
        self._run(self._loop.shutdown_default_executor())
        self._loop.close()
        self._stack.close()

    @initialize(secret=st.booleans())
    def begin(self, secret: bool) -> None:
        for confidential in (False, secret, False):
            self._open(confidential=confidential)

    def _open(self, **changes: Any) -> None:
        said = draft(citizen_name=NAME, citizen_phone=PHONE, category="utilities.lighting.lamp_out", **changes)
        opened = self._run(tickets.open(self._session, said, actor=CITIZEN))
        self._codes[opened.ticket.number] = opened.code

    @rule(hours=st.sampled_from((-1, 1, 9, 30, 24 * 8)))
    def wait(self, hours: int) -> None:
        """Time passes; or the clock of the machine is set back."""
        self._at(self._now + timedelta(hours=hours))

    @rule(
        command=st.sampled_from(sorted(granting.COMMANDS)),
        actor=st.one_of(st.sampled_from(ACTORS), st.none()),
        which=st.integers(0, 5),
        data=st.data(),
    )
    def give(self, command: str, actor: Actor | None, which: int, data: st.DataObject) -> None:
        """Give a command; nobody in particular: whoever may, if anybody may."""
        number = sorted(self._codes)[which % len(self._codes)]
        ticket = self._run(self._read(number))
        able = [each for each in ACTORS if command in tickets.allowed(ticket, actor=each)]
        actor = actor or (data.draw(st.sampled_from(able)) if able else SUPERVISOR)
        before, events = _columns(ticket), self._run(self._events(number))
        done = self._run(self._give(command, number, actor, data))
        after = self._run(self._read(number))
        if done:
            assert actor in able, f"{actor} gave {command} in {before['state']} without being allowed"
            assert self._run(self._events(number)) > events
        else:
            assert (_columns(after), self._run(self._events(number))) == (before, events)

    async def _give(self, command: str, number: str, actor: Actor, data: st.DataObject) -> bool:
        function, arguments = self._asked(command, number, actor, data)
        try:
            async with self._session.begin_nested():
                made = await function(self._session, number, **arguments)
        except YitongError as refused:
            assert refused.sentence.endswith(("。", "？", "！")), refused.sentence
            return False
        if isinstance(made, tickets.Opened):
            self._codes[made.ticket.number] = made.code
        return True

    def _asked(self, command: str, number: str, actor: Actor, data: st.DataObject) -> tuple[Any, dict[str, Any]]:
        by_code = actor.kind == "citizen" and granting.COMMANDS[command].citizen
        name = f"{command}_for" if granting.COMMANDS[command].citizen and not by_code else command
        # What only citizens do has one function; whoever else tries does so with a code that they do not have.
        function = getattr(commands, name, None) or getattr(commands, command)
        taken = inspect.signature(function).parameters
        arguments: dict[str, Any] = {}
        for parameter in set(taken) - LEFT_OUT - {"again_at"}:
            if parameter in OTHER_TICKET:
                arguments[parameter] = data.draw(st.sampled_from(sorted(self._codes)))
            else:
                arguments[parameter] = data.draw(GIVEN[parameter])
        if "code" in taken:
            arguments["code"] = self._codes[number] if actor.kind == "citizen" else "WRONG1"
        else:
            arguments["actor"] = actor
        return function, arguments

    async def _read(self, number: str) -> Ticket:
        found = select(Ticket).where(Ticket.number == number).execution_options(populate_existing=True)
        return (await self._session.scalars(found)).one()

    async def _events(self, number: str) -> int:
        counted = select(func.count()).where(ledger.Event.subject == f"ticket:{number}")
        return await self._session.scalar(counted) or 0

    @invariant()
    def nothing_is_lost(self) -> None:
        self._run(self._check())

    async def _check(self) -> None:
        await self._session.flush()
        found = (await self._session.scalars(select(Ticket))).all()
        by_id = {ticket.id: ticket for ticket in found}
        clocks = (await self._session.scalars(select(TicketClock))).all()
        for ticket in found:
            own = [row for row in clocks if row.ticket_id == ticket.id and row.met_at is None and row.void_at is None]
            assert len(own) == len({row.kind for row in own})
            ends = [row.due_at for row in own if row.kind != "return" and row.paused_at is None]
            assert ticket.next_due_at == min(ends, default=None)
            if ticket.state == "merged":
                assert not own
                assert by_id[ticket.merged_into or 0].state not in (*FINISHED, "merged")
            elif ticket.state in ("dispatched", "accepted"):
                assert ticket.lead and any(row.kind == "resolve" for row in own)
            elif ticket.state in ("closed", "withdrawn"):
                assert not own
            await self._keeps_its_author(ticket)
        counted = select(TicketCount.state, TicketCount.lead, func.sum(TicketCount.tickets))
        rows = await self._session.execute(counted.group_by(TicketCount.state, TicketCount.lead))
        recounted: dict[tuple[str, str | None], int] = {}
        for ticket in found:
            recounted[ticket.state, ticket.lead] = recounted.get((ticket.state, ticket.lead), 0) + 1
        assert {(state, lead): int(count) for state, lead, count in rows if count} == recounted

    async def _keeps_its_author(self, ticket: Ticket) -> None:
        if not is_secret(request_type=ticket.request_type, confidential=ticket.confidential):
            return
        shown = [ticket.title, ticket.description, ticket.address, ticket.result, ticket.basis]
        shown += [step.text for step in await steps.read(self._session, ticket)]
        assert not any(NAME in (text or "") or PHONE in (text or "") for text in shown)


def _columns(ticket: Ticket) -> dict[str, Any]:
    return {column.key: getattr(ticket, column.key) for column in Ticket.__table__.columns if column.key != "embedding"}


@pytest.mark.parametrize("command", sorted(granting.COMMANDS))
def test_every_command_is_given(command: str) -> None:
    function = getattr(commands, command)
    unknown = set(inspect.signature(function).parameters) - set(GIVEN) - set(OTHER_TICKET) - LEFT_OUT
    assert not unknown, f"{command} takes {unknown}: say in GIVEN what it may be given"


def test_nothing_is_lost_in_any_order_of_commands(migrated: None) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Tickets,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            derandomize=True,
            phases=(Phase.generate,),  # shrinking a story of fifty commands takes longer than reading it
            suppress_health_check=list(HealthCheck),
        ),
    )
