"""Taking up a table of catalogue rows: first what it would change, then all of it or nothing."""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.auth import Actor
from core.errors import BadInput, Conflict, YitongError
from routing import catalogue_changes, catalogue_checks, catalogue_effects, catalogue_versions
from routing.catalogue_effects import Effect
from routing.catalogue_files import Line
from routing.catalogue_versions import CatalogueVersion
from routing.messages import say


@dataclass(frozen=True, slots=True)
class Plan:
    """What a file would do: lines that change a row, how many say what holds already, lines that cannot be used.

    `warnings`: line and sentence; `seen`: the newest version of all, to be given back when it is saved.
    """

    changes: tuple[Line, ...]
    same: int
    problems: tuple[Line, ...]
    warnings: tuple[tuple[int, str], ...]
    effect: Effect
    seen: int


async def plan(session: AsyncSession, lines: list[Line]) -> Plan:
    """Return what the lines of a file would do. Rows that the file does not name stay as they are."""
    known = await catalogue_versions.timeline(session)
    changes: list[Line] = []
    problems = [line for line in lines if line.change is None]
    warnings: list[tuple[int, str]] = []
    same = 0
    times = Counter(line.change.row.key for line in lines if line.change)
    before = after = await catalogue_versions.in_force(session)
    for line in lines:
        change = line.change
        if change is None:
            continue
        if times[change.row.key] > 1:
            problems.append(Line(line.number, None, say("refused.catalogue.again")))
            continue
        try:
            if catalogue_checks.is_so_already(change, known):
                same += 1
                continue
            warnings += [(line.number, said) for said in catalogue_checks.examine(change, known).warnings]
        except YitongError as refused:
            problems.append(Line(line.number, None, refused.sentence))
            continue
        changes.append(line)
        after = after.with_row(change.row, gone=change.lead is None)
    keys = [line.change.row.key for line in changes if line.change]
    return Plan(
        changes=tuple(changes),
        same=same,
        problems=tuple(sorted(problems, key=lambda line: line.number)),
        warnings=tuple(warnings),
        effect=await catalogue_effects.between(session, before, after, keys) if keys else Effect((), ()),
        seen=await latest(session),
    )


async def save(
    session: AsyncSession, lines: list[Line], *, actor: Actor, reason: str, seen: int | None
) -> list[CatalogueVersion]:
    """Write every change of a file. Raises BadInput while a line cannot be used, Conflict where others were faster.

    Whoever changes the catalogue at the same moment waits until this is done, and is then told that it was changed.
    """
    await catalogue_changes.hold_all(session)
    if seen is not None and seen != await latest(session):
        raise Conflict(say("refused.catalogue.changed_any"))
    found = await plan(session, lines)
    if found.problems:
        first = found.problems[0]
        raise BadInput(
            say("refused.catalogue.lines", count=len(found.problems), number=first.number, why=first.problem)
        )
    if not found.changes:
        raise Conflict(say("refused.catalogue.same"))
    return [
        await catalogue_changes.save(session, line.change, actor=actor, reason=reason, seen=None)
        for line in found.changes
        if line.change
    ]


async def latest(session: AsyncSession) -> int:
    """Return a mark of how often the catalogue was changed."""
    statement = select(func.count(CatalogueVersion.id), func.count(CatalogueVersion.withdrawn_at))
    count, withdrawn = (await session.execute(statement)).one()
    return count + withdrawn
