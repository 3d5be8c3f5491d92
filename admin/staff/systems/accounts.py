"""REST: accounts of departments' own systems, for administrators."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from admin import systems
from admin.staff.access import Staffed, requires
from admin.staff.refusals import refusals
from core.auth import Permission

router = APIRouter(
    prefix="/api/v1/staff/systems",
    tags=["staff: departments' systems"],
    responses=refusals(400, 401, 403, 404, 409, 422, 503),
    dependencies=[requires(Permission.SETTINGS)],
)


class NewSystem(BaseModel):
    """Whose system it is, and the name that stands in tickets' histories."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"department": "urban_management", "name": "城管业务平台"}}
    )

    department: Annotated[str, Field(min_length=1, max_length=64)]
    name: Annotated[str, Field(min_length=1, max_length=64)]


class Credentials(BaseModel):
    """Id and secret; the secret is shown only now."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"client_id": "sys_3f9a41c07be21d55", "client_secret": "yts_9Qm…"}}
    )

    client_id: str
    client_secret: str


class SystemView(BaseModel):
    """An account; `secrets`: the last four characters of each valid one."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "sys_3f9a41c07be21d55",
                "name": "城管业务平台",
                "department": "urban_management",
                "active": True,
                "secrets": ["x7Qa"],
            }
        }
    )

    id: str
    name: str
    department: str
    active: bool
    secrets: list[str]


@router.get("")
async def list_systems() -> list[SystemView]:
    """List the accounts."""
    return [SystemView.model_validate(each) for each in await systems.listed()]


@router.post("", status_code=201)
async def add(body: NewSystem, actor: Staffed) -> Credentials:
    """Add an account for a department's system."""
    id, secret = await systems.add(department=body.department, name=body.name, actor=actor)
    return Credentials(client_id=id, client_secret=secret)


@router.post("/{id}/secrets", status_code=201)
async def add_secret(id: str, actor: Staffed) -> Credentials:
    """Give an account a second secret; retire the first when the system uses the new one."""
    return Credentials(client_id=id, client_secret=await systems.add_secret(id, actor=actor))


@router.delete("/{id}/secrets/{hint}", status_code=204)
async def retire(id: str, hint: str, actor: Staffed) -> None:
    """End the secret that ends in these four characters, and the tokens that were got by it."""
    await systems.retire(id, hint, actor=actor)


@router.post("/{id}/disable", status_code=204)
async def disable(id: str, actor: Staffed) -> None:
    """Shut an account out at once."""
    await systems.set_active(id, active=False, actor=actor)


@router.post("/{id}/enable", status_code=204)
async def enable(id: str, actor: Staffed) -> None:
    """Let an account in again; what its webhooks had on their way is sent."""
    await systems.set_active(id, active=True, actor=actor)
