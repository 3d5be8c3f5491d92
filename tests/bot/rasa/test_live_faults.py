"""A real Rasa that freezes, and a citizen who says the same twice: nothing is done twice, and Rasa keeps nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import func, select

from bot.rasa import RasaEngine
from bot.rasa.deciding import Deciding
from routing.models import Ticket
from tests.processes import RasaServer

pytestmark = pytest.mark.rasa

NUMBER = "13800138000"
CONVERSATION = (
    ("路灯坏了三天了", ["form"]),
    ("南山路18号", ["text", "choice"]),
    (f"我姓王，{NUMBER}", ["ticket", "text"]),
)


@pytest.fixture
def rasa(rasa_server: RasaServer, set_to_rasa: Callable[[str], RasaEngine]) -> RasaEngine:
    return set_to_rasa(rasa_server.address)


@pytest.fixture
def freezing(rasa_server: RasaServer, monkeypatch: pytest.MonkeyPatch) -> psutil.Process:
    """Rasa stands still as soon as it has asked for an action, which is done all the same."""
    process, act = rasa_server.rasa(), Deciding.act

    async def frozen(deciding: Deciding, action: str) -> dict[str, Any]:
        process.suspend()
        return await act(deciding, action)

    monkeypatch.setattr(Deciding, "act", frozen)
    return process


async def test_rasa_freezes_in_the_middle_of_every_turn(
    rasa: RasaEngine, freezing: psutil.Process, line: Any, data_folder: Path
) -> None:
    async with line() as made:
        before = await made.session.scalar(select(func.count()).select_from(Ticket))
        for said, types in CONVERSATION:
            rasa.rests_until = None
            try:
                replies = await made.say(said)
            finally:
                freezing.resume()  # what it still asks for is refused
            assert [str(reply.type) for reply in replies] == types
            assert rasa.rests_until is not None
        assert await made.session.scalar(select(func.count()).select_from(Ticket)) == before + 1
        assert len((await made.state())["tickets"]) == 1
    for file in (data_folder / "rasa").rglob("*"):
        assert file.is_dir() or NUMBER.encode() not in file.read_bytes(), file


async def test_the_same_message_twice_is_one_turn(rasa: RasaEngine, line: Any) -> None:
    async with line() as made:
        for place, (said, types) in enumerate(CONVERSATION):
            first = await made.say(said, key=str(place))
            assert [str(reply.type) for reply in first] == types
            assert await made.say(said, key=str(place)) == first
        assert len((await made.state())["tickets"]) == 1
    assert rasa.rests_until is None
