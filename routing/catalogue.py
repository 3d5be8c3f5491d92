"""The dispatch catalogue: category × area → lead, co-handlers, legal basis.

`catalogue/*.csv` is the version that the city ships; `catalogue_versions` holds what was changed since, from when.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core.city import city
from routing.data import refuse
from routing.tree import Departments, tree

HEADER = ["category", "area", "lead", "co_handlers", "basis"]
EVERYWHERE = "*"
DISTRICT, STREET = "@district", "@street"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the catalogue, as written."""

    category: str
    area: str
    lead: str
    co_handlers: tuple[str, ...]
    basis: str
    version: int | None = None  # which change made it (`catalogue_versions`); None: it stands in the city's files

    @property
    def key(self) -> tuple[str, str]:
        """Return category and area: what there is one row of at a time."""
        return self.category, self.area


@dataclass(frozen=True, slots=True)
class Assignment:
    """What the catalogue says of one matter: department codes, `lead` None where the place must be known first."""

    row: Row
    lead: str | None
    co_handlers: tuple[str, ...]


class Catalogue:
    """The rows, found by the longest category and then by the more specific area."""

    def __init__(self, rows: list[Row], departments: Departments) -> None:
        """Take the rows and the departments that they name."""
        self._rows = {(row.category, row.area): row for row in rows}
        self._departments = departments

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows.values())

    def get(self, category: str, area: str) -> Row | None:
        """Return the row that is written for exactly this category and area."""
        return self._rows.get((category, area))

    def with_row(self, row: Row, *, gone: bool = False) -> "Catalogue":
        """Return this catalogue as it would be with `row` (or, `gone`, without it)."""
        others = [each for each in self if each.key != row.key]
        return Catalogue(others if gone else [*others, row], self._departments)

    def categories(self) -> set[str]:
        """Return the category codes that have a row."""
        return {category for category, _ in self._rows}

    def find(self, *, category: str, district: str | None, street: str | None) -> Assignment | None:
        """Return who is responsible for a category in a place, or None where the catalogue has no row."""
        row = self._row(category, district)
        if row is None:
            return None
        named = [self._resolve(each, district, street) for each in (row.lead, *row.co_handlers)]
        lead = named[0]
        others = dict.fromkeys(code for code in named[1:] if code is not None and code != lead)
        return Assignment(row=row, lead=lead, co_handlers=tuple(others))

    def _row(self, category: str, district: str | None) -> Row | None:
        parts = category.split(".")
        for length in range(len(parts), 0, -1):
            prefix = ".".join(parts[:length])
            found = self._rows.get((prefix, district)) if district else None
            found = found or self._rows.get((prefix, EVERYWHERE))
            if found:
                return found
        return None

    def _resolve(self, named: str, district: str | None, street: str | None) -> str | None:
        if named not in {DISTRICT, STREET}:
            return named
        # A matter for the street whose street is unknown goes to the district, which sends it on.
        found = self._departments.of_street(district, street) if named == STREET else None
        found = found or self._departments.of_district(district)
        return found.code if found else None


def load(folder: Path, departments: Departments) -> Catalogue:
    """Read every file of `catalogue/`.

    Raises BadInput, naming file and line: another header, a row given twice, an unknown department or district.
    """
    rows: dict[tuple[str, str], Row] = {}
    for file in sorted((folder / "catalogue").glob("*.csv")):
        with file.open(encoding="utf-8-sig", newline="") as opened:
            reader = csv.reader(opened)
            if next(reader, None) != HEADER:
                refuse(file, "line 1", f"the header must be {','.join(HEADER)}")
            for cells in reader:
                if not cells:
                    continue
                row = _row(cells, departments, file=file, line=f"line {reader.line_num}")
                if (row.category, row.area) in rows:
                    refuse(file, f"line {reader.line_num}", f"{row.category} in {row.area} has a row already")
                rows[row.category, row.area] = row
    return Catalogue(list(rows.values()), departments)


def _row(cells: list[str], departments: Departments, *, file: Path, line: str) -> Row:
    if len(cells) != len(HEADER):
        refuse(file, line, f"it has {len(cells)} cells where {len(HEADER)} are wanted")
    category, area, lead, co_handlers, basis = (cell.strip() for cell in cells)
    others = tuple(each.strip() for each in co_handlers.split(";") if each.strip())
    if not category or not basis:
        refuse(file, line, "category and basis must not be empty")
    if area != EVERYWHERE and departments.of_district(area) is None:
        refuse(file, line, f"there is no district {area}")
    for named in (lead, *others):
        if named not in departments and named not in {DISTRICT, STREET}:
            refuse(file, line, f"there is no department {named or '(empty)'}")
    if lead in departments and departments.get(lead).kind == "grid":
        refuse(file, line, f"{lead} is a grid, and the centre dispatches to no grid")
    return Row(category=category, area=area, lead=lead, co_handlers=others, basis=basis)


def catalogue() -> Catalogue:
    """Return the dispatch catalogue of the city's files; what holds now says `catalogue_versions.in_force`."""
    return _catalogue(city().folder)


@lru_cache(maxsize=4)
def _catalogue(folder: Path) -> Catalogue:
    return load(folder, tree())
