"""并单, 取消并单, 拆单, 关联: nobody is lost, and nobody reads about another."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.errors import BadInput, Conflict, NotFound
from core.outbox import Notice
from routing import citizens, commands, links, tickets, timing, unmerging
from routing.tickets import Opened
from tests.routing import road
from tests.routing.conftest import AGENT, CITIZEN, MONDAY, SUPERVISOR, draft
from tests.routing.road import LEAD, arrive

pytestmark = pytest.mark.usefixtures("monday")


async def child_of(session: AsyncSession, master: Opened, **changes: Any) -> Opened:
    values = {"conversation": "c-2", "citizen_name": "赵大海", "citizen_phone": "13900139000"} | changes
    child = await tickets.open(session, draft(**values), actor=CITIZEN)
    await commands.merge(session, child.ticket.number, actor=AGENT, into=master.ticket.number, reason="同一盏路灯")
    return child


async def notices(session: AsyncSession, conversation: str) -> list[str]:
    found = await session.scalars(
        select(Notice).where(Notice.recipient["conversation"].astext == conversation).order_by(Notice.id)
    )
    return [notice.content["text"] for notice in found]


class TestMerge:
    async def test_each_citizen_keeps_number_notices_callback_and_vote(self, session: AsyncSession) -> None:
        master = await arrive(session, "dispatched")
        child = await child_of(session, master)
        assert (child.ticket.state, child.ticket.lead) == ("merged", "urban_management")
        assert await timing.running(session, child.ticket) == {}
        await road.accept(session, master)
        await road.reply(session, master)
        assert (child.ticket.state, child.ticket.result) == ("replied", "路灯已修好")
        assert set(await timing.running(session, child.ticket)) == {"callback"}
        heard = await notices(session, "c-2")
        assert len(heard) == 3 and all(child.ticket.number in text for text in heard)
        assert "签收" in heard[1] and "路灯已修好" in heard[2]
        await commands.rate(session, child.ticket.number, child.code, solved=False, satisfied=1)
        assert (child.ticket.state, master.ticket.state) == ("dispatched", "replied")

    async def test_what_the_citizen_of_a_follower_adds_reaches_the_masters_department(
        self, session: AsyncSession
    ) -> None:
        master = await arrive(session, "dispatched")
        child = await child_of(session, master)
        await commands.urge(session, child.ticket.number, child.code, text="请快一点")
        await commands.supplement(session, child.ticket.number, child.code, text="旁边那盏也坏了")
        steps = await tickets.history(session, child.ticket.number, actor=LEAD)
        assert [step.text for step in steps[-2:]] == ["请快一点", "旁边那盏也坏了"]
        await road.reassign(session, master)
        assert child.ticket in await tickets.listing(session, actor=road.OTHER)

    async def test_chains_are_flattened(self, session: AsyncSession) -> None:
        first, second = await arrive(session, "dispatched"), await arrive(session, "dispatched")
        child = await child_of(session, first)
        await commands.merge(session, first.ticket.number, actor=AGENT, into=second.ticket.number, reason="同一件事")
        await session.refresh(child.ticket)
        assert child.ticket.merged_into == first.ticket.merged_into == second.ticket.id
        late = await child_of(session, first)
        assert late.ticket.merged_into == second.ticket.id

    @pytest.mark.parametrize("end", ["withdraw", "close"])
    async def test_a_master_that_ends_without_a_reply_leaves_its_place_to_the_oldest(
        self, session: AsyncSession, end: str
    ) -> None:
        master = await arrive(session, "accepted")
        await road.ask_part(session, master)
        older, younger = await child_of(session, master), await child_of(session, master)
        promised = (await timing.running(session, master.ticket))["resolve"].due_at
        if end == "close":
            await road.give_back(session, master)
        await (road.withdraw if end == "withdraw" else road.close)(session, master)
        await session.refresh(younger.ticket)
        heir = older.ticket
        assert (heir.state, heir.lead, heir.merged_into) == (
            "accepted" if end == "withdraw" else "returned",
            "urban_management",
            None,
        )
        assert younger.ticket.merged_into == heir.id
        assert heir.open_parts == {"power_supply": "asked"}
        assert (await timing.running(session, heir))["resolve"].due_at == promised
        if end == "withdraw":
            await commands.answer_part(session, heir.number, actor=road.OTHER, text="供电正常")
            await commands.reply(session, heir.number, actor=LEAD, result="已修好")
            assert younger.ticket.state == "replied"

    async def test_an_ordinary_ticket_takes_the_place_before_a_secret_one(self, session: AsyncSession) -> None:
        master = await arrive(session, "dispatched")
        secret, ordinary = await child_of(session, master, confidential=True), await child_of(session, master)
        await road.withdraw(session, master)
        await session.refresh(secret.ticket)
        assert (ordinary.ticket.state, secret.ticket.merged_into) == ("dispatched", ordinary.ticket.id)
        await road.withdraw(session, ordinary)
        assert secret.ticket.state == "dispatched"

    async def test_an_answer_at_once_reaches_who_follows(self, session: AsyncSession) -> None:
        master = await arrive(session, "new")
        child = await child_of(session, master)
        await road.answer(session, master)
        assert (child.ticket.state, child.ticket.result) == ("replied", master.ticket.result)
        assert str(master.ticket.result) in (await notices(session, "c-2"))[-1]

    async def test_no_citizen_reads_about_another(self, session: AsyncSession) -> None:
        master = await arrive(session, "accepted")
        child = await child_of(session, master)
        await commands.reply(
            session, master.ticket.number, actor=LEAD, result="已联系王小明（13800138000）和赵大海，路灯已修好"
        )
        read = str(await tickets.public_status(session, child.ticket.number, child.code))
        assert "王" not in read and "138" not in read and "路灯已修好" in read
        other = str(await tickets.public_status(session, master.ticket.number, master.code))
        assert child.ticket.number not in other and "13900139000" not in other

    async def test_the_citizen_sees_how_the_master_stands(self, session: AsyncSession) -> None:
        master = await arrive(session, "accepted")
        child = await child_of(session, master)
        shown = await tickets.public_status(session, child.ticket.number, child.code)
        assert shown["state_name"] == "合并办理" and shown["department"] == "市城管局"
        assert [each["kind"] for each in shown["clocks"] if not each["met_at"]] == ["contact", "resolve"]
        (joined,) = [step for step in shown["steps"] if step["name"] == "与同一事项合并办理"]
        assert joined["text"] == "由市城管局办理。"

    async def test_the_citizen_reads_the_masters_steps_from_their_joining_on_and_keeps_them(
        self, session: AsyncSession
    ) -> None:
        async def read() -> list[str]:
            shown = await tickets.public_status(session, child.ticket.number, child.code)
            return [step["name"] for step in shown["steps"]]

        master = await arrive(session, "dispatched")
        with clock.set_to(MONDAY + timedelta(hours=1)):
            child = await child_of(session, master)
            assert await read() == ["已受理", "与同一事项合并办理"]
        with clock.set_to(MONDAY + timedelta(hours=2)):
            await road.accept(session, master)
            assert await read() == ["已受理", "与同一事项合并办理", "已签收"]
        with clock.set_to(MONDAY + timedelta(hours=3)):
            await road.reply(session, master)
            assert await read() == ["已受理", "与同一事项合并办理", "已签收", "已答复"]

    async def test_whoever_joins_by_their_own_word_is_not_told_again(self, session: AsyncSession) -> None:
        master = await arrive(session, "dispatched")
        told = draft(conversation="c-9", citizen_phone="13900139009")
        made = await tickets.open(session, told, actor=CITIZEN, join=master.ticket.number)
        assert made.joined and await notices(session, "c-9") == []

    @pytest.mark.parametrize(
        ("of_master", "of_child", "refused"),
        [
            ({"confidential": True}, {}, True),
            ({"request_type": "tip_off"}, {}, True),
            ({"request_type": "tip_off"}, {"confidential": True}, False),
            ({}, {"confidential": True}, False),
        ],
    )
    async def test_an_ordinary_ticket_never_follows_a_secret_one(
        self, session: AsyncSession, of_master: dict[str, Any], of_child: dict[str, Any], refused: bool
    ) -> None:
        master = await arrive(session, "dispatched", **of_master)
        if refused:
            with pytest.raises(Conflict, match="单独办理"):
                await child_of(session, master, **of_child)
            return
        child = await child_of(session, master, **of_child)
        assert await citizens.masked(session, child.ticket.number, actor=LEAD) == {"name": "", "phone": ""}

    async def test_into_itself_and_into_one_that_has_ended_is_refused(self, session: AsyncSession) -> None:
        open_one, ended = await arrive(session, "dispatched"), await arrive(session, "closed")
        for into, said in ((open_one, "自己"), (ended, "还在办理")):
            with pytest.raises(Conflict, match=said):
                await commands.merge(
                    session, open_one.ticket.number, actor=AGENT, into=into.ticket.number, reason="同一件事"
                )
        with pytest.raises(NotFound):
            await commands.merge(
                session, open_one.ticket.number, actor=AGENT, into="20200101-000001", reason="同一件事"
            )


class TestUnmerge:
    async def test_the_citizens_own_clock_was_never_stopped_for_them(self, session: AsyncSession) -> None:
        master = await arrive(session, "dispatched")
        child = await tickets.open(session, draft(), actor=CITIZEN)
        promised = child.due_at
        with clock.set_to(MONDAY + timedelta(hours=1)):
            await commands.merge(session, child.ticket.number, actor=AGENT, into=master.ticket.number, reason="同一盏")
        with clock.set_to(MONDAY + timedelta(days=1)):
            await commands.unmerge(session, child.ticket.number, actor=AGENT, reason="不是同一盏")
        running = await timing.running(session, child.ticket)
        assert running["resolve"].due_at == promised
        assert running["accept"].started_at == MONDAY + timedelta(days=1)
        assert (child.ticket.state, child.ticket.lead, child.ticket.merged_into) == (
            "dispatched",
            "urban_management",
            None,
        )
        last = (await tickets.history(session, child.ticket.number, actor=AGENT))[-1]
        assert last.text == "由市城管局单独办理\n不是同一盏"

    async def test_one_that_no_department_has_is_dispatched_for_itself(self, session: AsyncSession) -> None:
        master = await tickets.open(session, draft(), actor=CITIZEN)
        child = await tickets.open(session, draft(), actor=CITIZEN)
        number = child.ticket.number
        await commands.merge(session, number, actor=AGENT, into=master.ticket.number, reason="同一盏")
        ordered = text(
            "select count(*) from procrastinate_jobs where task_name = 'tickets.dispatch' and args->>'number' = :n"
        )
        before = await session.scalar(ordered, {"n": number})
        await commands.unmerge(session, number, actor=AGENT, reason="不是同一盏")
        assert child.ticket.state == "new"
        assert await session.scalar(ordered, {"n": number}) == before + 1


class TestSplit:
    async def test_the_second_matter_is_a_ticket_of_the_same_citizen(self, session: AsyncSession) -> None:
        opened = await arrive(session, "accepted")
        second = await road.split(session, opened)
        assert second.ticket.state == "new" and second.ticket.split_from == opened.ticket.id
        assert (await tickets.by_code(session, second.ticket.number, second.code)).title == "井盖松动"
        who = await citizens.reveal(session, second.ticket.number, actor=AGENT, reason="核对诉求人")
        assert who == {"name": "王小明", "phone": "13800138000"}
        told = [text for text in await notices(session, "c-1") if second.code in text]
        assert len(told) == 1 and second.ticket.number in told[0]  # the code reaches the citizen once
        read = await tickets.history(session, opened.ticket.number, actor=AGENT)
        assert not any(second.code in step.text for step in read)

    async def test_what_was_secret_stays_so(self, session: AsyncSession) -> None:
        opened = await arrive(session, "accepted", confidential=True)
        assert (await road.split(session, opened)).ticket.confidential

    async def test_what_is_split_off_a_tip_off_hides_its_author_as_well(self, session: AsyncSession) -> None:
        opened = await arrive(session, "accepted", request_type="tip_off")
        second = await commands.split(
            session,
            opened.ticket.number,
            actor=AGENT,
            title="井盖松动",
            description="王小明还说井盖松动",
            reason="两件事",
            request_type="complaint",
        )
        assert "王" not in second.ticket.description
        await road.dispatch(session, second)
        assert await citizens.masked(session, second.ticket.number, actor=LEAD) == {"name": "", "phone": ""}


class TestLink:
    async def test_each_names_the_other_and_once(self, session: AsyncSession) -> None:
        one, other = await arrive(session, "accepted"), await arrive(session, "new")
        await commands.link(session, one.ticket.number, actor=AGENT, other=other.ticket.number)
        assert await links.linked_ids(session, one.ticket) == [other.ticket.id]
        assert await links.linked_ids(session, other.ticket) == [one.ticket.id]
        with pytest.raises(Conflict, match="已经关联"):
            await commands.link(session, other.ticket.number, actor=SUPERVISOR, other=one.ticket.number)
        with pytest.raises(BadInput):
            await commands.link(session, one.ticket.number, actor=AGENT, other=one.ticket.number)


class TestWhenTheMasterBecomesSecret:
    async def test_ordinary_tickets_stand_for_themselves_and_their_citizens_read_nothing_of_it(
        self, session: AsyncSession, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(unmerging, "BATCH", 1)
        master = await arrive(session, "accepted")
        first, second = await child_of(session, master), await child_of(session, master, conversation="c-3")
        secret = await child_of(session, master, conversation="c-4", confidential=True)
        await commands.supplement(session, master.ticket.number, master.code, text="请保密，别让他们知道是我")
        assert master.ticket.confidential and first.ticket.state == "dispatched" and second.ticket.state == "merged"
        # A job goes on where there are many.
        await unmerging.leave_secret(session, master.ticket)
        assert (second.ticket.state, secret.ticket.state) == ("dispatched", "merged")
        for child, conversation in ((first, "c-2"), (second, "c-3")):
            assert child.ticket.merged_into is None and child.ticket.lead == "urban_management"
            assert {"accept", "resolve"} <= set(await timing.running(session, child.ticket))
            heard = (await notices(session, conversation))[-1]
            status = str(await tickets.public_status(session, child.ticket.number, child.code))
            assert "单独办理" in heard and "不是同一件" not in heard
            assert all("保密" not in text and master.ticket.number not in text for text in (heard, status))
        before = len(await notices(session, "c-2"))
        await road.reply(session, master)
        assert len(await notices(session, "c-2")) == before
        assert (first.ticket.state, secret.ticket.state) == ("dispatched", "replied")

    async def test_corrected_into_a_tip_off_without_a_department_they_are_dispatched_for_themselves(
        self, session: AsyncSession
    ) -> None:
        master = await arrive(session, "new")
        child = await child_of(session, master)
        await commands.correct(session, master.ticket.number, actor=SUPERVISOR, request_type="tip_off", reason="是举报")
        assert (child.ticket.state, child.ticket.merged_into) == ("new", None)
        waiting = await session.scalar(
            text("select count(*) from procrastinate_jobs where task_name = 'tickets.dispatch' and lock = :lock"),
            {"lock": f"ticket:{child.ticket.number}"},
        )
        assert waiting == 2  # once when it was opened, once now
