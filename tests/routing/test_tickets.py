"""Opening, numbers and codes, who sees what, and what a citizen reads."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock, ledger
from core.database import transaction
from core.errors import BadInput, Conflict, Forbidden, NotFound
from routing import citizens, commands, numbers, tickets
from routing.models import Ticket
from tests.routing.conftest import AGENT, CITIZEN, EDITOR, MONDAY, SUPERVISOR, department, draft

LEAD = department("urban_management")


@pytest.fixture(autouse=True)
def _monday(monday: datetime) -> Iterator[None]:
    yield


async def sent(session: AsyncSession, **changes: object) -> tickets.Opened:
    opened = await tickets.open(session, draft(**changes), actor=CITIZEN)
    await commands.dispatch(session, opened.ticket.number, actor=AGENT, department="urban_management")
    return opened


class TestOpening:
    async def test_number_code_clock_event_and_job_come_together(self, session: AsyncSession) -> None:
        opened = await tickets.open(session, draft(), actor=CITIZEN)
        assert opened.ticket.number == "20261123-000001"
        assert opened.due_at == datetime(2026, 11, 30, 9, 30, tzinfo=UTC)
        events = await ledger.history(session, f"ticket:{opened.ticket.number}")
        assert [event.kind for event in events] == ["ticket.opened"]
        job = (await session.execute(text("select task_name, args from procrastinate_jobs"))).one()
        assert job == ("tickets.dispatch", {"number": opened.ticket.number})

    async def test_the_day_of_the_number_is_the_citys(self, session: AsyncSession) -> None:
        with clock.set_to(datetime(2026, 11, 23, 16, 30, tzinfo=UTC)):  # half past midnight in the city
            opened = await tickets.open(session, draft(), actor=CITIZEN)
        assert opened.ticket.number == "20261124-000001"

    @pytest.mark.parametrize(
        "changes",
        [
            {"title": " "},
            {"description": "\u200b\n"},
            {"description": "长" * 10_001},
            {"request_type": "wish"},
            {"urgency": "soon"},
        ],
    )
    async def test_a_draft_that_cannot_be_used_is_refused(self, session: AsyncSession, changes: dict[str, str]) -> None:
        with pytest.raises(BadInput):
            await tickets.open(session, draft(**changes), actor=CITIZEN)

    async def test_staff_need_the_permission(self, session: AsyncSession) -> None:
        await tickets.open(session, draft(), actor=AGENT)
        for actor in (LEAD, EDITOR):
            with pytest.raises(Forbidden):
                await tickets.open(session, draft(), actor=actor)

    async def test_a_long_title_is_cut_and_markup_is_gone(self, session: AsyncSession) -> None:
        opened = await tickets.open(session, draft(title="<b>路灯</b>" * 40), actor=CITIZEN)
        assert opened.ticket.title.startswith("路灯 路灯")
        assert len(opened.ticket.title) == 60


class TestCode:
    async def test_it_is_six_unmistakable_characters_and_kept_only_as_a_digest(self, session: AsyncSession) -> None:
        opened = await tickets.open(session, draft(), actor=CITIZEN)
        assert len(opened.code) == 6
        assert not set(opened.code) & set("0O1IL2Z5S8BUV")
        row = (await session.execute(text("select to_jsonb(tickets)::text from tickets"))).scalar_one()
        assert opened.code not in row

    @pytest.mark.parametrize("typed", ["{code}", " {lower} ", "{spaced}", "{wide}"])
    async def test_it_is_taken_however_it_is_typed(self, session: AsyncSession, typed: str) -> None:
        opened = await tickets.open(session, draft(), actor=CITIZEN)
        code = opened.code
        given = typed.format(
            code=code,
            lower=code.lower(),
            spaced=f"{code[:3]} {code[3:]}",
            wide="".join(chr(ord(character) + 0xFEE0) for character in code),
        )
        assert (await tickets.by_code(session, opened.ticket.number, given)).id == opened.ticket.id

    async def test_the_number_too(self, session: AsyncSession) -> None:
        opened = await tickets.open(session, draft(), actor=CITIZEN)
        wide = " " + "".join(chr(ord(character) + 0xFEE0) for character in opened.ticket.number) + "\x00"
        assert (await tickets.by_code(session, wide, opened.code)).id == opened.ticket.id

    async def test_the_code_of_another_ticket_opens_nothing(self, session: AsyncSession) -> None:
        one = await tickets.open(session, draft(), actor=CITIZEN)
        two = await tickets.open(session, draft(), actor=CITIZEN)
        with pytest.raises(NotFound):
            await tickets.by_code(session, one.ticket.number, two.code)


class TestNumbers:
    async def test_transactions_at_once_get_different_numbers(self, committing: None) -> None:
        async def take() -> str:
            async with transaction() as session:
                _, number = await numbers.next_number(session)
                await asyncio.sleep(0)
                return number

        taken = await asyncio.gather(*(take() for _ in range(30)))
        assert len(set(taken)) == 30
        assert min(taken) == "20261123-000001"

    async def test_a_number_of_a_transaction_that_failed_is_left_out(self, committing: None) -> None:
        numbered = []
        for fails in (False, True, False):
            with suppress(ZeroDivisionError):
                async with transaction() as session:
                    numbered.append((await numbers.next_number(session))[1])
                    if fails:
                        raise ZeroDivisionError
        assert numbered == ["20261123-000001", "20261123-000002", "20261123-000003"]

    async def test_whoever_draws_an_id_before_the_first_of_the_day_commits_counts_on(self, committing: None) -> None:
        """Both see a day without tickets; the one with the later id begins it."""
        async with transaction() as early, transaction() as late:
            drawn = await early.scalar(text("select nextval(pg_get_serial_sequence('tickets', 'id'))"))
            assert (await numbers.next_number(late))[1] == "20261123-000001"
            await late.commit()
            assert (await numbers._begin(early, MONDAY.date(), drawn or 0))[0] > (drawn or 0) + 1
            assert (await numbers.next_number(early))[1] == "20261123-000003"

    async def test_each_day_begins_with_one(self, committing: None) -> None:
        for day in (MONDAY, MONDAY + timedelta(days=1)):
            with clock.set_to(day):
                async with transaction() as session:
                    assert (await numbers.next_number(session))[1].endswith("-000001")


class TestTwoAtOnce:
    async def test_of_two_departments_clerks_one_accepts_and_one_is_told(self, committing: None) -> None:
        async with transaction() as session:
            opened = await sent(session)

        async def accept() -> str:
            try:
                async with transaction() as session:
                    await commands.accept(session, opened.ticket.number, actor=LEAD)
            except Conflict as refused:
                return refused.sentence
            return "accepted"

        outcomes = await asyncio.gather(accept(), accept())
        assert sorted(outcomes) == ["accepted", "工单现在的状态是“办理中”，不能签收。"]
        async with transaction() as session:
            kinds = [each.kind for each in await ledger.history(session, f"ticket:{opened.ticket.number}")]
            assert kinds == ["ticket.opened", "ticket.dispatched", "ticket.accepted"]

    async def test_the_second_waits_for_the_first_and_sees_what_it_did(self, committing: None) -> None:
        async with transaction() as session:
            opened = await sent(session)
        number, code = opened.ticket.number, opened.code
        async with transaction() as first:
            await tickets.by_code(first, number, code)
            await commands.withdraw(first, number, code)

            async def second() -> None:
                async with transaction() as session:
                    await tickets.find(session, number, actor=LEAD)  # read before the first has committed
                    await commands.accept(session, number, actor=LEAD)

            waiting = asyncio.create_task(second())
            await _until_somebody_waits()
            assert not waiting.done()
        with pytest.raises(Conflict, match="已撤单"):
            await waiting


async def _until_somebody_waits() -> None:
    async with transaction() as session:
        while not await session.scalar(
            text(
                "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
            )
        ):
            await session.execute(text("select pg_stat_clear_snapshot()"))
            await asyncio.sleep(0)


class TestReading:
    async def test_the_centre_sees_all_a_department_its_own_others_nothing(self, session: AsyncSession) -> None:
        mine = await sent(session)
        new = await tickets.open(session, draft(), actor=CITIZEN)
        seen = {
            actor: [ticket.number for ticket in await tickets.listing(session, actor=actor)]
            for actor in (AGENT, SUPERVISOR, LEAD, department("tax"), EDITOR, CITIZEN)
        }
        both = [new.ticket.number, mine.ticket.number]  # newest first
        assert seen[AGENT] == seen[SUPERVISOR] == both
        assert seen[LEAD] == [mine.ticket.number]
        assert seen[department("tax")] == seen[EDITOR] == seen[CITIZEN] == []

    async def test_a_foreign_ticket_and_no_ticket_read_the_same(self, session: AsyncSession) -> None:
        opened = await sent(session)
        sentences = set()
        for number in (opened.ticket.number, "20200101-000001"):
            with pytest.raises(NotFound) as refused:
                await tickets.find(session, number, actor=department("tax"))
            sentences.add(refused.value.sentence)
        assert len(sentences) == 1

    async def test_it_is_found_by_number_title_and_the_citizens_phone(self, session: AsyncSession) -> None:
        opened = await sent(session)
        await tickets.open(session, draft(title="垃圾没人清", citizen_phone="13900139000"), actor=CITIZEN)

        async def found(query: str, actor=AGENT) -> list[str]:  # type: ignore[no-untyped-def]
            return [ticket.number for ticket in await tickets.listing(session, actor=actor, query=query)]

        only = [opened.ticket.number]
        assert await found(opened.ticket.number) == only
        assert await found("路灯") == only
        assert await found("138 0013 8000") == await found("+86 13800138000") == only
        assert await found("%") == await found("';--") == []
        assert await found("\x00") == await found("") != []
        # A department could learn whose ticket it is by trying numbers.
        assert await found("13800138000", LEAD) == []

    async def test_pages_and_counts(self, session: AsyncSession) -> None:
        numbers_ = [(await tickets.open(session, draft(), actor=CITIZEN)).ticket.number for _ in range(3)]
        first = await tickets.listing(session, actor=AGENT, limit=2)
        rest = await tickets.listing(session, actor=AGENT, before=first[-1].number)
        assert [ticket.number for ticket in [*first, *rest]] == numbers_[::-1]
        counted = await tickets.counts(session, actor=AGENT)
        assert counted["new"] == 3
        assert counted["closed"] == 0
        assert (await tickets.counts(session, actor=LEAD))["new"] == 0


class TestCitizen:
    async def test_the_database_holds_no_personal_field_in_clear(self, session: AsyncSession) -> None:
        await sent(session)
        for table in ("tickets", "ticket_citizens", "ticket_notes", "events"):
            rows = (await session.execute(text(f"select to_jsonb({table})::text from {table}"))).scalars().all()
            whole = "".join(rows)
            assert "王小明" not in whole
            assert "13800138000" not in whole
            assert "幸福路口的路灯坏了三天" not in whole

    async def test_masked_by_default_and_shown_with_a_reason_that_is_kept(self, session: AsyncSession) -> None:
        opened = await sent(session)
        number = opened.ticket.number
        for actor in (AGENT, LEAD):
            assert await citizens.masked(session, number, actor=actor) == {"name": "王**", "phone": "138****8000"}
        # The number as it is typed does not decide whose history keeps it.
        shown = await citizens.reveal(session, f" {number} ", actor=LEAD, reason="上门维修前联系王小明13800138000")
        assert shown == {"name": "王小明", "phone": "13800138000"}
        event = (await ledger.history(session, f"ticket:{number}"))[-1]
        assert (event.kind, event.actor) == ("ticket.revealed", str(LEAD))
        assert event.data == {"state": "dispatched", "reason": "上门维修前联系王**138****8000"}

    @pytest.mark.parametrize("reason", ["", "   ", "看看"])
    async def test_without_a_reason_nothing_is_shown(self, session: AsyncSession, reason: str) -> None:
        opened = await sent(session)
        with pytest.raises(BadInput):
            await citizens.reveal(session, opened.ticket.number, actor=AGENT, reason=reason)

    async def test_who_does_not_see_the_ticket_or_lacks_the_permission_learns_nothing(
        self, session: AsyncSession
    ) -> None:
        opened = await sent(session)
        with pytest.raises(NotFound):
            await citizens.reveal(session, opened.ticket.number, actor=department("tax"), reason="想了解一下")
        with pytest.raises(Forbidden):
            await citizens.reveal(session, opened.ticket.number, actor=EDITOR, reason="想了解一下")

    @pytest.mark.parametrize("changes", [{"request_type": "tip_off"}, {"confidential": True}])
    async def test_a_department_never_sees_the_author_of_a_tip_off_or_confidential_ticket(
        self, session: AsyncSession, changes: dict[str, object]
    ) -> None:
        words = "我是王小明，电话138-0013-8000，另一个13700137000，身份证110101199003077715，举报路灯工程偷工减料"
        personal = {"elements": {"who": "王小明"}, "happened": "王小明昨晚看见", "address": "王小明家楼下，13800138000"}
        opened = await sent(session, title="王小明反映路灯", description=words, **personal, **changes)
        number, code = opened.ticket.number, opened.code
        await commands.supplement(session, number, code, text="我王小明，13800138000，还有照片")
        # The centre knows who it was, and may forget itself.
        reason = "王小明（13800138000）说是供电"
        await commands.reassign(session, number, actor=SUPERVISOR, department="power_supply", reason=reason)
        await citizens.reveal(session, number, actor=SUPERVISOR, reason=reason)
        leads = department("power_supply")
        with pytest.raises(Forbidden):
            await citizens.reveal(session, number, actor=leads, reason="需要联系举报人")
        assert await citizens.masked(session, number, actor=leads) == {"name": "", "phone": ""}
        ticket = await tickets.find(session, number, actor=leads)
        history = await tickets.history(session, number, actor=leads)
        everything = " ".join(
            [
                ticket.title,
                ticket.description,
                str(ticket.elements),
                str(ticket.happened),
                str(ticket.address),
                *(step.text for step in history),
            ]
        )
        for trace in ("小明", "王", "138", "8000", "137", "110101"):
            assert trace not in everything
        assert "偷工减料" in everything and "说是供电" in everything
        # The centre may, with a reason.
        assert (await citizens.reveal(session, number, actor=SUPERVISOR, reason="核实举报内容"))["name"] == "王小明"

    async def test_where_a_secret_author_left_no_number_every_number_in_the_text_may_be_theirs(
        self, session: AsyncSession
    ) -> None:
        opened = await sent(session, confidential=True, citizen_phone=None, description="请打13700137000找我")
        assert "137" not in (await tickets.find(session, opened.ticket.number, actor=LEAD)).description

    def test_a_ticket_row_carries_no_person(self) -> None:
        assert not {column.name for column in Ticket.__table__.columns} & {"citizen_name", "citizen_phone", "name"}


class TestPublicStatus:
    async def test_the_citizen_reads_state_clocks_steps_and_what_they_may_do(self, session: AsyncSession) -> None:
        opened = await sent(session)
        number, code = opened.ticket.number, opened.code
        await commands.accept(session, number, actor=LEAD)
        status = await tickets.public_status(session, number, code)
        assert json.loads(json.dumps(status)) == status
        assert (status["state"], status["state_name"]) == ("accepted", "办理中")
        assert status["department"] == "市城管局"
        assert [(each["kind"], each["state"]) for each in status["clocks"]] == [
            ("accept", "met"),
            ("contact", "running"),
            ("resolve", "running"),
        ]
        assert [step["name"] for step in status["steps"]] == ["已受理", "已派单", "已签收"]
        assert status["result"] is None
        assert status["may"] == ["urge", "supplement", "withdraw"]
        with clock.set_to(MONDAY + timedelta(days=14)):
            later = await tickets.public_status(session, number, code)
        assert [each["state"] for each in later["clocks"]] == ["met", "overdue", "overdue"]

    async def test_objections_and_reasons_stay_inside(self, session: AsyncSession) -> None:
        opened = await sent(session)
        number, code = opened.ticket.number, opened.code
        await commands.return_to_centre(session, number, actor=LEAD, reason="内部理由甲")
        await commands.rule_on_return(
            session, number, actor=SUPERVISOR, upheld=True, department="power_supply", reason="内部理由乙"
        )
        await citizens.reveal(session, number, actor=AGENT, reason="内部理由丙")
        public = json.dumps(await tickets.public_status(session, number, code), ensure_ascii=False)
        assert "内部理由" not in public
        inside = "\n".join(step.text for step in await tickets.history(session, number, actor=AGENT))
        assert all(f"内部理由{each}" in inside for each in "甲乙丙")

    @pytest.mark.parametrize("by_agent", [True, False])
    async def test_of_the_survey_a_citizen_reads_their_own_words_not_the_agents(
        self, session: AsyncSession, by_agent: bool
    ) -> None:
        opened = await sent(session)
        number, code = opened.ticket.number, opened.code
        await commands.accept(session, number, actor=LEAD)
        await commands.reply(session, number, actor=LEAD, result="路灯已修好")
        if by_agent:
            await commands.callback(
                session, number, actor=AGENT, contacted=True, solved=True, satisfied=2, note="态度很差"
            )
        else:
            await commands.rate(session, number, code, solved=True, satisfied=2, comment="修得太慢")
        rated = (await tickets.public_status(session, number, code))["steps"][-1]
        assert (rated["name"], rated["text"]) == ("已评价", "满意度2分" if by_agent else "满意度2分\n修得太慢")
        inside = (await tickets.history(session, number, actor=AGENT))[-1].text
        assert ("态度很差" if by_agent else "修得太慢") in inside
