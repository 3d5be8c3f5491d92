"""What Rasa decides is done once; where it fails, the built-in engine answers from the same state."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import structlog
from sqlalchemy import func, select

from bot import queue
from bot.rasa import engine
from bot.rasa.deciding import Deciding
from bot.rasa.door import token
from core import clock
from core.errors import BadInput
from core.settings import settings
from routing.models import Ticket
from tests.bot.rasa.conftest import Behaviour, Pretender, silent

MATTER = "南山路18号路灯坏了三天了，我姓王13800138000"


async def act(message: dict[str, Any], action: str, *, given: str | None = None) -> httpx.Response:
    """Ask the line for an action, as Rasa does."""
    body = {"next_action": action, "sender_id": message["turn"], "tracker": {}, "version": "3.6.21"}
    headers = {"Authorization": f"Bearer {token() if given is None else given}"}
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.post(f"http://127.0.0.1:{message['port']}/", json=body, headers=headers)


def answer(*messages: dict[str, Any], loop: str | None = None, **slots: Any) -> tuple[int, bytes]:
    """What the channel answers."""
    said = {"messages": list(messages), "slots": slots, "loop": loop, "events": []}
    return 200, json.dumps(said).encode()


def asks_for(*actions: str, extra: tuple[dict[str, Any], ...] = ()) -> Behaviour:
    """Return a Rasa that asks for these actions and says what they say."""

    async def behave(message: dict[str, Any]) -> tuple[int, bytes]:
        said: list[dict[str, Any]] = [*extra]
        for action in actions:
            said += (await act(message, action)).json()["responses"]
        return answer(*said)

    return behave


def says(status: int, body: bytes) -> Behaviour:
    async def behave(message: dict[str, Any]) -> tuple[int, bytes]:
        return status, body

    return behave


async def half_way(message: dict[str, Any]) -> tuple[int, bytes]:
    await act(message, "validate_matter_form")
    await act(message, "action_ask_contact")
    return 500, b""


async def hangs_up(message: dict[str, Any]) -> tuple[int, bytes]:
    """Die in the middle of the turn, as by SIGKILL."""
    await act(message, "validate_matter_form")
    raise ConnectionResetError


async def twice(message: dict[str, Any]) -> tuple[int, bytes]:
    said = (await act(message, "validate_matter_form")).json()["responses"]
    said += (await act(message, "action_ask_confirmed")).json()["responses"]
    return answer(*said, *said)


async def unsaid(message: dict[str, Any]) -> tuple[int, bytes]:
    await act(message, "validate_matter_form")
    await act(message, "action_ask_confirmed")
    return answer({"text": "好的"})


async def asks_for_ever(message: dict[str, Any]) -> tuple[int, bytes]:
    while (await act(message, "action_open_ticket")).status_code != 410:
        pass
    return 500, b""


FAILURES = {
    "asks for ever": asks_for_ever,
    "silent": silent,
    "status 500": says(500, b""),
    "an empty list": says(200, b"[]"),
    "nothing said": says(*answer()),
    "garbage": says(200, b"<html>"),
    "another shape": says(200, b'{"messages": [{"text": "hello"}]}'),
    "odd parts": says(*answer({"text": "好的", "custom": [1], "buttons": ["是"]})),
    "refused": says(401, b""),
    "half way": half_way,
    "hangs up": hangs_up,
    "twice": twice,
    "not what was done": unsaid,
}


@pytest.mark.parametrize("how", FAILURES)
async def test_where_rasa_fails_the_built_in_engine_answers(
    how: str, pretender: Pretender, line: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "PATIENCE", 1)
    pretender.behaviour = FAILURES[how]
    async with line() as made:
        replies = await made.say(MATTER)
        assert len(pretender.messages) == 1
        assert [str(reply.type) for reply in replies] == ["text", "choice"], replies
        state = await made.state()
        assert (state["form"]["name"], state["form"]["phone"], state["expects"]) == ("王", "13800138000", "confirm")


async def test_silences_between_actions_are_borne_together_no_longer_than_one(
    pretender: Pretender, line: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def drips(message: dict[str, Any]) -> tuple[int, bytes]:
        for _ in range(4):
            await asyncio.sleep(0.2)
            asked.append((await act(message, "action_open_ticket")).status_code)  # nothing to do it with: 400
        return answer(*(await act(message, "action_small_talk")).json()["responses"])

    asked: list[int] = []
    monkeypatch.setattr(engine, "PATIENCE", 0.5)
    pretender.behaviour = drips
    async with line() as made:
        with structlog.testing.capture_logs() as logged:
            assert await made.say("你好")
        assert [(each["event"], each["how"]) for each in logged] == [("rasa.failed", "silent")]
        assert 400 in asked and len(asked) < 4


async def test_where_nothing_listens_the_built_in_engine_answers(
    set_to_rasa: Callable[[str], engine.RasaEngine], unused_port: int, line: Any
) -> None:
    set_to_rasa(f"http://127.0.0.1:{unused_port}")
    async with line() as made:
        assert [str(reply.type) for reply in await made.say(MATTER)] == ["text", "choice"]


async def test_a_ticket_that_rasa_had_opened_before_it_failed_is_opened_once(pretender: Pretender, line: Any) -> None:
    opened = []

    async def dies_after_opening(message: dict[str, Any]) -> tuple[int, bytes]:
        await act(message, "validate_matter_form")
        said = (await act(message, "action_open_ticket")).json()["responses"]
        opened.append(said[0]["text"])
        return 500, b""

    async with line() as made:
        pretender.behaviour = asks_for("validate_matter_form", "action_ask_confirmed")
        await made.say(MATTER)
        before = await made.session.scalar(select(func.count()).select_from(Ticket))
        pretender.behaviour = dies_after_opening
        replies = await made.say("确认")
        assert [str(reply.type) for reply in replies] == ["ticket"]
        assert await made.session.scalar(select(func.count()).select_from(Ticket)) == before + 1
        assert len((await made.state())["tickets"]) == 1 and opened


async def test_the_form_goes_as_rasa_asks(pretender: Pretender, line: Any) -> None:
    """Its rules could ask for the contact before anything else."""
    async with line() as made:
        pretender.behaviour = asks_for("validate_matter_form", "action_ask_contact")
        replies = await made.say("路灯坏了三天了")
        assert replies[-1].data["element"] == "contact"
        told = pretender.messages[0]
        assert told["parse_data"]["intent"]["name"] == "matter"
        assert told["text"] == "路灯坏了三天了"


async def test_what_rasa_says_itself_stands_where_rasa_says_it(pretender: Pretender, line: Any) -> None:
    async with line() as made:
        pretender.behaviour = asks_for("action_small_talk", extra=({"text": "欢迎"},))
        replies = await made.say("你好")
        assert replies[0].text == "欢迎" and len(replies) == 2


async def test_another_action_than_was_understood_undoes_what_was_understood(pretender: Pretender, line: Any) -> None:
    async with line() as made:
        pretender.behaviour = asks_for("action_hand_over")
        replies = await made.say(MATTER)
        assert replies[0].data["position"] == 1 if "position" in replies[0].data else replies
        assert await queue.position(made.session, made.id) == 1
        assert (await made.state())["form"] is None


async def test_what_rasa_never_asks_for_is_not_done(pretender: Pretender, line: Any) -> None:
    async with line() as made:
        pretender.behaviour = asks_for(extra=({"text": "请稍等"},))
        replies = await made.say(MATTER)
        assert [reply.text for reply in replies] == ["请稍等"]
        assert (await made.state())["form"] is None


async def test_an_action_that_cannot_be_done_is_rejected_as_the_protocol_has_it(
    pretender: Pretender, line: Any
) -> None:
    refused = []

    async def tries(message: dict[str, Any]) -> tuple[int, bytes]:
        refused.append(await act(message, "action_open_ticket"))
        return answer(*(await act(message, "action_small_talk")).json()["responses"])

    async with line() as made:
        pretender.behaviour = tries
        assert await made.say("你好")
        assert refused[0].status_code == 400 and refused[0].json()["action_name"] == "action_open_ticket"


async def test_who_does_not_know_the_token_is_refused(pretender: Pretender, line: Any) -> None:
    found = []

    async def pries(message: dict[str, Any]) -> tuple[int, bytes]:
        found.append((await act(message, "action_small_talk", given="x")).status_code)
        found.append((await act(message, "action_small_talk", given=token()[::-1])).status_code)
        found.append((await act({**message, "turn": "another"}, "action_small_talk")).status_code)
        return answer(*(await act(message, "action_small_talk")).json()["responses"])

    async with line() as made:
        pretender.behaviour = pries
        await made.say("你好")
        assert found == [401, 401, 410]
        assert f"Bearer {token()}".encode() in pretender.headers[0]


async def test_an_action_that_comes_too_late_is_not_done(
    pretender: Pretender, line: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "PATIENCE", 0.1)
    async with line() as made:
        await made.say("你好")  # the listener's port is known from it
        (message,) = pretender.messages
        assert (await act(message, "action_hand_over")).status_code == 410
        assert await queue.position(made.session, made.id) is None


async def test_an_action_that_breaks_off_leaves_nobody_waiting(
    pretender: Pretender, line: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of ours in the middle of an action: the citizen is told so, and Rasa is not left with an open request."""
    asked = []

    async def breaks_off(self: Deciding, action: str) -> dict[str, Any]:
        raise RuntimeError(action)

    async def waits(message: dict[str, Any]) -> tuple[int, bytes]:
        asked.append(asyncio.create_task(act(message, "action_small_talk")))
        return await silent(message)

    monkeypatch.setattr(Deciding, "act", breaks_off)
    pretender.behaviour = waits
    async with line() as made:
        with structlog.testing.capture_logs() as logged:
            assert len(await made.say("你好")) == 1
        assert [each["event"] for each in logged] == ["turn.failed"]
        assert (await asyncio.wait_for(asked[0], 5)).status_code == 410


async def test_what_neither_rule_nor_story_decides_is_done_as_it_was_understood(
    pretender: Pretender, line: Any
) -> None:
    """`action_other` is the shipped project's fallback: also a matter begins, and a ticket is opened, with it."""
    told: list[list[dict[str, Any]]] = []

    async def falls_back(message: dict[str, Any]) -> tuple[int, bytes]:
        done = (await act(message, "action_other")).json()
        said = [*done["responses"]]
        told.append(done["events"])
        if {"event": "followup", "name": "matter_form"} in done["events"]:
            form = (await act(message, "validate_matter_form")).json()
            confirmed = {each["name"]: each["value"] for each in form["events"]}["confirmed"]
            said += (await act(message, "action_open_ticket" if confirmed else "action_ask_confirmed")).json()[
                "responses"
            ]
        return answer(*said)

    async with line() as made:
        pretender.behaviour = falls_back
        assert [str(reply.type) for reply in await made.say("你好")] == ["text"]
        assert told[0] == [{"event": "followup", "name": "action_listen"}]
        assert [str(reply.type) for reply in await made.say(MATTER)] == ["text", "choice"]
        assert [str(reply.type) for reply in await made.say("确认")] == ["ticket"]


async def test_the_turns_before_are_told_as_a_story_has_them(pretender: Pretender, line: Any) -> None:
    listens = {"event": "action", "name": "action_listen"}
    kept = [{"event": "user", "parse_data": {"intent": {"name": "greeting"}}}, {"event": "action", "name": "action_x"}]

    async def greets(message: dict[str, Any]) -> tuple[int, bytes]:
        said = (await act(message, "action_small_talk")).json()["responses"]
        whole = {"messages": said, "slots": {}, "loop": None, "events": [*kept, listens]}
        return 200, json.dumps(whole).encode()

    async with line() as made:
        pretender.behaviour = greets
        for _ in range(3):
            await made.say("你好")
        told = [each for each in pretender.messages[2]["events"] if each["event"] in {"user", "action"}]
        assert told == [listens, *kept, listens, *kept, listens]


async def test_after_a_failure_rasa_rests_so_that_not_every_citizen_waits(pretender: Pretender, line: Any) -> None:
    pretender.behaviour = says(500, b"")
    moment = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    async with line() as made:
        for seconds, asked in ((0, 1), (1, 1), (4, 1), (6, 2), (7, 2)):
            with clock.set_to(moment + timedelta(seconds=seconds)):
                await made.say("你好")
            assert len(pretender.messages) == asked, seconds


async def test_slots_of_the_projects_own_come_back_with_the_next_message(pretender: Pretender, line: Any) -> None:
    async def keeps(message: dict[str, Any]) -> tuple[int, bytes]:
        said = (await act(message, "action_small_talk")).json()["responses"]
        return answer(*said, loop="survey_form", house="旧楼", requested_slot="house", channel="web")

    async with line() as made:
        pretender.behaviour = keeps
        await made.say("你好")
        await made.say("你好")
        told = pretender.messages[1]["events"]
        assert {"event": "slot", "name": "house", "value": "旧楼"} in told
        assert {"event": "active_loop", "name": "survey_form"} in told
        assert [each["value"] for each in told if each.get("name") == "requested_slot"] == ["house"]
        assert [each["value"] for each in told if each.get("name") == "channel"] == ["web"]


async def test_names_and_numbers_of_the_form_do_not_go_into_slots(pretender: Pretender, line: Any) -> None:
    async with line() as made:
        pretender.behaviour = asks_for("validate_matter_form", "action_ask_confirmed")
        await made.say(MATTER)
        await made.say("确认")
        told = pretender.messages[1]
        assert "13800138000" not in json.dumps([told["events"], told["parse_data"]])
        assert {"event": "slot", "name": "contact", "value": "given"} in told["events"]


@pytest.mark.parametrize("address", ["http://10.0.0.5:5005", "https://rasa.example", "http://127.0.0.1", "rasa"])
def test_rasa_is_only_reached_on_its_own_machine(address: str, set_to_rasa: Callable[[str], engine.RasaEngine]) -> None:
    set_to_rasa(address)
    with pytest.raises(BadInput, match="YITONG_RASA_URL"):
        settings()
