"""What citizens do to their own ticket, with its number and code."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.errors import Conflict
from routing import callbacks, steps, timing, workflow
from routing.commands.correcting import conceal
from routing.commands.taking import take_by_code, words
from routing.hiding import wishes_secrecy
from routing.messages import say
from routing.models import Ticket
from routing.notices import moment_words
from routing.policy import ClockKind
from routing.rules import rules
from routing.status import CITIZEN


async def urge(session: AsyncSession, number: str, code: str, *, text: str = "") -> Ticket:
    """催办: remind the department. Raises Conflict, saying when, until the pause of `tickets.yaml` has passed."""
    ticket = await take_by_code(session, number, code, "urge")
    text = words(text)
    again = ticket.urged_at and ticket.urged_at + timedelta(minutes=rules().urging.pause_minutes)
    if again and clock.now() < again:
        raise Conflict(say("refused.urged", moment=moment_words(again)), again_at=again.isoformat())
    workflow.move(ticket, "urge")
    ticket.urges += 1
    ticket.urged_at = clock.now()
    await _keep_secret(session, ticket, text)
    await steps.record(session, ticket, "urged", actor=CITIZEN, text=text, urges=ticket.urges)
    return ticket


async def supplement(
    session: AsyncSession, number: str, code: str, *, text: str, attachments: Sequence[Any] = ()
) -> Ticket:
    """补充: add words or photos. Raises BadInput where there is neither."""
    ticket = await take_by_code(session, number, code, "supplement")
    text = words(text, wanted=None if attachments else "text")
    workflow.move(ticket, "supplement")
    await _keep_secret(session, ticket, text)
    await steps.record(session, ticket, "supplemented", actor=CITIZEN, text=text, attachments=attachments)
    return ticket


async def withdraw(session: AsyncSession, number: str, code: str, *, reason: str = "") -> Ticket:
    """撤单: the citizen no longer asks for it."""
    ticket = await take_by_code(session, number, code, "withdraw")
    reason = words(reason)
    workflow.move(ticket, "withdraw")
    ticket.closed_at = clock.now()
    await timing.void(session, ticket, *ClockKind)
    await steps.record(session, ticket, "withdrawn", actor=CITIZEN, text=reason)
    return ticket


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


async def _keep_secret(session: AsyncSession, ticket: Ticket, text: str) -> None:
    """Make the ticket confidential for good where its author asks for it, with what has been written so far."""
    if ticket.confidential or not wishes_secrecy(text):
        return
    await conceal(session, ticket, actor=CITIZEN)
