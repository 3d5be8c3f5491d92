"""Server or database die in the middle of a turn, at each step of a form: the turn is answered once, when said again.

The turn is held where it is written: all that it does, opening the ticket too, is done by then, and not committed.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx
import pytest

from tests.faults.watching import ANSWER_SECONDS, Watched

STEPS = (
    ("门口的路灯坏了，晚上很黑", "form"),
    ("{place}，昨天晚上开始的", "choice"),
    ("我叫王小明，电话13800138000", "text"),
)


class Citizen:
    """Somebody who says each thing until it is answered."""

    def __init__(self, watched: Watched) -> None:
        self.client = httpx.Client(base_url=watched.line.url, timeout=ANSWER_SECONDS)
        opened = self.client.post("/api/v1/conversations").json()
        self.id: str = opened["id"]
        self.token: str = opened["token"]

    def say(self, text: str, key: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": key}
        return self.client.post(f"/api/v1/conversations/{self.id}/messages", json={"text": text}, headers=headers)


@pytest.fixture
def citizen(watched: Watched) -> Iterator[Citizen]:
    made = Citizen(watched)
    yield made
    made.client.close()


def _in_the_middle(watched: Watched, say: Callable[[], httpx.Response], kill: Callable[[], None]) -> None:
    with ThreadPoolExecutor(1) as pool:
        with watched.database() as holding, holding.transaction(force_rollback=True):
            holding.execute("lock table messages in share mode")
            first = pool.submit(say)
            watched.until_waiting(holding)
            kill()
        lost = first.exception()
        assert isinstance(lost, httpx.TransportError) or first.result().status_code == 503


@pytest.mark.parametrize(("dies", "place"), [("the server", "临港区海韵路70号"), ("the database", "青禾区长江路3号")])
def test_a_turn_that_dies_in_the_middle_is_answered_once(
    watched: Watched, citizen: Citizen, dies: str, place: str
) -> None:
    kill = watched.line.kill if dies == "the server" else watched.kill_the_database
    opened = watched.ask("select count(*) from tickets")[0][0]
    for turn, (told, kind) in enumerate(STEPS, start=1):
        text, key = told.format(place=place), f"turn {turn}"
        _in_the_middle(watched, partial(citizen.say, text, key), kill)
        if dies == "the server":
            watched.revive()
        first, again = citizen.say(text, key), citizen.say(text, key)
        assert first.status_code == 200 and first.json() == again.json()
        assert first.json()["replies"][-1]["type"] == kind, first.json()
        said = watched.ask("select key from messages where conversation_id = %s and sender = 'citizen'", citizen.id)
        assert len(said) == turn
    assert watched.ask("select count(*) from tickets")[0][0] == opened + 1
    watched.ledger_holds()
