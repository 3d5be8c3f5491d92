"""One conversation, as a citizen, an agent and a department have it."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

import bot
from bot import conversations
from bot.contract import Reply, Turn
from bot.queue import state_of
from core import auth, clock
from core.auth import SYSTEM, Role
from routing import commands


class Line:
    """One conversation, as a citizen and an agent have it."""

    def __init__(self, session: AsyncSession, channel: str) -> None:
        self.session, self.channel = session, channel
        self.id = ""
        self.turns = 0
        self.replies: list[Reply] = []
        self.agent = SYSTEM

    async def open(self, peer: str | None = None) -> None:
        if peer is None:
            self.id = (await conversations.open(self.session, channel=self.channel))[0].id
        else:
            self.id = (await conversations.by_peer(self.session, channel=self.channel, peer=peer)).id

    async def say(self, text: str, *, key: str | None = None, media: tuple[dict[str, Any], ...] = ()) -> list[Reply]:
        turn = Turn(self.id, self.channel, text, clock.now(), key=key, media=media)
        self.replies = await bot.converse(self.session, turn)
        return self.replies

    async def state(self) -> dict[str, Any]:
        return state_of(await conversations.get(self.session, self.id))

    async def duty(self) -> None:
        """Sign an agent in."""
        password = auth.hash_password("only for tests")
        await auth.create_staff(self.session, login="agent", name="坐席", password_hash=password, role=Role.AGENT)
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
        await commands.reply(self.session, number, actor=SYSTEM, result="路灯已经修好")
