"""The queue of citizens who want a person, and who has whom."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot import conversations
from bot.tables import Conversation, Handover
from core import auth, clock, ledger, live
from core.auth import SYSTEM, Actor, Permission
from core.privacy import mask_text

EMERGENCY = "emergency"
MISSED_CALL = "missed_call"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A conversation that wants a person, or has one. `summary` is the matter so far, with numbers masked.

    `alarm`: the emergency in it (service, number, situation, reason, place; numbers masked), or None.
    """

    conversation: str
    channel: str
    since: datetime
    reason: str
    summary: str
    alarm: dict[str, Any] | None = None


async def request(session: AsyncSession, id: str, reason: str, *, actor: Actor = SYSTEM) -> int:
    """Put the conversation into the queue and return its position, 1 first; asked again, it keeps its place.

    `reason`: emergency (goes before all others), asked, missed_call, not_understood … Position 0: an agent has it.
    """
    await conversations.get(session, id, lock=True)
    entry = await open_entry(session, id)
    if entry is None:
        entry = Handover(conversation_id=id, reason=reason, urgent=reason == EMERGENCY, requested_at=clock.now())
        session.add(entry)
        await record(session, id, "requested", actor=actor, reason=reason)
        await live.announce(session, "desk", "handover.waiting", conversation=id, reason=reason)
    elif reason in {EMERGENCY, MISSED_CALL} and not entry.urgent:
        entry.reason, entry.urgent = reason, reason == EMERGENCY
        await live.announce(session, "desk", "handover.waiting", conversation=id, reason=reason)
    await session.flush()
    return await _position(session, entry)


async def renew(session: AsyncSession, id: str) -> None:
    """Let the desks show the entry anew: more is known of what the citizen wants."""
    entry = await open_entry(session, id)
    if entry is not None:
        await live.announce(session, "desk", "handover.waiting", conversation=id, reason=entry.reason)


async def position(session: AsyncSession, id: str) -> int | None:
    """Return the place in the queue, 0 when an agent has the conversation, None when it is in no queue."""
    entry = await open_entry(session, id)
    return None if entry is None else await _position(session, entry)


async def cancel(session: AsyncSession, id: str) -> None:
    """Leave the queue: the citizen wants no person any more."""
    entry = await open_entry(session, id)
    if entry is not None and entry.taken_at is None:
        entry.ended_at = clock.now()
        await record(session, id, "cancelled", actor=SYSTEM)
        await live.announce(session, "desk", "handover.returned", conversation=id)


async def held(session: AsyncSession, id: str) -> bool:
    """Say whether an agent has the conversation."""
    entry = await open_entry(session, id)
    return entry is not None and entry.taken_at is not None


async def on_duty(session: AsyncSession) -> bool:
    """Say whether anybody who may take a conversation is signed in."""
    return await auth.signed_in(session, Permission.CONVERSATION_TAKE) > 0


async def waiting(session: AsyncSession) -> list[Waiting]:
    """Return the queue, first to be taken first."""
    waits = Handover.taken_at.is_(None)
    return await _listed(session, waits, order=(Handover.urgent.desc(), Handover.requested_at, Handover.id))


async def held_by(session: AsyncSession, *, actor: Actor) -> list[Waiting]:
    """Return the conversations that the agent has, longest held first."""
    holds = Handover.taken_at.is_not(None) & (Handover.staff_id == actor.id)
    return await _listed(session, holds, order=(Handover.taken_at,))


async def holder(session: AsyncSession, id: str) -> int | None:
    """Return the id of the member of staff who has the conversation, or None."""
    entry = await open_entry(session, id)
    return entry.staff_id if entry is not None and entry.taken_at is not None else None


def state_of(conversation: Conversation) -> dict[str, Any]:
    """Return what the engine remembers of the conversation."""
    state: dict[str, Any] = json.loads(conversation.state or "{}")
    return state


async def open_entry(session: AsyncSession, id: str) -> Handover | None:
    """Return the citizen's wish for a person that has not ended."""
    entry: Handover | None = await session.scalar(
        select(Handover).where(Handover.conversation_id == id, Handover.ended_at.is_(None))
    )
    return entry


async def _position(session: AsyncSession, entry: Handover) -> int:
    if entry.taken_at is not None:
        return 0
    earlier = (Handover.requested_at < entry.requested_at) | (
        (Handover.requested_at == entry.requested_at) & (Handover.id < entry.id)
    )
    before = Handover.urgent & earlier if entry.urgent else Handover.urgent | earlier
    ahead = await session.scalar(
        select(func.count(Handover.id)).where(
            Handover.ended_at.is_(None), Handover.taken_at.is_(None), Handover.id != entry.id, before
        )
    )
    return (ahead or 0) + 1


async def _listed(session: AsyncSession, which: ColumnElement[bool], *, order: Sequence[Any]) -> list[Waiting]:
    rows = await session.execute(
        select(Handover, Conversation)
        .join(Conversation, Conversation.id == Handover.conversation_id)
        .where(Handover.ended_at.is_(None), which)
        .order_by(*order)
    )
    return [_waiting(entry, conversation) for entry, conversation in rows]


def _waiting(entry: Handover, conversation: Conversation) -> Waiting:
    state = state_of(conversation)
    return Waiting(
        conversation=conversation.id,
        channel=conversation.channel,
        since=entry.requested_at,
        reason=entry.reason,
        summary=mask_text(state.get("summary", "")),
        alarm=alarm_of(state),
    )


def alarm_of(state: dict[str, Any], *, clear: bool = False) -> dict[str, Any] | None:
    """Return the emergency of a conversation's state, or None. `clear`: with the numbers that the citizen gave."""
    alarm: dict[str, Any] | None = state.get("alarm")
    if alarm is None or clear:
        return alarm
    return alarm | {key: mask_text(alarm.get(key, "")) for key in ("reason", "place")}


async def record(session: AsyncSession, id: str, kind: str, *, actor: Actor, **data: Any) -> None:
    """Write on the ledger what happened to the wish for a person."""
    await ledger.append(session, subject=f"conversation:{id}", kind=f"handover.{kind}", actor=actor, data=data)
