"""A line killed while tickets are opened, dispatched and told of: each citizen has one ticket, and hears of it once."""

from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from typing import Any

import httpx
import pytest

from tests.faults.watching import Watched
from tests.processes import REQUEST

REPORT = "朝霞区南山路18号门口的路灯坏了三天了，晚上很黑"
ANSWERS = ("昨天晚上开始的", "没有照片")
LAST = "我叫王小明，电话13800138000"
LEAD = "urban_management"


class Citizen:
    """A conversation in the web chat."""

    def __init__(self, watched: Watched) -> None:
        self.watched = watched
        self.turns = 0
        made = httpx.post(f"{watched.line.url}/api/v1/conversations", timeout=60).json()
        self.id, self.headers = made["id"], {"Authorization": f"Bearer {made['token']}"}

    def say(self, text: str, key: str) -> httpx.Response:
        path = f"{self.watched.line.url}/api/v1/conversations/{self.id}/messages"
        return httpx.post(path, json={"text": text}, headers={**self.headers, "Idempotency-Key": key}, timeout=120)

    def up_to_the_last_word(self) -> None:
        """Report a lamp, up to where one word more opens the ticket."""
        for turn, text in enumerate((REPORT, *ANSWERS)):
            answer = self.say(text, f"turn {turn}")
            assert answer.status_code == 200, answer.text
        assert "手机号" in answer.text, answer.text

    def heard(self) -> list[str]:
        path = f"{self.watched.line.url}/api/v1/conversations/{self.id}/messages"
        answer = httpx.get(path, headers=self.headers, timeout=60)
        assert answer.status_code == 200, answer.text
        return [each["text"] for each in answer.json()["messages"] if each["sender"] != "citizen"]


def opened_once(
    watched: Watched, calls: list[Callable[[], httpx.Response]], number_of: Callable[[Any], str]
) -> list[str]:
    """Kill the line while the first call opens its ticket and the second has; ask both again and return the numbers."""
    before = watched.ask("select count(*) from tickets")[0][0]
    next_numbers = [watched.next_number(), watched.next_number(2)]
    first, second = watched.in_the_middle(
        hanging=(next_numbers[0], calls[0]), committed=(next_numbers[1], calls[1]), kill=watched.line.kill
    )
    with pytest.raises(httpx.TransportError):
        first.result()
    with suppress(httpx.TransportError):
        assert second.result().is_success
    watched.revive()
    numbers = []
    for call in calls:
        answers = [call(), call()]
        assert answers[0].is_success, answers[0].text
        assert answers[0].json() == answers[1].json()
        numbers.append(number_of(answers[0].json()))
    assert numbers[1] == next_numbers[1], "what was committed is what is answered"
    assert watched.ask("select count(*) from tickets")[0][0] == before + 2
    for number in numbers:
        watched.line.until(lambda number=number: watched.state(number) == "dispatched", "dispatched")
        assert watched.events(number) == ["opened", "dispatched"]
    return numbers


def test_a_ticket_of_the_desk_is_opened_once(watched: Watched) -> None:
    calls = [partial(watched.give, "agent", "", REQUEST, key) for key in ("desk-1", "desk-2")]
    opened_once(watched, calls, lambda answer: answer["number"])
    watched.ledger_holds()


def test_a_citizen_in_the_chat_gets_one_ticket_and_hears_once_that_it_was_taken_up(watched: Watched) -> None:
    pair = [Citizen(watched), Citizen(watched)]
    for citizen in pair:
        citizen.up_to_the_last_word()
    calls = [partial(citizen.say, LAST, "the last word") for citizen in pair]

    def ticket(answer: Any) -> Any:
        (reply,) = [each for each in answer["replies"] if each["type"] == "ticket"]
        assert reply["code"]
        return reply["number"]

    numbers = opened_once(watched, calls, ticket)
    watched.line.until(lambda: all("已派给" in each.heard()[-1] for each in pair), "told that it is dispatched")
    before = [each.heard() for each in pair]
    # The worker waits in the middle of handing over the first one's news when the line dies; the second one has it.
    with watched.row_held("select from conversations where id = %s for update", pair[0].id) as holding:
        for number in numbers:
            assert watched.give(LEAD, f"/{number}/accept", {}).status_code == 200
        watched.until_waiting(holding)
        watched.line.until(lambda: len(pair[1].heard()) > len(before[1]), "told")
        watched.line.kill()
    watched.revive()
    watched.line.until(lambda: len(pair[0].heard()) > len(before[0]), "told")
    undelivered = "select count(*) from outbox where delivered_at is null and recipient->>'conversation' = %s"
    for citizen, known in zip(pair, before, strict=True):
        watched.line.until(lambda citizen=citizen: watched.ask(undelivered, citizen.id) == [(0,)], "all told")
        assert len(citizen.heard()) == len(known) + 1


def test_a_ticket_is_dispatched_once_by_a_job_killed_in_its_transaction_or_right_after_it(watched: Watched) -> None:
    numbers = [watched.next_number(), watched.next_number(2)]
    doing = "select from procrastinate_jobs where lock = %s and status = 'doing' for update"
    with watched.next_event_held(numbers[0], known=1) as inside, ExitStack() as finishing:
        with watched.next_event_held(numbers[1], known=1) as after:
            for number in numbers:
                assert watched.give("agent", "", REQUEST, f"job-{number}").json()["number"] == number
            watched.until_waiting(inside)
            watched.until_waiting(after)
            job = finishing.enter_context(watched.row_held(doing, f"ticket:{numbers[1]}"))
        watched.until_waiting(job)  # done, and about to be noted as done
        assert watched.state(numbers[1]) == "dispatched"
        watched.line.kill()
    watched.revive()
    for number in numbers:
        watched.line.until(lambda number=number: watched.state(number) == "dispatched", "dispatched")
    unfinished = "select count(*) from procrastinate_jobs where lock = any(%s) and status <> 'succeeded'"
    watched.line.until(lambda: watched.ask(unfinished, [f"ticket:{each}" for each in numbers]) == [(0,)], "finished")
    for number in numbers:
        assert watched.events(number) == ["opened", "dispatched"]
