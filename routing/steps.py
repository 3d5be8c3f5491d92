"""What happened to a ticket: one event in the ledger a step, heard live, told to the citizen, read back as a list."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, not_, select
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock, ledger, live, outbox, rows
from core.auth import Actor
from core.ledger import Event
from core.rows import Call
from core.settings import settings
from routing import feed, reading, step_words
from routing.hiding import hide_author
from routing.messages import say
from routing.models import Ticket, TicketNote

PREFIX = "ticket."
# What a citizen reads of their own ticket; objections, rulings and reasons stay between centre and departments.
PUBLIC = frozenset(
    {
        "opened",
        "dispatched",
        "accepted",
        "contacted",
        "reassigned",
        "replied",
        "rated",
        "reopened",
        "escalated",
        "closed",
        "urged",
        "supplemented",
        "made_confidential",
        "withdrawn",
        "answered",
        "unanswered",
        "extended",
        "suspended",
        "resumed",
        "merged",
        "succeeded",
        "unmerged",
        "split_off",
        "reopened_closed",
        "disputed",
    }
)
# Public steps of a master that those who follow it read as well; its words stay with its own citizen.
SHARED = frozenset({"dispatched", "accepted", "reassigned", "extended", "suspended", "resumed"})
# Steps whose words are the citizen's own, or for them.
PUBLIC_WORDS = frozenset({"answered", "replied", "urged", "supplemented", "closed", "disputed", "withdrawn"})

# Steps whose data are read beside their words.
DESCRIBED_TOO = frozenset(
    {
        "dispatched",
        "reassigned",
        "return_refused",
        "kept",
        "unmerged",
        "part_asked",
        "extension_asked",
        "extended",
        "suspension_asked",
        "suspended",
        "supervised",
        "rated",
        "corrected",
        "excluded",
        "called",
    }
)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a ticket: what it is called, who took it (`citizen`, `staff:7`, `system`), and its words.

    `changed`: of a correction, the fields that it set right.
    """

    at: datetime
    kind: str
    actor: str
    name: str
    text: str
    attachments: tuple[Any, ...] = ()
    changed: tuple[str, ...] = ()


async def record(
    session: AsyncSession,
    ticket: Ticket,
    kind: str,
    *,
    actor: Actor,
    text: str = "",
    attachments: Sequence[Any] = (),
    also: Iterable[str] = (),
    **data: Any,
) -> Event:
    """Write a step and announce it to the ticket's page, the desk and the departments (`also`: further codes).

    `text` may be personal and is kept sealed beside the ledger, without the author of the ticket; `data` must not be.
    """
    text = await hide_author(session, ticket, text)
    # Later than the last change, also where the clock was set back: whoever follows changes sees each of them.
    ticket.changed_at = max(clock.now(), ticket.changed_at + timedelta(microseconds=1))
    await session.flush()
    event = await ledger.append(
        session,
        subject=f"ticket:{ticket.number}",
        kind=PREFIX + kind,
        actor=actor,
        data={"state": ticket.state, **data},
    )
    if text or attachments:
        session.add(
            TicketNote(ticket_id=ticket.id, event_number=event.number, text=text, attachments=list(attachments))
        )
        await session.flush()
    departments = dict.fromkeys(code for code in (ticket.lead, *ticket.co_handlers, *also) if code)
    await feed.hand_over(session, ticket, event, tuple(departments))
    await rows.call(session, *_announcements(ticket, event, departments))
    return event


def first(ticket: Ticket, kind: str, *, actor: Actor, **data: Any) -> tuple[Event, list[Call]]:
    """Return the first step of a ticket without words, and its announcements, to be written with the ticket."""
    subject, data = f"ticket:{ticket.number}", {"state": ticket.state, **data}
    event = ledger.first_event(subject=subject, kind=PREFIX + kind, actor=actor, data=data)
    return event, _announcements(ticket, event, ())


def _announcements(ticket: Ticket, event: Event, departments: Iterable[str]) -> list[Call]:
    topics = (f"ticket:{ticket.number}", *(f"department:{code}" for code in departments))
    told = [live.announcement(topic, event.kind, number=ticket.number, state=ticket.state) for topic in topics]
    # The whole centre listens at the desk: of a sealed ticket it hears that something changed, not what.
    which = {} if ticket.sealed else {"number": ticket.number, "state": ticket.state}
    return [*told, live.announcement("desk", "ticket.sealed" if ticket.sealed else event.kind, **which)]


async def tell(session: AsyncSession, ticket: Ticket, event: Event, **content: Any) -> None:
    """Post a notice of the event to the citizen, over the channel that the request came in by.

    `content`: the values of the message; `questions` travels beside it as it is. `notice`: the message, where it is not
    the one for the step.
    """
    kind = event.kind.removeprefix(PREFIX)
    questions, notice = content.pop("questions", None), content.pop("notice", kind)
    listeners = [(ticket.number, ticket.channel, ticket.conversation)]
    if kind in SHARED and ticket.state != "merged":
        listeners += [(each, door, talk) for each, door, talk in await session.execute(_followers(ticket))]
    for number, channel, conversation in listeners:
        if conversation is None:
            continue
        text = say(f"notice.{notice}", settings().locale, number=number, **content)
        await outbox.post(
            session,
            channel=channel,
            recipient={"conversation": conversation},
            kind=event.kind,
            content={"text": text, "number": number} | ({"questions": questions} if questions else {}),
            idempotency_key=f"ticket:{ticket.number}:{event.number}"
            + ("" if number == ticket.number else f":{number}"),
        )


def _followers(ticket: Ticket) -> Select[str, str, str | None]:
    """Return where those hear of it who reported the same and follow this ticket."""
    return (
        select(Ticket.number, Ticket.channel, Ticket.conversation)
        .where(Ticket.merged_into == ticket.id, Ticket.state == "merged", Ticket.conversation.is_not(None))
        .order_by(Ticket.id)
    )


async def read(
    session: AsyncSession, ticket: Ticket, *, public: bool = False, actor: Actor | None = None
) -> list[Step]:
    """Return the ticket's steps, oldest first; `public`: those, and those words, that its citizen reads.

    `actor`: the steps name no sealed ticket that the actor does not see.
    """
    notes = {
        note.event_number: note
        for note in await session.scalars(select(TicketNote).where(TicketNote.ticket_id == ticket.id))
    }
    steps = []
    events = await ledger.history(session, f"ticket:{ticket.number}")
    hidden = await _sealed_from(session, events, actor) if actor else frozenset()
    for event in events:
        kind = event.kind.removeprefix(PREFIX)
        if public and kind not in PUBLIC:
            continue
        note = notes.get(event.number)
        # Of a rating the citizen reads their own comment, not the note of the agent who called.
        theirs = kind in PUBLIC_WORDS or (kind == "rated" and event.actor == "citizen")
        words = note.text if note and (not public or theirs) else ""
        described = step_words.described(kind, event, hidden) if not words or kind in DESCRIBED_TOO else ""
        steps.append(
            Step(
                at=event.at,
                kind=kind,
                actor=event.actor,
                name=say(f"step.{kind}", settings().locale),
                text="\n".join(filter(None, (described, words))),
                attachments=tuple(note.attachments) if note and not public else (),
                changed=step_words.changed_by(event),
            )
        )
    return steps


async def _sealed_from(session: AsyncSession, events: Iterable[Event], actor: Actor) -> frozenset[str]:
    """Return the numbers of sealed tickets that the events name and the actor does not see."""
    named = {event.data["other"] for event in events if "other" in event.data}
    if not named:
        return frozenset()
    statement = select(Ticket.number).where(Ticket.number.in_(named), Ticket.sealed, not_(reading.visible_to(actor)))
    return frozenset(await session.scalars(statement))
