"""REST: tickets of the whole centre that are probably one matter.

A pair is settled by the commands `merge` and `apart` of either ticket.
"""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from admin.staff.access import Staffed
from admin.staff.duplicates.views import SuspectedView, views
from admin.staff.refusals import refusals
from core.database import transaction
from core.settings import settings
from routing import suspected

router = APIRouter(prefix="/api/v1/staff/duplicates", tags=["staff: tickets"], responses=refusals(401, 403, 422, 503))


class SuspectedPage(BaseModel):
    """Pairs that nobody has settled, the likeliest first, and what people said of others."""

    pairs: list[SuspectedView]
    next: str | None = Field(description="What to ask for as `after`; null on the last page.")
    one: int = Field(description="Suspected pairs that were merged in the last 30 days.")
    apart: int = Field(
        description="Suspected pairs of which people said in the last 30 days that they are two matters."
    )


@router.get("")
async def list_duplicates(
    actor: Staffed,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    after: Annotated[str, Query(max_length=80, description="`next` of the page before.")] = "",
) -> SuspectedPage:
    """List open tickets that are probably one matter, pair by pair, the likeliest first."""
    async with transaction() as session:
        found = await suspected.listing(session, actor=actor, limit=limit + 1, after=after)
        one, apart = await suspected.agreed(session, actor=actor)
        return SuspectedPage(
            pairs=await views(session, found[:limit], locale=settings().locale),
            next=found[limit - 1].mark if len(found) > limit else None,
            one=one,
            apart=apart,
        )
