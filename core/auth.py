"""Who acts: the `Actor` every command names, staff accounts, sessions and permissions."""

import asyncio
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Identity, String, delete, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.credentials import token_digest, verify_password
from core.database import Base
from core.errors import BadInput, Forbidden, NotSignedIn
from core.settings import settings


class Role(StrEnum):
    """What a staff account is for."""

    AGENT = "agent"  # 坐席
    SUPERVISOR = "supervisor"  # 班长 / 督办
    DEPARTMENT = "department"  # 承办单位经办人
    EDITOR = "editor"  # 知识库编辑
    ADMINISTRATOR = "administrator"


class Permission(StrEnum):
    """What a role may do; a command of the workflow names the one it needs."""

    TICKET_OPEN = "ticket.open"
    TICKET_DISPATCH = "ticket.dispatch"
    TICKET_RULE = "ticket.rule"  # rule on a return, reassign, correct
    TICKET_HANDLE = "ticket.handle"  # accept, return, contact, reply: only the department that holds the ticket
    TICKET_CALLBACK = "ticket.callback"
    TICKET_READ_ALL = "ticket.read_all"
    PERSONAL_REVEAL = "personal.reveal"
    CONVERSATION_TAKE = "conversation.take"
    KNOWLEDGE_PROPOSE = "knowledge.propose"  # articles of the actor's own department and those below it
    KNOWLEDGE_EDIT = "knowledge.edit"  # any article; what is published is still another person's decision
    KNOWLEDGE_PUBLISH = "knowledge.publish"
    SETTINGS = "settings"


_CENTRE = frozenset(
    {
        Permission.TICKET_OPEN,
        Permission.TICKET_DISPATCH,
        Permission.TICKET_CALLBACK,
        Permission.TICKET_READ_ALL,
        Permission.PERSONAL_REVEAL,
        Permission.CONVERSATION_TAKE,
    }
)
PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.AGENT: _CENTRE,
    Role.SUPERVISOR: _CENTRE
    | {
        Permission.TICKET_RULE,
        Permission.KNOWLEDGE_PROPOSE,
        Permission.KNOWLEDGE_EDIT,
        Permission.KNOWLEDGE_PUBLISH,
    },
    Role.DEPARTMENT: frozenset({Permission.TICKET_HANDLE, Permission.PERSONAL_REVEAL, Permission.KNOWLEDGE_PROPOSE}),
    Role.EDITOR: frozenset({Permission.KNOWLEDGE_PROPOSE, Permission.KNOWLEDGE_EDIT}),
    Role.ADMINISTRATOR: frozenset(Permission),
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something: the system, a citizen (by id), or a member of staff with a role and maybe a department."""

    kind: str  # system citizen staff
    id: int | None = None
    name: str = ""
    role: Role | None = None
    department: str | None = None  # code; the only department whose tickets a department account sees
    skills: tuple[str, ...] = ()  # codes of the city's desks (`handover.yaml`) whose conversations come here first

    def __str__(self) -> str:
        return self.kind if self.id is None else f"{self.kind}:{self.id}"

    def may(self, permission: Permission) -> bool:
        """Say whether the actor holds the permission; the system holds all, a citizen none."""
        if self.kind == "system":
            return True
        return self.role is not None and permission in PERMISSIONS[self.role]

    def must(self, permission: Permission) -> None:
        """Raise Forbidden unless the actor holds the permission."""
        if not self.may(permission):
            raise Forbidden("您的账号没有这项权限，请联系管理员。")


SYSTEM = Actor(kind="system")


class Staff(Base):
    """A staff account."""

    __tablename__ = "staff"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    login: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password: Mapped[str]
    role: Mapped[str]
    department: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True)
    skills: Mapped[list[str]] = mapped_column(ARRAY(String), default=list)
    created_at: Mapped[datetime]

    def actor(self) -> Actor:
        """Return the actor that this account is."""
        role, skills = Role(self.role), tuple(self.skills)
        return Actor(kind="staff", id=self.id, name=self.name, role=role, department=self.department, skills=skills)


class StaffSession(Base):
    """A signed-in browser or program; only the digest of its token is kept."""

    __tablename__ = "staff_sessions"

    token_digest: Mapped[bytes] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime]


async def create_staff(
    session: AsyncSession, *, login: str, name: str, password_hash: str, role: Role, department: str | None = None
) -> Staff:
    """Add an account and return it; `password_hash` comes from `core.credentials.hash_password`.

    Raises BadInput when the login is taken or the role lacks its department.
    """
    if (role is Role.DEPARTMENT) != (department is not None):
        raise BadInput("部门账号要指明所属部门，其他账号不指明部门。")
    if await session.scalar(select(Staff.id).where(Staff.login == login)):
        raise BadInput(f"登录名 {login} 已被使用，请换一个。")
    staff = Staff(
        login=login,
        name=name,
        password=password_hash,
        role=role,
        department=department,
        active=True,
        created_at=clock.now(),
    )
    session.add(staff)
    await session.flush()
    return staff


async def sign_in(session: AsyncSession, *, login: str, password: str) -> tuple[Staff, str]:
    """Return the account and a new session token. Raises NotSignedIn, the same for a wrong login and password."""
    staff = await session.scalar(select(Staff).where(Staff.login == login, Staff.active))
    # In a thread, since it is slow on purpose and other requests must go on.
    sound, renewed = await asyncio.to_thread(verify_password, password, staff.password if staff else None)
    if not (staff and sound):
        raise NotSignedIn("登录名或密码不对，请重试。")
    if renewed:
        staff.password = renewed
    token = secrets.token_urlsafe(32)
    session.add(
        StaffSession(
            token_digest=token_digest(token),
            staff_id=staff.id,
            expires_at=clock.now() + timedelta(hours=settings().staff_session_hours),
        )
    )
    return staff, token


async def any_staff(session: AsyncSession) -> bool:
    """Say whether there is any account yet."""
    return await session.scalar(select(Staff.id).limit(1)) is not None


async def set_password(session: AsyncSession, *, login: str, password_hash: str) -> None:
    """Give an account a new password and end its sessions. Raises BadInput for an unknown login."""
    staff = await session.scalar(select(Staff).where(Staff.login == login))
    if staff is None:
        raise BadInput(f"没有登录名为 {login} 的账号。")
    staff.password = password_hash
    await session.execute(delete(StaffSession).where(StaffSession.staff_id == staff.id))


async def staff_of(session: AsyncSession, token: str) -> Staff:
    """Return the account of a session token. Raises NotSignedIn where it has ended."""
    staff = await session.scalar(
        select(Staff)
        .join(StaffSession, StaffSession.staff_id == Staff.id)
        .where(StaffSession.token_digest == token_digest(token), StaffSession.expires_at > clock.now(), Staff.active)
    )
    if staff is None:
        raise NotSignedIn("登录已过期，请重新登录。")
    return staff


async def signed_in(session: AsyncSession, permission: Permission, *, skill: str | None = None) -> int:
    """Return how many members of staff who hold the permission are signed in: who is on duty now.

    `skill`: only those who have it.
    """
    roles = [role for role, held in PERMISSIONS.items() if permission in held and role is not Role.ADMINISTRATOR]
    statement = (
        select(func.count(Staff.id.distinct()))
        .join(StaffSession, StaffSession.staff_id == Staff.id)
        .where(StaffSession.expires_at > clock.now(), Staff.active, Staff.role.in_(roles))
    )
    if skill is not None:
        statement = statement.where(Staff.skills.contains([skill]))
    return await session.scalar(statement) or 0


async def away(session: AsyncSession, ids: Iterable[int]) -> set[int]:
    """Return which of these accounts are not signed in any more."""
    wanted = set(ids)
    here = await session.scalars(
        select(StaffSession.staff_id)
        .join(Staff, Staff.id == StaffSession.staff_id)
        .where(StaffSession.staff_id.in_(wanted), StaffSession.expires_at > clock.now(), Staff.active)
    )
    return wanted - set(here)


async def set_skills(session: AsyncSession, *, login: str, skills: Iterable[str]) -> None:
    """Give an account these skills instead of those it had. Raises BadInput for an unknown login."""
    staff = await session.scalar(select(Staff).where(Staff.login == login))
    if staff is None:
        raise BadInput(f"没有登录名为 {login} 的账号。")
    staff.skills = sorted(set(skills))


async def sign_out(session: AsyncSession, token: str) -> None:
    """End a session; ending it twice is no error."""
    await session.execute(delete(StaffSession).where(StaffSession.token_digest == token_digest(token)))


async def accounts(session: AsyncSession) -> Sequence[Staff]:
    """Return every account, those at work first, by role and login."""
    return (await session.scalars(select(Staff).order_by(Staff.active.desc(), Staff.role, Staff.login))).all()


async def names(session: AsyncSession, ids: Iterable[int]) -> dict[int, str]:
    """Return the names of accounts by id."""
    rows = await session.execute(select(Staff.id, Staff.name).where(Staff.id.in_(set(ids))))
    return {row.id: row.name for row in rows}


async def actor_of(session: AsyncSession, mark: str) -> Actor | None:
    """Return the member of staff whom the ledger writes as `mark` (`staff:3`), None where the account is closed."""
    kind, _, id = mark.partition(":")
    staff = await session.get(Staff, int(id)) if kind == "staff" else None
    return staff.actor() if staff and staff.active else None


async def deactivate(session: AsyncSession, *, login: str) -> None:
    """Close an account and end its sessions; what it did keeps its name. Raises BadInput for an unknown login."""
    staff = await session.scalar(select(Staff).where(Staff.login == login))
    if staff is None:
        raise BadInput(f"没有登录名为 {login} 的账号。")
    staff.active = False
    await session.execute(delete(StaffSession).where(StaffSession.staff_id == staff.id))
