"""The pages of staff."""

from fastapi import APIRouter

from admin.staff.pages import (
    desk,
    editing,
    figures,
    importing,
    knowledge,
    reviewing,
    settings,
    signing,
    supervision,
    warnings,
    workbench,
)

router = APIRouter()
for _page in (
    signing,
    desk,
    workbench,
    supervision,
    warnings,
    figures,
    importing,
    editing,
    reviewing,
    knowledge,
    settings,
):
    router.include_router(_page.router)
