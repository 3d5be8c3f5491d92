"""A real Rasa that many use at once, and to whom it is open."""

import asyncio
from collections.abc import Callable

import httpx
import psutil
import pytest

from bot import conversations, converse
from bot.contract import Turn
from bot.queue import state_of
from bot.rasa import RasaEngine
from core import clock
from core.database import transaction
from tests.processes import RasaServer

pytestmark = pytest.mark.rasa

AT_ONCE = (
    ("南山路18号路灯坏了三天了", "南山路18号", "13800138001"),
    ("滨江大道20号下水道堵了三天了", "滨江大道20号", "13800138002"),
    ("工人村小区停水三天了", "工人村小区", "13800138003"),
    ("建设路12号路灯坏了三天了", "建设路12号", "13800138004"),
)


@pytest.mark.usefixtures("committing")
async def test_citizens_at_once_are_not_mixed_up(
    rasa_server: RasaServer, set_to_rasa: Callable[[str], RasaEngine]
) -> None:
    rasa = set_to_rasa(rasa_server.address)

    async def talks(matter: str, place: str, number: str) -> None:
        async with transaction() as session:
            id = (await conversations.open(session, channel="web"))[0].id
        for said in (matter, f"我姓王，{number}"):
            async with transaction() as session:
                await converse(session, Turn(id, "web", said, clock.now()))
        async with transaction() as session:
            state = state_of(await conversations.get(session, id))
        form = state["form"]  # gone where nothing was missing: the number opens the ticket
        kept = (form["place"], form["phone"]) if form else (state["place"], state["citizen"]["phone"])
        assert (kept[0]["text"], kept[1]) == (place, number)
        assert form is None or form["description"] == matter

    await asyncio.gather(*[talks(*each) for each in AT_ONCE])
    assert rasa.rests_until is None


@pytest.mark.parametrize("path", ["/webhooks/yitong/turn", "/model/parse", "/conversations/x/messages", "/model/train"])
def test_whoever_does_not_know_the_token_gets_nothing(path: str, rasa_server: RasaServer) -> None:
    for headers, token in (({}, {}), ({"Authorization": "Bearer x"}, {"token": "x"})):
        answer = httpx.post(f"{rasa_server.address}{path}", json={}, params=token, headers=headers)
        assert answer.status_code == httpx.codes.UNAUTHORIZED


def test_rasa_listens_on_loopback_alone(rasa_server: RasaServer) -> None:
    held = rasa_server.rasa().net_connections("inet")
    assert {each.laddr.ip for each in held if each.status == psutil.CONN_LISTEN} == {"127.0.0.1"}
