"""What goes on beside the main road of a ticket, put together for staff: parts, applications, orders, other tickets."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from admin.staff import naming
from admin.staff.tickets.beside_views import ApplicationView, Beside, OrderView, PartView, TicketRef
from core import clock
from core.auth import Actor
from core.privacy import mask_text
from routing import applications, orders, parts, related
from routing.messages import say
from routing.models import Ticket
from routing.parts import TicketPart

MOST = 50


async def of_ticket(session: AsyncSession, ticket: Ticket, *, actor: Actor, locale: str) -> Beside:
    """Return it all, other tickets only as far as the actor sees them."""
    found = await related.of(session, ticket, actor=actor, most=MOST)
    return Beside(
        parts=[_part(each) for each in await parts.of(session, ticket)],
        applications=[
            ApplicationView(
                kind=each.kind,
                department_name=naming.department(each.department),
                reason=mask_text(each.reason),
                working_days=each.working_days,
                until=each.until,
                asked_at=each.asked_at,
                approved=each.approved,
                lapsed=each.approved is None and each.decided_at is not None,
                decision=mask_text(each.decision or ""),
                ended_at=each.ended_at,
            )
            for each in await applications.of(session, ticket)
        ],
        orders=[
            OrderView(
                text=mask_text(each.words),
                ordered_at=each.ordered_at,
                due_at=each.due_at,
                answered_at=each.answered_at,
                answer=mask_text(each.answer or ""),
                ended_at=each.ended_at,
                overdue=each.answered_at is None and each.ended_at is None and each.due_at < clock.now(),
            )
            for each in await orders.of(session, ticket)
        ],
        master=_refs([found.master], locale)[0] if found.master else None,
        followers=_refs(found.followers, locale),
        following=found.following,
        related=_refs(found.linked, locale),
    )


def _refs(tickets: Sequence[Ticket], locale: str) -> list[TicketRef]:
    return [
        TicketRef(
            number=each.number,
            title=mask_text(each.title),
            state=each.state,
            state_name=say(f"state.{each.state}", locale),
        )
        for each in tickets
    ]


def _part(part: TicketPart) -> PartView:
    return PartView(
        department=part.department,
        department_name=naming.department(part.department),
        text=mask_text(part.words),
        asked_at=part.asked_at,
        due_at=part.due_at,
        accepted_at=part.accepted_at,
        answered_at=part.answered_at,
        answer=mask_text(part.answer or ""),
        state=_state(part),
    )


def _state(part: TicketPart) -> str:
    if part.answered_at is not None:
        return "answered"
    if part.void_at is not None:
        return "void"
    if part.due_at < clock.now():
        return "overdue"
    return "accepted" if part.accepted_at else "asked"
