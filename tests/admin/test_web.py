import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import Message, Receive, Scope, Send

import admin
from admin.streams import Ended
from admin.web import create_app
from core import jobs


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://line.test") as made:
        yield made


async def test_the_interfaces_page_loads_nothing_from_elsewhere(client: httpx.AsyncClient) -> None:
    page = await client.get("/docs")
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert "<script>" not in page.text
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(loaded) == 3
    for address in loaded:
        assert address.startswith("/static/")
        assert (await client.get(address)).status_code == 200


async def test_a_line_whose_worker_does_not_run_is_not_ready(
    client: httpx.AsyncClient, migrated: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "worker" not in (await client.get("/readyz")).json()
    app = create_app(with_worker=True)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://line.test") as whole:
        answer = await whole.get("/readyz")
        assert (answer.status_code, answer.json()["worker"]) == (503, False)
        monkeypatch.setattr(jobs, "_working", set(jobs.QUEUES))
        assert (await whole.get("/readyz")).json()["worker"] is True


@pytest.mark.parametrize("more", [True, False])
async def test_an_answer_that_was_cut_off_is_ended(more: bool) -> None:
    sent: list[Message] = []

    async def cut_off(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"data", "more_body": more})

    async def receive() -> Message:
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    await Ended(cut_off)({"type": "http"}, receive, send)
    assert [message.get("more_body", False) for message in sent[1:]] == ([True, False] if more else [False])


def test_no_page_shows_what_a_merge_left_behind() -> None:
    root = Path(admin.__file__).parent
    for path in (*root.glob("templates/**/*.html"), *root.glob("static/*.*"), *root.glob("locale/*.po")):
        lines = path.read_text("utf-8").splitlines()
        assert not [line for line in lines if line.startswith(("<<<<<<< ", ">>>>>>> "))], path.name
