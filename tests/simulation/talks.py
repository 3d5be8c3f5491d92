"""A simulated citizen's conversation with the real line: encoder, rules and database; rolled back at the end."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from bot import conversations
from routing.models import Ticket, TicketCitizen
from tests.bot.talking import Line
from tests.simulation.citizens import Citizen, Step, Told

PHOTO = ({"kind": "image", "id": "photo-1"},)


@dataclass(frozen=True, slots=True)
class Exchange:
    """What the citizen said, what the line replied (with `why`), and the question that is open afterwards."""

    said: str
    replies: tuple[dict[str, Any], ...]
    expects: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A ticket as it stands in the database."""

    number: str
    address: str
    words: str  # description, time and elements together
    phone: str
    confidential: bool


@dataclass(slots=True)
class Talked:
    """A whole conversation and what came of it."""

    number: int
    wishes: tuple[str, ...]
    manner: str
    exchanges: list[Exchange] = field(default_factory=list)
    tickets: list[Opened] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    left: bool = False


@asynccontextmanager
async def rolled_back(connection: AsyncConnection) -> AsyncIterator[AsyncSession]:
    """Give a session on the connection, whose work is undone at the end."""
    savepoint = await connection.begin_nested() if connection.in_transaction() else await connection.begin()
    session = AsyncSession(bind=connection, expire_on_commit=False, join_transaction_mode="create_savepoint")
    async with session:
        yield session
    if savepoint.is_active:
        await savepoint.rollback()


async def talk(connection: AsyncConnection, seed: int, number: int) -> Talked:
    """Let one citizen talk until done, and return what was said and what stands in the tickets."""
    citizen = Citizen(seed, number)
    talked = Talked(number, tuple(citizen.wishes), citizen.habits.manner, told=citizen.told)
    async with rolled_back(connection) as session:
        line = Line(session, "web")
        await line.open()
        if neighbour := citizen.before():
            await line.others.report(neighbour)
        step: Step | None = citizen.begin()
        while step is not None:
            replies = await _said(line, step, talked)
            step = citizen.go_on(replies)
        talked.tickets = [await _opened(session, number) for number, _ in citizen.tickets]
    talked.left = citizen.left
    return talked


async def _said(line: Line, step: Step, talked: Talked) -> list[dict[str, Any]]:
    if step.replied:
        await line.reply_to_ticket()
    public = await line.say(step.text, media=PHOTO if step.photo else ())
    after = [each for each in await conversations.messages(line.session, line.id) if each.sender == "bot"]
    stored = after[len(after) - len(public) :]
    replies = tuple(each.as_json() | {"why": each.why} for each in stored)
    expects = str((await line.state()).get("expects", ""))
    talked.exchanges.append(Exchange("〔照片〕" if step.photo else step.text, replies, expects))
    return [each.as_json() for each in public]


async def _opened(session: AsyncSession, number: str) -> Opened:
    found = await session.execute(
        select(Ticket, TicketCitizen)
        .join(TicketCitizen, TicketCitizen.ticket_id == Ticket.id)
        .where(Ticket.number == number)
    )
    ticket, author = found.one()
    words = [ticket.description, ticket.happened or "", json.dumps(ticket.elements, ensure_ascii=False)]
    return Opened(number, ticket.address or "", "\n".join(words), author.phone or "", ticket.confidential)
