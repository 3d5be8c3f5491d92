"""Any commands in any order, by anybody: what the machine says is possible is what happens, and nothing is lost.

At least 10,000 commands are given, and what is due in between is done. Derandomised: the same commands every time,
so that a red test means that the code was changed; whoever changes a rule gets other stories by it.
"""

import asyncio
import inspect
from collections import Counter
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import NullPool, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, AsyncTransaction, create_async_engine

from core import clock, database, ledger
from core.auth import Actor, Role
from core.errors import YitongError
from routing import commands, granting, steps, supervision, tickets
from routing.hiding import is_secret
from routing.models import Ticket, TicketClock, TicketCount
from routing.workflow import FINISHED
from tests.routing.conftest import AGENT, CITIZEN, EDITOR, MONDAY, SUPERVISOR, department, draft

EXAMPLES, STEPS, WANTED = 230, 50, 10_000
NAME, PHONE = "欧阳建国", "13912345678"
DEPARTMENTS = ("urban_management", "power_supply", "housing", "zhaoxia", "zhaoxia_gulou")
ADMINISTRATOR = Actor(kind="staff", id=4, name="管理员", role=Role.ADMINISTRATOR)
ACTORS = (AGENT, SUPERVISOR, EDITOR, ADMINISTRATOR, CITIZEN, *(department(code) for code in DEPARTMENTS))
WORDS = ("已经处理好了", f"我是{NAME}，电话{PHONE}", "请保密，不要让他们知道是我")

# What a command may be given, by the name of the parameter; one with another name wants a line here.
GIVEN: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(("reason", "text", "note", "comment", "result", "basis", "description"), st.sampled_from(WORDS)),
    **dict.fromkeys(("approved", "upheld", "solved", "contacted"), st.booleans()),
    "title": st.just("另一件事"),
    "phone": st.sampled_from(("", "13900139002")),
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
# Where nothing else is asked for, a ticket goes on: otherwise few would ever be replied.
FORWARD = frozenset(
    {"dispatch", "accept", "reply", "answer_part", "return_to_centre", "ask_extension", "ask_suspension", "unmerge"}
    | {command for command in granting.COMMANDS if command.startswith("rule_on_")}
)
OTHER_TICKET = ("into", "other")
LATER = "until"  # a day from now on
LEFT_OUT = frozenset({"session", "number", "code", "actor", "attachments", "weighed"})


class Tickets(RuleBasedStateMachine):
    """A line of a few tickets in one transaction that is rolled back."""

    given: ClassVar[Counter[str]] = Counter()  # over all examples

    loop: ClassVar[asyncio.AbstractEventLoop]
    connection: ClassVar[AsyncConnection]  # one for all examples: statements are compiled and prepared once

    def __init__(self) -> None:
        super().__init__()
        self._stack = ExitStack()
        self._codes: dict[str, str] = {}
        self._touched = ""
        self._changed = True
        self._at(MONDAY)
        self._outer = self._run(self._begin())

    async def _begin(self) -> AsyncTransaction:
        outer = await self.connection.begin()
        self._session = AsyncSession(bind=self.connection, expire_on_commit=False)
        return outer

    def _run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(coroutine)

    def _at(self, moment: datetime) -> None:
        self._stack.close()
        self._now = moment
        self._stack.enter_context(clock.set_to(moment))

    def teardown(self) -> None:
        async def end() -> None:
            await self._check(everything=True)
            assert (await ledger.verify(self._session)).ok
            await self._session.close()
            await self._outer.rollback()

        self._run(end())
        self._stack.close()

    @initialize(secret=st.booleans())
    def begin(self, secret: bool) -> None:
        for confidential in (False, secret, False):
            self._open(confidential=confidential)

    def _open(self, **changes: Any) -> None:
        said = draft(citizen_name=NAME, citizen_phone=PHONE, category="utilities.lighting.lamp_out", **changes)
        opened = self._run(tickets.open(self._session, said, actor=CITIZEN))
        self._codes[opened.ticket.number] = opened.code

    @rule(
        hours=st.sampled_from((*[0] * 9, 1, 9, 30, 24 * 8, -1)),
        which=st.integers(0, 5),
        anything=st.sampled_from((False, False, False, True)),
        data=st.data(),
    )
    def give(self, hours: int, which: int, anything: bool, data: st.DataObject) -> None:
        """Time passes, or the machine's clock is set back; then somebody gives a command that they may, or anything."""
        if hours:
            self._at(self._now + timedelta(hours=hours))
            self._run(self._sweep())
        number = sorted(self._codes)[which % len(self._codes)]
        ticket, events = self._run(self._read(number))
        able = self._run(self._able(ticket))
        commands_now = sorted({command for command, _ in able})
        if anything or not able:
            command, actor = data.draw(st.sampled_from(sorted(granting.COMMANDS))), data.draw(st.sampled_from(ACTORS))
        else:
            weighted = [command for command in commands_now for _ in range(5 if command in FORWARD else 1)]
            command = data.draw(st.sampled_from(weighted))
            actor = data.draw(st.sampled_from([each for each in ACTORS if (command, each) in able]))
        before, self._touched = _columns(ticket), number
        done = self._run(self._give(command, number, actor, data))
        after, events_after = self._run(self._read(number))
        self.given[command] += 1
        if done:
            self._changed = True
            assert (command, actor) in able, f"{actor} gave {command} in {before['state']} without being allowed"
            assert events_after > events
        else:
            assert (_columns(after), events_after) == (before, events)

    async def _sweep(self) -> None:
        """Do what is due, as the worker does, in the transaction of this line."""
        if await self._session.scalar(select(func.count()).where(TicketClock.act_at < clock.now())):
            self._changed = True
            token = database._around.set(self._session)
            try:
                await supervision.sweep()
            finally:
                database._around.reset(token)

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
        for parameter in sorted(set(taken) - LEFT_OUT - {"again_at"}):
            if parameter in OTHER_TICKET:
                arguments[parameter] = data.draw(st.sampled_from(sorted(self._codes)))
            elif parameter == LATER:
                arguments[parameter] = self._now.date() + timedelta(days=data.draw(st.integers(0, 40)))
            else:
                arguments[parameter] = data.draw(GIVEN[parameter])
        if "code" in taken:
            arguments["code"] = self._codes[number] if actor.kind == "citizen" else "WRONG1"
        else:
            arguments["actor"] = actor
        return function, arguments

    async def _read(self, number: str) -> tuple[Ticket, int]:
        events = select(func.count()).where(ledger.Event.subject == f"ticket:{number}").scalar_subquery()
        found = select(Ticket, events).where(Ticket.number == number).execution_options(populate_existing=True)
        ticket, counted = (await self._session.execute(found)).one()
        return ticket, counted

    async def _able(self, ticket: Ticket) -> set[tuple[str, Actor]]:
        return {(name, who) for who in ACTORS for name in await tickets.allowed(self._session, ticket, actor=who)}

    @invariant()
    def nothing_is_lost(self) -> None:
        if self._changed:
            self._run(self._check())
            self._changed = False

    async def _check(self, *, everything: bool = False) -> None:
        await self._session.flush()
        found = (await self._session.scalars(select(Ticket))).all()
        by_id = {ticket.id: ticket for ticket in found}
        clocks = (await self._session.scalars(select(TicketClock))).all()
        for ticket in found:
            own = [row for row in clocks if row.ticket_id == ticket.id and row.met_at is None and row.void_at is None]
            assert len(own) == len({row.kind for row in own})
            counted_down = [row for row in own if row.paused_at is None or row.paused_at > row.due_at]
            ends = [row.due_at for row in counted_down if row.kind != "return"]
            assert ticket.next_due_at == min(ends, default=None)
            if ticket.state == "merged":
                assert not own
                assert by_id[ticket.merged_into or 0].state not in (*FINISHED, "merged")
            elif ticket.state in ("dispatched", "accepted"):
                assert ticket.lead and any(row.kind == "resolve" for row in own)
            elif ticket.state in ("closed", "withdrawn"):
                assert not own
            if everything or ticket.number == self._touched:
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
    unknown = set(inspect.signature(function).parameters) - set(GIVEN) - {*OTHER_TICKET, LATER} - LEFT_OUT
    assert not unknown, f"{command} takes {unknown}: say in GIVEN what it may be given"


@pytest.fixture
def line(migrated: None) -> Iterator[type[Tickets]]:
    """The machine, on one connection in a loop of its own, which is nobody's current one."""
    loop = asyncio.new_event_loop()
    engine = create_async_engine(database.sqlalchemy_url(), poolclass=NullPool)
    Tickets.loop, Tickets.connection = loop, loop.run_until_complete(engine.connect())
    # Prepared from the second time on, however many there are: the same few hundred statements come again and again.
    raw: Any = loop.run_until_complete(Tickets.connection.get_raw_connection()).driver_connection
    raw.prepared_max, raw.prepare_threshold = 1000, 1
    yield Tickets
    loop.run_until_complete(Tickets.connection.close())
    loop.run_until_complete(engine.dispose())
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()


def test_nothing_is_lost_in_any_order_of_commands(line: type[Tickets]) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        line,
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
    assert sum(line.given.values()) >= WANTED
