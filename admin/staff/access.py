"""Who is at the other end: the session cookie or bearer token, its account, and protection from other sites."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response, params
from fastapi.openapi.models import OAuthFlowClientCredentials, OAuthFlows
from fastapi.security import APIKeyCookie, HTTPBearer, OAuth2
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from core import auth, clients
from core.auth import Actor, Permission, Role
from core.database import transaction
from core.errors import Forbidden, NotSignedIn, TooMany
from core.settings import settings

COOKIE = "yitong_staff"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FAILURES = parse("5/5 minutes")  # of one login from one address
ATTEMPTS = parse("60/minute")  # of one address, whatever the login and whether they succeed

# Declared so that /docs shows how to sign in; they refuse nothing themselves.
_cookie = APIKeyCookie(name=COOKIE, auto_error=False, description="Set by POST /api/v1/staff/session.")
_bearer = HTTPBearer(auto_error=False, description="The token that POST /api/v1/staff/session returns.")

_client_credentials = OAuth2(
    flows=OAuthFlows(clientCredentials=OAuthFlowClientCredentials(tokenUrl="/api/v1/systems/token")),
    scheme_name="DepartmentSystem",
    auto_error=False,
    description="A department's own system: docs/systems.md.",
)

# What a department's own system may use; everything else is for people.
FOR_SYSTEMS = ("/api/v1/staff/tickets", "/api/v1/systems")

# The counts live in the process: a city with several web processes allows that many times five failures.
_limiter = MovingWindowRateLimiter(MemoryStorage())

# Passwords that are looked at side by side: each takes 64 MB and a processor.
_passwords = asyncio.Semaphore(2)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A member of staff who is signed in."""

    actor: Actor
    login: str
    token: str


def token_of(request: Request) -> tuple[str | None, bool]:
    """Return the request's session token, and whether the browser sent it by itself (a cookie)."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and given.strip():
        return given.strip(), False
    return request.cookies.get(COOKIE), True


def same_origin(request: Request, *, required: bool = True) -> None:
    """Raise Forbidden when another site sent the request: the Origin's host is not the Host.

    `required`: a browser names its origin with every write, so one without is refused.
    """
    origin = request.headers.get("origin")
    if origin is None and not required:
        return
    if origin is None or urlsplit(origin).netloc != request.headers.get("host"):
        raise Forbidden("这次操作不是从本系统的页面发出的，已拒绝。请在本系统页面里重试。")


async def signed_in(
    request: Request,
    _cookie_shown: Annotated[str | None, Depends(_cookie)] = None,
    _bearer_shown: Annotated[object, Depends(_bearer)] = None,
    _system_shown: Annotated[object, Depends(_client_credentials)] = None,
) -> SignedIn:
    """Return who is signed in: a member of staff, or a department's own system where those may go.

    Raises NotSignedIn without a session or when it has ended, Forbidden when another site's page wrote in its name.
    """
    token, by_cookie = token_of(request)
    if not token:
        raise NotSignedIn("请先登录。")
    if token.startswith(clients.TOKEN_PREFIX):
        return await _system(request, token)
    if by_cookie and request.method not in SAFE_METHODS:
        same_origin(request)
    async with transaction() as session:
        staff = await auth.staff_of(session, token)
    return SignedIn(actor=staff.actor(), login=staff.login, token=token)


async def _system(request: Request, token: str) -> SignedIn:
    if not f"{request.url.path}/".startswith(tuple(f"{path}/" for path in FOR_SYSTEMS)):
        raise Forbidden("部门系统的账号只能使用工单接口和系统接口。")
    async with transaction() as session:
        client = await clients.client_of(session, token)
    return SignedIn(actor=client.actor(), login=client.public_id, token=token)


async def current_actor(found: Annotated[SignedIn, Depends(signed_in)]) -> Actor:
    """Return the actor who is signed in."""
    return found.actor


Who = Annotated[SignedIn, Depends(signed_in)]
Staffed = Annotated[Actor, Depends(current_actor)]


def requires(permission: Permission) -> params.Depends:
    """Return a dependency that refuses whoever lacks the permission."""

    async def check(actor: Staffed) -> None:
        actor.must(permission)

    return params.Depends(check)


def handles(actor: Actor) -> bool:
    """Say whether the actor works for a department, and so sees its tickets only."""
    return actor.role is Role.DEPARTMENT


def topics(actor: Actor) -> tuple[str, ...]:
    """Return the live topics that concern everyone of this role: the desk's or the actor's department's; knowledge."""
    if actor.department:
        return (f"department:{actor.department}", "knowledge")
    return ("desk", "knowledge") if actor.may(Permission.TICKET_READ_ALL) else ("knowledge",)


@contextmanager
def counted(request: Request, login: str) -> Iterator[None]:
    """Count an attempt to sign in; one that succeeds, as the block ends, is no failure.

    Raises TooMany after five failures in five minutes of one login from one address or sixty attempts in a minute from
    one address.
    """
    address = request.client.host if request.client else "unknown"
    # Counted before the password is looked at, so that guesses side by side count too.
    if not _limiter.hit(ATTEMPTS, address):
        raise TooMany("这个地址登录太频繁，请 1 分钟后再试。")
    if not _limiter.hit(FAILURES, login, address):
        raise TooMany("密码输错次数太多，请 5 分钟后再试，或请管理员重设密码。")
    yield
    _limiter.clear(FAILURES, login, address)


async def sign_in(request: Request, *, login: str, password: str) -> SignedIn:
    """Return a new session.

    Raises NotSignedIn for a wrong login or password, TooMany after five failures in five minutes of one login from
    one address or sixty attempts in a minute from one address, Forbidden when another site's page sent it.
    """
    same_origin(request, required=False)
    with counted(request, login):
        async with _passwords, transaction() as session:
            staff, token = await auth.sign_in(session, login=login, password=password)
    return SignedIn(actor=staff.actor(), login=staff.login, token=token)


async def sign_out(request: Request) -> None:
    """End the request's session, if it has one. Raises Forbidden when another site's page asks for it."""
    token, by_cookie = token_of(request)
    if token is None:
        return
    if by_cookie:
        same_origin(request)
    async with transaction() as session:
        await auth.sign_out(session, token)


def remember(response: Response, request: Request, token: str) -> None:
    """Set the session cookie: not for scripts, not from other sites, encrypted wherever the line is."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=settings().staff_session_hours * 3600,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https" or settings().public_url.startswith("https:"),
    )


def forget(response: Response) -> None:
    """Take the session cookie away."""
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")


def forget_failures() -> None:
    """Begin the count of failures anew; for tests."""
    _limiter.storage.reset()
