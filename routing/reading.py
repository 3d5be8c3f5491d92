"""Reading tickets: every read goes through `visible_to`, or through the citizen's code."""

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, Select, SelectBase, and_, false, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from core.auth import Actor, Permission, Role
from core.errors import NotFound
from core.privacy import PHONE
from core.text.normalise import clean, normalise
from routing.messages import say
from routing.models import Ticket, TicketCount
from routing.numbers import code_digest, code_matches
from routing.phones import with_phone
from routing.workflow import STATES

MOST = 200
# What can wait on a ticket beside its state: an application to decide, an order of the centre, a co-handler's part.
WAITING = ("applied", "orders", "parts")


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """Return the condition under which the actor sees a ticket: the centre all, a department what it works on.

    Sealed tickets are seen by the department that leads (with those named at the sealing as its co-handlers) and, of
    the centre, by supervisors and administrators only.
    """
    if actor.may(Permission.TICKET_READ_ALL):
        return true() if actor.may(Permission.TICKET_RULE) else ~Ticket.sealed
    if actor.role is Role.DEPARTMENT and actor.department:
        return or_(Ticket.lead == actor.department, Ticket.co_handlers.contains([actor.department]))
    return false()


async def find(session: AsyncSession, number: str, *, actor: Actor, lock: bool = False) -> Ticket:
    """Return the ticket, its row locked where asked. Raises NotFound also where the actor does not see it."""
    statement = select(Ticket).where(Ticket.number == clean(number), visible_to(actor))
    ticket = await session.scalar(_locked(statement) if lock else statement)
    if ticket is None:
        raise NotFound(say("refused.no_ticket"))
    return ticket


async def by_code(session: AsyncSession, number: str, code: str, *, lock: bool = False) -> Ticket:
    """Return the citizen's ticket. Raises NotFound, the same for a wrong number and a wrong code."""
    number = normalise(number)  # as typed: full-width digits, blanks, invisible characters
    statement = select(Ticket).where(Ticket.number == number)
    ticket = await session.scalar(_locked(statement) if lock else statement)
    # The digest is made for an unknown number too: both refusals take the same time.
    if not code_matches(ticket.code_digest if ticket else code_digest(number, ""), number, code) or not ticket:
        raise NotFound(say("refused.no_code"))
    return ticket


async def listing(
    session: AsyncSession,
    *,
    actor: Actor,
    state: str | None = None,
    department: str | None = None,
    query: str | None = None,
    conversation: str | None = None,
    limit: int = 50,
    before: str | None = None,
) -> Sequence[Ticket]:
    """Return tickets that the actor sees, newest first.

    `query`: a number or its beginning, a citizen's telephone number (staff of the centre only), or words of the title;
    `conversation`: those that were opened in it; `before`: the number of the last ticket of the page before.
    """
    statement = select(Ticket).where(visible_to(actor))
    if state:
        statement = statement.where(Ticket.state == state)
    if department:
        statement = statement.where(Ticket.lead == department)
    if query and clean(query):
        statement = statement.where(matches(query, actor))
    if conversation:
        statement = statement.where(Ticket.conversation == conversation)
    if before:
        statement = statement.where(Ticket.number < clean(before))
    return (await session.scalars(statement.order_by(Ticket.number.desc()).limit(min(limit, MOST)))).all()


async def counts(session: AsyncSession, *, actor: Actor) -> dict[str, int]:
    """Return how many tickets the actor sees in each state."""
    found = dict.fromkeys(STATES, 0)
    for (state, _), count in (await counted(session, actor=actor)).items():
        found[state] += count
    return found


async def counted(session: AsyncSession, *, actor: Actor) -> dict[tuple[str, str | None], int]:
    """Return how many tickets the actor sees by state and department that leads, without reading all of them."""
    of = TicketCount.state, TicketCount.lead
    statement: SelectBase
    total = select(*of, func.sum(TicketCount.tickets)).group_by(*of)
    # As `visible_to` says it.
    if actor.may(Permission.TICKET_READ_ALL):
        statement = total if actor.may(Permission.TICKET_RULE) else total.where(~TicketCount.sealed)
    else:
        lead = Ticket.lead == actor.department
        # What it helps with is few enough to count.
        beside = select(Ticket.state, Ticket.lead, func.count()).where(visible_to(actor), lead.is_not(true()))
        beside = beside.where(Ticket.co_handlers.contains([actor.department])).group_by(Ticket.state, Ticket.lead)
        statement = total.where(TicketCount.lead == actor.department).union_all(beside)
    return {(state, lead): int(count) for state, lead, count in await session.execute(statement) if count}


def waiting(kind: str, actor: Actor) -> ColumnElement[bool]:
    """Return the condition under which something beside its state waits on a ticket (see `WAITING`)."""
    match kind:
        case "applied":
            return Ticket.applied.is_not(None)
        case "orders":
            return Ticket.supervision.is_not(None)
        case _:
            mine = actor.department
            if mine is None:
                return Ticket.open_parts != {}
            # Every department with a part is a co-handler: that column has the index.
            return and_(Ticket.co_handlers.contains([mine]), Ticket.open_parts.has_key(mine))


async def waiting_counts(session: AsyncSession, *, actor: Actor, kinds: Iterable[str]) -> dict[str, int]:
    """Return how many tickets that the actor sees have each of these (see `WAITING`) waiting on them."""
    counted = {}
    for kind in kinds:
        statement = select(func.count()).select_from(Ticket).where(visible_to(actor), waiting(kind, actor))
        counted[kind] = await session.scalar(statement) or 0
    return counted


def matches(query: str, actor: Actor) -> ColumnElement[bool]:
    """Return the condition under which a ticket is what the actor searches for (see `listing`)."""
    query = clean(query)
    # Whoever can look a number up learns whose ticket it is.
    if PHONE.fullmatch(query) and actor.may(Permission.TICKET_READ_ALL):
        return Ticket.id.in_(with_phone(query))
    written = Ticket.title.icontains(query, autoescape=True)
    if len(query) > 1:  # an index holds every two characters that stand together
        written = and_(func.title_bigrams(Ticket.title).op("@>")(func.title_bigrams(query)), written)
    if query[0].isdecimal():
        return or_(Ticket.number.startswith(query, autoescape=True), written)
    return written


def _locked(statement: Select[Ticket]) -> Select[Ticket]:
    # What the session read before the lock was waited for may be old by now. No key changes: who only names the ticket,
    # as its topic does, need not wait for the lock, nor hold others up meanwhile.
    return statement.with_for_update(key_share=True).execution_options(populate_existing=True)
