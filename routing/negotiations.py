"""职责不清事项协商: where nobody's duty fits, the centre asks departments for their positions and decides, on record.

A negotiation is about a ticket, and with it about its category and area. Those who were asked read what it is about and
say, within a limit, whether it is theirs. The centre decides lead and co-handlers with basis and reason, the ticket
goes there, and the record speaks when a like request comes. Until then whoever has the ticket leads (first receiver).
"""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock, ledger, live
from core.auth import Actor, Permission
from core.errors import BadInput, Conflict, NotFound
from routing import commands, reading, steps
from routing.catalogue import EVERYWHERE
from routing.catalogue_changes import save as change_catalogue
from routing.catalogue_checks import Change
from routing.commands.taking import words
from routing.hiding import hide_author
from routing.messages import say
from routing.models import Ticket
from routing.negotiated import Negotiation, Position, asked, find
from routing.rules import rules
from routing.tree import tree
from routing.workflow import FINISHED

STANCES = ("accepts", "assists", "declines")


async def open(
    session: AsyncSession,
    number: str,
    *,
    actor: Actor,
    participants: Sequence[str],
    question: str,
    first_receiver: str | None = None,
) -> Negotiation:
    """Open a negotiation on a ticket; the participants have `tickets.yaml` `negotiation.hours` to state a position.

    `first_receiver`: the department that leads meanwhile, for a ticket that nobody has. Raises Forbidden, NotFound,
    BadInput for fewer than two participants, Conflict while one is open on the ticket or when it is finished.
    """
    actor.must(Permission.TICKET_RULE)
    ticket = await reading.find(session, number, actor=actor, lock=True)
    question = words(question, wanted="question")
    codes = list(dict.fromkeys(participants))
    if len(codes) < 2 or any(tree().get(code).kind in {"centre", "grid"} for code in codes):
        raise BadInput(say("refused.negotiation.participants"))
    if ticket.state in FINISHED:
        raise Conflict(say("refused.negotiation.finished"))
    running = select(Negotiation.id).where(Negotiation.ticket_id == ticket.id, Negotiation.state == "open")
    if await session.scalar(running):
        raise Conflict(say("refused.negotiation.open"))
    if first_receiver and ticket.state == "new":
        reason = say("negotiation.first_receiver")
        await commands.dispatch(session, number, actor=actor, department=first_receiver, reason=reason)
    now = clock.now()
    made = Negotiation(
        ticket_id=ticket.id,
        category=ticket.category,
        area=ticket.district or EVERYWHERE,
        question=await hide_author(session, ticket, question),
        state="open",
        opened_by=str(actor),
        opened_at=now,
        due_at=now + timedelta(hours=rules().negotiation.hours),
        co_handlers=[],
    )
    session.add(made)
    await session.flush()
    session.add_all(Position(negotiation_id=made.id, department=code) for code in codes)
    await _record(session, made, ticket, "opened", actor=actor, departments=codes)
    return made


async def state_position(
    session: AsyncSession, id: int, *, actor: Actor, stance: str, text: str, basis: str = ""
) -> Position:
    """Say, for the actor's department, whether it is its duty: `accepts`, `assists` or `declines`, with reasons.

    May be said anew until the decision. Raises NotFound for who was not asked, BadInput, Conflict once it is decided.
    """
    negotiation = await find(session, id, actor=actor, lock=True)
    if negotiation.state != "open":
        raise Conflict(say("refused.negotiation.over"))
    if stance not in STANCES:
        raise BadInput(say("refused.negotiation.stance"))
    position = await session.get(Position, (id, actor.department)) if actor.department else None
    if position is None:
        raise NotFound(say("refused.negotiation.none"))
    ticket = await session.get_one(Ticket, negotiation.ticket_id)
    position.stance = stance
    position.text = await hide_author(session, ticket, words(text, wanted="reason"))
    position.basis = await hide_author(session, ticket, words(basis))
    position.stated_by, position.stated_at = str(actor), clock.now()
    await _record(session, negotiation, ticket, "stated", actor=actor, department=position.department, stance=stance)
    return position


async def decide(
    session: AsyncSession,
    id: int,
    *,
    actor: Actor,
    lead: str,
    co_handlers: Sequence[str] = (),
    basis: str,
    reason: str,
    catalogue_area: str | None = None,
) -> Negotiation:
    """Decide who leads and who helps, send the ticket there, and, where asked, write the row into the catalogue.

    `catalogue_area`: area of the row that is written, a district or `*`; None: no row.
    Raises Forbidden, BadInput for a department that cannot lead, Conflict once it is decided or dropped.
    """
    negotiation, ticket = await _to_end(session, id, actor=actor)
    basis = await hide_author(session, ticket, words(basis, wanted="basis"))
    reason = await hide_author(session, ticket, words(reason, wanted="reason"))
    others = [code for code in dict.fromkeys(co_handlers) if code != lead]
    for code in (lead, *others):
        if tree().get(code).kind in {"centre", "grid"}:
            raise BadInput(say(f"refused.{tree().get(code).kind}"))
    negotiation.state, negotiation.lead, negotiation.co_handlers = "decided", lead, others
    negotiation.basis, negotiation.reason = basis, reason
    negotiation.ended_by, negotiation.ended_at = str(actor), clock.now()
    await _send(session, ticket, actor=actor, lead=lead, co_handlers=others, reason=say("negotiation.sent", id=id))
    if catalogue_area and negotiation.category:
        change = Change(
            category=negotiation.category, area=catalogue_area, lead=lead, co_handlers=tuple(others), basis=basis
        )
        version = await change_catalogue(
            session, change, actor=actor, reason=say("negotiation.catalogue", id=id), seen=None
        )
        negotiation.catalogue_version = version.id
    await _record(session, negotiation, ticket, "decided", actor=actor, department=lead, co_handlers=others)
    return negotiation


async def drop(session: AsyncSession, id: int, *, actor: Actor, reason: str) -> Negotiation:
    """End a negotiation without a decision; the ticket stays where it is."""
    negotiation, ticket = await _to_end(session, id, actor=actor)
    negotiation.state = "dropped"
    negotiation.reason = await hide_author(session, ticket, words(reason, wanted="reason"))
    negotiation.ended_by, negotiation.ended_at = str(actor), clock.now()
    await _record(session, negotiation, ticket, "dropped", actor=actor)
    return negotiation


async def _to_end(session: AsyncSession, id: int, *, actor: Actor) -> tuple[Negotiation, Ticket]:
    actor.must(Permission.TICKET_RULE)
    found = await find(session, id, actor=actor)
    # The ticket first, as its own commands do, which may end the negotiation with it.
    ticket = await session.get_one(Ticket, found.ticket_id, with_for_update={"key_share": True}, populate_existing=True)
    negotiation = await find(session, id, actor=actor, lock=True)
    if negotiation.state != "open" or negotiation.ticket_id != ticket.id:
        raise Conflict(say("refused.negotiation.over"))
    return negotiation, ticket


async def _send(
    session: AsyncSession, ticket: Ticket, *, actor: Actor, lead: str, co_handlers: list[str], reason: str
) -> None:
    """Bring the ticket to who was decided on, by the command that its state asks for; a finished one stays."""
    number = ticket.number
    if ticket.state == "new":
        await commands.dispatch(session, number, actor=actor, department=lead, co_handlers=co_handlers, reason=reason)
    elif ticket.state == "returned":
        taken = ticket.lead != lead
        await commands.rule_on_return(
            session, number, actor=actor, upheld=taken, department=lead if taken else None, reason=reason
        )
    elif ticket.state in {"dispatched", "accepted"} and ticket.lead != lead:
        await commands.reassign(session, number, actor=actor, department=lead, reason=reason)
    if ticket.lead == lead:
        ticket.co_handlers = list(dict.fromkeys([*ticket.co_handlers, *co_handlers]))


async def _record(
    session: AsyncSession, negotiation: Negotiation, ticket: Ticket, kind: str, *, actor: Actor, **data: object
) -> None:
    """Write it into the ledger, the ticket's steps, and tell the participants' screens."""
    await session.flush()
    await ledger.append(
        session, subject=f"negotiation:{negotiation.id}", kind=f"negotiation.{kind}", actor=actor, data=dict(data)
    )
    codes = await asked(session, negotiation)
    if kind != "stated":
        await steps.record(
            session,
            ticket,
            f"negotiation_{kind}",
            actor=actor,
            also=codes,
            negotiation=negotiation.id,
            department=negotiation.lead,
        )
        return
    for topic in ("desk", *(f"department:{code}" for code in codes)):
        await live.announce(session, topic, f"negotiation.{kind}", negotiation=negotiation.id)
