"""Departments' own systems: their accounts, and OAuth 2.0 client credentials (RFC 6749, section 4.4).

An account acts as a member of its department would, as `client:7`. Secrets are shown once. They are random and long, so
a fast digest keeps them as well as a slow one would; two may be valid at once, so that a system changes its secret
without a pause.
"""

import hmac
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, ForeignKey, Identity, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import clock, ledger
from core.auth import Actor, Role
from core.credentials import token_digest
from core.database import Base
from core.errors import BadInput, Conflict, NotFound, NotSignedIn
from core.settings import settings

SECRETS_AT_ONCE = 2
HINT_CHARACTERS = 4
TOKEN_PREFIX = "ytc_"  # tells a system's token from that of a member of staff
SECRET_PREFIX = "yts_"


class Client(Base):
    """The account of a department's own system."""

    __tablename__ = "clients"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    department: Mapped[str] = mapped_column(index=True)
    active: Mapped[bool]
    created_at: Mapped[datetime]

    def actor(self) -> Actor:
        """Return the actor that this account is."""
        return Actor(kind="client", id=self.id, name=self.name, role=Role.DEPARTMENT, department=self.department)


class ClientSecret(Base):
    """One secret of an account, until it is retired; `hint`: its last characters, to tell two apart."""

    __tablename__ = "client_secrets"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"), index=True)
    digest: Mapped[bytes]
    hint: Mapped[str]
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class ClientToken(Base):
    """A bearer token on its short life; it ends with the secret that it was got by."""

    __tablename__ = "client_tokens"

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"), index=True)
    secret_id: Mapped[int] = mapped_column(ForeignKey("client_secrets.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token and its life in seconds."""

    value: str
    seconds: int


async def create(session: AsyncSession, *, name: str, department: str, actor: Actor) -> tuple[Client, str]:
    """Add an account and return it with its first secret. `department`: a code that the caller has looked up."""
    if not name.strip():
        raise BadInput("请填写系统的名称，例如“交警业务平台”。")
    client = Client(
        public_id=f"sys_{secrets.token_hex(8)}",
        name=name.strip(),
        department=department,
        active=True,
        created_at=clock.now(),
    )
    session.add(client)
    await session.flush()
    await _record(session, client, "created", actor, department=department)
    return client, await add_secret(session, client, actor=actor)


async def add_secret(session: AsyncSession, client: Client, *, actor: Actor) -> str:
    """Give an account another secret and return it. Raises Conflict where two are valid already."""
    await session.scalar(select(Client.id).where(Client.id == client.id).with_for_update())
    if len(await secrets_of(session, [client.id])) >= SECRETS_AT_ONCE:
        raise Conflict("这个系统已有两个有效的密钥，请先停用旧的那个。")
    made = SECRET_PREFIX + secrets.token_urlsafe(32)
    kept = ClientSecret(
        client_id=client.id, digest=token_digest(made), hint=made[-HINT_CHARACTERS:], created_at=clock.now()
    )
    session.add(kept)
    await session.flush()
    await _record(session, client, "secret_added", actor, secret=kept.id)
    return made


async def retire_secret(session: AsyncSession, client: Client, secret_id: int, *, actor: Actor) -> None:
    """End a secret and every token that was got by it. Raises NotFound for another account's."""
    secret = await session.get(ClientSecret, secret_id)
    if secret is None or secret.client_id != client.id:
        raise NotFound("没有这个密钥，可能已被停用。")
    await session.delete(secret)
    await session.flush()
    await _record(session, client, "secret_retired", actor, secret=secret_id)


async def set_active(session: AsyncSession, client: Client, active: bool, *, actor: Actor) -> None:
    """Disable an account at once, its tokens too, or enable it again; its secrets stay."""
    client.active = active
    if not active:
        await session.execute(delete(ClientToken).where(ClientToken.client_id == client.id))
    await session.flush()
    await _record(session, client, "enabled" if active else "disabled", actor)


async def authenticate(session: AsyncSession, *, public_id: str, secret: str) -> Token:
    """Return a new bearer token. Raises NotSignedIn, the same for an unknown account and a wrong secret."""
    rows = await session.execute(
        select(ClientSecret)
        .join(Client, Client.id == ClientSecret.client_id)
        .where(Client.public_id == public_id, Client.active)
    )
    digest = token_digest(secret)
    found = next((row for row in rows.scalars() if hmac.compare_digest(row.digest, digest)), None)
    if found is None:
        raise NotSignedIn("客户端标识或密钥不对，或账号已停用。")
    now = clock.now()
    found.used_at = now
    # What has expired goes here, a system at a time; nothing else needs to sweep.
    await session.execute(
        delete(ClientToken).where(ClientToken.client_id == found.client_id, ClientToken.expires_at <= now)
    )
    seconds = settings().system_token_minutes * 60
    value = TOKEN_PREFIX + secrets.token_urlsafe(32)
    session.add(
        ClientToken(
            digest=token_digest(value),
            client_id=found.client_id,
            secret_id=found.id,
            expires_at=now + timedelta(seconds=seconds),
        )
    )
    await session.flush()
    return Token(value=value, seconds=seconds)


async def client_of(session: AsyncSession, token: str) -> Client:
    """Return the account of a bearer token. Raises NotSignedIn where it has ended or the account is disabled."""
    client = await session.scalar(
        select(Client)
        .join(ClientToken, ClientToken.client_id == Client.id)
        .where(ClientToken.digest == token_digest(token), ClientToken.expires_at > clock.now(), Client.active)
    )
    if client is None:
        raise NotSignedIn("访问令牌已过期或失效，请重新获取。")
    return client


async def find(session: AsyncSession, public_id: str) -> Client:
    """Return an account by the id that its system knows. Raises NotFound."""
    client = await session.scalar(select(Client).where(Client.public_id == public_id))
    if client is None:
        raise NotFound(f"没有标识为 {public_id} 的系统。")
    return client


async def client_by_id(session: AsyncSession, id: int) -> Client:
    """Return the account that acts as `client:<id>`. Raises NotFound."""
    client = await session.get(Client, id)
    if client is None:
        raise NotFound("没有这个系统。")
    return client


async def every(session: AsyncSession) -> Sequence[Client]:
    """Return every account, those in use first, by department and name."""
    return (
        await session.scalars(select(Client).order_by(Client.active.desc(), Client.department, Client.name, Client.id))
    ).all()


async def secrets_of(session: AsyncSession, ids: Iterable[int]) -> Sequence[ClientSecret]:
    """Return the valid secrets of accounts, oldest first."""
    statement = select(ClientSecret).where(ClientSecret.client_id.in_(set(ids))).order_by(ClientSecret.id)
    return (await session.scalars(statement)).all()


async def names(session: AsyncSession, ids: Iterable[int]) -> dict[int, str]:
    """Return the names of accounts by id."""
    rows = await session.execute(select(Client.id, Client.name).where(Client.id.in_(set(ids))))
    return {row.id: row.name for row in rows}


async def _record(session: AsyncSession, client: Client, kind: str, actor: Actor, **data: object) -> None:
    await ledger.append(session, subject=f"client:{client.id}", kind=f"client.{kind}", actor=actor, data=data)
