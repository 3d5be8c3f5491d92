"""A ticket for whoever has its number and its code, and for nobody else."""

from typing import Any

import httpx
import pytest

from core.auth import SYSTEM
from core.database import transaction
from routing import commands, guesses
from tests.channels.web.conftest import Held, begin

WRONG = "AAAAAA"


async def read(client: httpx.AsyncClient, number: str, code: str) -> httpx.Response:
    return await client.get(f"/api/v1/tickets/{number}", params={"code": code})


async def order(client: httpx.AsyncClient, number: str, command: str, **content: object) -> httpx.Response:
    return await client.post(f"/api/v1/tickets/{number}/{command}", json=content)


async def test_number_and_code_show_every_clock(client: httpx.AsyncClient, ticket: tuple[str, str]) -> None:
    status = (await read(client, *ticket)).json()

    assert status["number"] == ticket[0]
    assert status["clocks"]
    assert all(clock["due_at"] and clock["state"] for clock in status["clocks"])
    assert status["steps"]
    assert {"urge", "supplement", "withdraw"} <= set(status["may"])
    assert "13800138000" not in str(status)
    assert "王小明" not in str(status)


async def test_number_and_code_may_be_typed_in_full_width(client: httpx.AsyncClient, ticket: tuple[str, str]) -> None:
    wide = [text.translate({ord(each): ord(each) + 0xFEE0 for each in text}) for text in ticket]

    assert (await read(client, *wide)).status_code == 200
    assert (await read(client, f" {ticket[0]} ", ticket[1].lower())).status_code == 200


async def test_a_wrong_code_and_a_missing_number_read_the_same(
    client: httpx.AsyncClient, ticket: tuple[str, str]
) -> None:
    wrong = await read(client, ticket[0], WRONG)
    missing = await read(client, "20200101-999999", ticket[1])

    assert wrong.status_code == missing.status_code == 404
    assert wrong.json() == missing.json()
    for command, content in {
        "urge": {},
        "supplement": {"text": "补充"},
        "withdraw": {},
        "rating": {"contacted": True, "solved": True, "satisfied": 5},
    }.items():
        refused = await order(client, ticket[0], command, code=WRONG, **content)
        assert (refused.status_code, refused.json()) == (404, wrong.json())


async def test_whoever_guesses_is_stopped_whether_the_ticket_exists_or_not(
    client: httpx.AsyncClient, ticket: tuple[str, str]
) -> None:
    answers = []
    for number in (ticket[0], "20200101-999999"):
        answers.append([(await read(client, number, WRONG)).status_code for _ in range(11)])

    assert answers[0] == answers[1] == [404] * 10 + [429]
    assert (await read(client, *ticket)).status_code == 429


async def test_a_number_typed_otherwise_is_the_same_number(client: httpx.AsyncClient, ticket: tuple[str, str]) -> None:
    typed = [ticket[0] + "\u200b" * times for times in range(11)]

    assert [(await read(client, each, WRONG)).status_code for each in typed] == [404] * 10 + [429]


async def test_guesses_in_chat_count_for_the_address_whatever_the_conversation(
    client: httpx.AsyncClient, ticket: tuple[str, str]
) -> None:
    async def guess() -> str:
        held = await begin(client)
        text = f"查一下工单{ticket[0]}，查询码{WRONG}"
        said = await client.post(held.path("messages"), json={"text": text}, headers=held.headers)
        return "".join(each["text"] for each in said.json()["replies"])

    sentences = [await guess() for _ in range(11)]

    assert "核对后再试" in sentences[9]
    assert "核对后再试" not in sentences[10]
    assert (await read(client, *ticket)).status_code == 429
    guesses.forget()  # ten minutes later
    assert "核对后再试" in await guess()


async def test_a_page_that_looks_for_news_leaves_room_for_what_its_citizen_does(
    client: httpx.AsyncClient, ticket: tuple[str, str], held: Held, setting: Any
) -> None:
    setting("message_rate", "2/minute")
    looks = [(await read(client, *ticket)).status_code for _ in range(20)]
    said = await client.post(held.path("messages"), json={"text": "你好"}, headers=held.headers)

    assert set(looks) == {200}
    assert said.status_code == 200
    orders = [(await order(client, ticket[0], "supplement", code=ticket[1], text="补充")).status_code for _ in range(3)]
    assert orders == [200, 200, 429]


async def test_the_citizen_urges_adds_and_withdraws(client: httpx.AsyncClient, ticket: tuple[str, str]) -> None:
    number, code = ticket
    urged = await order(client, number, "urge", code=code, text="请尽快")
    again = await order(client, number, "urge", code=code)
    added = await order(client, number, "supplement", code=code, text="杆号 A-102")
    withdrawn = await order(client, number, "withdraw", code=code, reason="已经修好了")

    assert urged.status_code == added.status_code == withdrawn.status_code == 200
    assert again.status_code == 409
    assert again.json()["detail"]
    assert withdrawn.json()["state"] == "withdrawn"
    assert withdrawn.json()["may"] == []


async def test_the_citizen_rates_the_result(client: httpx.AsyncClient, ticket: tuple[str, str]) -> None:
    number, code = ticket
    early = await order(client, number, "rating", code=code, contacted=True, solved=True, satisfied=5)
    async with transaction() as session:
        await commands.dispatch(session, number, actor=SYSTEM, department="urban_management")
        await commands.accept(session, number, actor=SYSTEM)
        await commands.reply(session, number, actor=SYSTEM, result="路灯已经修好。")
    replied = (await read(client, number, code)).json()
    rated = await order(client, number, "rating", code=code, contacted=True, solved=True, satisfied=5)

    assert early.status_code == 409
    assert replied["result"] == "路灯已经修好。"
    assert "rate" in replied["may"]
    assert rated.json()["state"] == "closed"


@pytest.mark.parametrize("satisfied", [0, 6, "very", None])
async def test_a_mark_is_one_to_five(client: httpx.AsyncClient, ticket: tuple[str, str], satisfied: object) -> None:
    answer = await order(client, ticket[0], "rating", code=ticket[1], contacted=True, solved=True, satisfied=satisfied)

    assert answer.status_code == 422
    assert "satisfied" in answer.json()["detail"]


async def test_no_answer_is_not_taken_for_a_yes(client: httpx.AsyncClient, ticket: tuple[str, str]) -> None:
    answer = await order(client, ticket[0], "rating", code=ticket[1], solved=True, satisfied=5)

    assert answer.status_code == 422
    assert "contacted" in answer.json()["detail"]
