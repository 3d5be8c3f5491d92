"""Two tickets on the same road, and a line that is killed at a step of both: what a test of a ticket's life does.

At each step the command of the one hangs in the middle of its transaction and that of the other has just been
committed, its answer unread, when the line is killed (kill -9); both are then given again with the same
Idempotency-Key.
"""

from collections import Counter
from contextlib import suppress
from functools import partial
from typing import Any

import httpx
import pytest

from tests.faults.watching import Watched
from tests.processes import REQUEST

LEAD = "urban_management"
REPLY = {"result": "已更换灯头，路灯恢复照明。", "basis": "《城市照明管理规定》"}
SURVEY = {"contacted": True, "solved": True, "satisfied": 5}


def two_tickets(watched: Watched, *, key: str) -> list[str]:
    """Open two tickets, each asked for twice, and wait until they are dispatched."""
    pair = []
    for each in (f"{key}-1", f"{key}-2"):
        first = watched.give("agent", "", REQUEST, each)
        assert first.status_code == 201, first.text
        assert watched.give("agent", "", REQUEST, each).json() == first.json()
        pair.append(first.json()["number"])
    for number in pair:
        watched.line.until(lambda number=number: watched.state(number) == "dispatched", "dispatched")
    return pair


def step(
    watched: Watched, pair: list[str], at: list[str], login: str, command: str, body: list[dict[str, Any]]
) -> None:
    """Give the command on both tickets of `at`, be killed while the events of `pair` are written, and give it again.

    The first hangs, the second is committed. `body`: what each is told.
    """
    calls = [
        partial(watched.give, login, f"/{number}/{command}", told, f"{command}-{number}")
        for number, told in zip(at, body, strict=True)
    ]
    known = [len(watched.events(number)) for number in pair]
    first, second = watched.in_the_middle(
        hanging=(pair[0], calls[0]), committed=(pair[1], calls[1]), kill=watched.line.kill
    )
    with pytest.raises(httpx.TransportError):
        first.result()
    with suppress(httpx.TransportError):  # its answer may have been faster than the kill
        assert second.result().is_success
    watched.revive()
    for call in calls:
        answers = [call(), call()]
        assert [answer.status_code for answer in answers] == [200, 200], (command, answers[0].text)
        assert answers[0].content == answers[1].content
    new = [watched.events(number)[before:] for number, before in zip(pair, known, strict=True)]
    assert new[0] == new[1], command
    assert new[0] and max(Counter(new[0]).values()) == 1, new


def ended(watched: Watched, pair: list[str]) -> None:
    """See that nothing is left to do on the tickets."""
    for number in pair:
        assert watched.state(number) == "closed"
        running = (
            "select kind from ticket_clocks join tickets on tickets.id = ticket_id"
            " where number = %s and (met_at is null and void_at is null or next_due_at is not null)"
        )
        assert watched.ask(running, number) == []
