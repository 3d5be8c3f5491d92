"""What citizens do to their own ticket, with its number and code."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from routing import callbacks, citizens
from routing.commands import acting
from routing.commands.taking import take_by_code, words
from routing.models import Ticket
from routing.status import CITIZEN


async def urge(session: AsyncSession, number: str, code: str, *, text: str = "") -> Ticket:
    """催办: remind the department. Raises Conflict, saying when, until the pause of `tickets.yaml` has passed."""
    ticket = await take_by_code(session, number, code, "urge")
    return await acting.urge(session, ticket, actor=CITIZEN, text=words(text))


async def supplement(
    session: AsyncSession, number: str, code: str, *, text: str, attachments: Sequence[Any] = (), phone: str = ""
) -> Ticket:
    """补充: add words or photos; `phone`: the number that holds from now on. Raises BadInput where there is neither."""
    ticket = await take_by_code(session, number, code, "supplement")
    if phone:
        await citizens.reach_at(session, ticket, phone)
    text = words(text, wanted=None if attachments else "text")
    return await acting.supplement(session, ticket, actor=CITIZEN, text=text, attachments=attachments)


async def withdraw(session: AsyncSession, number: str, code: str, *, reason: str = "") -> Ticket:
    """撤单: the citizen no longer asks for it."""
    ticket = await take_by_code(session, number, code, "withdraw")
    return await acting.withdraw(session, ticket, actor=CITIZEN, reason=words(reason))


async def dispute(session: AsyncSession, number: str, code: str, *, text: str = "") -> Ticket:
    """The citizen says after the end that it is not solved: the centre takes it up again, under supervision."""
    ticket = await take_by_code(session, number, code, "dispute")
    return await acting.dispute(session, ticket, actor=CITIZEN, text=words(text))


async def rate(
    session: AsyncSession,
    number: str,
    code: str,
    *,
    solved: bool,
    satisfied: int,
    contacted: bool = True,
    comment: str = "",
) -> Ticket:
    """评价: the citizen answers the three questions themselves. `satisfied`: 1 (not at all) to 5."""
    ticket = await take_by_code(session, number, code, "rate")
    text = words(comment)
    return await callbacks.survey(
        session, ticket, actor=CITIZEN, contacted=contacted, solved=solved, satisfied=satisfied, text=text
    )
