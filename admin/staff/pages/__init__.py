"""The pages of staff."""

from fastapi import APIRouter

from admin.staff.pages import (
    catalogue,
    clocks,
    conversing,
    desk,
    duplicates,
    editing,
    figures,
    importing,
    jobs,
    knowledge,
    negotiations,
    quality,
    queues,
    reviewing,
    settings,
    signing,
    supervision,
    systems,
    topics,
    warnings,
    workbench,
)

router = APIRouter()
for _page in (
    signing,
    desk,
    conversing,
    topics,
    duplicates,  # before the workbench, whose commands are any word behind a number
    workbench,
    catalogue,
    negotiations,
    queues,
    supervision,
    warnings,
    figures,
    quality,
    importing,
    editing,
    reviewing,
    knowledge,
    jobs,
    clocks,
    settings,
    systems,
):
    router.include_router(_page.router)
