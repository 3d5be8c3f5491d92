"""Whatever comes in the middle of a form: it is answered, nothing told is lost, and a way on is open."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.turns import LONGEST_TEXT
from core import clock

DATA = Path(__file__).parent / "data"
STEPS: dict[str, list[str]] = yaml.safe_load((DATA / "form_steps.yaml").read_text())
BAD: dict[str, dict[str, Any]] = yaml.safe_load((DATA / "bad_inputs.yaml").read_text())
SENTENCES = {name: str(each["say"]) * each.get("times", 1) for name, each in BAD.items()}
MAY_ANSWER = frozenset(  # a number, a place, a time or a name for all that one can tell; it is read back
    (
        *("full_width_digits", "digits", "right_to_left_override", "html", "json", "prompt", "control_characters"),
        *("keyboard", "half_a_character", "combining_marks", "unpunctuated_voice", "ten_thousand_characters"),
    )
)
ELEMENTS = ("place", "happened", "name", "phone", "elements", "confidential")


def _of_the_matter(form: dict[str, Any]) -> dict[str, Any]:
    """Return what a form knows beside the account."""
    return {element: form[element] for element in ELEMENTS}


async def _to(made: Any, step: str) -> dict[str, Any]:
    for told in STEPS[step]:
        await made.say(told)
    state: dict[str, Any] = await made.state()
    expects, _, beside = step.partition("_and_")
    assert state["expects"] == expects.partition("_or_")[0], f"{STEPS[step]} leads to {state['expects']!r}"
    assert state["form"]["beside"] == beside or not beside
    return state


def test_ten_thousand_characters_are_as_many_as_are_taken() -> None:
    assert 9_900 < len(SENTENCES["ten_thousand_characters"]) <= LONGEST_TEXT < len(SENTENCES["too_long"])


def _same(form: dict[str, Any], told: str) -> bool:
    return form is not None and form["description"].startswith(told)


@pytest.mark.parametrize("step", STEPS)
async def test_bad_input_in_the_middle_of_a_step_loses_nothing(line: Any, step: str) -> None:
    for name, sentence in SENTENCES.items():
        async with line() as made:
            before = await _to(made, step)
            replies = await made.say(sentence)
            shown = f"{name} at {step}: {[reply.text[:80] for reply in replies]}"
            assert replies and all(reply.text.strip() for reply in replies), shown
            assert all(said.why for said in await made.last()), shown
            assert "刚才没办成" not in replies[0].text, shown
            state = await made.state()
            if (step, name) == ("contact", "full_width_digits"):  # a number after all: with it the summary is right
                assert len(state["tickets"]) == 1, shown
            else:
                assert _same(state["form"], before["form"]["description"].split("\n")[0]), shown
                assert name in MAY_ANSWER or _of_the_matter(state["form"]) == _of_the_matter(before["form"]), shown
            await made.say("人工")
            assert str(made.replies[-1].type) == "handoff", f"{shown}: no person after it"


@pytest.mark.parametrize("step", STEPS)
async def test_the_same_message_twice_in_the_middle_of_a_step_is_taken_once(line: Any, step: str) -> None:
    async with line() as made:
        await _to(made, step)
        again = STEPS[step][0]
        await made.say(again)
        first = (await made.state())["form"]["description"]
        await made.say(again)
        assert (await made.state())["form"]["description"] == first


@pytest.mark.parametrize("step", [step for step in STEPS if not step.startswith(("confirm", "change"))])
async def test_no_question_is_put_a_third_time_whatever_comes(line: Any, step: str) -> None:
    async with line() as made:
        await _to(made, step)
        for sentence in (SENTENCES["emoji"], SENTENCES["blank"], SENTENCES["sql"], SENTENCES["emoji"]):
            await made.say(sentence)
        asked = (await made.state())["form"]["asked"]
        assert max(asked.values()) <= 2, asked


@pytest.mark.parametrize("step", STEPS)
async def test_an_old_message_that_comes_again_amid_a_step_changes_nothing(line: Any, step: str) -> None:
    async with line() as made:
        keyed = [(told, str(number)) for number, told in enumerate(STEPS[step])]
        first = [await made.say(told, key=key) for told, key in keyed]
        before = await made.state()
        assert [await made.say(told, key=key) for told, key in keyed] == first
        assert await made.state() == before


@pytest.mark.parametrize("days", [-4000, -1, 1, 4000])
@pytest.mark.parametrize("step", STEPS)
async def test_a_clock_that_jumps_amid_a_step_loses_nothing(line: Any, step: str, days: int) -> None:
    async with line() as made:
        before = await _to(made, step)
        with clock.set_to(clock.now() + timedelta(days=days)):
            for sentence in ("昨天晚上", "13800138000"):
                assert await made.say(sentence)
                assert "failed" not in [said.why.get("rule") for said in await made.last()]
            state = await made.state()
            assert _same(state["form"], before["form"]["description"].split("\n")[0]) or len(state["tickets"]) == 1
