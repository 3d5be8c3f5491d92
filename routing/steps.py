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
        "returned",
        "return_refused",
        "kept",
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
SHARED = frozenset(
    {
        "dispatched",
        "accepted",
        "returned",
        "return_refused",
        "kept",
        "reassigned",
        "extended",
        "suspended",
        "resumed",
    }
)
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


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that was taken, to be written: its kind, its data, and departments that hear of it beside its own."""

    ticket: Ticket
    kind: str
    data: dict[str, Any]
    also: Sequence[str] = ()

    def departments(self) -> tuple[str, ...]:
        """Return the codes of those that hear of it, each once."""
        codes = (self.ticket.lead, *self.ticket.co_handlers, *self.also)
        return tuple(dict.fromkeys(code for code in codes if code))


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
    event = (await record_all(session, [Taken(ticket, kind, data, tuple(also))], actor=actor))[0]
    if text or attachments:
        session.add(
            TicketNote(ticket_id=ticket.id, event_number=event.number, text=text, attachments=list(attachments))
        )
        await session.flush()
    return event


async def record_all(session: AsyncSession, taken: Sequence[Taken], *, actor: Actor) -> Sequence[Event]:
    """Write steps without words, in their order, as `record` does: as many statements for a hundred as for one."""
    if not taken:
        return []
    for each in taken:
        # Later than the last change, also where the clock was set back: whoever follows changes sees each of them.
        each.ticket.changed_at = max(clock.now(), each.ticket.changed_at + timedelta(microseconds=1))
    await session.flush()
    new = [
        ledger.New(f"ticket:{each.ticket.number}", PREFIX + each.kind, actor, {"state": each.ticket.state, **each.data})
        for each in taken
    ]
    events = await ledger.append_all(session, new)
    told = [(each.ticket, event, each.departments()) for each, event in zip(taken, events, strict=True)]
    await feed.hand_over(session, told)
    await rows.call(session, live.announcements(news for each in told for news in _news(*each)))
    return events


def first(ticket: Ticket, kind: str, *, actor: Actor, **data: Any) -> tuple[Event, Call]:
    """Return the first step of a ticket without words, and the call that announces it, to be written with it."""
    subject, data = f"ticket:{ticket.number}", {"state": ticket.state, **data}
    event = ledger.first_event(subject=subject, kind=PREFIX + kind, actor=actor, data=data)
    return event, live.announcements(_news(ticket, event, ()))


def _news(ticket: Ticket, event: Event, departments: Iterable[str]) -> list[live.Announcement]:
    topics = (f"ticket:{ticket.number}", *(f"department:{code}" for code in departments))
    what = {"number": ticket.number, "state": ticket.state}
    # The whole centre listens at the desk: of a sealed ticket it hears that something changed, not what.
    desk = {"kind": "ticket.sealed"} if ticket.sealed else {"kind": event.kind, **what}
    return [*({"topic": topic, "kind": event.kind, **what} for topic in topics), {"topic": "desk", **desk}]


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
    session: AsyncSession,
    ticket: Ticket,
    *,
    public: bool = False,
    actor: Actor | None = None,
    locale: str | None = None,
) -> list[Step]:
    """Return the ticket's steps, oldest first; `public`: those, and those words, that its citizen reads.

    `actor`: the steps name no sealed ticket that the actor does not see. `locale`: None for the setting.
    """
    locale = locale or settings().locale
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
        described = ""
        if kind == "closed" and "survey" in event.data and locale != settings().locale:
            words = step_words.closed_by_rule(event, locale)  # the words were kept in the language of the setting
        if not words or kind in DESCRIBED_TOO:
            described = step_words.described(kind, event, locale, hidden=hidden, public=public)
        steps.append(
            Step(
                at=event.at,
                kind=kind,
                actor=event.actor,
                name=step_words.named(kind, locale, public=public),
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
