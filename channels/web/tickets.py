"""The citizens' HTTP interface: a ticket for whoever has its number and its code."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from sqlalchemy.ext.asyncio import AsyncSession

from channels.web import rates
from channels.web.bodies import SmallBody
from channels.web.schemas import (
    Dispute,
    Number,
    PlainText,
    RatedTicket,
    Rating,
    Supplement,
    TicketStatus,
    Urge,
    Withdraw,
    problems,
)
from channels.web.texts import locale_of
from core.database import transaction
from core.errors import NotFound
from routing import commands, guesses
from routing import tickets as ticket_service
from routing.notices import vote_words

router = APIRouter(prefix="/api/v1/tickets", tags=["citizens"], route_class=SmallBody)

_REFUSALS = problems(404, 409, 413, 422, 429, 503)


@asynccontextmanager
async def entrusted(
    request: Request, number: str, what: Literal["look", "command"] = "command"
) -> AsyncIterator[AsyncSession]:
    """Give a transaction for one look or command with a code; wrong codes are counted, and refused beyond ten.

    Raises TooMany; passes on NotFound, one sentence whether the number or the code is wrong.
    """
    address = rates.address_of(request)
    rates.admit(what, address, number)
    guesses.admit(address, number)
    try:
        async with transaction() as session:
            yield session
    except NotFound:
        guesses.count(address, number)
        raise


async def status(session: AsyncSession, request: Request, number: str, code: str) -> TicketStatus:
    """Return what the citizen may know of the ticket, in the language of the request. Raises NotFound."""
    locale = locale_of(request)
    return TicketStatus.model_validate(await ticket_service.public_status(session, number, code, locale=locale))


@router.get("/{number}", responses=_REFUSALS)
async def read_ticket(
    request: Request,
    number: Number,
    code: Annotated[PlainText, Query(max_length=40, description="查询码", examples=["7KQ9MX"])],
) -> TicketStatus:
    """Return where the ticket is: every clock, every step, the result, and what the citizen can do now."""
    async with entrusted(request, number, "look") as session:
        return await status(session, request, number, code)


@router.post("/{number}/urge", responses=_REFUSALS)
async def urge_ticket(request: Request, number: Number, urge: Urge) -> TicketStatus:
    """催办: remind the department."""
    async with entrusted(request, number) as session:
        await commands.urge(session, number, urge.code, text=urge.text)
        return await status(session, request, number, urge.code)


@router.post("/{number}/supplement", responses=_REFUSALS)
async def supplement_ticket(request: Request, number: Number, supplement: Supplement) -> TicketStatus:
    """补充: add something to the ticket."""
    async with entrusted(request, number) as session:
        await commands.supplement(session, number, supplement.code, text=supplement.text)
        return await status(session, request, number, supplement.code)


@router.post("/{number}/dispute", responses=_REFUSALS)
async def dispute_ticket(request: Request, number: Number, dispute: Dispute) -> TicketStatus:
    """反映没有解决: a closed ticket proves unsolved; the centre takes it up again."""
    async with entrusted(request, number) as session:
        await commands.dispute(session, number, dispute.code, text=dispute.text)
        return await status(session, request, number, dispute.code)


@router.post("/{number}/withdraw", responses=_REFUSALS)
async def withdraw_ticket(request: Request, number: Number, withdraw: Withdraw) -> TicketStatus:
    """撤回: the matter is settled, or no longer wanted."""
    async with entrusted(request, number) as session:
        await commands.withdraw(session, number, withdraw.code, reason=withdraw.reason)
        return await status(session, request, number, withdraw.code)


@router.post("/{number}/rating", responses=_REFUSALS)
async def rate_ticket(request: Request, number: Number, rating: Rating) -> RatedTicket:
    """评价: the three answers of the callback. A matter that is not solved goes back to the department."""
    async with entrusted(request, number) as session:
        ticket = await commands.rate(
            session,
            number,
            rating.code,
            solved=rating.solved,
            satisfied=rating.satisfied,
            contacted=rating.contacted,
            comment=rating.comment,
        )
        message = await vote_words(session, ticket, locale_of(request))
        stands = await status(session, request, number, rating.code)
    return RatedTicket(**stands.model_dump(), message=message)
