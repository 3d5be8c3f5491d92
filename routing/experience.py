"""What was done with closed tickets that read like a new one: who solved them, and who had to give them back."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pgvector.sqlalchemy import Vector
from sqlalchemy import cast, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from routing.messages import say
from routing.models import DIMENSIONS, Ticket
from routing.rules import rules
from routing.tree import tree

# As many as the index looks through for one question (hnsw.ef_search); more would cost more and be less alike.
LOOKED_AT = 40


@dataclass(slots=True)
class Trace:
    """What similar tickets say of one department: weights (likeness × newness) and counts of the newest days."""

    solved: float = 0.0
    returned: float = 0.0
    lately_solved: int = 0
    lately_returned: int = 0


@dataclass(frozen=True, slots=True)
class Experience:
    """Similar closed tickets: `count`, their `weight` together, and what they say of each department."""

    count: int = 0
    weight: float = 0.0
    traces: dict[str, Trace] = field(default_factory=dict)

    def share(self, code: str) -> float:
        """Return which part of the similar tickets the department solved, less the part it gave back; -1 to 1."""
        trace = self.traces.get(code)
        return (trace.solved - trace.returned) / self.weight if trace and self.weight else 0.0

    def evidence(self, code: str) -> list[str]:
        """Return sentences for staff on what the department did with similar tickets of late."""
        trace, days = self.traces.get(code), rules().experience.evidence_days
        if trace is None:
            return []
        name = tree().get(code).short_name
        said = [("solved", trace.lately_solved), ("returned", trace.lately_returned)]
        return [say(f"evidence.{key}", days=days, count=count, name=name) for key, count in said if count]


async def similar(session: AsyncSession, ticket: Ticket, *, vector: Sequence[float], made_by: str) -> Experience:
    """Return the experience with closed tickets that read like `ticket`; `made_by`: fingerprint of the encoder.

    Confidential tickets and tip-offs count too: nothing but departments and counts leaves this function. Sealed
    ones do not. A street or a district stands for the one of the ticket's own place.
    """
    weights, now = rules().experience, clock.now()
    traces: dict[str, Trace] = {}
    count, total = 0, 0.0
    for lead, wrong, closed_at, cosine in await _nearest(session, ticket.id, vector, made_by):
        if cosine < weights.similarity_from:
            break
        days = max((now - closed_at) / timedelta(days=1), 0.0)
        weight = (cosine - weights.similarity_from) / (1 - weights.similarity_from) / 2 + 0.5
        weight *= math.pow(0.5, days / weights.half_life_days)
        lately = days <= weights.evidence_days
        here = local(lead, ticket)
        if here is None:
            continue
        count, total = count + 1, total + weight
        solved = traces.setdefault(here, Trace())
        solved.solved, solved.lately_solved = solved.solved + weight, solved.lately_solved + lately
        for code in {local(each, ticket) for each in wrong} - {here, None}:
            back = traces.setdefault(str(code), Trace())
            back.returned, back.lately_returned = back.returned + weight, back.lately_returned + lately
    return Experience(count=count, weight=total, traces=traces)


def local(code: str, ticket: Ticket) -> str | None:
    """Return the department that does in the ticket's place what `code` did in its own.

    None where the place is not known or the department no longer exists.
    """
    if code not in tree():
        return None
    kind = tree().get(code).kind
    if kind not in {"district", "street"}:
        return code
    found = tree().of_street(ticket.district, ticket.street) if kind == "street" else None
    found = found or tree().of_district(ticket.district)
    return found.code if found else None


async def return_rates(session: AsyncSession, category: str | None, codes: Sequence[str]) -> dict[str, float]:
    """Return for each department how often dispatches of this category to it came back, smoothed (beta-binomial).

    Begins at `risk.return_rate`, which counts as much as `risk.strength` dispatches.
    """
    weights = rules().risk
    prior = weights.return_rate * weights.strength
    if category is None:
        return dict.fromkeys(codes, weights.return_rate)
    since = clock.now() - timedelta(days=weights.days)
    within = (Ticket.category == category, Ticket.opened_at >= since)
    kept = select(Ticket.lead, func.count()).where(*within, Ticket.lead.in_(codes), Ticket.state != "withdrawn")
    solved = {lead: count for lead, count in await session.execute(kept.group_by(Ticket.lead))}
    named = select(func.jsonb_array_elements_text(Ticket.wrong_leads).label("code"))
    back = named.where(*within, literal_column("tickets.wrong_leads <> '[]'::jsonb")).subquery()
    counted = await session.execute(select(back.c.code, func.count()).group_by(back.c.code))
    returned = {code: count for code, count in counted}
    return {
        code: (returned.get(code, 0) + prior) / (returned.get(code, 0) + solved.get(code, 0) + weights.strength)
        for code in codes
    }


async def _nearest(
    session: AsyncSession, own: int, vector: Sequence[float], made_by: str
) -> list[tuple[str, list[str], datetime, float]]:
    """Return lead, wrong leads, when it was closed and cosine of the nearest closed tickets, nearest first."""
    length = len(vector)
    # An index answers only an expression written as its own: one length of vector, and no parameter in its condition.
    column = cast(Ticket.embedding, Vector(length)) if length in DIMENSIONS else Ticket.embedding
    distance = column.cosine_distance(vector)
    statement = (
        select(Ticket.lead, Ticket.wrong_leads, Ticket.closed_at, (1 - distance).label("cosine"))
        .where(
            literal_column("tickets.state = 'closed'"),
            literal_column(f"vector_dims(tickets.embedding) = {length}"),
            Ticket.encoder == made_by,
            Ticket.lead.is_not(None),
            Ticket.id != own,
            ~Ticket.sealed,
        )
        .order_by(distance)
        .limit(LOOKED_AT)
    )
    return [(lead, wrong, at, float(cosine)) for lead, wrong, at, cosine in await session.execute(statement)]
