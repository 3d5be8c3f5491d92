"""How much each department has on its hands: counted every minute, so that a suggestion costs one look-up."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock, jobs
from core.auth import SYSTEM
from core.database import Base, transaction
from routing import agenda
from routing.agenda import Load

SECONDS = 60


class DepartmentLoad(Base):
    """What `agenda.loads` counted: unfinished tickets that a department leads on, and the late ones of them."""

    __tablename__ = "department_loads"

    department: Mapped[str] = mapped_column(primary_key=True)
    open: Mapped[int]
    overdue: Mapped[int]
    counted_at: Mapped[datetime]


@jobs.sweep("departments.loads", seconds=SECONDS)
async def sweep() -> None:
    """Count anew, unless another worker has just done so."""
    async with transaction() as session:
        if not await session.scalar(text("select pg_try_advisory_xact_lock(hashtextextended('departments.loads', 5))")):
            return
        counted = await session.scalar(select(func.max(DepartmentLoad.counted_at)))
        if counted is None or clock.now() - counted >= timedelta(seconds=SECONDS / 2):
            await count(session)


async def count(session: AsyncSession) -> None:
    """Count every department's tickets now."""
    now = clock.now()
    await session.execute(delete(DepartmentLoad))
    session.add_all(
        DepartmentLoad(department=each.department, open=each.open, overdue=each.overdue, counted_at=now)
        for each in await agenda.loads(session, actor=SYSTEM)
    )
    await session.flush()


async def of(session: AsyncSession, codes: Iterable[str]) -> dict[str, Load]:
    """Return the last count of each department; nothing on hand where none was counted."""
    codes = list(codes)
    rows = await session.execute(
        select(DepartmentLoad.department, DepartmentLoad.open, DepartmentLoad.overdue).where(
            DepartmentLoad.department.in_(codes)
        )
    )
    known = {code: Load(department=code, open=count, overdue=late) for code, count, late in rows}
    return {code: known.get(code, Load(department=code, open=0, overdue=0)) for code in codes}
