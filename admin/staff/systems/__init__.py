"""The interface of departments' own systems (`/api/v1/systems/…`): tokens, what has happened, webhooks, accounts."""

from fastapi import APIRouter

from admin.staff.systems import accounts, events, token, webhooks

router = APIRouter()
for _each in (token, events, webhooks, accounts):
    router.include_router(_each.router)

__all__ = ["router"]
