"""The door: web. Citizens' pages, and the HTTP interface that they and anybody's programs use.

router    the citizens' HTTP interface (`/api/v1/…`) and the pages (`/`, `/widget`, `/track`)
deliver   puts a notice out of the outbox into the citizen's conversation
"""

from fastapi import APIRouter

from channels.web import articles, conversations, pages, tickets
from channels.web.notices import deliver

__all__ = ["deliver", "router"]

router = APIRouter()
router.include_router(conversations.router)
router.include_router(tickets.router)
router.include_router(articles.router)
router.include_router(pages.router)
