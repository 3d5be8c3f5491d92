"""REST: staff accounts and the desks they answer, for administrators."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from admin import accounts
from admin.staff.access import requires
from admin.staff.refusals import refusals
from bot import duty
from core import auth
from core.auth import Permission, Role
from core.database import transaction

router = APIRouter(
    prefix="/api/v1/staff/accounts",
    tags=["staff: accounts"],
    dependencies=[requires(Permission.SETTINGS)],
    responses=refusals(400, 401, 403, 422, 503),
)


class AccountView(BaseModel):
    """A staff account; `skills`: the desks whose conversations come to it first."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "example": {
                "login": "agent",
                "name": "坐席 林晓",
                "role": "agent",
                "department": None,
                "active": True,
                "skills": ["dialect"],
            }
        },
    )

    login: str
    name: str
    role: Role
    department: str | None
    active: bool
    skills: list[str]


class DeskView(BaseModel):
    """A desk of the city; who has its skill is asked first, for `reserved_seconds`."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "example": {"code": "dialect", "name": "方言专席", "name_en": "dialect desk", "reserved_seconds": 90}
        },
    )

    code: str
    name: str
    name_en: str
    reserved_seconds: int


class Accounts(BaseModel):
    """The accounts, and the desks that the city has."""

    accounts: list[AccountView]
    desks: list[DeskView]


class Skills(BaseModel):
    """Codes of the city's desks, in place of those before."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"skills": ["dialect", "english"]}})

    skills: Annotated[list[Annotated[str, Field(max_length=40)]], Field(max_length=40)]


@router.get("")
async def list_accounts() -> Accounts:
    """List the accounts, those at work first, and the desks."""
    async with transaction() as session:
        found = [AccountView.model_validate(each) for each in await auth.accounts(session)]
    return Accounts(accounts=found, desks=[DeskView.model_validate(each) for each in duty.rules().skills])


@router.put("/{login}/skills", status_code=204)
async def set_skills(login: Annotated[str, Path(max_length=64)], body: Skills) -> None:
    """Say which desks' conversations come to an account first."""
    async with transaction() as session:
        await accounts.set_skills(session, login, body.skills)
