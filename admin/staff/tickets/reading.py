"""Tickets put together for staff, out of what the routing floor says."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import takewhile

from sqlalchemy.ext.asyncio import AsyncSession

from admin.staff import naming, people, texts
from admin.staff.tickets import beside, clocks, photos
from admin.staff.tickets.commands import COMMANDS
from admin.staff.tickets.views import (
    CandidateView,
    CitizenView,
    ReasonView,
    StepView,
    SurveyView,
    TicketDetail,
    TicketSummary,
    WorkRow,
)
from core.auth import Actor
from core.privacy import mask_text
from routing import agenda, citizens, commands, departments, reasons, tickets, timing
from routing.agenda import Pending
from routing.hiding import hide_author
from routing.messages import say as routing_say
from routing.models import Ticket, TicketClock
from routing.rules import rules
from routing.suggestions import suggest
from routing.tickets import Step

NOTEWORTHY = 0.25  # of the best score
# Steps whose words are the result: read alike in both places, with the telephone number that the department gives.
PUBLISHED = frozenset({"answered", "replied"})
# Commands that name a department: whoever gives one is shown who may be responsible.
NAMING = frozenset({"dispatch", "ruling", "reassign"})


def summary(pending: Pending, *, locale: str) -> TicketSummary:
    """Return a ticket for a list."""
    common = _common(pending.ticket, pending.clocks, locale=locale)
    if pending.part:
        common["next_clock"] = clocks.of_part(pending.part, locale=locale)
    return TicketSummary.model_validate(common)


def summaries(found: Iterable[Pending], *, locale: str) -> list[TicketSummary]:
    """Return tickets for a list."""
    return [summary(each, locale=locale) for each in found]


async def detail(session: AsyncSession, number: str, *, actor: Actor, locale: str) -> TicketDetail:
    """Return everything of one ticket that the actor may read. Raises NotFound where the actor does not see it."""
    ticket = await tickets.find(session, number, actor=actor)
    running = (await agenda.with_clocks(session, [ticket]))[0].clocks
    taken = await tickets.history(session, number, actor=actor)
    allowed = await allowed_routes(session, ticket, actor=actor)
    return TicketDetail.model_validate(
        _common(ticket, running, locale=locale)
        | {
            "description": mask_text(ticket.description),
            "address": mask_text(ticket.address or ""),
            "happened": ticket.happened,
            "latitude": ticket.latitude,
            "longitude": ticket.longitude,
            "elements": {
                key: mask_text(value) if isinstance(value, str) else value for key, value in ticket.elements.items()
            },
            "attachments": photos.listed(photos.of_ticket(ticket, taken)),
            "co_handlers": [{"code": code, "name": naming.department(code)} for code in ticket.co_handlers],
            "citizen": await _citizen(session, ticket, actor=actor),
            "clocks": [clocks.of_row(row, locale=locale) for row in await timing.current(session, ticket)],
            "steps": await _steps(session, taken, locale=locale),
            "result": await hide_author(session, ticket, ticket.result or "") or None,
            "basis": await hide_author(session, ticket, ticket.basis or "") or None,
            "survey": _survey(ticket),
            "allowed": allowed,
            "urge_again_at": tickets.urge_again_at(ticket),
            "candidates": await candidates(session, ticket) if NAMING.intersection(allowed) else [],
            "dispatched_because": await _because(session, ticket),
            "beside": await beside.of_ticket(session, ticket, actor=actor, locale=locale),
            "reconsider": {"correct", "reassign"} <= set(allowed) and await _belongs_elsewhere(session, ticket, taken),
        }
    )


async def opened(session: AsyncSession, number: str, *, actor: Actor, locale: str) -> TicketDetail:
    """Return what `detail` does, and write into the ledger that a sealed ticket was opened."""
    await commands.note_reading(session, await tickets.find(session, number, actor=actor), actor=actor)
    return await detail(session, number, actor=actor, locale=locale)


async def work_row(
    session: AsyncSession, pending: Pending, *, actor: Actor, locale: str, with_steps: bool = False
) -> WorkRow:
    """Return a ticket with what is needed to decide on it at once."""
    ticket = pending.ticket
    allowed = await allowed_routes(session, ticket, actor=actor)
    return WorkRow.model_validate(
        _common(ticket, pending.clocks, locale=locale)
        | {
            "description": mask_text(ticket.description),
            "citizen": await _citizen(session, ticket, actor=actor),
            "result": await hide_author(session, ticket, ticket.result or "") or None,
            "steps": await _steps(session, await tickets.history(session, ticket.number, actor=actor), locale=locale)
            if with_steps
            else [],
            "allowed": allowed,
            "candidates": await candidates(session, ticket) if {"dispatch", "ruling"}.intersection(allowed) else [],
        }
    )


async def allowed_routes(session: AsyncSession, ticket: Ticket, *, actor: Actor) -> list[str]:
    """Return the commands that the actor may give now, by the last word of their address."""
    possible = set(await tickets.allowed(session, ticket, actor=actor))
    return [route for route, command in COMMANDS.items() if command.name in possible]


async def candidates(session: AsyncSession, ticket: Ticket) -> list[CandidateView]:
    """Return the departments that may be responsible, best first.

    Left out are the one that has it, the centre itself, and whoever is far behind the best.
    """
    ranked = await suggest(session, ticket)
    limits = rules().dispatch
    return [
        CandidateView(
            code=each.code,
            name=naming.department(each.code),
            score=each.score,
            evidence=list(each.evidence),
            open_tickets=each.load.open if each.load else 0,
            overdue_tickets=each.load.overdue if each.load else 0,
            opens_at=each.opens_at,
            on_duty=each.on_duty,
            risk=each.risk,
            fit=_in_a_word(each.score, high=each.score >= limits.automatic_from, least=limits.automatic_from / 2),
            return_risk=_in_a_word(
                each.risk or 0.0, high=(each.risk or 0.0) > limits.automatic_risk_to, least=limits.automatic_risk_to / 2
            ),
        )
        for each in ranked
        if each.code != ticket.lead
        and departments.tree().get(each.code).kind != "centre"
        and each.score >= ranked[0].score * NOTEWORTHY
    ]


def _in_a_word(share: float, *, high: bool, least: float) -> str:
    """Return an estimate as exactly as it is known: high, medium from `least` on, low."""
    return "high" if high else "medium" if share >= least else "low"


async def _because(session: AsyncSession, ticket: Ticket) -> ReasonView | None:
    kept = await reasons.read(session, ticket)
    if kept is None:
        return None
    said = asdict(kept) | {"said": mask_text(kept.said)}
    return ReasonView(**said, department_name=naming.department(kept.department))


async def _belongs_elsewhere(session: AsyncSession, ticket: Ticket, taken: Sequence[Step]) -> bool:
    """Say whether the category was corrected after the last dispatch, and another department ranks first now."""
    since = list(takewhile(lambda step: step.kind not in {"dispatched", "reassigned"}, reversed(taken)))
    if not any("category" in step.changed for step in since):
        return False
    ranked = await suggest(session, ticket)
    return bool(ranked) and ranked[0].code != ticket.lead


async def _steps(session: AsyncSession, taken: Sequence[Step], *, locale: str) -> list[StepView]:
    """Return a ticket's history, newest first, with the names of those who acted."""
    names = await people.names(session, (step.actor for step in taken))
    return [
        StepView(
            at=step.at,
            kind=step.kind,
            name=routing_say(f"step.{step.kind}", locale),
            actor=names.get(step.actor) or texts.named("actor", step.actor.partition(":")[0], locale),
            text=step.text if step.kind in PUBLISHED else mask_text(step.text),
        )
        for step in reversed(taken)
    ]


async def _citizen(session: AsyncSession, ticket: Ticket, *, actor: Actor) -> CitizenView:
    shown = await citizens.masked(session, ticket.number, actor=actor)
    return CitizenView(hidden=citizens.hidden_from(ticket, actor), **shown)


def _survey(ticket: Ticket) -> SurveyView | None:
    if ticket.surveyed_at is None:
        return None
    return SurveyView(
        contacted=ticket.contacted, solved=ticket.solved, satisfied=ticket.satisfied, at=ticket.surveyed_at
    )


def _common(ticket: Ticket, running: Sequence[TicketClock], *, locale: str) -> dict[str, object]:
    return {
        "number": ticket.number,
        "title": mask_text(ticket.title),
        "state": ticket.state,
        "state_name": routing_say(f"state.{ticket.state}", locale),
        "request_type": ticket.request_type,
        "category": ticket.category,
        "category_path": naming.category_path(ticket.category),
        "urgency": ticket.urgency,
        "confidential": ticket.confidential,
        "channel": ticket.channel,
        "department": ticket.lead,
        "department_name": naming.department(ticket.lead),
        "place": naming.place(ticket.district, ticket.street),
        "opened_at": ticket.opened_at,
        "next_clock": clocks.of_row(running[0], locale=locale) if running else None,
        "returns": ticket.returns,
        "reopened": ticket.reopened,
        "urges": ticket.urges,
        "supervised": ticket.supervised,
        "calls": ticket.callbacks,
        "sealed": ticket.sealed,
        "applied": ticket.applied,
        "supervision": ticket.supervision,
        "owed": [naming.department(code) for code in ticket.open_parts],
    }
