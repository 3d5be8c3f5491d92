"""REST: signing in and out, and who one is."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from admin.staff import access
from admin.staff.access import Who
from admin.staff.refusals import refusals
from core.auth import PERMISSIONS, Role
from routing import departments

router = APIRouter(prefix="/api/v1/staff", tags=["staff: session"], responses=refusals(401, 403, 503))


class Credentials(BaseModel):
    """Login and password of a staff account."""

    model_config = ConfigDict(json_schema_extra={"example": {"login": "agent", "password": "k7mw3xq9tp2r"}})

    login: Annotated[str, Field(min_length=1, max_length=64)]
    password: Annotated[str, Field(min_length=1, max_length=256)]


class Me(BaseModel):
    """Who is signed in, and what the role may do."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": 4,
                "login": "urban_management",
                "name": "市城管局",
                "role": "department",
                "department": "urban_management",
                "department_name": "示例市城市管理局",
                "permissions": ["personal.reveal", "ticket.handle"],
            }
        }
    )

    id: int
    login: str
    name: str
    role: Role
    department: str | None
    department_name: str | None
    permissions: list[str]


class Session(BaseModel):
    """A new session: `token` is for programs (`Authorization: Bearer`), browsers get it as a cookie."""

    model_config = ConfigDict(json_schema_extra={"example": {"token": "uN1c…", "me": {"login": "agent"}}})

    token: str
    me: Me


def _me(found: access.SignedIn) -> Me:
    actor = found.actor
    assert actor.role is not None and actor.id is not None
    return Me(
        id=actor.id,
        login=found.login,
        name=actor.name,
        role=actor.role,
        department=actor.department,
        department_name=departments.tree().get(actor.department).name if actor.department else None,
        permissions=sorted(PERMISSIONS[actor.role]),
    )


@router.post("/session", status_code=201, responses=refusals(400, 422, 429))
async def sign_in(body: Credentials, request: Request, response: Response) -> Session:
    """Sign in: a token, and the same session as a cookie. 401 for a wrong login or password, 429 after five."""
    found = await access.sign_in(request, login=body.login, password=body.password)
    access.remember(response, request, found.token)
    return Session(token=found.token, me=_me(found))


@router.delete("/session", status_code=204)
async def sign_out(request: Request, response: Response) -> None:
    """Sign out: the session ends; doing it twice is no error."""
    await access.sign_out(request)
    access.forget(response)


@router.get("/me")
async def me(found: Who) -> Me:
    """Say who is signed in."""
    return _me(found)
