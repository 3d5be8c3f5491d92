"""Findings: listed for whoever sees their tickets, confirmed or dismissed with a reason."""

from collections.abc import AsyncIterator, Sequence, Set
from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock
from core.auth import Actor, Permission
from core.errors import BadInput, Conflict, NotFound
from core.text.normalise import clean
from routing import reading
from routing.hiding import hide_author, is_secret, without_author
from routing.messages import say
from routing.models import Ticket, TicketCitizen
from routing.quality import counting, requests
from routing.quality.tables import UNDECIDED, Finding

MOST = 200
OF_REQUEST = requests.CHECKS | {"no_answer"}
EXPORTED = 500  # rows that an export reads at once


@dataclass(frozen=True, slots=True)
class Shown:
    """A finding with its ticket, and the words that it stands on; none of a sealed one, whose openings are recorded."""

    finding: Finding
    ticket: Ticket
    words: tuple[str, ...]
    result: str = ""  # the reply as its ticket's page shows it: published, without its author

    @property
    def of_request(self) -> bool:
        """Say whether the words are the request's, in which every number is masked; else they are the reply's."""
        return self.finding.check in OF_REQUEST


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Which findings are asked for; what is empty does not narrow."""

    state: str = "open"
    check: str = ""
    department: str = ""
    category: str = ""  # of the first level


async def listing(
    session: AsyncSession, wanted: Narrowed, *, actor: Actor, limit: int = 30, before: int | None = None
) -> Sequence[Shown]:
    """Return findings on tickets that the actor sees, newest first; `before`: the id of the last of the page before.

    A department sees those on its own replies.
    """
    statement = _of(wanted, actor).order_by(Finding.id.desc()).limit(min(limit, MOST))
    if before:
        statement = statement.where(Finding.id < before)
    rows = [(finding, ticket) for finding, ticket in await session.execute(statement)]
    named = {word for finding, _ in rows if finding.check == "copied" for word in finding.evidence["words"]}
    # The other ticket may have been sealed since, and then is named nowhere.
    seen = set(await session.scalars(select(Ticket.number).where(Ticket.number.in_(named), reading.visible_to(actor))))
    hidden = named - seen
    citizens = select(TicketCitizen).where(TicketCitizen.ticket_id.in_(ticket.id for _, ticket in rows))
    authors = {citizen.ticket_id: citizen for citizen in await session.scalars(citizens)}
    return [_shown(finding, ticket, authors.get(ticket.id), hidden) for finding, ticket in rows]


def _shown(finding: Finding, ticket: Ticket, author: TicketCitizen | None, hidden: Set[str]) -> Shown:
    if ticket.sealed:
        return Shown(finding, ticket, ())
    result = ticket.result or ""
    if author is not None:
        secret = is_secret(request_type=ticket.request_type, confidential=ticket.confidential)
        result = without_author(result, name=author.name, phone=author.phone, secret=secret)
    return Shown(finding, ticket, tuple(word for word in finding.evidence["words"] if word not in hidden), result)


async def export(session: AsyncSession, wanted: Narrowed, *, actor: Actor) -> AsyncIterator[Shown]:
    """Yield all of them, newest first, so many at a time, without their words."""
    found = await session.stream(_of(wanted, actor).order_by(Finding.id.desc()).execution_options(yield_per=EXPORTED))
    async for finding, ticket in found:
        yield Shown(finding, ticket, ())


async def decide(session: AsyncSession, id: int, *, actor: Actor, confirmed: bool, reason: str) -> Finding:
    """Confirm or dismiss a finding, with a reason that the department reads; dismissals teach (`lessons`).

    Raises BadInput without a reason, NotFound, Conflict the second time.
    """
    actor.must(Permission.TICKET_RULE)
    reason = clean(reason)[:1000]
    if not reason:
        raise BadInput(say("refused.empty", wanted=say("words.reason")))
    finding = await session.get(Finding, id, with_for_update=True, populate_existing=True)
    if finding is None:
        raise NotFound(say("refused.no_finding"))
    if finding.state not in UNDECIDED:
        raise Conflict(say("refused.decided"))
    ticket = await session.get_one(Ticket, finding.ticket_id)
    finding.state = "confirmed" if confirmed else "dismissed"
    finding.reason = await hide_author(session, ticket, reason)
    finding.decided_by, finding.decided_at = str(actor), clock.now()
    await session.flush()
    return finding


def _of(wanted: Narrowed, actor: Actor) -> Select[Finding, Ticket]:
    statement = select(Finding, Ticket).join(Ticket, Ticket.id == Finding.ticket_id)
    narrowed = {"state": wanted.state, "check": wanted.check, "category": wanted.category}
    return statement.where(
        reading.visible_to(actor),
        *counting.of(actor, wanted.department),
        *(getattr(Finding, name) == value for name, value in narrowed.items() if value),
    )
