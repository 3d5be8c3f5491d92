"""Many citizens at once: every one gets a ticket of their own, each reaches a department, no chain is broken."""

import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from core.settings import ROOT
from tests.processes import Line

CITIZENS = 24


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    made = Line(tmp_path / "a line", YITONG_MESSAGE_RATE="1000/minute")
    made.start()
    yield made
    made.stop()


async def report(client: httpx.AsyncClient, number: int) -> tuple[str, str]:
    """Report a lamp and return the ticket's number and code; each message is sent twice, as a bad network does."""
    opened = (await client.post("/api/v1/conversations")).json()
    path = f"/api/v1/conversations/{opened['id']}/messages"
    replies: list[dict[str, str]] = []
    texts = (f"望江区南山路{number}号门口的路灯坏了三天", f"我叫王小明，电话138001380{number:02}")
    for turn, text in enumerate(texts):
        headers = {"Authorization": f"Bearer {opened['token']}", "Idempotency-Key": f"{turn}"}
        answers = await asyncio.gather(*[client.post(path, json={"text": text}, headers=headers) for _ in range(2)])
        assert [answer.status_code for answer in answers] == [200, 200], [answer.text for answer in answers]
        assert answers[0].json() == answers[1].json()
        replies = answers[0].json()["replies"]
    (ticket,) = [reply for reply in replies if reply["type"] == "ticket"]
    return ticket["number"], ticket["code"]


async def test_everybody_gets_a_ticket_and_every_ticket_a_department(line: Line) -> None:
    limits = httpx.Limits(max_connections=CITIZENS * 2)
    async with httpx.AsyncClient(base_url=line.url, timeout=60, limits=limits) as client:
        tickets = await asyncio.gather(*[report(client, number) for number in range(1, CITIZENS + 1)])
        assert len(dict(tickets)) == CITIZENS
        async with asyncio.timeout(60):
            for number, code in tickets:
                while True:
                    status = (await client.get(f"/api/v1/tickets/{number}", params={"code": code})).json()
                    if status["state"] == "dispatched":
                        break
                    await asyncio.sleep(0.2)
    command = [sys.executable, "-m", "admin", "--data", str(line.data), "ledger", "verify", "--json"]
    verifying = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    found = json.loads((await verifying.communicate())[0])
    assert found["ok"]
    assert found["events"] >= CITIZENS * 2
