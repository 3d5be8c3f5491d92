"""Whom to send a ticket to: catalogue and duties, what was done with similar tickets, and the risk that it comes back.

The score is the one of `departments.rank`, moved towards the part of the similar tickets that a department solved; the
more of them there are, the further. The risk begins with how often dispatches of this category to this department came
back, and grows where the catalogue is silent or names another, where the category is unsure, and where two are close.
"""

import asyncio
import math
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

import intents
from core import clock
from core.city import city
from core.ledger import Event
from core.text.encode import encoder, pinned
from intents import Urgency
from routing import catalogue_versions, departments, duty_hours, experience, negotiated, vectors
from routing.catalogue import Assignment
from routing.departments import Candidate, Grounds
from routing.experience import Experience
from routing.loads import of as loads_of
from routing.messages import say
from routing.models import Ticket
from routing.rules import rules
from routing.steps import PREFIX

# Of its score, what a department keeps however often it gave similar tickets back: whoever dispatches should see that.
STAYS_IN_SIGHT = 0.25


@dataclass(frozen=True, slots=True)
class Weighed:
    """The candidates for a ticket, best first, and the row of the catalogue that speaks of it, if there is one."""

    candidates: list[Candidate]
    assigned: Assignment | None


async def suggest(session: AsyncSession, ticket: Ticket) -> list[Candidate]:
    """Return the departments that may be responsible for a ticket, best first, at most five, each with its risk.

    The second is the runner-up. Encodes the text, in a thread, and asks the database a few short questions.
    """
    return (await weigh(session, ticket)).candidates


async def weigh(session: AsyncSession, ticket: Ticket) -> Weighed:
    """Return what `suggest` does, with the row of the catalogue in force."""
    duties = await catalogue_versions.in_force(session)
    with pinned():
        text = f"{ticket.title} {ticket.description}"
        found = await asyncio.to_thread(
            departments.grounds,
            category=ticket.category,
            district=ticket.district,
            street=ticket.street,
            text=text,
            duties=duties,
        )
        known = await _similar(session, ticket)
        sure = await _certainty(session, ticket, text)
    decided = await negotiated.precedent(session, ticket)
    if decided and decided.lead and decided.lead in departments.tree():
        # What was decided once comes into question, but does not dispatch by itself: that is for the catalogue.
        base = max(found.scores.get(decided.lead, 0.0), rules().dispatch.duties / 2)
        found.scores[decided.lead] = base
        found.evidence[decided.lead].append(say("evidence.negotiated", id=decided.id, basis=decided.basis or ""))
    scores = _moved(found, known)
    codes = departments.best(scores)
    rates = await experience.return_rates(session, ticket.category, codes)
    candidates = [
        departments.candidate(
            code,
            scores[code],
            [*found.evidence[code], *known.evidence(code)],
            risk=_risk(code, rates[code], scores, found, sure),
        )
        for code in codes
    ]
    seen = await _at_hand(session, candidates, critical=ticket.urgency == Urgency.CRITICAL)
    return Weighed(candidates=_among_equals(seen, found), assigned=found.assigned)


async def _at_hand(session: AsyncSession, candidates: list[Candidate], *, critical: bool) -> list[Candidate]:
    """Return the candidates with what they have on hand and whether they are at work now."""
    now, loads = clock.now(), await loads_of(session, [each.code for each in candidates])
    found = []
    for each in candidates:
        department = departments.tree().get(each.code)
        opens = duty_hours.opens_at(department.opening, now)
        on_duty = department.on_duty if opens else None
        said = each.evidence
        if critical and on_duty:
            said += (say("evidence.on_duty", name=on_duty.name, phone=on_duty.phone),)
        elif critical and opens:
            here = clock.local(opens, city().time_zone)
            said += (say("evidence.closed", moment=here.strftime("%m-%d %H:%M")),)
        name = f"{on_duty.name} {on_duty.phone}".strip() if on_duty else None
        found.append(replace(each, load=loads[each.code], opens_at=opens, on_duty=name, evidence=said))
    return found


def _among_equals(candidates: list[Candidate], found: Grounds) -> list[Candidate]:
    """Return the candidates, equals in the order of who can be reached now and has less on hand.

    Equal is who stands the same in the catalogue and has the same score to two places: hours and load never move a
    ticket to whoever is less responsible.
    """

    def place(each: Candidate) -> tuple[float, bool, bool, int, int]:
        assert each.load is not None
        asleep = each.opens_at is not None and each.on_duty is None
        return -round(each.score, 2), each.code != found.lead, asleep, each.load.overdue, each.load.open

    return sorted(candidates, key=place)


def _moved(found: Grounds, known: Experience) -> dict[str, float]:
    """Return the scores after experience has spoken; few similar tickets say nothing."""
    weights = rules().experience
    if known.count < weights.fewest:
        return dict(found.scores)
    pull = known.weight / (known.weight + weights.strength)
    moved = {}
    for code in found.scores.keys() | known.traces.keys():
        base = found.scores.get(code, 0.0)
        pulled = (1 - pull) * base + pull * found.ceiling(code) * known.share(code)
        moved[code] = max(pulled, STAYS_IN_SIGHT * base)
    return moved


def _risk(code: str, rate: float, scores: dict[str, float], found: Grounds, sure: float) -> float:
    """Return how likely a dispatch to `code` comes back: the rate's log-odds and what is added to them."""
    weights = rules().risk
    others = [score for other, score in scores.items() if other != code]
    margin = scores[code] - max(others, default=0.0)
    odds = math.log(rate / (1 - rate)) + weights.unsure * (1 - sure)
    if found.lead is None:
        odds += weights.silent
    elif code != found.lead:
        odds += weights.contradicted
    odds += weights.close * min(max(1 - margin / weights.clear_margin, 0.0), 2.0)
    return round(1 / (1 + math.exp(-odds)), 4)


async def _similar(session: AsyncSession, ticket: Ticket) -> Experience:
    """Return the experience by the ticket's vector of the encoder in use: the one that is kept, or one made now."""
    made_by = encoder().fingerprint
    if ticket.encoder == made_by:
        kept = await session.scalars(select(Ticket.embedding).where(Ticket.id == ticket.id))
        return await experience.similar(session, ticket, vector=kept.one(), made_by=made_by)
    made_by, vector = await asyncio.to_thread(vectors.vector_of, ticket.title, ticket.description)
    return await experience.similar(session, ticket, vector=vector, made_by=made_by)


async def _certainty(session: AsyncSession, ticket: Ticket, text: str) -> float:
    """Return how sure the ticket's category is, 0 to 1: whole where a person has set it right."""
    if ticket.category is None:
        return 0.0
    corrected = select(Event.id).where(Event.subject == f"ticket:{ticket.number}", Event.kind == PREFIX + "corrected")
    if await session.scalar(corrected.limit(1)):
        return 1.0
    return await asyncio.to_thread(intents.certainty, ticket.category, text)
