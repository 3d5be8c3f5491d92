"""Names of those who acted, as the ledger writes them: `staff:3`, `client:7`."""

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncSession

from core import auth, clients


async def names(session: AsyncSession, marks: Iterable[str]) -> dict[str, str]:
    """Return names by mark; what is neither a member of staff nor a department's system has none."""
    ids: dict[str, set[int]] = defaultdict(set)
    for mark in marks:
        kind, _, id = mark.partition(":")
        if id.isdecimal():
            ids[kind].add(int(id))
    found: dict[str, str] = {}
    for kind, look_up in (("staff", auth.names), ("client", clients.names)):
        if ids[kind]:
            found |= {f"{kind}:{id}": name for id, name in (await look_up(session, ids[kind])).items()}
    return found
