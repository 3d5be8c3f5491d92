import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from core import problems
from core.errors import Conflict, Unavailable


class Body(BaseModel):
    count: int


@pytest.fixture
async def client():  # type: ignore[no-untyped-def]
    app = FastAPI()
    problems.install(app)

    @app.get("/conflict")
    async def conflict() -> None:
        raise Conflict("已经签收过了。", state="accepted")

    @app.get("/down")
    async def down() -> None:
        raise Unavailable("<b>稍后再试</b>")

    @app.get("/broken")
    async def broken() -> None:
        raise KeyError("13800138000")

    @app.post("/count")
    async def count(body: Body) -> None: ...

    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://line.test") as made:
        yield made


async def test_an_error_is_a_problem_document_with_its_sentence(client: httpx.AsyncClient) -> None:
    answer = await client.get("/conflict")
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "urn:yitong:problem:conflict",
        "title": "conflict",
        "status": 409,
        "detail": "已经签收过了。",
        "state": "accepted",
    }


async def test_what_was_typed_is_not_echoed(client: httpx.AsyncClient) -> None:
    answer = await client.post("/count", json={"count": "电话13800138000"})
    assert answer.status_code == 422
    assert "13800138000" not in answer.text
    assert answer.json()["fields"] == ["count"]


async def test_what_nobody_foresaw_gives_nothing_away(client: httpx.AsyncClient) -> None:
    answer = await client.get("/broken")
    assert answer.status_code == 500
    assert "13800138000" not in answer.text


async def test_a_browser_gets_a_page(client: httpx.AsyncClient) -> None:
    answer = await client.get("/down", headers={"Accept": "text/html,application/xhtml+xml"})
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert "&lt;b&gt;稍后再试" in answer.text
    assert (await client.get("/nowhere", headers={"Accept": "text/html"})).status_code == 404
