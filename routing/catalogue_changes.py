"""Changing the dispatch catalogue: what a change would do, what speaks against it, writing it, taking a plan back."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from core import clock, ledger, live
from core.auth import Actor, Permission
from core.city import city
from core.errors import BadInput, Conflict, NotFound
from core.text.normalise import clean
from intents import categories
from routing import catalogue_effects, catalogue_versions
from routing.catalogue import DISTRICT, EVERYWHERE, STREET, Row
from routing.catalogue_effects import Effect
from routing.catalogue_versions import CatalogueVersion, Timeline
from routing.messages import say
from routing.tree import tree

TOPIC = "desk"
LONGEST = 1000  # characters of basis and reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A row as it is to hold; `lead` None: the row is to end.

    `effective_from`, `effective_to`: first and last day in the city's zone; None: at once, and without end.
    """

    category: str
    area: str = EVERYWHERE
    lead: str | None
    co_handlers: tuple[str, ...] = ()
    basis: str = ""
    effective_from: date | None = None
    effective_to: date | None = None

    @property
    def row(self) -> Row:
        """Return the row that it makes."""
        return Row(self.category, self.area, self.lead or "", self.co_handlers, self.basis)


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


@dataclass(frozen=True, slots=True)
class Examined:
    """A change that can be made: what holds before it, from when to when it will, and what speaks against it."""

    before: Row | None
    begins: datetime
    ends: datetime | None
    warnings: tuple[str, ...]


def examine(change: Change, known: Timeline) -> Examined:
    """Return what must be known of a change. Raises BadInput or Conflict, in a sentence, where it cannot be made."""
    begins, ends = _moments(change)
    _check(change)
    before = known.at(begins).get(change.category, change.area)
    if change.lead is None and before is None:
        raise Conflict(say("refused.catalogue.no_row"))
    if is_so_already(change, known):
        raise Conflict(say("refused.catalogue.same"))
    _check_dates(change, known, begins, ends)
    return Examined(before, begins, ends, tuple(_warnings(change, before, ends)))


def is_so_already(change: Change, known: Timeline) -> bool:
    """Say whether the row says so already when the change would begin. An end of its own is something new."""
    before = known.at(_moments(change)[0]).get(change.category, change.area)
    if before is None or change.effective_to is not None:
        return False
    return (before.lead, before.co_handlers, before.basis) == (change.lead, change.co_handlers, change.basis)


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
    version = await session.get(CatalogueVersion, version_id, with_for_update=True)
    if version is None:
        raise NotFound(say("refused.catalogue.no_version"))
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


async def _queue(session: AsyncSession, category: str, area: str) -> None:
    """Let changes of one row happen one after the other."""
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


def _moments(change: Change) -> tuple[datetime, datetime | None]:
    """Return when the change begins and ends. Raises BadInput for a day that has passed, or an end before it begins."""
    now, zone = clock.now(), ZoneInfo(city().time_zone)
    today = now.astimezone(zone).date()
    first = change.effective_from or today
    if first < today:
        raise BadInput(say("refused.catalogue.past"))
    if change.effective_to is not None and change.effective_to < first:
        raise BadInput(say("refused.catalogue.end"))
    begins = now if first == today else datetime.combine(first, time(), zone)
    last = change.effective_to
    return begins, datetime.combine(last + timedelta(days=1), time(), zone) if last else None


def _check(change: Change) -> None:
    known = tree()
    if change.category not in categories.tree():
        raise BadInput(say("refused.category"))
    if change.area != EVERYWHERE and known.of_district(change.area) is None:
        raise BadInput(say("refused.catalogue.area"))
    if change.lead is None:
        return
    for code in (change.lead, *change.co_handlers):
        if code not in known and code not in {DISTRICT, STREET}:
            raise BadInput(say("refused.catalogue.department", code=code or "–"))
    # Spreadsheets, in which the catalogue is exchanged, would take these for the beginning of a formula.
    if not change.basis or change.basis[0] in "=+-@" or len(change.basis) > LONGEST:
        raise BadInput(say("refused.catalogue.basis"))
    if change.lead in change.co_handlers:
        raise BadInput(say("refused.catalogue.twice"))


def _check_dates(change: Change, known: Timeline, begins: datetime, ends: datetime | None) -> None:
    """Raise Conflict where the days overlap with what is planned; the version in force is ended, not overlapped."""
    later = [span for span in known.of(change.category, change.area) if span.begins >= begins]
    if later and (ends is None or ends > later[0].begins):
        day = clock.local(later[0].begins, city().time_zone).date()
        raise Conflict(say("refused.catalogue.overlap", day=day.isoformat()))


def _warnings(change: Change, before: Row | None, ends: datetime | None) -> Iterator[str]:
    if change.lead is not None:
        level, was = _level(change.lead), _level(before.lead) if before else "bureau"
        if level == "street" and was != "street":
            yield say("warning.catalogue.pushed_down")
        if level == "centre":
            yield say("warning.catalogue.centre")
    if ends is not None:
        yield say("warning.catalogue.ends", day=change.effective_to.isoformat() if change.effective_to else "")


def _level(lead: str) -> str:
    if lead == STREET:
        return "street"
    if lead == DISTRICT:
        return "district"
    return tree().get(lead).kind if lead in tree() else "bureau"
