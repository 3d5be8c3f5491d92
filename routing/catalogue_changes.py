"""Changing the dispatch catalogue: what a change would do, writing it, taking a plan back."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock, ledger, live
from core.auth import Actor, Permission
from core.errors import BadInput, Conflict, NotFound
from core.text.normalise import clean
from routing import catalogue_effects, catalogue_versions
from routing.catalogue import Row
from routing.catalogue_checks import LONGEST, Change, examine
from routing.catalogue_effects import Effect
from routing.catalogue_versions import CatalogueVersion
from routing.messages import say

TOPIC = "desk"


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would do: warnings in sentences, and the tickets it would send elsewhere.

    `seen`: a mark of the row's state, to be given back when it is saved.
    """

    before: Row | None
    warnings: tuple[str, ...]
    effect: Effect
    seen: int
    begins: datetime
    ends: datetime | None


async def preview(session: AsyncSession, change: Change) -> Preview:
    """Return what a change would do. Raises BadInput or Conflict, in a sentence, where it cannot be made."""
    found = examine(change, await catalogue_versions.timeline(session))
    now = await catalogue_versions.in_force(session, found.begins)
    after = now.with_row(change.row, gone=change.lead is None)
    return Preview(
        before=found.before,
        warnings=found.warnings,
        effect=await catalogue_effects.between(session, now, after, [change.row.key]),
        seen=await latest(session, change.category, change.area),
        begins=found.begins,
        ends=found.ends,
    )


async def save(
    session: AsyncSession, change: Change, *, actor: Actor, reason: str, seen: int | None
) -> CatalogueVersion:
    """Write a change; it takes effect by itself at its day, in every process. One event in the ledger.

    `seen`: `Preview.seen` when its author looked, None: whatever was changed meanwhile. Raises Forbidden, BadInput for
    what cannot be meant, Conflict where a colleague changed the row meanwhile or the days overlap with a planned one.
    """
    actor.must(Permission.TICKET_RULE)
    reason = clean(reason)
    if not reason or len(reason) > LONGEST:
        raise BadInput(say("refused.catalogue.reason"))
    await _queue(session, change.category, change.area)
    if seen is not None and seen != await latest(session, change.category, change.area):
        raise Conflict(say("refused.catalogue.changed"))
    found = examine(change, await catalogue_versions.timeline(session))
    version = CatalogueVersion(
        category=change.category,
        area=change.area,
        lead=change.lead,
        co_handlers=list(change.co_handlers),
        basis=change.basis,
        effective_from=found.begins,
        effective_to=found.ends,
        reason=reason,
        changed_by=str(actor),
        changed_at=clock.now(),
        withdrawn_at=None,
        withdrawn_by=None,
    )
    session.add(version)
    await session.flush()
    await _record(session, version, "changed", actor)
    return version


async def withdraw(session: AsyncSession, version_id: int, *, actor: Actor) -> CatalogueVersion:
    """Take back a version that has not begun: what it would have ended goes on. Raises NotFound, Conflict."""
    actor.must(Permission.TICKET_RULE)
    version = await session.get(CatalogueVersion, version_id)
    if version is None:
        raise NotFound(say("refused.catalogue.no_version"))
    await _queue(session, version.category, version.area)
    await session.refresh(version, with_for_update=True)
    if version.withdrawn_at is not None or version.effective_from <= clock.now():
        raise Conflict(say("refused.catalogue.begun"))
    version.withdrawn_at, version.withdrawn_by = clock.now(), str(actor)
    await session.flush()
    await _record(session, version, "withdrawn", actor)
    return version


async def latest(session: AsyncSession, category: str, area: str) -> int:
    """Return a mark of how often a row was changed; 0: never."""
    # A plan that was taken back since counts as a change too.
    newest = select(func.max(CatalogueVersion.id), func.count(CatalogueVersion.withdrawn_at))
    id, withdrawn = (
        await session.execute(newest.where(CatalogueVersion.category == category, CatalogueVersion.area == area))
    ).one()
    return (id or 0) * 1000 + withdrawn


async def hold_all(session: AsyncSession) -> None:
    """Let nobody else change any row until the transaction ends; wait for whoever does."""
    await session.execute(text("select pg_advisory_xact_lock(hashtextextended('catalogue', 4))"))


async def _queue(session: AsyncSession, category: str, area: str) -> None:
    """Let changes of one row happen one after the other, and none while a whole table is taken up."""
    await session.execute(text("select pg_advisory_xact_lock_shared(hashtextextended('catalogue', 4))"))
    name = f"catalogue:{category}@{area}"
    await session.execute(text("select pg_advisory_xact_lock(hashtextextended(:name, 4))"), {"name": name})


async def _record(session: AsyncSession, version: CatalogueVersion, kind: str, actor: Actor) -> None:
    """Write what was changed into the ledger; the reason stays in its own row."""
    await ledger.append(
        session,
        subject=f"catalogue:{version.category}@{version.area}",
        kind=f"catalogue.{kind}",
        actor=actor,
        data={
            "version": version.id,
            "lead": version.lead,
            "co_handlers": version.co_handlers,
            "basis": version.basis,
            "from": version.effective_from.isoformat(),
            "to": version.effective_to.isoformat() if version.effective_to else None,
        },
    )
    await live.announce(session, TOPIC, f"catalogue.{kind}", version=version.id)
