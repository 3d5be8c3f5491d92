"""Staff, their clients and their tickets, for the tests of staff's interface and pages."""

import secrets
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
from fastapi import FastAPI

from bot import conversations, handover
from bot.tables import Conversation
from core import auth, clock, credentials
from core.auth import Actor, Role
from core.database import transaction
from core.settings import settings
from routing import commands, tickets
from routing.tickets import Draft

PASSWORD = "a long password"
HOST = "line.test"
ORIGIN = f"http://{HOST}"
PHONE = "13800138000"
NAME = "王小明"

ACCOUNTS: dict[str, tuple[Role, str, str | None]] = {
    "lin": (Role.AGENT, "坐席 林晓", None),
    "he": (Role.AGENT, "坐席 何平", None),
    "zhou": (Role.SUPERVISOR, "班长 周岚", None),
    "lamps": (Role.DEPARTMENT, "城管 李工", "urban_management"),
    "power": (Role.DEPARTMENT, "供电 赵工", "power_supply"),
    "zhaoxia": (Role.DEPARTMENT, "朝霞区 钱科", "zhaoxia"),
    "editor": (Role.EDITOR, "编辑 孙敏", None),
    "admin": (Role.ADMINISTRATOR, "管理员", None),
}


@dataclass
class World:
    """The line with its accounts, and what tests do in it."""

    app: FastAPI
    actors: dict[str, Actor] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    async def sign_in(self, login: str) -> str:
        """A session as signing in makes it, without the time that looking at a password takes."""
        if login not in self.tokens:
            self.tokens[login] = secrets.token_urlsafe()
            async with transaction() as session:
                session.add(
                    auth.StaffSession(
                        token_digest=credentials.token_digest(self.tokens[login]),
                        staff_id=self.actors[login].id,
                        expires_at=clock.now() + timedelta(hours=settings().staff_session_hours),
                    )
                )
        return self.tokens[login]

    @asynccontextmanager
    async def client(self, login: str | None = None) -> AsyncIterator[httpx.AsyncClient]:
        """A program with a bearer token."""
        headers = {"Authorization": f"Bearer {await self.sign_in(login)}"} if login else {}
        async with self._client(headers) as made:
            yield made

    @asynccontextmanager
    async def browser(
        self, login: str | None = None, *, origin: str | None = ORIGIN
    ) -> AsyncIterator[httpx.AsyncClient]:
        """A browser with a session cookie; `origin`: what it names as the origin of what it sends."""
        async with self._client({"Origin": origin} if origin else {}) as made:
            if login:
                made.cookies.set("yitong_staff", await self.sign_in(login))
            yield made

    def _client(self, headers: dict[str, str]) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=ORIGIN, headers=headers)

    async def opened(self, **changes: Any) -> str:
        """Open a ticket and return its number."""
        values: dict[str, Any] = {
            "request_type": "assistance",
            "category": "utilities.lighting.lamp_out",
            "urgency": "general",
            "title": "幸福路口的路灯不亮",
            "description": f"幸福路口的路灯坏了三天，有事打我同事 13911112222。我叫{NAME}，电话{PHONE}。",
            "channel": "web",
            "district": "zhaoxia",
            "street": "zhaoxia_gulou",
            "address": "幸福路口",
            "citizen_name": NAME,
            "citizen_phone": PHONE,
        }
        async with transaction() as session:
            made = await tickets.open(session, Draft(**(values | changes)), actor=Actor(kind="citizen"))
        return made.ticket.number

    async def moved(self, number: str, *steps: tuple[str, str, dict[str, Any]]) -> str:
        """Give commands of the routing floor: (login, command, arguments) each."""
        async with transaction() as session:
            for login, command, arguments in steps:
                await getattr(commands, command)(session, number, actor=self.actors[login], **arguments)
        return number

    async def dispatched(self, department: str = "urban_management", **changes: Any) -> str:
        return await self.moved(await self.opened(**changes), ("lin", "dispatch", {"department": department}))

    async def waiting(self, *sentences: str, reason: str = "asked", state: str | None = None) -> str:
        """Open a conversation that waits for a person and return its id."""
        async with transaction() as session:
            conversation, _ = await conversations.open(session, channel="web")
            for number, sentence in enumerate(sentences or ("路灯坏了，找人工。",)):
                await conversations.receive(session, conversation.id, text=sentence, key=f"k{number}", data={})
            await handover.request(session, conversation.id, reason)
            if state is not None:
                row = await session.get(Conversation, conversation.id)
                assert row is not None
                row.state = state
        return conversation.id


async def settle(app: FastAPI, password_hash: str, logins: Iterable[str] = ACCOUNTS) -> World:
    """Create the accounts."""
    world = World(app)
    async with transaction() as session:
        for login in logins:
            role, name, department = ACCOUNTS[login]
            staff = await auth.create_staff(
                session, login=login, name=name, password_hash=password_hash, role=role, department=department
            )
            world.actors[login] = staff.actor()
    return world
