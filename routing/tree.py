"""The departments of the city (`departments.yaml`) as a tree."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field

from core.city import city, read_yaml
from core.errors import BadInput
from routing.data import Strict, parse, refuse
from routing.opening_hours import Hours, OnDuty

PLACES = ("district", "street", "grid")  # each sends on to its own of the next


class Department(Strict):
    """A department, agency, utility, district, street or grid with what it is responsible for.

    `area`: a district's code, `district/street` for a street, `district/street/grid` for a grid; None for the whole
    city.
    """

    code: str = Field(pattern=r"^[a-z0-9_]+$")
    name: str = Field(min_length=1)
    short_name: str = Field(min_length=1)
    kind: Literal["centre", "bureau", "agency", "utility", "district", "street", "grid"]
    parent: str | None = None
    duties: tuple[str, ...] = Field(min_length=1)
    phone: str = ""
    hours: str = ""  # as people read them
    opening: Hours | None = None  # the same as data; None: when offices are open
    on_duty: OnDuty | None = None  # who answers while it is closed
    area: str | None = None
    short_numbers: tuple[str, ...] = ()


class Departments:
    """The tree: look-up by code, by parent and by area."""

    def __init__(self, departments: list[Department]) -> None:
        """Take the departments in the file's order; parents are known."""
        self._by_code = {department.code: department for department in departments}
        self._by_area = {department.area: department for department in departments if department.area}

    def __iter__(self) -> Iterator[Department]:
        return iter(self._by_code.values())

    def __contains__(self, code: object) -> bool:
        return code in self._by_code

    def get(self, code: str) -> Department:
        """Return the department. Raises BadInput for an unknown code."""
        try:
            return self._by_code[code]
        except KeyError:
            raise BadInput("没有这个部门，请从部门列表里选择。") from None

    def children(self, code: str | None) -> list[Department]:
        """Return the departments directly below `code`; below None, the top ones."""
        return [department for department in self if department.parent == code]

    def below(self, code: str | None) -> list[Department]:
        """Return whom a district or street may send on to: its own streets, its own grids."""
        if code is None or self.get(code).kind not in PLACES:
            return []
        return [each for each in self.children(code) if each.kind in PLACES]

    def of_district(self, district: str | None) -> Department | None:
        """Return the district government of a district code."""
        return self._by_area.get(district) if district else None

    def of_street(self, district: str | None, street: str | None) -> Department | None:
        """Return the street office or town of a street code."""
        return self._by_area.get(f"{district}/{street}") if district and street else None


def load(file: Path) -> Departments:
    """Read `departments.yaml`.

    Raises BadInput, naming the entry: a missing field, a code used twice, an unknown parent, a circle of parents.
    """
    content = read_yaml(file)
    if not isinstance(content, list):
        refuse(file, "the file", "it must hold a list of departments")
    found: dict[str, Department] = {}
    for number, value in enumerate(content, 1):
        entry = f"entry {number} ({value.get('code', 'no code') if isinstance(value, dict) else 'not a mapping'})"
        department = parse(Department, value, file=file, entry=entry)
        if department.code in found:
            refuse(file, entry, "the code is used twice")
        if (department.kind in PLACES) != (department.area is not None):
            refuse(file, entry, "a district, a street and a grid name their area, others do not")
        found[department.code] = department
    for department in found.values():
        seen = {department.code}
        parent = department.parent
        while parent is not None:
            if parent not in found:
                refuse(file, department.code, f"there is no parent {parent}")
            if parent in seen:
                refuse(file, department.code, "its parents form a circle")
            seen.add(parent)
            parent = found[parent].parent
        if department.kind == "grid" and found[department.parent or department.code].kind != "street":
            refuse(file, department.code, "a grid stands below its street")
    return Departments(list(found.values()))


def tree() -> Departments:
    """Return the city's departments."""
    return _tree(city().folder / "departments.yaml")


@lru_cache(maxsize=4)
def _tree(file: Path) -> Departments:
    return load(file)
