"""The core transcripts against a real Rasa server, and what becomes of a conversation when it dies."""

from collections.abc import Callable
from typing import Any

import pytest

from bot.rasa import RasaEngine
from tests.bot.rasa.conftest import Server
from tests.bot.test_transcripts import TRANSCRIPTS, converse

pytestmark = pytest.mark.rasa

CORE = [param for param in TRANSCRIPTS if param.values[0].get("core")]
FEWEST = 40


@pytest.fixture
def rasa(rasa_server: Server, set_to_rasa: Callable[[str], RasaEngine]) -> RasaEngine:
    return set_to_rasa(rasa_server.address)


def test_there_are_enough_of_them() -> None:
    assert len(CORE) >= FEWEST


@pytest.mark.parametrize("transcript", CORE)
async def test_core_transcript(transcript: dict[str, Any], rasa: RasaEngine, line: Any) -> None:
    await converse(line, transcript)
    assert rasa.rests_until is None, "the built-in engine had to help out"


async def test_when_rasa_dies_between_two_turns_the_citizen_notices_nothing(
    rasa: RasaEngine, rasa_server: Server, line: Any
) -> None:
    async with line() as made:
        await made.say("南山路18号路灯坏了三天了")
        rasa_server.stop()
        replies = await made.say("我姓王，13800138000")
        assert [str(reply.type) for reply in replies] == ["text", "choice"]
        assert rasa.rests_until is not None
        rasa_server.start()
        replies = await made.say("确认")
        assert [str(reply.type) for reply in replies] == ["ticket"]
        assert rasa.rests_until is None, "Rasa has gone on with what the built-in engine had taken"
        assert len((await made.state())["tickets"]) == 1
