"""Staff: their interface (`/api/v1/staff/…`) and their pages (`/desk`, `/workbench` …).

router   everything, to be included in the web app
access   who is signed in, protection from other sites
tickets, duplicates, catalogue, conversations, knowledge, session, events   the interface; what pages share
systems  the interface of departments' own systems (`/api/v1/systems/…`)
once     commands that may be asked again: Idempotency-Key, If-Match
pages    the pages
"""

from fastapi import APIRouter

from admin.staff import accounts, events, jobs, session
from admin.staff.catalogue.endpoints import router as catalogue_router
from admin.staff.clocks.endpoints import router as clocks_router
from admin.staff.conversations.endpoints import router as conversations_router
from admin.staff.conversations.supervising import router as queues_router
from admin.staff.duplicates.endpoints import router as duplicates_router
from admin.staff.figures.endpoints import router as figures_router
from admin.staff.knowledge.endpoints import router as knowledge_router
from admin.staff.knowledge.importing import router as importing_router
from admin.staff.negotiations.endpoints import router as negotiations_router
from admin.staff.pages import router as pages_router
from admin.staff.quality.endpoints import router as quality_router
from admin.staff.systems import router as systems_router
from admin.staff.tickets.endpoints import router as tickets_router
from admin.staff.tickets.proceedings import router as proceedings_router
from admin.staff.topics.endpoints import router as topics_router
from admin.staff.warnings.endpoints import router as warnings_router

router = APIRouter()
for _each in (
    session.router,
    tickets_router,
    topics_router,
    duplicates_router,
    proceedings_router,
    figures_router,
    quality_router,
    catalogue_router,
    negotiations_router,
    warnings_router,
    clocks_router,
    conversations_router,
    queues_router,
    accounts.router,
    importing_router,
    knowledge_router,
    events.router,
    jobs.router,
    systems_router,
    pages_router,
):
    router.include_router(_each)

__all__ = ["router"]
