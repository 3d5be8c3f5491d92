"""What was changed in the dispatch catalogue, from when, by whom and why; and the catalogue in force at a moment.

A version is one row as it holds from a moment on. It is written once: the next version of the same category and area
ends it, and the city's files hold until the first version of a row begins. So nothing is overwritten, a change planned
for next month begins by itself, and the catalogue of any day can be read again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import BigInteger, Identity, Index, Text, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.city import city
from core.database import Base
from routing.catalogue import Catalogue, Row, catalogue
from routing.tree import tree


class CatalogueVersion(Base):
    """One row of the catalogue from a moment on; `lead` None: from then on there is no such row.

    `effective_to` is the end that its author set, not included; an earlier next version ends it before. Only a version
    that has not begun can be withdrawn.
    """

    __tablename__ = "catalogue_versions"
    __table_args__ = (Index("ix_catalogue_versions_row", "category", "area", "effective_from"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    category: Mapped[str]
    area: Mapped[str]
    lead: Mapped[str | None]
    co_handlers: Mapped[list[str]]
    basis: Mapped[str]
    effective_from: Mapped[datetime]
    effective_to: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(Text)
    changed_by: Mapped[str]
    changed_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None]


@dataclass(frozen=True, slots=True)
class Span:
    """A version with the moment at which it really ends: its own end or the beginning of the next."""

    row: Row
    version: int
    begins: datetime
    ends: datetime | None
    gone: bool  # it says that there is no such row

    def holds(self, moment: datetime) -> bool:
        """Say whether it is in force at a moment."""
        return self.begins <= moment and (self.ends is None or moment < self.ends)


class Timeline:
    """The catalogue through time: the city's files, and each row's versions in order."""

    def __init__(self, shipped: Catalogue, versions: Iterable[CatalogueVersion]) -> None:
        """Take the files' catalogue and the versions that were not withdrawn."""
        self._shipped = shipped
        self._spans: dict[tuple[str, str], list[Span]] = {}
        for each in sorted(versions, key=lambda version: (version.effective_from, version.id)):
            line = self._spans.setdefault((each.category, each.area), [])
            if line and (line[-1].ends is None or line[-1].ends > each.effective_from):
                line[-1] = replace(line[-1], ends=each.effective_from)
            line.append(_span(each))
        self._read: tuple[datetime, datetime | None, Catalogue] | None = None

    def at(self, moment: datetime) -> Catalogue:
        """Return the catalogue in force at a moment."""
        if self._read and self._read[0] <= moment and (self._read[1] is None or moment < self._read[1]):
            return self._read[2]
        made = self._make(moment)
        bounds = [each for line in self._spans.values() for span in line for each in (span.begins, span.ends) if each]
        begun = max((each for each in bounds if each <= moment), default=datetime.min.replace(tzinfo=moment.tzinfo))
        self._read = (begun, min((each for each in bounds if each > moment), default=None), made)
        return made

    def of(self, category: str, area: str) -> list[Span]:
        """Return a row's versions, oldest first; the files' row is none of them."""
        return self._spans.get((category, area), [])

    def planned(self, moment: datetime) -> list[Span]:
        """Return the versions that begin after a moment, the next first."""
        found = [span for line in self._spans.values() for span in line if span.begins > moment]
        return sorted(found, key=lambda span: (span.begins, span.version))

    def _make(self, moment: datetime) -> Catalogue:
        rows = {row.key: row for row in self._shipped}
        for key, line in self._spans.items():
            if line[0].begins <= moment:  # from here on the files say no more on this row
                rows.pop(key, None)
            for span in line:
                if span.holds(moment) and not span.gone:
                    rows[key] = span.row
        return Catalogue(list(rows.values()), tree())


def _span(version: CatalogueVersion) -> Span:
    return Span(
        row=Row(
            category=version.category,
            area=version.area,
            lead=version.lead or "",
            co_handlers=tuple(version.co_handlers),
            basis=version.basis,
            version=version.id,
        ),
        version=version.id,
        begins=version.effective_from,
        ends=version.effective_to,
        gone=version.lead is None,
    )


_Stamp = tuple[object, ...]
_held: tuple[_Stamp, Path, Timeline] | None = None

# Number, newest id, withdrawals and newest transaction: any change of the table changes one of them.
_STAMP = text("select count(*), max(id), count(withdrawn_at), max(xmin::text::bigint) from catalogue_versions")


async def timeline(session: AsyncSession) -> Timeline:
    """Return the catalogue through time as the session sees it, read anew only where something was changed.

    So every process follows a change at its next question, without being told.
    """
    global _held
    stamp: _Stamp = tuple((await session.execute(_STAMP)).one())
    folder = city().folder
    if _held is None or _held[0] != stamp or _held[1] != folder:
        _held = (stamp, folder, Timeline(catalogue(), await _kept(session)))
    return _held[2]


async def in_force(session: AsyncSession, at: datetime | None = None) -> Catalogue:
    """Return the catalogue in force at a moment; None: now."""
    return (await timeline(session)).at(at or clock.now())


async def history(session: AsyncSession, category: str, area: str) -> Sequence[CatalogueVersion]:
    """Return every version that was ever written of a row, the latest beginning first, withdrawn ones too."""
    statement = select(CatalogueVersion).where(CatalogueVersion.category == category, CatalogueVersion.area == area)
    return (
        await session.scalars(statement.order_by(CatalogueVersion.effective_from.desc(), CatalogueVersion.id.desc()))
    ).all()


async def _kept(session: AsyncSession) -> Sequence[CatalogueVersion]:
    return (await session.scalars(select(CatalogueVersion).where(CatalogueVersion.withdrawn_at.is_(None)))).all()
