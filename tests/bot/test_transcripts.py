"""Conversations as citizens have them (`transcripts/*.yaml`), over real intents, knowledge base and routing.

A transcript: `name`; `channel` (web), `peer`, `duty` (an agent is signed in; a list: who answers these desks);
`turns`. A turn: `say` (`{number}` and `{code}` stand for the last ticket's), `photo`, `at` (from then on it is that
time in the city), or `do: replied|take|give_back|agent says …`, of others `do: reported … [number]|joined|finished`;
then what is expected: `types` of all replies, `has` and `not` over their joined text, `options` among the choices,
`state` at dotted paths (null: nothing there), `silent`: no reply. `core: true`: also had with a real
Rasa server (`rasa/test_core_transcripts.py`).
"""

from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from bot import handover
from core import clock
from core.city import city
from tests.bot.talking import Line

EXPECTED = {"say", "photo", "at", "do", "types", "has", "not", "options", "state", "silent", "times"}
FOLDER = Path(__file__).parent / "transcripts"
TRANSCRIPTS = [
    pytest.param(transcript, id=f"{file.stem}: {transcript['name']}")
    for file in sorted(FOLDER.glob("*.yaml"))
    for transcript in yaml.safe_load_all(file.read_text())
]


def at(state: Any, path: str) -> Any:
    for part in path.split("."):
        if state is None:
            return None
        state = state[int(part)] if isinstance(state, list) else state.get(part)
    return state


async def act(line: Line, what: str) -> None:
    match what.split(" ", 1):
        case ["replied"]:
            await line.reply_to_ticket()
        case ["take"]:
            await handover.take(line.session, line.id, actor=line.agent)
        case ["give_back"]:
            await handover.give_back(line.session, line.id, actor=line.agent)
        case ["say", sentence]:
            await handover.say(line.session, line.id, actor=line.agent, text=sentence)
        case ["reported", *told]:
            await line.others.report(*told[0].split(" "))
        case ["joined"]:
            await line.others.join()
        case ["finished"]:
            await line.others.finish()
        case _:
            raise ValueError(what)


async def expect(line: Line, turn: dict[str, Any]) -> None:
    assert turn.keys() <= EXPECTED, turn
    said = "\n".join(reply.text for reply in line.replies)
    shown = f"{turn.get('say', 'photo')!r} → {[(str(reply.type), reply.text) for reply in line.replies]}"
    if turn.get("silent"):
        assert line.replies == [], shown
    else:
        assert line.replies and all(reply.text for reply in line.replies), shown
    if "types" in turn:
        assert [str(reply.type) for reply in line.replies] == turn["types"], shown
    for part in turn.get("has", ()):
        assert part in said, f"{part!r} missing: {shown}"
    for part in turn.get("not", ()):
        assert part not in said, f"{part!r} should not be said: {shown}"
    offered = [option["label"] for reply in line.replies for option in reply.data.get("options", ())]
    for option in turn.get("options", ()):
        assert option in offered, f"{option!r} not offered: {offered} {shown}"
    state = await line.state()
    for path, value in turn.get("state", {}).items():
        found = at(state, path)
        assert (found or None) == value if value is None else found == value, f"{path} is {found!r}: {shown}"


def test_there_are_enough_of_them() -> None:
    assert len(TRANSCRIPTS) >= 150
    names = [param.values[0]["name"] for param in TRANSCRIPTS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("transcript", TRANSCRIPTS)
async def test_transcript(transcript: dict[str, Any], line: Any) -> None:
    await converse(line, transcript)


async def converse(line: Any, transcript: dict[str, Any]) -> None:
    """Have the conversation of a transcript."""
    with ExitStack() as clocks:
        async with line(transcript.get("channel", "web"), transcript.get("peer")) as made:
            if transcript.get("duty"):
                await made.duty(*(transcript["duty"] if isinstance(transcript["duty"], list) else ()))
            await run(made, transcript["turns"], clocks)


async def run(made: Line, turns: list[dict[str, Any]], clocks: ExitStack) -> None:
    for turn in turns:
        if "at" in turn:
            moment = datetime.fromisoformat(turn["at"]).replace(tzinfo=ZoneInfo(city().time_zone))
            clocks.enter_context(clock.set_to(moment, running=True))
        if "do" in turn:
            await act(made, turn["do"])
            continue
        text = str(turn.get("say", ""))
        if "{number}" in text or "{code}" in text:
            number, code = await made.ticket()
            text = text.replace("{number}", number).replace("{code}", code)
        media = ({"kind": "image", "id": "photo-1"},) if turn.get("photo") else ()
        await made.say(text * turn.get("times", 1), media=media)
        await expect(made, turn)
