"""The departments that own articles, as `departments.yaml` lists them: a parent answers for those below it."""

from functools import lru_cache
from pathlib import Path

from core.auth import Actor, Permission
from core.city import city, read_yaml
from core.errors import Forbidden


def known() -> frozenset[str]:
    """Return the codes of every department of the city."""
    return frozenset(_parents(city().folder))


def below(code: str) -> frozenset[str]:
    """Return a department and all below it."""
    return _below(city().folder, code)


def may_write(actor: Actor, department: str | None) -> bool:
    """Say whether the actor may write articles that `department` owns; None or empty: nobody is named yet.

    Editors write for all. A department proposes for itself and those below it.
    """
    if actor.may(Permission.KNOWLEDGE_EDIT):
        return True
    if not actor.may(Permission.KNOWLEDGE_PROPOSE) or actor.department is None:
        return False
    return not department or department in below(actor.department)


def must_write(actor: Actor, department: str | None) -> None:
    """Raise Forbidden where the actor may not write for `department`."""
    if not may_write(actor, department):
        raise Forbidden("这篇文章不归您的部门负责，不能修改。请联系文章的负责部门或热线中心。")


@lru_cache(maxsize=2)
def _parents(folder: Path) -> dict[str, str | None]:
    return {each["code"]: each.get("parent") for each in read_yaml(folder / "departments.yaml")}


@lru_cache(maxsize=256)
def _below(folder: Path, code: str) -> frozenset[str]:
    parents = _parents(folder)
    found, fresh = {code}, {code}
    while fresh:
        fresh = {each for each, parent in parents.items() if parent in fresh} - found
        found |= fresh
    return frozenset(found)
