"""A stored state that is damaged, or names what the city no longer has: the citizen is answered and finds a person."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import structlog

from bot import conversations, queue
from bot.engine import flow
from bot.engine.talk import Talk
from tests.bot.test_bad_input_in_forms import STEPS

UNKNOWN = "no_such"
MATTER = "南山路18号路灯坏了三天了，我姓王13800138000"
Damage = Callable[[dict[str, Any]], None]


def _form(**values: Any) -> Damage:
    return lambda state: state["form"].update(values)


def _state(**values: Any) -> Damage:
    return lambda state: state.update(values)


GONE: dict[str, Damage] = {
    "category": _form(category=UNKNOWN),
    "inner category": _form(category="utilities", category_name=""),
    "request type": _form(request_type=UNKNOWN),
    "district": lambda state: state["form"]["place"].update(district=UNKNOWN, street=UNKNOWN),
    "candidates": lambda state: state["form"]["place"].update(district=None, candidates=[UNKNOWN]),
    "joined ticket": _form(join="20200101-000001"),
    "nearby ticket": _form(nearby=[{"code": "20200101-000001", "label": ""}]),
    "photos": _form(media=[{"kind": "image", "id": UNKNOWN}, {}]),
    "beside": _form(beside=UNKNOWN),
    "open question": _state(expects=UNKNOWN),
    "options": _state(options=[]),
    "question of a command": _state(expects="command_text"),
    "command": _state(expects="command_text", command={"name": UNKNOWN, "number": "1", "code": "x"}),
    "article": _state(article=UNKNOWN, question="x", said=[UNKNOWN]),
    "question": _state(expects="which", options=[{"code": UNKNOWN, "label": ""}]),
    "alarm": _state(alarm={"service": UNKNOWN, "situation": UNKNOWN}),
    "situation": _state(alarm={"service": "fire", "number": "119", "situation": UNKNOWN}),
    "danger": _state(expects="danger", danger={"emergency": {}, "told": ""}),
    "language": _state(speaker={"language": UNKNOWN}),
    "locale": _state(locale=UNKNOWN),
    "skill": _state(skill=UNKNOWN),
    "ticket": _state(tickets=[{"number": "", "code": ""}]),
    "waiting": _state(waiting=[{"text": ""}]),
    "aside": lambda state: state.update(aside=[state["form"] | {"category": UNKNOWN}]),
}
BEYOND_READING: dict[str, Damage] = {
    "elements": lambda state: state["form"]["wanted"].insert(0, UNKNOWN),
    "time": _state(speaker={"at": "yesterday"}),
}
SAID = ("南山路18号", "13800138000", "不清楚", "确认", "你好")


async def _at(made: Any, step: str) -> dict[str, Any]:
    for told in STEPS[step]:
        await made.say(told)
    state: dict[str, Any] = await made.state()
    return state


async def _put(made: Any, stored: str) -> None:
    conversation = await conversations.get(made.session, made.id)
    conversation.state = stored


async def _finds_a_person(made: Any) -> bool:
    await made.say("人工")
    return str(made.replies[-1].type) == "handoff"


@pytest.mark.parametrize("step", STEPS)
async def test_what_a_state_names_and_the_city_no_longer_has_stops_nobody(line: Any, step: str) -> None:
    wrong = []
    for number, (name, damage) in enumerate(GONE.items()):
        async with line() as made:
            state = await _at(made, step)
            damage(state)
            await _put(made, json.dumps(state))
            said = SAID[number % len(SAID)]
            replies = await made.say(said)
            rules = [message.why.get("rule") for message in await made.last()]
            if not replies or "failed" in rules or not await _finds_a_person(made):
                wrong.append((name, said, rules))
    assert not wrong, wrong


@pytest.mark.parametrize("damage", BEYOND_READING)
@pytest.mark.parametrize("step", ["where", "contact"])
async def test_whom_the_engine_cannot_answer_twice_gets_a_person_and_begins_anew(
    line: Any, step: str, damage: str
) -> None:
    async with line() as made:
        state = await _at(made, step)
        BEYOND_READING[damage](state)
        await _put(made, json.dumps(state))
        first = await made.say("不清楚")
        assert [message.why.get("rule") for message in await made.last()] == ["failed"], first
        second = await made.say("不清楚")
        assert str(second[-1].type) == "handoff" and "没办成" in second[0].text
        assert await queue.position(made.session, made.id)
        assert [str(reply.type) for reply in await made.say(MATTER)] == ["text", "choice"]


async def test_one_failure_alone_calls_nobody(line: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async with line() as made:
        for _ in range(2):
            with monkeypatch.context() as broken:
                broken.setattr(flow, "respond", None)
                await made.say("你好")
            await made.say("你好")
        assert await queue.position(made.session, made.id) is None


async def test_the_log_of_a_failure_holds_none_of_the_citizens_words(
    line: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def repeats(talk: Talk) -> None:
        raise ValueError(f"cannot read {talk.text!r}")

    monkeypatch.setattr(flow, "respond", repeats)
    async with line() as made:
        with structlog.testing.capture_logs() as logged:
            await made.say("我叫欧阳拂晓，住南山路18号")
    (entry,) = logged
    assert (entry["event"], entry["error"]) == ("turn.failed", "ValueError")
    assert entry["at"].rpartition(" ")[2].startswith("test_damaged_states.repeats:")
    assert "exc_info" not in entry and "拂晓" not in str(entry) and "南山路" not in str(entry)


@pytest.mark.parametrize("stored", ["", "{", "null", "[]", "7", '"x"', '{"version": "x"}', '{"form": 7}', "\x00"])
async def test_a_state_that_cannot_be_read_begins_anew(line: Any, stored: str) -> None:
    async with line() as made:
        await _at(made, "contact")
        await _put(made, stored)
        replies = await made.say("路灯坏了三天了")
        assert [message.why.get("rule") for message in await made.last()] == ["missing"], replies
        assert await _finds_a_person(made)
