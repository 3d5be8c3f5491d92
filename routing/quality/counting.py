"""How many findings stand so: of the whole line out of few rows, of a department out of its own."""

from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from core import jobs
from core.auth import Actor, Permission
from core.database import transaction
from routing import reading
from routing.models import Ticket
from routing.quality.checks import CHECKS
from routing.quality.tables import READ, Finding, QualityCount

NOBODY = "-"  # asks for findings on tickets that no department has

_FOLD = text(
    'with gone as (delete from quality_counts returning department, "check", state, findings) '
    'insert into quality_counts (department, "check", state, findings) '
    'select department, "check", state, sum(findings) from gone '
    'group by department, "check", state having sum(findings) <> 0'
)


@jobs.sweep("quality.counts", seconds=5)
async def fold() -> None:
    """Sum up the counts, so that few rows hold them."""
    async with transaction() as session:
        # One at a time is enough; a row that another transaction has not committed yet waits for the next time.
        if await session.scalar(select(func.pg_try_advisory_xact_lock(func.hashtextextended("quality.counts", 0)))):
            await session.execute(_FOLD)


async def by_check(session: AsyncSession, *, actor: Actor, state: str, department: str = "") -> dict[str, int]:
    """Return how many findings of each check stand so; each number is the length of its list."""
    counted = dict.fromkeys(CHECKS, 0)
    for (_, check), number in (await _counted(session, actor=actor, state=state, department=department)).items():
        if check in counted:
            counted[check] += number
    return counted


async def by_department(session: AsyncSession, *, actor: Actor, state: str) -> dict[str, dict[str, int]]:
    """Return for each department that has any how many findings of each check stand so, and `read`: replies read."""
    found: dict[str, dict[str, int]] = {}
    for (department, check), number in (await _counted(session, actor=actor, state=state)).items():
        found.setdefault(department, {})[check] = number
    for department, number in await _read(session, actor):
        if department in found:
            found[department][READ] = number
    return dict(sorted(found.items(), key=lambda each: -_sum(each[1])))


def _sum(numbers: dict[str, int]) -> int:
    return sum(number for check, number in numbers.items() if check != READ)


async def _counted(
    session: AsyncSession, *, actor: Actor, state: str, department: str = ""
) -> dict[tuple[str, str], int]:
    if actor.department:
        # A department has few enough to count.
        kind = Finding.department, Finding.check
        own = select(*kind, func.count()).join(Ticket, Ticket.id == Finding.ticket_id)
        own = own.where(reading.visible_to(actor), *of(actor, department), Finding.state == state).group_by(*kind)
        return {(code, check): number for code, check, number in await session.execute(own)}
    counted = QualityCount.department, QualityCount.check
    total = select(*counted, func.sum(QualityCount.findings)).where(QualityCount.state == state).group_by(*counted)
    if department:
        total = total.where(QualityCount.department == code_of(department))
    found = {(code, check): int(number) for code, check, number in await session.execute(total) if number}
    if not actor.may(Permission.TICKET_RULE):
        # As `visible_to` says it; few are sealed, and an index has them.
        kind = Finding.department, Finding.check
        sealed = select(*kind, func.count()).join(Ticket, Ticket.id == Finding.ticket_id)
        rows = await session.execute(sealed.where(Ticket.sealed, Finding.state == state).group_by(*kind))
        for code, check, number in rows:
            if (code, check) in found:
                found[code, check] -= number
    return found


async def _read(session: AsyncSession, actor: Actor) -> list[tuple[str, int]]:
    total = select(QualityCount.department, func.sum(QualityCount.findings)).where(QualityCount.state == READ)
    if actor.department:
        total = total.where(QualityCount.department == actor.department)
    rows = await session.execute(total.group_by(QualityCount.department))
    return [(code, int(number)) for code, number in rows]


def of(actor: Actor, department: str = "") -> list[ColumnElement[bool]]:
    """Return the conditions for whose findings: a department's own, or those of the one that is asked for."""
    wanted = [actor.department, department]
    return [Finding.department == code_of(each) for each in wanted if each]


def code_of(department: str) -> str:
    """Return the code that findings hold for the department that is asked for."""
    return "" if department == NOBODY else department
