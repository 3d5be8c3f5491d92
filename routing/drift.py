"""What has changed between two periods: in what people ask, in how sure the classifier is, in what comes back.

A change is spoken of when it is large (population stability index, PSI) and no chance (chi-square); thresholds are the
city's (`tickets.yaml`).
"""

import asyncio
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import BadInput
from core.ledger import Event
from core.settings import settings
from intents import categories, understand_all
from routing.labels import text_of
from routing.messages import say
from routing.models import Ticket
from routing.rules import rules
from routing.steps import PREFIX
from routing.tree import tree

FEWEST = 30  # tickets in each period, below which shares mean nothing
RARE = 5  # tickets of both periods together, below which things are counted as one (the rule of thumb of chi-square)
NAMED = 3  # changes that the sentence names
OTHERS, NONE = "…", "-"


class Verdict(StrEnum):
    """How much has changed."""

    STABLE = "stable"
    SOME = "some"
    MUCH = "much"


@dataclass(frozen=True, slots=True)
class Shift:
    """One measure: PSI, the probability that chance alone shifts as much, a verdict, and the same in plain words.

    `moved`: what changed most, with its share before and after.
    """

    measure: str
    psi: float
    chance: float
    verdict: Verdict
    moved: dict[str, tuple[float, float]]
    sentence: str


Period = tuple[datetime, datetime]


async def report(session: AsyncSession, *, before: Period, after: Period) -> list[Shift]:
    """Return the shift of each measure from one period to another (from, up to; moments at which tickets were opened).

    Confidence and abstention are those of the classifier in service now, on a sample of the tickets of both periods.
    Raises BadInput, in a sentence, where a period has fewer than 30 tickets.
    """
    count = [await session.scalar(select(func.count()).where(_within(each))) or 0 for each in (before, after)]
    if min(count) < FEWEST:
        raise BadInput(
            f"The periods have {count[0]} and {count[1]} tickets; {FEWEST} are needed in each to speak of a change."
        )
    first = func.coalesce(func.split_part(Ticket.category, ".", 1), NONE)
    made = [
        _shift("category", await _counted(session, first, before), await _counted(session, first, after)),
        _shift("department", await _counted(session, Ticket.lead, before), await _counted(session, Ticket.lead, after)),
    ]
    sure = [await _sureness(session, each) for each in (before, after)]
    made.append(_shift("confidence", *(Counter(_bin(each) for each in found if each is not None) for found in sure)))
    made.append(_shift("abstention", *(Counter("yes" if each is None else "no" for each in found) for found in sure)))
    for measure, condition in (("returns", Ticket.misdispatched), ("corrections", _is_corrected())):
        made.append(_shift(measure, *[await _part(session, condition, each) for each in (before, after)]))
    return made


def compare(before: Mapping[str, int], after: Mapping[str, int]) -> tuple[float, float]:
    """Return the population stability index, and the probability of such a difference by chance (chi-square).

    What is rare in both together is counted as one; half a case is added to each count, so that none is zero.
    """
    from scipy.stats import chi2_contingency

    old, new = _common(before, after)
    if len(old) < 2 or not sum(old.values()) or not sum(new.values()):
        return 0.0, 1.0
    totals = [sum(each.values()) + len(old) / 2 for each in (old, new)]
    shares = [((old[key] + 0.5) / totals[0], (new[key] + 0.5) / totals[1]) for key in old]
    psi = sum((is_now - was) * math.log(is_now / was) for was, is_now in shares)
    table = [list(old.values()), [new[key] for key in old]]
    return psi, float(chi2_contingency(table, correction=False).pvalue)


def _common(before: Mapping[str, int], after: Mapping[str, int]) -> tuple[Counter[str], Counter[str]]:
    """Return both counts over the same keys, the rare ones put together."""
    old, new = Counter[str](), Counter[str]()
    for key in sorted(before.keys() | after.keys()):
        was, is_now = before.get(key, 0), after.get(key, 0)
        if not was + is_now:
            continue
        name = key if was + is_now >= RARE else OTHERS
        old[name] += was
        new[name] += is_now
    return old, new


def _shift(measure: str, before: Mapping[str, int], after: Mapping[str, int]) -> Shift:
    psi, chance = compare(before, after)
    limits = rules().drift
    verdict = Verdict.STABLE
    if chance < limits.chance_below and psi >= limits.psi_some:
        verdict = Verdict.MUCH if psi >= limits.psi_much else Verdict.SOME
    totals = [max(sum(each.values()), 1) for each in (before, after)]
    shares = {
        key: (before.get(key, 0) / totals[0], after.get(key, 0) / totals[1]) for key in before.keys() | after.keys()
    }
    largest = sorted(shares, key=lambda key: (-abs(shares[key][1] - shares[key][0]), key))[:NAMED]
    moved = {key: (round(shares[key][0], 4), round(shares[key][1], 4)) for key in largest}
    return Shift(
        measure=measure,
        psi=round(psi, 4),
        chance=round(chance, 6),
        verdict=verdict,
        moved=moved,
        sentence=_sentence(measure, verdict, moved),
    )


def _sentence(measure: str, verdict: Verdict, moved: Mapping[str, tuple[float, float]]) -> str:
    locale = settings().locale
    changes = say("list.separator", locale).join(
        say("drift.change", locale, name=_name(measure, key), before=f"{was:.0%}", after=f"{is_now:.0%}")
        for key, (was, is_now) in moved.items()
    )
    return say(f"drift.{verdict}", locale, measure=say(f"drift.measure.{measure}", locale), changes=changes)


def _name(measure: str, key: str) -> str:
    """Return what a key of a measure is called."""
    if measure == "category" and key in categories.tree():
        return categories.tree()[key].path[0]
    if measure == "department" and key in tree():
        return tree().get(key).short_name
    names = {"yes": "drift.yes", "no": "drift.no", NONE: "drift.none"}
    return say(names[key], settings().locale) if key in names else key


def _within(period: Period) -> ColumnElement[bool]:
    return and_(Ticket.opened_at >= period[0], Ticket.opened_at < period[1])


async def _counted(session: AsyncSession, what: SQLColumnExpression[Any], period: Period) -> dict[str, int]:
    statement = select(what, func.count()).where(_within(period), what.is_not(None)).group_by(what)
    return {str(key): count for key, count in await session.execute(statement)}


async def _part(session: AsyncSession, condition: SQLColumnExpression[bool], period: Period) -> dict[str, int]:
    """Return how many of the dispatched tickets of a period the condition holds for, and how many not."""
    sent = (_within(period), Ticket.dispatched_at.is_not(None))
    row = (await session.execute(select(func.count().filter(condition), func.count()).where(*sent))).one()
    return {"yes": row[0], "no": row[1] - row[0]}


def _is_corrected() -> ColumnElement[bool]:
    named: Select[str] = select(Event.subject).where(Event.kind == PREFIX + "corrected")
    return func.concat("ticket:", Ticket.number).in_(named)


async def _sureness(session: AsyncSession, period: Period) -> list[float | None]:
    """Return for a sample of a period's tickets how sure the classifier is now, None where it names no category."""
    statement = select(Ticket).where(_within(period)).order_by(func.md5(Ticket.number)).limit(rules().drift.sampled)
    texts = [text_of(ticket) for ticket in await session.scalars(statement)]
    understood = await asyncio.to_thread(understand_all, texts)
    return [each.category.confidence if each.category else None for each in understood]


def _bin(confidence: float) -> str:
    """Return the tenth that a confidence lies in, as people read it."""
    tenth = min(int(confidence * 10), 9)
    return f"{tenth * 10}–{tenth * 10 + 10}%"
