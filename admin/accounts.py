"""Staff accounts with passwords that we make: by the command line, and the demo's."""

import secrets
from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncSession

from bot import duty
from core import auth, credentials
from core.auth import Permission, Role
from core.database import transaction
from core.errors import BadInput
from routing import departments

# No letter or digit that is mistaken for another when it is copied from a screen.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
PASSWORD_LENGTH = 12

DEMO = (
    (Role.AGENT, "agent", "坐席 林晓"),
    (Role.SUPERVISOR, "supervisor", "班长 周岚"),
    (Role.ADMINISTRATOR, "admin", "管理员"),
)


def make_password() -> str:
    """Return a password of about 60 bits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(PASSWORD_LENGTH))


async def add(*, login: str, role: Role, name: str, department: str | None) -> str:
    """Add an account and return its password. Raises BadInput for an unknown department or a taken login."""
    if department is not None:
        departments.tree().get(department)
    password = make_password()
    async with transaction() as session:
        await auth.create_staff(
            session,
            login=login,
            name=name or login,
            password_hash=credentials.hash_password(password),
            role=role,
            department=department,
        )
    return password


async def renew(login: str) -> str:
    """Give an account a new password and return it. Raises BadInput for an unknown login."""
    password = make_password()
    async with transaction() as session:
        await auth.set_password(session, login=login, password_hash=credentials.hash_password(password))
    return password


async def set_skills(session: AsyncSession, login: str, skills: Iterable[str]) -> None:
    """Say which desks' conversations come to an account first.

    Raises BadInput for a desk that the city does not have, an unknown login, and an account that takes no conversation.
    """
    wanted = list(skills)
    for code in wanted:
        if duty.skill(code) is None:
            raise BadInput("城市数据 handover.yaml 里没有这个专席，请重新选择。")
    account = next((each for each in await auth.accounts(session) if each.login == login), None)
    if account is not None and wanted and not account.actor().may(Permission.CONVERSATION_TAKE):
        raise BadInput("这个账号不接听市民对话，不能设专席。")
    await auth.set_skills(session, login=login, skills=wanted)


async def create_demo(session: AsyncSession) -> list[tuple[str, str, str]]:
    """Make the demo's accounts where there is no account at all; return (login, password, what it is for).

    Every department gets one, named by its code; they share one password, which is fit for a demo only.
    """
    if await auth.any_staff(session):
        return []
    made = []
    for role, login, name in DEMO:
        password = make_password()
        await auth.create_staff(
            session, login=login, name=name, password_hash=credentials.hash_password(password), role=role
        )
        made.append((login, password, name))
    password = make_password()
    shared = credentials.hash_password(password)
    for department in departments.tree():
        if department.kind != "centre":
            await auth.create_staff(
                session,
                login=department.code,
                name=department.short_name,
                password_hash=shared,
                role=Role.DEPARTMENT,
                department=department.code,
            )
    made.append(("<department code>", password, "every department, e.g. urban_management 市城管局"))
    return made
