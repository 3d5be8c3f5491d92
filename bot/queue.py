"""The queue of citizens who want a person, and who has whom."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot import conversations, duty, places
from bot.tables import Conversation, Handover
from core import clock, ledger, live
from core.auth import SYSTEM, Actor, Permission
from core.errors import Conflict
from core.privacy import mask_text

log = structlog.get_logger()

EMERGENCY = "emergency"  # a reason, and the desk that hears of it first
FAILED = "failed"  # a reason: the engine cannot answer this citizen
MISSED_CALL = "missed_call"
CALLBACK = "callback"  # the citizen need not wait: an agent telephones
LISTED = 50  # of those who wait: nobody takes the fifty-first


@dataclass(frozen=True, slots=True)
class Waiting:
    """A conversation that wants a person, or has one. `summary` is the matter so far, with numbers masked.

    `alarm`: the emergency in it (service, number, situation, reason, place; numbers masked), or None; `skill`: the desk
    that is asked first, until `open_at`; `waits_since`: since when the citizen waits for a word of who has it.
    """

    conversation: str
    channel: str
    since: datetime
    reason: str
    summary: str
    alarm: dict[str, Any] | None = None
    skill: str | None = None
    open_at: datetime | None = None
    returned: bool = False
    waits_since: datetime | None = None

    def may_be_taken_by(self, actor: Actor) -> bool:
        """Say whether the actor may take it now: it is open to anybody, or asks for what the actor can do."""
        return self.open_at is None or _may_take(actor, self.skill, self.open_at)


async def request(
    session: AsyncSession, id: str, reason: str, *, skill: str | None = None, actor: Actor = SYSTEM
) -> int:
    """Put the conversation into the queue and return its position, 1 first; asked again, it keeps its place.

    `reason`: emergency (goes before all others), asked, missed_call, callback, not_understood … `skill`: what whoever
    answers should be able to do, a code of `handover.yaml` (others are left out). Position 0: an agent has it.
    """
    await conversations.get(session, id, lock=True)
    entry, now = await open_entry(session, id), clock.now()
    if entry is None:
        entry = Handover(
            conversation_id=id,
            reason=reason,
            urgent=reason == EMERGENCY,
            returned=False,
            requested_at=now,
            open_at=now,
        )
        session.add(entry)
        await set_desk(session, entry, skill)
        await session.flush()
        entry.place = await places.of(session, entry)
        await record(session, id, "requested", actor=actor, reason=reason)
        await live.announce(session, "desk", "handover.waiting", conversation=id, reason=reason)
    else:
        rises = reason in {EMERGENCY, MISSED_CALL, CALLBACK} and not entry.urgent
        if rises:
            entry.reason, entry.urgent = reason, reason == EMERGENCY
        if entry.taken_at is None and (entry.urgent or entry.skill is None):
            await set_desk(session, entry, skill)
        await live.announce(session, "desk", "handover.waiting", conversation=id, reason=reason)
    await session.flush()
    return await places.of(session, entry)


async def set_desk(session: AsyncSession, entry: Handover, skill: str | None) -> None:
    """Let who has the skill see it first, where anybody on duty has it; an emergency goes to everybody at once."""
    wanted = duty.skill(EMERGENCY if entry.urgent else entry.skill or skill)
    entry.skill = wanted.code if wanted else None
    kept = wanted is not None and not entry.urgent and await duty.present(session, wanted.code)
    seconds = wanted.reserved_seconds if wanted and kept else 0
    entry.open_at = entry.requested_at if not seconds else clock.now() + timedelta(seconds=seconds)


async def renew(session: AsyncSession, id: str) -> None:
    """Let the desks show the entry anew: more is known of what the citizen wants."""
    entry = await open_entry(session, id)
    if entry is not None:
        await live.announce(session, "desk", "handover.waiting", conversation=id, reason=entry.reason)


async def position(session: AsyncSession, id: str) -> int | None:
    """Return the place in the queue, 0 when an agent has the conversation, None when it is in no queue."""
    entry = await open_entry(session, id)
    return None if entry is None else await places.of(session, entry)


async def cancel(session: AsyncSession, id: str, *, met: bool = False) -> None:
    """Leave the queue: the citizen wants no person any more; `met`: they have talked with one by telephone."""
    await conversations.get(session, id, lock=True)
    entry = await open_entry(session, id)
    if entry is not None and entry.taken_at is None:
        entry.ended_at, entry.ended_as = clock.now(), "met" if met else "left"
        await record(session, id, "cancelled", actor=SYSTEM)
        await live.announce(session, "desk", "handover.returned", conversation=id)


async def held(session: AsyncSession, id: str) -> bool:
    """Say whether an agent has the conversation."""
    entry = await open_entry(session, id)
    return entry is not None and entry.taken_at is not None


async def hears(session: AsyncSession, id: str) -> bool:
    """Say whether an agent has the conversation, who now is waited for: the citizen has said something."""
    entry = await open_entry(session, id)
    if entry is None or entry.taken_at is None:
        return False
    entry.waits_since = entry.waits_since or clock.now()
    return True


async def on_duty(session: AsyncSession) -> bool:
    """Say whether anybody who may take a conversation is signed in."""
    return await duty.present(session)


async def waiting(session: AsyncSession, *, actor: Actor | None = None, desk: str | None = None) -> list[Waiting]:
    """Return the head of the queue, first to be taken first.

    `actor`: in the order for that agent, whose own desks' conversations come first; `desk`: only those of one.
    """
    waits: ColumnElement[bool] = Handover.taken_at.is_(None)
    if desk is not None:
        waits &= Handover.skill == desk if desk else Handover.skill.is_(None)
    order: list[Any] = [Handover.urgent.desc(), Handover.returned.desc(), Handover.requested_at, Handover.id]
    if actor is not None:
        own = func.coalesce(Handover.skill.in_(actor.skills), False)
        order[2:2] = [own.desc(), (own | (Handover.open_at <= clock.now())).desc()]
    return await _listed(session, waits, order=order)


async def count_waiting(session: AsyncSession) -> int:
    """Return how many wait."""
    return (
        await session.scalar(select(func.count()).where(Handover.ended_at.is_(None), Handover.taken_at.is_(None))) or 0
    )


async def held_by(session: AsyncSession, *, actor: Actor) -> list[Waiting]:
    """Return the conversations that the agent has, longest held first."""
    holds = Handover.taken_at.is_not(None) & (Handover.staff_id == actor.id)
    return await _listed(session, holds, order=(Handover.taken_at,))


async def holder(session: AsyncSession, id: str) -> int | None:
    """Return the id of the member of staff who has the conversation, or None."""
    entry = await open_entry(session, id)
    return entry.staff_id if entry is not None and entry.taken_at is not None else None


def state_of(conversation: Conversation) -> dict[str, Any]:
    """Return what the engine remembers of the conversation: nothing, where that cannot be read."""
    try:
        state = json.loads(conversation.state or "{}")
    except ValueError:
        state = None
    if isinstance(state, dict):
        return state
    log.warning("state.unreadable", conversation=conversation.id)
    return {}


async def open_entry(session: AsyncSession, id: str) -> Handover | None:
    """Return the citizen's wish for a person that has not ended."""
    entry: Handover | None = await session.scalar(
        select(Handover).where(Handover.conversation_id == id, Handover.ended_at.is_(None))
    )
    return entry


async def own_entry(session: AsyncSession, id: str, actor: Actor) -> Handover:
    """Return the wish for a person that this agent has taken. Raises Conflict for anybody else."""
    entry = await open_entry(session, id)
    if entry is None or entry.taken_at is None or entry.staff_id != actor.id:
        raise Conflict("这个对话不在您手上，请先接听。")
    return entry


def may_take(actor: Actor, entry: Handover) -> bool:
    """Say whether the actor may take the wish now, or others are asked first."""
    return _may_take(actor, entry.skill, entry.open_at)


def _may_take(actor: Actor, skill: str | None, open_at: datetime) -> bool:
    return open_at <= clock.now() or skill in actor.skills or actor.may(Permission.TICKET_RULE)


async def _listed(session: AsyncSession, which: ColumnElement[bool], *, order: Sequence[Any]) -> list[Waiting]:
    rows = await session.execute(
        select(Handover, Conversation)
        .join(Conversation, Conversation.id == Handover.conversation_id)
        .where(Handover.ended_at.is_(None), which)
        .order_by(*order)
        .limit(LISTED)
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
        skill=entry.skill,
        open_at=entry.open_at,
        returned=entry.returned,
        waits_since=entry.waits_since,
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
