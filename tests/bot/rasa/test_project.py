"""The Rasa project says the same words as the code that it drives."""

from typing import Any

import pytest
import yaml

from bot.rasa import claims, tracker
from core.settings import settings
from intents.categories import ELEMENTS

PROJECT = settings().rasa_project


@pytest.fixture(scope="module")
def domain() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((PROJECT / "domain.yml").read_text())
    return read


def data(kind: str) -> list[dict[str, Any]]:
    """Return what the project's file of this kind lists."""
    read: list[dict[str, Any]] = yaml.safe_load((PROJECT / "data" / f"{kind}.yml").read_text())[kind]
    return read


def intents(told: list[dict[str, Any]]) -> set[str]:
    steps = [step for each in told for step in each["steps"]]
    return {each["intent"] for step in steps for each in step.get("or", [step]) if "intent" in each}


def test_every_intent_has_a_rule_or_a_story(domain: dict[str, Any]) -> None:
    ruled, storied = intents(data("rules")), intents(data("stories"))
    assert {name for intent in domain["intents"] for name in intent} == ruled | storied
    assert not claims.INTENTS - ruled - storied
    assert ruled & storied == {"matter"}, "where a rule decides, a story decides nothing"


def test_every_intent_has_examples(domain: dict[str, Any]) -> None:
    assert [each["intent"] for each in data("nlu")] == [name for intent in domain["intents"] for name in intent]


def test_every_action_of_rules_and_stories_can_be_done(domain: dict[str, Any]) -> None:
    asked = {f"{claims.ASK}{element}" for element in tracker.ELEMENTS}
    assert set(domain["actions"]) == claims.ACTIONS | asked
    called = {step["action"] for told in data("rules") + data("stories") for step in told["steps"] if "action" in step}
    assert called <= claims.ACTIONS | {claims.FORM}


def test_the_form_asks_for_whatever_a_category_may_want(domain: dict[str, Any]) -> None:
    wanted = domain["forms"][claims.FORM]["required_slots"]
    assert sorted(wanted) == sorted(tracker.ELEMENTS)
    assert set(ELEMENTS) <= set(wanted)


def test_slots_that_the_line_sets_are_declared(domain: dict[str, Any]) -> None:
    assert set(domain["slots"]) == {*tracker.ELEMENTS, *tracker.CIRCUMSTANCES}


def test_the_token_stands_in_no_file() -> None:
    for name in ("credentials.yml", "endpoints.yml"):
        assert "${YITONG_RASA_TOKEN}" in (PROJECT / name).read_text()
