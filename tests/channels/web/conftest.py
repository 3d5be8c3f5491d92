"""The web door alone, as the roof assembles it, on the real database; a ticket that a citizen may ask about."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from channels import web
from channels.web import rates
from core import live, problems
from core.auth import Actor
from core.database import transaction
from core.settings import settings
from routing import guesses, tickets
from routing.tickets import Draft


@dataclass(frozen=True)
class Held:
    """A conversation and the headers of whoever holds it."""

    id: str
    headers: dict[str, str]

    def path(self, rest: str) -> str:
        return f"/api/v1/conversations/{self.id}/{rest}"


@pytest.fixture
def app() -> FastAPI:
    made = FastAPI()
    problems.install(made)
    made.include_router(web.router)
    return made


@pytest.fixture
async def client(app: FastAPI, committing: None) -> AsyncIterator[httpx.AsyncClient]:
    rates.forget()
    guesses.forget()
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://line.test") as made:
        yield made


@pytest.fixture
async def hub(migrated: None) -> AsyncIterator[live.Hub]:
    await live.hub.start()
    yield live.hub
    await live.hub.stop()


@pytest.fixture
def setting(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    def put(name: str, value: str) -> None:
        monkeypatch.setenv(f"YITONG_{name.upper()}", value)
        settings.cache_clear()

    yield put
    monkeypatch.undo()
    settings.cache_clear()


async def begin(client: httpx.AsyncClient) -> Held:
    answer = await client.post("/api/v1/conversations")
    assert answer.status_code == 201
    return Held(answer.json()["id"], {"Authorization": f"Bearer {answer.json()['token']}"})


@pytest.fixture
async def held(client: httpx.AsyncClient) -> Held:
    return await begin(client)


@pytest.fixture
async def another(client: httpx.AsyncClient) -> Held:
    return await begin(client)


@pytest.fixture
async def ticket(client: httpx.AsyncClient) -> tuple[str, str]:
    """Number and code of a ticket just opened."""
    draft = Draft(
        request_type="assistance",
        category=None,
        urgency="general",
        title="幸福路口的路灯不亮",
        description="幸福路口的路灯坏了三天，晚上很黑。",
        channel="web",
        citizen_name="王小明",
        citizen_phone="13800138000",
    )
    async with transaction() as session:
        opened = await tickets.open(session, draft, actor=Actor(kind="citizen"))
    return opened.ticket.number, opened.code
