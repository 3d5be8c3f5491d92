"""Voting on `/track`: what is asked, and the one message that says thanks and what follows."""

import re
from typing import Any

import httpx

from core.auth import SYSTEM
from core.database import transaction
from routing import commands

UNSOLVED = {"contacted": "true", "solved": "false", "satisfied": "1"}


async def give(number: str, *given: tuple[str, dict[str, Any]]) -> None:
    async with transaction() as session:
        for command, arguments in given:
            await getattr(commands, command)(session, number, actor=SYSTEM, **arguments)


HANDLED: list[tuple[str, dict[str, Any]]] = [
    ("dispatch", {"department": "urban_management"}),
    ("accept", {}),
    ("reply", {"result": "路灯已经修好。"}),
]


async def test_the_page_says_thanks_and_what_follows_in_one_message(
    client: httpx.AsyncClient, ticket: tuple[str, str]
) -> None:
    await give(ticket[0], *HANDLED)
    asked = {"number": ticket[0], "code": ticket[1]}
    page = (await client.post("/track/rate", data=asked | UNSOLVED)).text
    assert page.count("谢谢您的评价") == 1 and "已退回市城管局重新办理" in page
    english = (await client.post("/track/rate?lang=en", data=asked | UNSOLVED)).text
    assert "谢谢" not in english  # refused: no reply waits for a vote any more


async def test_who_was_answered_at_once_is_not_asked_whether_a_department_got_in_touch(
    client: httpx.AsyncClient, ticket: tuple[str, str]
) -> None:
    asked = {"number": ticket[0], "code": ticket[1]}
    await give(ticket[0], ("answer", {"result": "路灯由城管局负责，今晚检修。"}))
    page = (await client.post("/track", data=asked)).text
    assert "承办单位联系您了吗" not in page and "问题解决了吗" in page
    assert "将转给承办单位办理" in (await client.post("/track/rate", data=asked | UNSOLVED)).text


async def test_the_page_says_times_as_notices_do(client: httpx.AsyncClient, ticket: tuple[str, str]) -> None:
    await give(ticket[0], *HANDLED)
    for language, written in (("zh", r">\d+月\d+日\d\d:\d\d<"), ("en", r">\d\d:\d\d on \d+ [A-Z][a-z]+<")):
        page = (await client.post(f"/track?lang={language}", data={"number": ticket[0], "code": ticket[1]})).text
        shown = re.sub(r'datetime="[^"]*"', "", page)
        assert re.search(written, shown) and not re.search(r"\d{4}-\d\d-\d\d[ T]\d", shown)
