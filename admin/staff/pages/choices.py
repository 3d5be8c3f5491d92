"""What the selects of the pages offer."""

from itertools import groupby

from admin.staff import naming, texts
from core.errors import BadInput
from intents import RequestType, Urgency, categories
from intents.categories import LEVELS, Node
from routing import departments
from routing.tree import Department

KINDS = ("bureau", "agency", "utility", "district", "street", "grid")


def department_groups(locale: str, *, below: str | None = None) -> list[tuple[str, list[Department]]]:
    """Return the departments that a ticket can be sent to, by kind; `below`: only those directly below this one."""
    tree = departments.tree()
    offered = [
        each
        for each in tree
        if each.kind != "centre" and (each.kind != "grid" if below is None else each.parent == below)
    ]
    grouped = [(kind, [each for each in offered if each.kind == kind]) for kind in KINDS]
    return [(texts.named("department_kind", kind, locale), found) for kind, found in grouped if found]


def category_groups() -> list[tuple[str, list[Node]]]:
    """Return the leaves of the category tree under the names of their first two levels."""
    leaves = [node for node in categories.tree().leaves() if node.level == LEVELS]
    return [(name, list(nodes)) for name, nodes in groupby(leaves, key=lambda node: naming.STEP.join(node.path[:-1]))]


def category_paths() -> list[str]:
    """Return the full paths of the leaves of the category tree."""
    return [naming.STEP.join(leaf.path) for leaf in categories.tree().leaves()]


def every_category_path() -> list[str]:
    """Return the full paths of the category tree, its upper levels too."""
    return [naming.STEP.join(node.path) for node in categories.tree().values()]


def category_codes() -> list[str]:
    """Return the codes of the category tree in its order."""
    return list(categories.tree())


def category_of(written: str) -> str:
    """Return the code of the category whose full path is written; else what was."""
    path = tuple(name.strip() for name in written.split(naming.STEP.strip()))
    return next((code for code, node in categories.tree().items() if node.path == path), written)


def request_types() -> list[str]:
    """Return the codes of the request types."""
    return [str(each) for each in RequestType]


def urgencies() -> list[str]:
    """Return the codes of the urgencies, the mildest first."""
    return [str(each) for each in reversed(Urgency)]


def area_of(value: str) -> tuple[str | None, str | None]:
    """Return district and street of a select's value, `district` or `district/street`. Raises BadInput."""
    district, _, street = value.partition("/")
    known = next((each for each in naming.areas() if each["code"] == district), None)
    if value and (known is None or (street and all(each["code"] != street for each in known["streets"]))):
        raise BadInput("所选的区和街道对不上，请重新选择。")
    return district or None, street or None
