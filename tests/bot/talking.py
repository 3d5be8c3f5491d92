"""One conversation, as a citizen, an agent and a department have it."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

import bot
import intents
from bot import conversations
from bot.contract import Reply, Turn
from bot.queue import state_of
from core import auth, clock, credentials
from core.auth import SYSTEM, Actor, Role
from routing import commands, tickets, vectors


class Others:
    """Other citizens, who reported before."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.number = ""
        self.joined = 0

    async def report(self, told: str, phone: str = "13912345678", *, join: str | None = None) -> None:
        understood = intents.understand(told)
        address = understood.entities.addresses[0]
        draft = tickets.Draft(
            request_type=str(understood.request_type),
            category=understood.category.code if understood.category else None,
            urgency=str(understood.urgency),
            title=f"{address.text} {told[-4:]}",
            description=told,
            channel="phone",
            address=address.text,
            district=address.district,
            citizen_phone=phone,
        )
        opened = await tickets.open(self.session, draft, actor=Actor(kind="citizen"), join=join)
        await vectors.keep(self.session, opened.ticket)  # as the job does that follows
        self.number = join or opened.ticket.number

    async def join(self) -> None:
        self.joined += 1
        await self.report("南山路路灯不亮", f"1391234567{self.joined}", join=self.number)

    async def finish(self) -> None:
        await commands.close(self.session, self.number, actor=SYSTEM, reason="路灯已经修好")


class Line:
    """One conversation, as a citizen and an agent have it."""

    def __init__(self, session: AsyncSession, channel: str) -> None:
        self.session, self.channel = session, channel
        self.id = ""
        self.turns = 0
        self.replies: list[Reply] = []
        self.agent = SYSTEM
        self.others = Others(session)

    async def open(self, peer: str | None = None) -> None:
        if peer is None:
            self.id = (await conversations.open(self.session, channel=self.channel))[0].id
        else:
            self.id = (await conversations.by_peer(self.session, channel=self.channel, peer=peer)).id

    async def say(self, text: str, *, key: str | None = None, media: tuple[dict[str, Any], ...] = ()) -> list[Reply]:
        turn = Turn(self.id, self.channel, text, clock.now(), key=key, media=media)
        self.replies = await bot.converse(self.session, turn)
        return self.replies

    async def last(self) -> list[conversations.Message]:
        """Return what the bot said last, as staff see it: with why."""
        said = [each for each in await conversations.messages(self.session, self.id) if each.sender == "bot"]
        return said[-len(self.replies) :]

    async def state(self) -> dict[str, Any]:
        return state_of(await conversations.get(self.session, self.id))

    async def duty(self, *skills: str) -> None:
        """Sign an agent in, who answers these desks first."""
        password = credentials.hash_password("only for tests")
        await auth.create_staff(self.session, login="agent", name="坐席", password_hash=password, role=Role.AGENT)
        await auth.set_skills(self.session, login="agent", skills=skills)
        staff, _ = await auth.sign_in(self.session, login="agent", password="only for tests")
        self.agent = staff.actor()

    async def ticket(self) -> tuple[str, str]:
        """Return number and code of the last ticket that was opened here."""
        known = (await self.state())["tickets"][-1]
        return known["number"], known["code"]

    async def reply_to_ticket(self) -> None:
        """Let a department handle and answer the ticket."""
        number, _ = await self.ticket()
        await commands.dispatch(self.session, number, actor=SYSTEM, department="urban_management")
        await commands.accept(self.session, number, actor=SYSTEM)
        await commands.reply(self.session, number, actor=SYSTEM, result="路灯已经修好。")
